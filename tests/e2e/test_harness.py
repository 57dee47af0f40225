"""The test house itself: what the other tests stand on does what it says."""

import email
import email.policy
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

from otptest import (Dovecot, FaultProxy, Firewall, ImapClient, ImapError, Mailbox, ScriptedServer, Timeout,
                     Transcript, Unexpected, isolated, mail, small_disk, transcript, until)
from otptest.util import alive, children_of


class Harness(unittest.TestCase):
    def test_dovecot_tells_an_idling_client_of_a_mail_that_lmtp_has_taken(self):
        with Dovecot() as dovecot, dovecot.client() as imap:
            imap.idle()
            delivered = dovecot.deliver(mail.plain("482913"), "bot5@example.com")
            _, told = imap.wait_exists()
            mails = imap.leave_idle_fetch(imap.next_uid)
            imap.after_fetch()
            self.assertLess(abs((told - delivered) / 1e6 - 500), 150, "Dovecot's notice timer is 500 ms")
            (raw,) = mails.values()
            stamps = raw.split(b"Received:")[0]
            self.assertIn(b"Delivered-To: bot5@example.com\r\n", stamps)
            self.assertIn(b"code is 482913\r\n", raw)

    # ctest: smoke
    def test_the_notice_shim_shortens_the_notice_to_milliseconds(self):
        with Dovecot(fast=True) as dovecot, dovecot.client() as imap:
            imap.idle()
            delivered = dovecot.deliver(mail.plain("482913"), "bot5@example.com")
            _, told = imap.wait_exists()
            self.assertLess((told - delivered) / 1e6, 100)

    def test_every_recipient_goes_to_the_one_mailbox(self):
        with Dovecot() as dovecot, dovecot.client() as imap:
            codes = mail.codes(20)
            times = dovecot.deliver_many(
                [(mail.html(code, to=f"bot{n}@example.com"), f"bot{n}@example.com") for n, code in enumerate(codes)])
            self.assertEqual(times, sorted(times))
            imap.command("NOOP")
            found = imap.fetch(imap.next_uid)
            self.assertEqual(len(found), 20)
            for n, raw in enumerate(found[uid] for uid in sorted(found)):
                self.assertIn(f"Delivered-To: bot{n}@example.com\r\n".encode(), raw)
                self.assertIn(codes[n].encode(), raw)

    def test_dovecot_offers_the_password_over_tls_starttls_and_clear_text(self):
        with Dovecot() as dovecot:
            for how in ("imaps", "starttls", "plain"):
                with self.subTest(how), dovecot.client(how) as imap:
                    self.assertEqual(imap.next_uid, 1)
            with dovecot.client(login=False) as imap, self.assertRaisesRegex(ImapError, "AUTHENTICATIONFAILED"):
                imap.login(dovecot.user, "wrong")

    # ctest: smoke
    def test_dovecot_takes_a_granted_bearer_token_and_refuses_a_revoked_one(self):
        with Dovecot() as dovecot:
            dovecot.tokens.grant("good-token", dovecot.user)
            for mechanism, refusal in (("XOAUTH2", '"status":"401"'), ("OAUTHBEARER", "invalid_token")):
                with self.subTest(mechanism):
                    with dovecot.client(login=False) as imap:
                        imap.bearer(mechanism, dovecot.user, "good-token", dovecot.imaps_port)
                        self.assertEqual(imap.examine(), 1)
                    with dovecot.client(login=False) as imap, self.assertRaisesRegex(ImapError, refusal):
                        imap.bearer(mechanism, dovecot.user, "unknown-token", dovecot.imaps_port)
            dovecot.tokens.revoke("good-token")
            with dovecot.client(login=False) as imap, self.assertRaises(ImapError):
                imap.bearer("XOAUTH2", dovecot.user, "good-token")
            dovecot.tokens.trouble = 500
            with dovecot.client(login=False) as imap, self.assertRaisesRegex(ImapError, "UNAVAILABLE"):
                imap.bearer("XOAUTH2", dovecot.user, "good-token")

    def test_dovecot_keeps_its_mailbox_and_ports_over_restart_and_kill(self):
        with Dovecot() as dovecot:
            ports = dovecot.imaps_port, dovecot.imap_port, dovecot.lmtp_port
            for number, (end, sign) in enumerate(((dovecot.stop, "BYE"), (dovecot.kill, "closed|reset")), 1):
                with dovecot.client() as imap:
                    dovecot.deliver(mail.plain("482913"), "bot1@example.com")
                    imap.command("NOOP")
                    imap.idle()
                    end()
                    with self.assertRaisesRegex((ImapError, ConnectionResetError), sign):
                        imap.untagged.clear()
                        imap.wait_exists(5)
                dovecot.resume()
                self.assertEqual((dovecot.imaps_port, dovecot.imap_port, dovecot.lmtp_port), ports)
                with dovecot.client() as imap:
                    self.assertEqual(imap.next_uid, number + 1)

    def test_dovecot_throws_a_client_out_and_can_change_uidvalidity(self):
        with Dovecot() as dovecot:
            with dovecot.client() as imap:
                self.assertEqual(dovecot.connections(), 1)
                imap.idle()
                dovecot.kick()
                with self.assertRaisesRegex((ImapError, ConnectionResetError), "BYE|closed|reset"):
                    imap.wait_exists(5)
            with dovecot.client() as imap:
                before = imap.command("STATUS Junk (UIDVALIDITY)")
                dovecot.new_uidvalidity("Junk")
                self.assertNotEqual(imap.command("STATUS Junk (UIDVALIDITY)"), before)

    def test_dovecot_leaves_no_process_and_no_file(self):
        with Dovecot() as dovecot, dovecot.client():
            processes = children_of(os.getpid())
            self.assertGreater(len(processes), 3)
        self.assertEqual([pid for pid in processes if alive(pid)], [])
        self.assertFalse(os.path.exists(dovecot.folder))

    @isolated
    def test_the_firewall_swallows_packets_without_a_word(self):
        firewall = Firewall()
        with Dovecot() as dovecot, dovecot.client("plain") as imap:
            imap.idle()
            firewall.drop(dovecot.imap_port)
            dovecot.deliver(mail.plain("482913"), "bot1@example.com")
            with self.assertRaises(TimeoutError):
                imap.wait_exists(1)
            firewall.heal()
            self.assertEqual(imap.wait_exists(10)[0], 1)

    @isolated
    def test_a_small_disk_gets_full(self):
        with tempfile.TemporaryDirectory() as folder:
            small_disk(folder)
            try:
                with self.assertRaisesRegex(OSError, "No space left"), open(f"{folder}/a", "wb", 0) as file:
                    while True:
                        file.write(bytes(4096))
            finally:
                subprocess.run(["umount", folder], check=True)

    def test_the_proxy_slices_cuts_and_swallows(self):
        with Dovecot() as dovecot, FaultProxy(dovecot.imap_port) as proxy:
            proxy.slice = 1
            with ImapClient(proxy.port) as imap:
                imap.login(dovecot.user, dovecot.password)
                self.assertEqual(imap.examine(), 1)
            proxy.slice = 0
            with ImapClient(proxy.port) as imap:
                proxy.cut(after=10)
                with self.assertRaises((ImapError, ConnectionError)):
                    imap.command("CAPABILITY")
            with ImapClient(proxy.port, timeout=0.2) as imap:
                proxy.black_hole()
                with self.assertRaises(TimeoutError):
                    imap.command("CAPABILITY")
            proxy.heal()
            proxy.latency = 0.05
            with ImapClient(proxy.port) as imap:
                began = time.monotonic()
                imap.command("NOOP")
                self.assertGreater(time.monotonic() - began, 0.1)
                proxy.latency = 0
                proxy.reset()
                with self.assertRaises((ImapError, ConnectionError)):
                    imap.command("NOOP")
            proxy.down()
            with self.assertRaises(ConnectionError):
                ImapClient(proxy.port)
            proxy.up()
            with ImapClient(proxy.port) as imap:
                imap.command("NOOP")
            self.assertEqual(proxy.connections, 5)

    # ctest: smoke
    def test_the_scripted_server_behaves_until_the_point_of_interest(self):
        mailbox = Mailbox()
        mailbox.add(mail.plain("482913"))

        def then_dies(connection):
            tag, _, _ = connection.behave(mailbox, until="IDLE")
            connection.send("+ idling\r\n* 2 EXISTS")
            mailbox.add(mail.plain("193744"))
            self.assertEqual(connection.command("DONE")[1], "DONE")
            connection.ok(tag)
            connection.behave(mailbox, until="IDLE", greet=False)

        with ScriptedServer([then_dies, lambda connection: connection.until_closed()]) as server:
            with ImapClient(server.port, tls=server.authority.client_context()) as imap:
                imap.login("user", 'pass"word')
                self.assertEqual(imap.examine(), 2)
                imap.idle()
                self.assertEqual(imap.wait_exists()[0], 2)
                (uid,), (raw,) = zip(*imap.leave_idle_fetch(2).items())
                self.assertEqual(uid, 2)
                self.assertIn(b"193744", raw)
                with self.assertRaisesRegex(ImapError, "closed"):
                    imap.line()
            with self.assertRaises(TimeoutError):
                ImapClient(server.port, tls=server.authority.client_context(), timeout=0.2)
            server.wait_connections(2)
            server.check()

    def test_the_scripted_server_reports_what_was_not_in_the_script(self):
        with ScriptedServer(lambda connection: connection.command("LOGIN"), tls=False) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(b"a CAPABILITY\r\n")
                until(lambda: server.errors, 5, "the script has failed")
            with self.assertRaisesRegex(Unexpected, "expected LOGIN"):
                server.check()

    def test_every_transcript_can_be_played_to_a_client_with_tags_of_its_own(self):
        played = [one for one in Transcript.all() if one.longest_pause <= 1]
        self.assertGreater(len(played), 50)
        for one in played:
            for pieces in (0, 1):
                with self.subTest(one.name, pieces=pieces):
                    self._play(one, pieces)

    def _play(self, script, pieces):
        def behaviour(connection):
            script.play(connection, act=lambda _: None, pieces=pieces, curl=False)

        with ScriptedServer(behaviour, tls=False) as server, \
                socket.create_connection(("127.0.0.1", server.port), 10) as client:
            mirror = client.makefile("rb")
            for kind, data, where in script.steps:
                if kind == "C":
                    client.sendall(re.sub(rb"^A(\d+) ", rb"other.\1 ", data) + b"\r\n")
                elif kind == "S":
                    got = b""
                    while len(re.sub(rb"(?m)^other\.(\d+) ", rb"A\1 ", got)) < len(data):
                        more = mirror.read(1)
                        self.assertTrue(more, f"{where}: {server.errors}")
                        got += more
                    self.assertEqual(re.sub(rb"(?m)^other\.(\d+) ", rb"A\1 ", got), data, where)
                elif kind == "X":
                    self.assertEqual(mirror.read(), b"")
            mirror.close()
            server.check()

    def test_a_transcript_names_the_line_that_did_not_happen(self):
        with ScriptedServer(transcript.serve("idle-mail"), tls=False) as server, \
                socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(b"x1 CAPABILITY\r\nx2 CAPABILITY\r\nx3 LOGIN alice secret\r\n")
            until(lambda: server.errors, 5)
            with self.assertRaisesRegex(Unexpected, "idle-mail.txt:5: expected 'A2 AUTHENTICATE"):
                server.check()

    def test_every_mail_maker_makes_a_mail_that_carries_its_code_where_it_says(self):
        code = "482913"
        for maker in (mail.plain, mail.html, mail.quoted_printable, mail.base64_utf8, mail.subject_only):
            for lang in ("en", "tr", "de"):
                with self.subTest(maker=maker.__name__, lang=lang):
                    raw = maker(code, lang=lang)
                    self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
                    parsed = email.message_from_bytes(raw, policy=email.policy.default)
                    self.assertFalse(parsed.defects)
                    body = parsed.get_body(("html", "plain")).get_content()
                    self.assertEqual(code in body, maker is not mail.subject_only)
                    self.assertEqual(code in parsed["Subject"], maker is mail.subject_only)
        self.assertNotRegex(mail.no_code().split(b"\r\n\r\n")[1], rb"\d{4}")
        self.assertGreater(len(mail.big(code)), 25 * 1000 * 1000)
        self.assertEqual(len(set(mail.codes(150))), 150)

    def test_until_is_bounded(self):
        began = time.monotonic()
        with self.assertRaisesRegex(Timeout, "the moon"):
            until(lambda: False, 0.05, "the moon")
        self.assertLess(time.monotonic() - began, 1)


if __name__ == "__main__":
    unittest.main()
