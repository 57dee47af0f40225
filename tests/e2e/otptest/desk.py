"""An operator's terminal with one command in the foreground."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from .util import Timeout


class Desk:
    def __init__(self, home, *arguments, columns=40, env=None, command=None):
        self._ours, self._theirs = pty.openpty()  # theirs stays open: its settings are looked at in the end
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.before = termios.tcgetattr(self._theirs)
        self.said, self._seen = "", 0
        self._raw = b""
        self.process = subprocess.Popen(
            command or home.command("manual", *arguments), stdin=self._theirs, stdout=self._theirs, stderr=self._theirs,
            cwd=home.root, env={**home.env, "TERM": "xterm", **(env or {})}, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                os.close(fd)

    def read(self, seconds=0.0):
        if select.select([self._ours], [], [], seconds)[0]:
            self._raw += os.read(self._ours, 65536)
            self.said = self._raw.decode(errors="replace")

    def expect(self, text, seconds=15):
        """Waits until `text` is said behind what was expected before; returns all that came until then."""
        deadline = time.monotonic() + seconds
        while (at := self.said.find(text, self._seen)) < 0:
            if time.monotonic() > deadline:
                raise Timeout(f"not said: {text!r}; said: {self.said!r}")
            self.read(0.1)
        part, self._seen = self.said[self._seen:at + len(text)], at + len(text)
        return part

    def rest(self):
        """What was said behind what was expected."""
        return self.said[self._seen:]

    def type(self, text):
        os.write(self._ours, text.encode())

    def finish(self, seconds=15):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise Timeout(f"still there; said: {self.said!r}")
            self.read(0.02)
        for _ in range(3):
            self.read(0.02)
        return self.process.returncode

    def hang_up(self):
        os.close(self._ours)

    def settings(self):
        return termios.tcgetattr(self._theirs)


def flat(text):
    """Broken lines made whole."""
    return re.sub(r"\s+", " ", text)
