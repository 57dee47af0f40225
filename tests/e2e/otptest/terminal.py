"""A terminal: a pty with pyte (python3-pyte) behind it, so that a test sees what a person would see."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import termios
import threading

import pyte

from .util import until


class Terminal:
    """Programs run on it by home.spawn(…, **terminal.streams()): it is their controlling terminal.

        with Terminal(80, 24) as terminal:
            watch = home.spawn("watch", **terminal.streams())
            terminal.await_text("EVENTS")
            terminal.press("q")

    lines        what stands on the screen, without trailing spaces
    raw          every byte that came
    settings()   termios, as the program has left them
    pause()      nothing is read any more, as from a terminal after Ctrl-S; go_on() reads again
    """

    def __init__(self, columns=80, rows=24):
        self.ours, self.theirs = pty.openpty()
        self._size(columns, rows)
        self.before = self.settings()
        self.raw = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._reads = threading.Event()
        self._reads.set()
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._waker is None:
            return
        self._reads.set()
        os.close(self._waker)
        self._waker = None
        self._thread.join(5)
        os.close(self._wake)
        for fd in (self.ours, self.theirs):
            with contextlib.suppress(OSError):
                os.close(fd)

    def streams(self, **other):
        """Arguments of Popen; `stderr=subprocess.PIPE` and the like replace one."""
        def begin():
            os.setsid()
            fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)
        return {"stdin": self.theirs, "stdout": self.theirs, "stderr": self.theirs, "preexec_fn": begin, **other}

    @property
    def lines(self):
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def cursor_is_hidden(self):
        with self._lock:
            return self._screen.cursor.hidden

    def colours(self):
        """Those of the foreground that stand on the screen."""
        with self._lock:
            return {cell.fg for row in self._screen.buffer.values() for cell in row.values()} - {"default"}

    def await_text(self, text, seconds=15):
        """Returns when it stands on the screen."""
        with contextlib.suppress(AssertionError):
            return until(lambda: text in self.text, seconds)
        raise AssertionError(f"{text!r} is not on the screen after {seconds} s:\n{self.text}")

    def await_raw(self, part, seconds=15):
        until(lambda: part in self.raw, seconds, f"{part!r} was written")

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def resize(self, columns, rows):
        """The foreground process gets SIGWINCH."""
        with self._lock:
            self._screen.resize(rows, columns)
        self._size(columns, rows)

    def settings(self):
        return termios.tcgetattr(self.theirs)

    def pause(self):
        self._reads.clear()

    def go_on(self):
        self._reads.set()

    def _size(self, columns, rows):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self):
        while True:
            ready, _, _ = select.select([self.ours, self._wake], [], [])
            if self._wake in ready:
                return
            if not self._reads.is_set():
                self._reads.wait()
                continue
            try:
                data = os.read(self.ours, 65536)
            except OSError:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)
