"""An IMAP server for what Dovecot never does: runs a Python function, or plays a transcript."""

import contextlib
import functools
import re
import select
import shutil
import socket
import ssl
import struct
import threading
import time

from .tls import Authority
from .util import temp_dir, until


class Unexpected(AssertionError):
    """The client did something else than the script says, or ended the connection early."""


class ScriptedServer:
    """Runs `behaviour(connection)` in a thread for each connection that comes.

        def never_greets(connection):
            connection.until_closed()

        with ScriptedServer(never_greets) as server:
            …server.port, server.ca_file…

    behaviour may be a list: the first connection gets the first one, and so on; the last one stays.
    tls=True     implicit TLS (else clear text; connection.starttls() switches over)
    certificate  (file, key file) instead of one that fits localhost, for tests that must refuse it
    connections  how many came; times: their time.monotonic(); seen: every line that clients sent
    errors       what went wrong inside behaviours (an Unexpected, mostly); check() raises the first
    """

    def __init__(self, behaviour, tls=True, certificate=None):
        self._behaviours = behaviour if isinstance(behaviour, list) else [behaviour]
        self.folder = temp_dir("scripted")
        self._certificate = certificate
        self.tls = tls
        if tls:
            _ = self.context  # made now, so that the first connection does not wait for it
        self.times, self.seen, self.errors = [], [], []
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    @functools.cached_property
    def authority(self):
        return Authority(self.folder)

    @property
    def ca_file(self):
        return self.authority.ca_file

    @functools.cached_property
    def context(self):
        return self.authority.server_context(*(self._certificate or self.authority.issue()))

    @property
    def connections(self):
        return len(self.times)

    def wait_connections(self, count, seconds=10):
        until(lambda: self.connections >= count, seconds, f"{count} connections to the scripted server")

    def check(self):
        if self.errors:
            raise self.errors[0]

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.times.append(time.monotonic())
            behaviour = self._behaviours[min(len(self.times), len(self._behaviours)) - 1]
            threading.Thread(target=self._serve, args=(client, behaviour), daemon=True).start()

    def _serve(self, client, behaviour):
        client.settimeout(60)
        connection = Connection(self, client)
        self._open.append(connection)
        try:
            if self.tls:
                connection.starttls()
            behaviour(connection)
        except (OSError, ssl.SSLError, EOFError, ValueError):
            pass  # the client has gone: the test looks at what it did, not at this
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)
        finally:
            connection.close()


