"""Commands that run or have run, and what they said."""

import os
import selectors
import subprocess
import threading
import time


class Done:
    """A command that has ended: code, stdout, stderr (text), seconds."""

    def __init__(self, code, stdout, stderr, seconds):
        self.code, self.stdout, self.stderr, self.seconds = code, stdout, stderr, seconds

    def __repr__(self):
        return f"exit {self.code} after {self.seconds:.3f} s, stdout {self.stdout!r}, stderr {self.stderr!r}"


class Running:
    """A command that runs. stdout and stderr grow while it does; first_byte_ns is when stdout began.

    finish(seconds) waits for its end and returns the exit code; ended_ns is when stdout was closed.
    """

    def __init__(self, pump, command, popen):
        self.first_byte_ns = self.ended_ns = None
        self._text = {"stdout": bytearray(), "stderr": bytearray()}
        self._open = 2
        self._over = threading.Event()
        self.started_ns = time.monotonic_ns()
        self._process = subprocess.Popen(command, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen})
        self.pid = self._process.pid
        for name in ("stdout", "stderr"):
            pipe = getattr(self._process, name)
            if pipe is None:
                self._closed()
            else:
                pump.add(pipe, self, name)

    @property
    def stdout(self):
        return self._text["stdout"].decode()

    @property
    def stderr(self):
        return self._text["stderr"].decode()

    def poll(self):
        return self._process.poll()

    def finish(self, seconds=30):
        """Waits for its end; Timeout when it does not come. Returns the exit code."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self._process.args}: still running after {seconds} s; "
                                 f"stdout {self.stdout!r}, stderr {self.stderr!r}") from None
        self._over.wait(5)
        return code

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _got(self, name, data, now):
        if data:
            if name == "stdout" and self.first_byte_ns is None:
                self.first_byte_ns = now
            self._text[name] += data
        else:
            if name == "stdout":
                self.ended_ns = now
            self._closed()

    def _closed(self):
        self._open -= 1
        if self._open == 0:
            self._over.set()


class Pump:
    """One thread that reads the output of everything that runs and takes the time of it."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, pipe, running, name):
        self._selector.register(pipe, selectors.EVENT_READ, (running, name))

    def stop(self):
        os.close(self._waker)
        self._thread.join(5)
        self._selector.close()
        os.close(self._wake)

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                data = os.read(key.fd, 65536)
                now = time.monotonic_ns()
                running, name = key.data
                if not data:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
                running._got(name, data, now)  # pylint: disable=protected-access
