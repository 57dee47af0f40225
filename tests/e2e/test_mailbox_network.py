"""The way to a mailbox: TLS, proxies, servers without IDLE, slow lines that cut everything to pieces."""

import contextlib
import json
import os
import socket
import threading
import unittest

from otptest import Authority, Dovecot, FaultProxy, Home, Mailbox, ScriptedServer, mail

BOT = "bot1@example.com"


class Way(unittest.TestCase):
    def _home(self, **env):
        return self.enterContext(Home(**env))

    def _dovecot(self, **options):
        return self.enterContext(Dovecot(**options))

    def _gets_a_code(self, home, dovecot, *options):
        wait = home.wait(BOT, "--timeout", "30s", *options)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(35), wait.stdout, wait.stderr), (0, "482913\n", ""))
        return wait

    # ---- TLS -----------------------------------------------------------------------------------

    def test_starttls_on_request(self):
        home, dovecot = self._home(), self._dovecot()
        home.write_config(home.mailbox(dovecot, tls="starttls"))
        self._gets_a_code(home, dovecot)
        self.assertRegex(dovecot.log(), r"Login: .*TLS")

    def test_clear_text_is_refused_unless_insecure_is_said(self):
        home, dovecot = self._home(), self._dovecot()
        home.write_config(home.mailbox(dovecot, tls="none"))
        done = home.otpctl("wait", BOT)
        self.assertEqual((done.code, done.stdout), (78, ""))
        self.assertRegex(done.stderr, r"config\.toml:\d+: .*insecure")
        self.assertNotIn("Login", dovecot.log())
        home.write_config(home.mailbox(dovecot, tls="none", insecure=True))
        self._gets_a_code(home, dovecot)

    # ctest: timeout=60
    def test_M01_a_certificate_that_does_not_fit_is_refused_before_anything_is_sent(self):
        """Wrong CA, wrong name, expired, no name: unreachable, said in words about TLS, and no line of IMAP."""
        with Home() as home:
            folders = [os.path.join(home.root, name) for name in ("ours", "theirs")]
            for folder in folders:
                os.mkdir(folder)
            ours, theirs = (Authority(folder) for folder in folders)
            cases = {
                "wrong-ca": theirs.issue(), "wrong-name": ours.issue("a", san="DNS:other.example.com"),
                "expired": ours.issue("b", days=-1), "no-name": ours.issue("c", san=None)}
            servers, tables = {}, []
            for name, certificate in cases.items():
                server = servers[name] = self.enterContext(
                    ScriptedServer(lambda connection: connection.behave(Mailbox()), certificate=certificate))
                tables.append(home.mailbox(server, name=name, ca_file=ours.ca_file))
            home.write_config(*tables)
            done = home.otpctl("wait", BOT, "--timeout", "4s")
            self.assertEqual((done.code, done.stdout), (69, ""), done.stderr)
            for name, server in servers.items():
                with self.subTest(name):
                    source = home.source(f"{name}/INBOX")
                    self.assertEqual(source["state"], "unreachable")
                    self.assertRegex(source["detail"], "(?i)certificate|SSL")
                    self.assertIn(f"{name}/INBOX", done.stderr)
                    self.assertEqual(server.seen, [])
                    self.assertGreaterEqual(server.connections, 1)

    def test_M03_a_server_that_hides_starttls_gets_no_password(self):
        mailbox = Mailbox(capability="IMAP4rev1 IDLE SASL-IR AUTH=PLAIN")
        home = self._home()
        with ScriptedServer(lambda connection: connection.behave(mailbox), tls=False) as server:
            home.write_config(home.mailbox(server, tls="starttls", ca_file=None))
            done = home.otpctl("wait", BOT, "--timeout", "3s")
            self.assertEqual((done.code, done.stdout), (69, ""))
            self.assertRegex(done.stderr, "STARTTLS|TLS")
            self.assertFalse([line for line in server.seen if "LOGIN" in line or "AUTHENTICATE" in line])

    # ---- proxies -------------------------------------------------------------------------------

    def test_a_socks5_and_a_http_proxy_are_used_and_resolve_the_name(self):
        dovecot = self._dovecot()
        for scheme, serve in (("socks5h", _socks5), ("http", _http_connect)):
            with self.subTest(scheme), Home() as home, _Proxy(serve) as proxy:
                home.write_config(home.mailbox(dovecot, proxy=f"{scheme}://127.0.0.1:{proxy.port}"))
                self._gets_a_code(home, dovecot)
                self.assertEqual(set(proxy.asked), {("localhost", dovecot.imaps_port)})
                dovecot.expunge_all()

    def test_a_proxy_that_is_not_there_is_never_gone_around(self):
        home, dovecot = self._home(), self._dovecot()
        with _Proxy(_socks5) as proxy:
            gone = proxy.port
        home.write_config(home.mailbox(dovecot, proxy=f"socks5h://127.0.0.1:{gone}"))
        done = home.otpctl("wait", BOT, "--timeout", "3s")
        self.assertEqual((done.code, done.stdout), (69, ""))
        self.assertNotIn("Login", dovecot.log())

    def test_a_server_that_takes_us_for_somebody_is_refused_behind_a_http_proxy_too(self):
        def preauth(connection):
            connection.send("* PREAUTH welcome")
            while True:
                tag, name, _ = connection.command()
                if name == "CAPABILITY":
                    connection.send("* CAPABILITY IMAP4rev1 IDLE")
                connection.ok(tag)

        for proxied in (False, True):
            with self.subTest(proxied=proxied), Home() as home, ScriptedServer(preauth) as server, \
                    _Proxy(_http_connect) as proxy:
                way = {"proxy": f"http://127.0.0.1:{proxy.port}"} if proxied else {}
                home.write_config(home.mailbox(server, **way))
                home.start_agent()
                home.await_source("unreachable")
                self.assertIn("PREAUTH", home.source()["detail"])

    # ---- servers without IDLE, without probing -------------------------------------------------

    def test_a_server_without_idle_is_polled(self):
        home, dovecot = self._home(), self._dovecot(capability="IMAP4rev1 SASL-IR LITERAL+ UIDPLUS")
        home.write_config(home.mailbox(dovecot, probe="off", poll="200ms"))
        home.start_agent()
        home.await_source()
        self._gets_a_code(home, dovecot)

    def test_without_probing_the_notice_of_idle_brings_the_code(self):
        home, dovecot = self._home(), self._dovecot()
        home.write_config(home.mailbox(dovecot, probe="off"))
        home.start_agent()
        home.await_source()
        for code in mail.codes(3):
            wait = home.wait(BOT)
            at_ns = dovecot.deliver(mail.html(code, to=BOT), BOT)
            self.assertEqual((wait.finish(), wait.stdout), (0, code + "\n"))
            self.assertLess((wait.first_byte_ns - at_ns) / 1e6, 2000, "Dovecot's 500 ms, not a poll")

    # ---- M10 -----------------------------------------------------------------------------------

    # ctest: timeout=180
    def test_M10_replies_cut_at_every_byte_or_late_give_the_same(self):
        """In clear text, so that the cuts reach IMAP; then over TLS."""
        dovecot = self._dovecot()
        told = {}
        for name, tls, options in (("whole", "none", {}), ("bytes", "none", {"slice": 1}),
                                   ("late", "none", {"latency": 0.02}), ("tls", "implicit", {"slice": 1})):
            dovecot.expunge_all()
            target = dovecot.imap_port if tls == "none" else dovecot.imaps_port
            with self.subTest(name), FaultProxy(target) as proxy, Home() as home:
                for key, value in options.items():
                    setattr(proxy, key, value)
                home.write_config(home.mailbox(dovecot, port=proxy.port, tls=tls, insecure=True))
                told[name] = self._everything(home, dovecot)
        self.assertEqual(told["whole"], told["bytes"])
        self.assertEqual(told["whole"], told["late"])
        self.assertEqual(told["whole"], told["tls"])

    def _everything(self, home, dovecot):
        """Old mail and new mail of every shape; what the waits and the agent's log say, without times."""
        makers = [mail.plain, mail.html, mail.base64_utf8, mail.quoted_printable, mail.subject_only]
        bots = [f"bot{number}@example.com" for number in range(2 * len(makers))]
        mails = [(maker(code, to=bot), bot) for maker, code, bot in zip(makers * 2, mail.codes(len(bots)), bots)]
        dovecot.deliver_many(mails[:len(makers)])  # before the agent is there: found by looking back
        waits = home.waits(bots, "--json", "--timeout", "60s")
        dovecot.deliver_many(mails[len(makers):] + [(mail.no_code(), BOT)])
        answers = []
        for wait in waits:
            self.assertEqual(wait.finish(60), 0, wait.stderr)
            answer = json.loads(wait.stdout)
            answers.append({key: answer[key] for key in ("code", "kind", "recipient", "channel", "sender", "subject")})
        self.assertEqual([one["code"] for one in answers], mail.codes(len(bots)))
        home.await_source()
        return answers


class _Proxy:
    """A proxy on loopback: `serve(client)` reads the request, answers, and returns (host, port); then bytes flow."""

    def __init__(self, serve):
        self._serve = serve
        self.asked = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        host, port, granted = self._serve(client)
        self.asked.append((host, port))
        server = socket.create_connection(("127.0.0.1", port))
        client.sendall(granted)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def _socks5(client):
    """RFC 1928, no authentication, CONNECT to a name."""
    methods = client.recv(2)[1]
    client.recv(methods)
    client.sendall(b"\x05\x00")
    _, command, _, kind, length = client.recv(5)
    assert (command, kind) == (1, 3), "CONNECT to a domain name"
    host = client.recv(length).decode()
    port = int.from_bytes(client.recv(2), "big")
    return host, port, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"


def _http_connect(client):
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4096)
    verb, target, _ = request.split(b"\r\n")[0].decode().split(" ")
    assert verb == "CONNECT"
    host, _, port = target.rpartition(":")
    return host, int(port), b"HTTP/1.1 200 Connection established\r\n\r\n"


if __name__ == "__main__":
    unittest.main()