class Connection:
    """One client of a ScriptedServer."""

    def __init__(self, server, client):
        self.server = server
        self._socket = client
        self._buffer = b""
        self._lock = threading.Lock()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def starttls(self):
        self._socket = self.server.context.wrap_socket(self._socket, server_side=True)

    def send(self, data, pieces=0):
        """Sends bytes (or text, to which CRLF is added); pieces=1: one byte a write."""
        data = data if isinstance(data, bytes) else data.encode() + b"\r\n"
        for start in range(0, len(data), pieces or len(data) or 1):
            with self._lock:
                self._socket.sendall(data[start:start + (pieces or len(data))])

    def _receive(self):
        """Some bytes; b"" at the end. A test may send meanwhile from its own thread, and one TLS connection
        must not be read and written at the same moment: the lock is not held while nothing comes."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with self._lock, contextlib.suppress(ssl.SSLWantReadError, BlockingIOError):
                self._socket.settimeout(0)
                try:
                    return self._socket.recv(65536)
                finally:
                    with contextlib.suppress(OSError):
                        self._socket.settimeout(60)
            select.select([self._socket], [], [], 1)
        raise TimeoutError("the client says nothing")

    def line(self):
        """The client's next line without CRLF; EOFError when it has closed."""
        while b"\r\n" not in self._buffer:
            got = self._receive()
            if not got:
                raise EOFError
            self._buffer += got
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        line = line.decode(errors="replace")
        self.server.seen.append(line)
        return line

    def command(self, name=None):
        """The next command as (tag, NAME, arguments); NAME is "UID FETCH" for that one.

        With `name` anything else is Unexpected. A bare DONE comes as ("", "DONE", "").
        """
        line = self.line()
        if line.upper() == "DONE":
            tag, verb, rest = "", "DONE", ""
        else:
            tag, verb, rest = (line.split(" ", 2) + ["", ""])[:3]
            if verb.upper() == "UID":
                second, _, rest = rest.partition(" ")
                verb += " " + second
        if name and verb.upper() != name.upper():
            raise Unexpected(f"expected {name}, the client sent: {line}")
        return tag, verb.upper(), rest

    def ok(self, tag, text="done"):
        self.send(f"{tag} OK {text}")

    def until_closed(self):
        """Says nothing until the client gives up."""
        with contextlib.suppress(OSError, ssl.SSLError):
            while self._receive():
                pass

    def close(self):
        """FIN without close_notify."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def close_notify(self):
        """The polite end of TLS, then FIN."""
        self._socket.settimeout(0)  # the client's own close_notify is not waited for
        with contextlib.suppress(OSError, ssl.SSLError):
            self._socket.unwrap()
        self.close()

    def reset(self):
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    # ---- a server that behaves, up to the point that a test is about ---------------------------

    def behave(self, mailbox, until=None, greet=True, **instead):
        """Answers like an ordinary server on `mailbox` (a Mailbox).

        until="IDLE"       returns (tag, name, arguments) of that command without having answered it
        LOGIN=function     answers this command by function(connection, tag, arguments) instead; write
                           UID_FETCH for "UID FETCH"
        Ends with LOGOUT or when the client closes (EOFError).
        """
        if greet:
            self.send("* OK IMAP4rev1 ready")
        while True:
            tag, name, rest = self.command()
            if until and name == until.upper():
                return tag, name, rest
            special = instead.get(name.replace(" ", "_"))
            if special:
                special(self, tag, rest)
            elif name == "LOGOUT":
                self.send("* BYE bye")
                self.ok(tag)
                return tag, name, rest
            else:
                mailbox.answer(self, tag, name, rest)


class Mailbox:
    """The smallest mailbox that an ordinary client can read. add(mail) gives it the next UID."""

    def __init__(self, capability="IMAP4rev1 IDLE LITERAL+ SASL-IR AUTH=PLAIN UIDPLUS", uidvalidity=7):
        self.capability = capability
        self.uidvalidity = uidvalidity
        self.uidnext = 1
        self.mails = {}  # uid → (bytes, time.time() of its arrival)

    def add(self, mail):
        self.mails[self.uidnext] = (mail, time.time())
        self.uidnext += 1
        return self.uidnext - 1

    def answer(self, connection, tag, name, rest):
        handler = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
        if handler is None:
            connection.send(f"{tag} BAD unknown command")
        else:
            handler(connection, tag, rest)

    def do_capability(self, connection, tag, _):
        connection.send(f"* CAPABILITY {self.capability}")
        connection.ok(tag)

    def do_login(self, connection, tag, _):
        connection.ok(tag, f"[CAPABILITY {self.capability}] logged in")

    def do_authenticate(self, connection, tag, rest):
        if " " not in rest:
            connection.send("+ ")
            connection.line()
        self.do_login(connection, tag, rest)

    def do_noop(self, connection, tag, _):
        connection.send(f"* {len(self.mails)} EXISTS")
        connection.ok(tag)

    def do_id(self, connection, tag, _):
        connection.send("* ID NIL")
        connection.ok(tag)

    def do_enable(self, connection, tag, _):
        connection.send("* ENABLED")
        connection.ok(tag)

    def do_examine(self, connection, tag, _):
        connection.send(f"* FLAGS (\\Seen)\r\n* {len(self.mails)} EXISTS\r\n* 0 RECENT\r\n"
                        f"* OK [UIDVALIDITY {self.uidvalidity}] valid\r\n* OK [UIDNEXT {self.uidnext}] next")
        connection.ok(tag, "[READ-ONLY] examined")

    do_select = do_examine

    def do_status(self, connection, tag, rest):
        folder = rest.split(" (")[0]
        connection.send(f"* STATUS {folder} (MESSAGES {len(self.mails)} UIDNEXT {self.uidnext}"
                        f" UIDVALIDITY {self.uidvalidity})")
        connection.ok(tag)

    def do_uid_search(self, connection, tag, _):
        connection.send(" ".join(["* SEARCH", *map(str, sorted(self.mails))]))
        connection.ok(tag)

    def do_uid_fetch(self, connection, tag, rest):
        for uid in self.picked(rest.split(" ")[0]):
            connection.send(self.fetch_line(uid, rest))
        connection.ok(tag)

    def do_idle(self, connection, tag, _):
        """IDLE in which nothing happens; a test that needs more replaces it."""
        connection.send("+ idling")
        connection.command("DONE")
        connection.ok(tag)

    def picked(self, numbers):
        """The UIDs of a sequence set; `n:*` has the last one always, as RFC 3501 says."""
        last, picked = max(self.mails, default=0), set()
        for part in numbers.split(","):
            ends = sorted(last if end == "*" else int(end) for end in part.split(":"))
            picked |= {uid for uid in self.mails if ends[0] <= uid <= ends[-1]}
        return sorted(picked)

    def fetch_line(self, uid, items):
        """The bytes of one FETCH answer with those of UID, FLAGS, INTERNALDATE, RFC822.SIZE, BODY asked for."""
        mail, arrived = self.mails[uid]
        number = sorted(self.mails).index(uid) + 1
        parts = [f"UID {uid}"]
        if "FLAGS" in items:
            parts.append("FLAGS ()")
        if "INTERNALDATE" in items:
            parts.append(time.strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S +0000"', time.gmtime(arrived)))
        if "RFC822.SIZE" in items:
            parts.append(f"RFC822.SIZE {len(mail)}")
        found = re.search(r"BODY(?:\.PEEK)?\[([^]]*)\](?:<(\d+)\.(\d+)>)?", items)
        if not found:
            return f"* {number} FETCH ({' '.join(parts)})\r\n".encode()
        if found[1].startswith("HEADER"):
            mail = mail.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
        start = ""
        if found[2]:
            start = f"<{found[2]}>"
            mail = mail[int(found[2]):int(found[2]) + int(found[3])]
        head = f"* {number} FETCH ({' '.join(parts)} BODY[{found[1]}]{start} {{{len(mail)}}}\r\n"
        return head.encode() + mail + b")\r\n"
