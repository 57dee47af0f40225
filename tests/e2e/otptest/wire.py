"""The agent's own sockets, spoken to by hand: JSON-RPC (docs/agent-protocol.md) and LMTP."""

import json
import os
import re
import socket
import time

from .lmtp import LmtpError


class WireError(Exception):
    """The agent answered with an error; `error` is that object, exit its data.exit."""

    def __init__(self, error):
        super().__init__(str(error))
        self.error = error
        self.exit = error.get("data", {}).get("exit")


class Wire:
    """A connection to the agent's socket that speaks its protocol, or whatever a test wants to send.

        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            assert wire.call("status")["v"] == 1

    call() returns the result, or raises WireError (which has .error). send(bytes) sends anything.
    frame() is the next object that came; EOFError when the agent has closed.
    """

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self._buffer = b""
        self._id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def start(self, method, **params):
        """Sends one request and returns its id."""
        self._id += 1
        frame = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        self.send(json.dumps(frame).encode() + b"\n")
        return self._id

    def frame(self):
        while b"\n" not in self._buffer:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError("the agent has closed the connection")
            self._buffer += got
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def frames(self):
        """The frames that have come: at least one, and what came with it."""
        frames = [self.frame()]
        while b"\n" in self._buffer:
            frames.append(self.frame())
        return frames

    def call(self, method, **params):
        number = self.start(method, **params)
        while (frame := self.frame()).get("id") != number:
            pass
        if "error" in frame:
            raise WireError(frame["error"])
        return frame["result"]

    def hello(self):
        return self.call("hello", protocol=1, client="otptest", pid=os.getpid())


class Door:
    """The agent's own LMTP socket (agent_file()["lmtp"]), as Postfix or `otpctl deliver` use it."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(path)
        self._replies = self._socket.makefile("rb")
        self._reply(b"220")
        self._socket.sendall(b"LHLO localhost\r\n")
        self._reply(b"250")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._replies.close()
        self._socket.close()

    def deliver(self, data, recipient):
        """Hands one mail in; returns the time.monotonic_ns() of its final dot and of its 250."""
        for command in (b"MAIL FROM:<a@example.org>", b"RCPT TO:<" + recipient.encode() + b">", b"DATA"):
            self._socket.sendall(command + b"\r\n")
            self._reply(b"354" if command == b"DATA" else b"250")
        self._socket.sendall(re.sub(rb"(?m)^\.", b"..", data))
        sent = time.monotonic_ns()
        self._socket.sendall(b".\r\n")
        self._reply(b"250")
        return sent, time.monotonic_ns()

    def _reply(self, expected):
        while (line := self._replies.readline())[3:4] == b"-":
            pass
        if not line.startswith(expected):
            raise LmtpError(line.decode(errors="replace").strip() or "connection closed")
