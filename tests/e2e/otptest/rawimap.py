"""A raw-socket IMAP client that does nothing else: the floor that everything is measured against."""

import base64
import re
import socket
import ssl
import time


class ImapError(Exception):
    """The server said NO, BAD or BYE, or closed the connection; the text is the server's."""


_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


class ImapClient:
    """One connection. Every read has a deadline; `idle`, `wait_exists` and `leave_idle_fetch` are the fast path.

        with dovecot.client() as imap:          # logged in, INBOX examined, IDLE not begun
            imap.idle()
            count, at_ns = imap.wait_exists()
            bodies = imap.leave_idle_fetch(next_uid)
    """

    def __init__(self, port, tls=None, starttls=None, timeout=15.0):
        """Connects and reads the greeting; `tls` or `starttls` is the ssl.SSLContext to use."""
        self._timeout = timeout
        self._buffer = bytearray()
        self._tag = 0
        self.untagged = []  # lines that no caller has asked for yet
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._greet(tls, starttls)
        except BaseException:
            self.socket.close()
            raise

    def _greet(self, tls, starttls):
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.greeting = self.line()
        if starttls:
            self.command("STARTTLS")
            self.socket = starttls.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """One logical line: with its literals, without the last CRLF."""
        return self._line(time.monotonic() + self._timeout)

    def _line(self, deadline):
        start = 0
        while True:
            end = self._buffer.find(b"\r\n", start)
            if end < 0:
                self._fill(deadline)
                continue
            literal = _LITERAL.search(self._buffer, start, end + 2)
            if not literal:
                line = bytes(self._buffer[:end])
                del self._buffer[:end + 2]
                return line
            start = end + 2 + int(literal[1])
            while len(self._buffer) < start:
                self._fill(deadline)

    def _fill(self, deadline):
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            got = self.socket.recv(65536)
        except (ssl.SSLWantReadError, TimeoutError):
            raise TimeoutError("the IMAP server is silent") from None
        if not got:
            raise ImapError("connection closed")
        self._buffer += got

    def start(self, text):
        """Sends one command and returns its tag."""
        self._tag += 1
        tag = b"r%d" % self._tag
        self.send(tag + b" " + (text if isinstance(text, bytes) else text.encode()) + b"\r\n")
        return tag

    def finish(self, tag):
        """Reads up to the tagged answer; returns the untagged lines before it."""
        lines = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                if line.split(b" ", 2)[1] != b"OK":
                    raise ImapError(line.decode(errors="replace"))
                return lines
            lines.append(line)

    def command(self, text):
        return self.finish(self.start(text))

    def login(self, user, password):
        def quote(word):
            return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return self.command(f"LOGIN {quote(user)} {quote(password)}")

    def bearer(self, mechanism, user, token, port=0):
        """XOAUTH2 or OAUTHBEARER; a refusal raises ImapError with challenge and tagged line."""
        if mechanism == "XOAUTH2":
            text, farewell = f"user={user}\x01auth=Bearer {token}\x01\x01", b""
        else:
            text = f"n,a={user},\x01host=localhost\x01port={port}\x01auth=Bearer {token}\x01\x01"
            farewell = base64.b64encode(b"\x01")
        tag = self.start(f"AUTHENTICATE {mechanism} {base64.b64encode(text.encode()).decode()}")
        while True:
            line = self.line()
            if line.startswith(b"+ "):
                challenge = base64.b64decode(line[2:]).decode()
                self.send(farewell + b"\r\n")
                try:
                    self.finish(tag)
                except ImapError as refused:
                    raise ImapError(f"{challenge} {refused}") from None
            if line.startswith(tag):
                if b" OK" not in line[:len(tag) + 3]:
                    raise ImapError(line.decode(errors="replace"))
                return

    def examine(self, folder="INBOX"):
        """Opens a folder read-only; returns its UIDNEXT."""
        for line in self.command(f"EXAMINE {folder}"):
            found = re.search(rb"\[UIDNEXT (\d+)\]", line)
            if found:
                return int(found[1])
        raise ImapError("no UIDNEXT")

    def idle(self):
        """Begins IDLE and returns when the server has said `+`."""
        self._idle = self.start("IDLE")
        self._await_plus()

    def _await_plus(self):
        while not (line := self.line()).startswith(b"+"):
            self.untagged.append(line)

    def wait_exists(self, seconds=15.0):
        """In IDLE: the next `* n EXISTS` and the time.monotonic_ns() of its arrival."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.untagged.pop(0) if self.untagged else self._line(deadline)
            at = time.monotonic_ns()
            if line.endswith(b" EXISTS"):
                return int(line.split()[1]), at
            if line.startswith(b"* BYE"):
                raise ImapError(line.decode(errors="replace"))

    def leave_idle_fetch(self, from_uid, size=262144):
        """DONE, UID FETCH and IDLE in one write; returns {uid: bytes} of the mails from `from_uid` on."""
        self._tag += 2
        fetch, idle = b"r%d" % (self._tag - 1), b"r%d" % self._tag
        self.send(b"DONE\r\n%b UID FETCH %d:* (UID BODY.PEEK[]<0.%d>)\r\n%b IDLE\r\n"
                  % (fetch, from_uid, size, idle))
        self.finish(self._idle)
        self._idle = idle
        return self._mails(self.finish(fetch), from_uid)

    def after_fetch(self):
        """Reads the `+` of the IDLE that leave_idle_fetch() has begun."""
        self._await_plus()

    def fetch(self, from_uid, size=262144):
        lines = self.command(f"UID FETCH {from_uid}:* (UID BODY.PEEK[]<0.{size}>)")
        return self._mails(lines, from_uid)

    def _mails(self, lines, from_uid):
        mails = {}
        for line in lines:
            found = re.match(rb"\* \d+ FETCH \(UID (\d+) BODY\[\]<0> (?:\{\d+\}\r\n|\")", line)
            if found and int(found[1]) >= from_uid:
                mails[int(found[1])] = line[found.end():-1]
            elif line.endswith((b" EXISTS", b" RECENT")):
                self.untagged.append(line)
        return mails
