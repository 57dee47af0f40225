#!/usr/bin/env python3
"""What `otpctl watch` costs while many events come. See bench/README.md.

    bench/watch_load.py [--rate 1000] [--seconds 10] [--columns 120] [--rows 40]

A scripted agent (docs/agent-protocol.md) tells that many events a second, in pages as the real one makes them, and
answers `status` with 4 sources and 100 waits, `session.list` with 100 sessions. Measured are the CPU time of the
process (user and system, its start left out), the frames on its terminal and whether every event arrived: on a
terminal, and as JSON lines in a pipe. Exit code 1 when the terminal costs 10 % of a core or more, makes more than ten
frames a second, or an event is missing.
"""

import argparse
import fcntl
import json
import os
import pty
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST = 1000
TELL_EVERY = 0.02  # the agent's own


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".000Z"


class Agent:
    """Tells events from `begin` on, at a steady rate, until all are told."""

    def __init__(self, folder, rate, seconds):
        self.rate, self.count = rate, rate * seconds
        self.began = None
        self.pages = 0
        self.caught_up = threading.Event()
        self._now = stamp(time.time())
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(folder, "agent.sock"))
        self._listener.listen(4)
        self._status = self._make_status()
        self._sessions = self._make_sessions()
        threading.Thread(target=self._serve, daemon=True).start()

    def begin(self):
        self.began = time.monotonic()

    def _told(self):
        if self.began is None:
            return 0
        return min(self.count, int((time.monotonic() - self.began) * self.rate))

    def _serve(self):
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        lock = threading.Lock()

        def answer(number, result):
            with lock:
                client.sendall(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode() + b"\n")

        for line in client.makefile("rb"):
            call = json.loads(line)
            method, number, params = call["method"], call["id"], call.get("params", {})
            if method == "hello":
                answer(number, {"v": 1, "protocol": 1, "version": "0.0.0", "pid": os.getpid(), "capabilities": []})
            elif method == "status":
                answer(number, self._status)
            elif method == "session.list":
                answer(number, self._sessions)
            elif "after" not in params and "since" not in params:
                answer(number, {"v": 1, "events": [], "next": FIRST, "more": False})
            else:
                threading.Thread(target=self._page, args=(params["after"], number, answer), daemon=True).start()

    def _page(self, after, number, answer):
        if after - FIRST >= self.count:
            self.caught_up.set()
            return  # followed for ever
        while self._told() <= after - FIRST:
            time.sleep(TELL_EVERY)
        last = min(FIRST + self._told(), after + 150)  # 48 KiB a page
        self.pages += 1
        answer(number, {"v": 1, "events": [self._event(one) for one in range(after + 1, last + 1)], "next": last,
                        "more": last < FIRST + self._told()})

    def _event(self, number):
        return {"id": number, "at": self._now, "type": "message", "state": "arrived",
                "recipients": [f"bot{number % 100}@example.com"], "source": "main/INBOX", "channel": "email",
                "sender": "no-reply@shop.example", "message_id": f"{number}@shop.example", "uid_validity": 7,
                "uid": number, "verdict": "none", "received": self._now, "reason": "no number of 4 to 8 digits near a word for a code"}

    def _make_status(self):
        sources = [{"name": f"box{n}/INBOX", "kind": "imap", "state": "live", "detail": "IDLE", "since": self._now,
                    "last_alive": self._now, "retry_at": None, "messages": n, "reconnects": 0} for n in range(4)]
        waiters = [{"session": _uuid(n), "email": f"bot{n}@example.com", "pid": n + 2, "since": self._now,
                    "deadline": stamp(time.time() + 600), "seen": []} for n in range(100)]
        return {"v": 1, "version": "0.0.0", "protocol": 1, "pid": os.getpid(), "started": self._now, "home": "/",
                "socket": "/", "sources": sources, "waiters": waiters, "sessions": 100, "codes_pending": 0,
                "codes_delivered": 0}

    def _make_sessions(self):
        return {"v": 1, "more": False, "sessions": [
            {"id": _uuid(n), "state": "waiting", "email": f"bot{n}@example.com", "phone": None, "metadata": {},
             "created": self._now, "marked": self._now, "expires": stamp(time.time() + 600), "waiters": 1,
             "codes_given": 0, "degraded": False, "contended": 0} for n in range(100)]}


def _uuid(number):
    return f"{number:08x}-0000-4000-8000-000000000000"


class Reader:
    """Reads a terminal or a pipe to its end, in a thread."""

    def __init__(self, fd):
        self.data = bytearray()
        self._fd = fd
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._fd, selectors.EVENT_READ)
            while True:
                selector.select()
                try:
                    got = os.read(self._fd, 1 << 16)
                except OSError:
                    return
                if not got:
                    return
                self.data += got


def cpu(pid):
    with open(f"/proc/{pid}/stat", "rb") as stat:
        fields = stat.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(binary, options, terminal):
    folder = tempfile.mkdtemp(prefix="watch-load-", dir="/tmp")
    try:
        agent = Agent(folder, options.rate, options.seconds)
        env = {"PATH": os.environ["PATH"], "OTPCTL_HOME": folder, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        if terminal:
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", options.rows, options.columns, 0, 0))
        else:
            ours, theirs = os.pipe()
        watch = subprocess.Popen([binary, "watch"], stdin=theirs if terminal else subprocess.DEVNULL, stdout=theirs,
                                 env=env)
        reader = Reader(ours)
        time.sleep(1)  # its start, and the first frame
        before, began = cpu(watch.pid), time.monotonic()
        frames_before = len(re.findall(rb"\x1b\[1;1H", reader.data))
        agent.begin()
        agent.caught_up.wait(options.seconds * 3)
        used, lasted = cpu(watch.pid) - before, time.monotonic() - began
        time.sleep(1.2)  # the last frame
        data = bytes(reader.data)
        watch.send_signal(signal.SIGTERM)
        watch.wait(10)
        result = {"cpu": used / lasted, "bytes": len(data), "pages": agent.pages, "lasted": lasted}
        if terminal:
            result["frames"] = (len(re.findall(rb"\x1b\[1;1H", data)) - frames_before) / (lasted + 1.2)
            result["complete"] = f" {agent.count} ev" in data.decode(errors="replace")  # the header counts them
        else:
            numbers = [json.loads(line)["id"] for line in data.splitlines()]
            result["complete"] = numbers == list(range(FIRST + 1, FIRST + agent.count + 1))
        return result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    folder = os.environ.get("OTPCTL_BIN_DIR") or os.path.realpath(os.path.join(HERE, "../build/release/bin"))
    binary = os.path.join(folder, "otpctl")
    if not os.access(binary, os.X_OK):
        sys.exit(f"no otpctl in {folder}: build the release preset, or set OTPCTL_BIN_DIR")
    good = True
    for name, terminal in (("terminal", True), ("pipe", False)):
        found = run(binary, options, terminal)
        more = f", {found['frames']:.1f} frames/s" if terminal else ""
        print(f"{name}: {options.rate} events/s for {found['lasted']:.1f} s: {100 * found['cpu']:.1f} % of a core"
              f"{more}, {found['pages']} pages, {found['bytes'] / 1024:.0f} KiB written, "
              f"{'every event arrived' if found['complete'] else 'EVENTS ARE MISSING'}")
        good = good and found["complete"]
        if terminal:
            good = good and found["cpu"] < 0.10 and found["frames"] <= 10.5
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
