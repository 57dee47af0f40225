"""A real Dovecot and the real agent: which mail counts, for whom, and what is left untouched."""

import json
import time
import unittest

from otptest import Dovecot, FaultProxy, Home, mail, until

BOT, OTHER, THIRD = (f"bot{number}@example.com" for number in (1, 2, 3))


class Inbox(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def _dovecot(self, **options):
        return self.enterContext(Dovecot(**options))

    def _watch(self, dovecot, **keys):
        """Writes the configuration and returns when the agent watches the mailbox."""
        self.home.write_config(self.home.mailbox(dovecot, **keys))
        self.home.start_agent()
        for folder in keys.get("folders", ["INBOX"]):
            self.home.await_source(name=f"main/{folder}")

    def _await_messages(self, count):
        until(lambda: self.home.source()["messages"] >= count, 10, f"{count} messages have been read")

    def _nothing_for(self, bot, *options):
        """A look at all that is there finds no code; returns what was said about it."""
        done = self.home.otpctl("wait", bot, "--timeout", "0", *options)
        self.assertNotEqual(done.code, 0)
        self.assertEqual(done.stdout, "")
        return done

    def _finds(self, bot, code, *options):
        done = self.home.otpctl("wait", bot, "--timeout", "0", *options)
        self.assertEqual((done.code, done.stdout, done.stderr), (0, code + "\n", ""))

    # ---- what counts ---------------------------------------------------------------------------

    def test_a_mail_that_came_while_nobody_waited_is_given_to_the_wait_that_comes_within_30_seconds(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self._await_messages(1)
        self._finds(BOT, "482913")
        self._nothing_for(BOT)

    def test_a_mail_that_a_look_back_finds_again_is_one_message(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)  # Dovecot holds its notice back: the wait asks for it, and looks back
        self._finds(BOT, "482913")
        waits = [self.home.wait(who) for who in (OTHER, THIRD)]
        dovecot.deliver(mail.plain("193744", to=OTHER), OTHER)
        self.assertEqual((waits[0].finish(), waits[0].stdout), (0, "193744\n"))
        self._nothing_for("bot9@example.com", "--since", "2m")
        def messages():
            log = self.home.otpctl("log", "--json", "--type", "message").stdout
            return [json.loads(line)["state"] for line in log.splitlines()]

        until(lambda: len(messages()) >= 2, 10, "the timeline has both", every=0.05)
        self.assertEqual(messages(), ["arrived", "arrived"])
        self.assertEqual(self.home.source()["messages"], 2)

    def test_the_mails_of_before_do_not_count_on_a_cold_start(self):
        dovecot = self._dovecot()
        dovecot.append(mail.plain("111222", to=BOT), age=86400)
        dovecot.append(mail.plain("333444", to=BOT), age=60)
        self.home.write_config(self.home.mailbox(dovecot))
        done = self._nothing_for(BOT)
        self.assertEqual(done.code, 1, done.stderr)
        wait = self.home.wait(BOT)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_since_looks_back_as_far_as_it_says_on_a_cold_agent(self):
        dovecot = self._dovecot()
        for bot, code, age in ((BOT, "111222", 7200), (OTHER, "482913", 1800), (THIRD, "193744", 7200)):
            dovecot.append(mail.plain(code, to=bot), age)
        self.home.write_config(self.home.mailbox(dovecot))
        self._finds(OTHER, "482913", "--since", "1h")
        self._nothing_for(BOT, "--since", "1h")
        self._finds(THIRD, "193744", "--since", "3h")

    def test_since_looks_back_as_far_as_it_says_on_an_agent_that_watches_already(self):
        dovecot = self._dovecot()
        dovecot.append(mail.plain("482913", to=BOT), age=1800)
        self._watch(dovecot)
        self._nothing_for(OTHER, "--since", "1h")
        self._finds(BOT, "482913", "--since", "1h")

    def test_a_session_counts_from_its_registration_however_quick_the_mail_is(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        dovecot.deliver(mail.plain("111222", to=BOT), BOT)  # not read yet when the session comes
        session = self.home.json("session", "register", BOT)
        self.assertFalse(session["degraded"])
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self._await_messages(2)
        done = self.home.otpctl("wait", "--session", session["id"], "--timeout", "0")
        self.assertEqual((done.code, done.stdout), (0, "482913\n"))
        done = self.home.otpctl("wait", "--session", session["id"], "--timeout", "0")
        self.assertEqual((done.code, done.stdout), (1, ""))

    def test_nothing_old_comes_again_and_nothing_new_is_refused_when_the_folder_is_renumbered(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        wait = self.home.wait(BOT)
        dovecot.deliver(mail.plain("111222", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "111222\n"))
        before = self.home.source()["reconnects"]
        dovecot.new_uidvalidity()
        dovecot.kick()
        until(lambda: self.home.source()["reconnects"] > before, 20, "a new connection")
        self.home.await_source()
        wait = self.home.wait(BOT)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self._nothing_for(BOT)

    def test_a_junk_folder_that_is_watched_brings_its_codes(self):
        dovecot = self._dovecot()
        self._watch(dovecot, folders=["INBOX", "Junk"])
        waits = self.home.waits([BOT, OTHER])
        dovecot.append(mail.plain("482913", to=BOT), age=0, folder="Junk")
        dovecot.deliver(mail.plain("193744", to=OTHER), OTHER)
        for wait, code in zip(waits, ("482913", "193744")):
            self.assertEqual((wait.finish(), wait.stdout), (0, code + "\n"))
        self.assertEqual([self.home.source(f"main/{name}")["messages"] for name in ("INBOX", "Junk")], [1, 1])

    # ---- whose it is ---------------------------------------------------------------------------

    def test_the_stamp_of_the_server_decides_alone_over_forged_stamps_and_over_to(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        waits = dict(zip((BOT, OTHER, THIRD), self.home.waits([BOT, OTHER, THIRD])))
        forged = f"Delivered-To: {OTHER}\r\nX-Original-To: {OTHER}\r\n".encode()
        dovecot.deliver(forged + mail.plain("482913", to=f"{THIRD}, {OTHER}, {BOT}"), BOT)
        self.assertEqual((waits[BOT].finish(), waits[BOT].stdout), (0, "482913\n"))
        # The two others still wait, and get their own.
        for bot, code in ((OTHER, "193744"), (THIRD, "551188")):
            dovecot.deliver(mail.plain(code, to=bot), bot)
            self.assertEqual((waits[bot].finish(), waits[bot].stdout), (0, code + "\n"))

    def test_without_stamps_to_decides(self):
        dovecot = self._dovecot(stamp=False)
        self._watch(dovecot)
        waits = dict(zip((BOT, OTHER), self.home.waits([BOT, OTHER])))
        dovecot.deliver(mail.plain("482913", to=f"Somebody <someone@example.net>, Bot <{OTHER}>"), THIRD)
        self.assertEqual((waits[OTHER].finish(), waits[OTHER].stdout), (0, "482913\n"))
        self.assertIsNone(waits[BOT].poll())

    def test_two_asked_for_recipients_in_to_get_nothing_and_are_told_why(self):
        dovecot = self._dovecot(stamp=False)
        self._watch(dovecot)
        waits = self.home.waits([BOT, OTHER], "--timeout", "4s")
        dovecot.deliver(mail.plain("482913", to=f"{BOT}, {OTHER}"), BOT)
        for wait in waits:
            self.assertEqual((wait.finish(), wait.stdout), (65, ""))
            self.assertRegex(wait.stderr, "several recipients")
            self.assertNotIn("482913", wait.stderr)

    def test_recipients_all_gives_it_to_each_of_them(self):
        dovecot = self._dovecot(stamp=False)
        self._watch(dovecot, recipients="all")
        waits = self.home.waits([BOT, OTHER])
        dovecot.deliver(mail.plain("482913", to=f"{BOT}, {OTHER}"), BOT)
        for wait in waits:
            self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_a_mail_for_somebody_else_is_counted_in_the_explanation(self):
        dovecot = self._dovecot()
        self._watch(dovecot)
        wait = self.home.wait(BOT, "--timeout", "3s")
        dovecot.deliver(mail.plain("482913", to=OTHER, sender="shop@example.org"), OTHER)
        self.assertEqual((wait.finish(), wait.stdout), (124, ""))
        self.assertRegex(wait.stderr, r"1 message.* (came|for).*other")
        self.assertIn("shop@example.org", wait.stderr)

    # ---- what is left untouched ----------------------------------------------------------------

    def test_no_mail_is_ever_marked_as_seen(self):
        dovecot = self._dovecot()
        dovecot.append(mail.plain("111222", to=BOT), age=1800)
        self.home.write_config(self.home.mailbox(dovecot))
        self._finds(BOT, "111222", "--since", "1h")
        wait = self.home.wait(BOT)
        dovecot.deliver(mail.html("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        with dovecot.client() as imap:
            flags = [line for line in imap.command("UID FETCH 1:* (FLAGS)") if b"FETCH" in line]
        self.assertEqual(len(flags), 2)
        self.assertFalse([line for line in flags if b"\\Seen" in line], flags)

    # ctest: alone timeout=60
    def test_I24_a_mail_of_25_megabytes_in_front_costs_neither_time_nor_traffic(self):
        dovecot = self._dovecot()
        proxy = self.enterContext(FaultProxy(dovecot.imaps_port))
        self._watch(dovecot, port=proxy.port)
        waits = dict(zip((BOT, OTHER), self.home.waits([BOT, OTHER])))
        big = mail.big("193744", to=OTHER)
        self.assertGreater(len(big), 25_000_000)
        before = proxy.received
        dovecot.deliver_many([(big, OTHER), (mail.plain("482913", to=BOT), BOT)])
        delivered = time.monotonic_ns()
        self.assertEqual((waits[BOT].finish(), waits[BOT].stdout), (0, "482913\n"))
        self.assertLess((waits[BOT].first_byte_ns - delivered) / 1e9, 3)
        self.assertEqual((waits[OTHER].finish(), waits[OTHER].stdout), (0, "193744\n"))
        self._await_messages(2)
        self.assertLess(proxy.received - before, 1_000_000)


if __name__ == "__main__":
    unittest.main()
