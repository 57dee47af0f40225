"""One LMTP connection to a Dovecot."""

import re
import socket
import time


class LmtpError(Exception):
    """The server refused a recipient or a mail."""


class Lmtp:
    """One LMTP connection: session.deliver(mail, recipients) → time.monotonic_ns() of the last 250."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._reply("220")
        self._socket.sendall(b"LHLO localhost\r\n")
        self._reply("250")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._socket.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self._socket.close()

    def deliver(self, mail, recipients, sender="sender@example.org"):
        recipients = [recipients] if isinstance(recipients, str) else list(recipients)
        dotted = re.sub(rb"(?m)^\.", b"..", mail)
        dotted += b".\r\n" if dotted.endswith(b"\r\n") else b"\r\n.\r\n"
        commands = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{name}>" for name in recipients), "DATA"]
        self._socket.sendall("".join(line + "\r\n" for line in commands).encode())
        for _ in commands[:-1]:
            self._reply("250")
        self._reply("354")
        self._socket.sendall(dotted)
        for _ in recipients:
            self._reply("250")
        return time.monotonic_ns()

    def _reply(self, expected):
        while True:
            while b"\r\n" not in self._buffer:
                got = self._socket.recv(65536)
                if not got:
                    raise LmtpError("connection closed")
                self._buffer += got
            line, self._buffer = self._buffer.split(b"\r\n", 1)
            if line[3:4] != b"-":
                break
        if not line.startswith(expected.encode()):
            raise LmtpError(line.decode(errors="replace"))
