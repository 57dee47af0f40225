"""Bounded waiting, free ports, private folders."""

import ctypes
import os
import random
import select
import socket
import tempfile
import time


class Timeout(AssertionError):
    """Something that had to happen did not, within its bound."""


def until(predicate, seconds=10.0, what="", every=0.005):
    """Calls predicate() until it returns something true, and returns that.

    Raises Timeout after `seconds`. The pause between calls grows from 1 ms to `every`.
    """
    deadline = time.monotonic() + seconds
    pause = min(0.001, every)
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Timeout(f"not within {seconds} s: {what or getattr(predicate, '__name__', predicate)}")
        time.sleep(pause)
        pause = min(pause * 2, every)


# Below the ephemeral range (32768-60999): nobody's outgoing connection takes such a port while a
# server is being restarted on it.
_PORTS = range(20000, 32000)
_random = random.Random(os.getpid() ^ time.monotonic_ns())


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on right now."""
    for _ in range(200):
        port = _random.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port found")


def temp_dir(name):
    """A private folder with a short path (socket paths must fit 107 bytes)."""
    return tempfile.mkdtemp(prefix=f"otptest-{name}-", dir="/tmp")


def children_of(pid):
    """The pids of the living descendants of `pid`."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    fields = stat.read().rpartition(b")")[2].split()
                if fields[0] != b"Z":
                    parents[int(entry)] = int(fields[1])
            except OSError:
                continue
    found, grown = {pid}, True
    while grown:
        new = {child for child, parent in parents.items() if parent in found} - found
        found |= new
        grown = bool(new)
    return found - {pid}


def alive(pid):
    """Whether the process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def name_of(pid):
    """The name of the program that the process runs; empty when there is none."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


class Opens:
    """Sees who opens a file, while the `with` block lasts (inotify).

        with Opens(path) as opens:
            opens.next(10)      # returns when somebody has opened it after the last one was seen
    """
    _IN_OPEN = 0x20

    def __init__(self, path):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._path = os.fsencode(path)

    def __enter__(self):
        self._fd = self._libc.inotify_init1(os.O_CLOEXEC)
        if self._fd < 0 or self._libc.inotify_add_watch(self._fd, self._path, self._IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def next(self, seconds=10.0):
        if not select.select([self._fd], [], [], seconds)[0]:
            raise Timeout(f"not within {seconds} s: somebody opens {os.fsdecode(self._path)}")
        os.read(self._fd, 64 * 1024)
