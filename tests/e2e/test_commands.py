"""What the commands do, as a person or a script meets them."""

import json
import time
import unittest

from otptest import Home, mail, until

BOT = "bot1@example.com"


class Commands(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def run_one(self, *arguments, code=0, **more):
        done = self.home.otpctl(*arguments, **more)
        self.assertEqual(done.code, code, done)
        if code:
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.strip())
        return done

    def deliver(self, code, recipient=BOT, **more):
        self.run_one("deliver", recipient, input=mail.plain(code, to=recipient, **more))

    def now(self, *arguments, code=0, **more):
        """What a wait finds that does not block."""
        return self.run_one("wait", *arguments, "--timeout", "0", code=code, **more).stdout.strip()


class Sessions(Commands):
    # ctest: smoke
    def test_a_session_lives_from_register_to_close(self):
        home = self.home
        identity = self.run_one("session", "register", BOT).stdout.strip()
        self.assertRegex(identity, r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        shown = home.json("session", "show", identity[:8])
        self.assertEqual((shown["v"], shown["id"], shown["state"], shown["email"], shown["phone"]),
                         (1, identity, "open", BOT, None))
        wait = home.wait("--session", identity[:8])
        self.assertEqual(home.json("session", "show", identity)["state"], "waiting")
        self.deliver("482913")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        shown = home.json("session", "show", identity)
        self.assertEqual((shown["state"], shown["codes_given"], shown["waiters"]), ("received", 1, 0))
        self.assertEqual([one["id"] for one in home.json("session", "list")["sessions"]], [identity])
        self.assertIn(identity, self.run_one("session", "list").stdout)
        self.assertEqual(home.json("session", "close", identity)["state"], "closed")
        for action in ("show", "mark", "refresh", "close"):
            self.assertIn("has ended", self.run_one("session", action, identity, code=66).stderr)
        self.run_one("wait", "--session", identity, code=66)
        self.assertEqual(home.json("session", "list")["sessions"], [])

    def test_a_session_keeps_filters_country_and_metadata(self):
        shown = self.home.json("session", "register", "--phone", "0151 23456789", "--country", "DE", "--metadata",
                               '{"run":7,"tags":["a"]}', "--from", "Shop*", "--length", "4-8", "--ttl", "20m")
        self.assertEqual((shown["phone"], shown["country"]), ("+4915123456789", "DE"))
        self.assertEqual(shown["metadata"], {"run": 7, "tags": ["a"]})
        self.assertEqual((shown["from"], shown["length"]), ("Shop*", "4-8"))
        self.run_one("sms", "--from", "Bank", "--to", "+4915123456789", input=mail.sms_text("193744"))
        self.run_one("sms", "--from", "ShopDE", "--to", "+4915123456789", input=mail.sms_text("482913"))
        self.assertEqual(self.now("--session", shown["id"]), "482913")

    def test_close_ends_a_wait_and_expiry_is_66(self):
        home = self.home
        closed = self.run_one("session", "register", BOT).stdout.strip()
        wait = home.wait("--session", closed, "--timeout", "none")
        self.run_one("session", "close", closed)
        self.assertEqual((wait.finish(5), wait.stdout), (66, ""))
        short = self.run_one("session", "register", BOT, "--ttl", "1s").stdout.strip()
        until(lambda: home.otpctl("session", "show", short).code == 66, 5, "it expires")
        self.run_one("wait", "--session", short, code=66)

    def test_refresh_and_a_blocked_wait_keep_a_session_alive(self):
        home = self.home
        began = time.monotonic()
        kept = self.run_one("session", "register", BOT, "--ttl", "2s").stdout.strip()
        held = self.run_one("session", "register", "bot2@example.com", "--ttl", "2s").stdout.strip()
        lost = self.run_one("session", "register", "bot3@example.com", "--ttl", "2s").stdout.strip()
        self.run_one("session", "refresh", kept, "--ttl", "60s")
        wait = home.wait("--session", held)
        until(lambda: home.otpctl("session", "show", lost).code == 66, 6, "the third expires")
        self.assertGreater(time.monotonic() - began, 1.8)
        self.assertEqual(home.json("session", "show", kept)["state"], "open")
        self.assertEqual(home.json("session", "show", held)["state"], "waiting")
        self.deliver("482913", "bot2@example.com")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_a_prefix_must_be_unique_and_of_four_characters_at_least(self):
        identities = [self.run_one("session", "register", f"bot{n}@example.com").stdout.strip() for n in range(2)]
        self.assertIn(f"'{identities[0][:3]}'", self.run_one("session", "show", identities[0][:3], code=64).stderr)
        self.run_one("session", "show", "not-hex!", code=64)
        unknown = next(text for text in ("aaaa", "bbbb", "cccc") if not any(one.startswith(text) for one in identities))
        self.run_one("session", "show", unknown, code=66)
        self.run_one("session", "show", code=64)

    def test_inside_a_run_OTPCTL_SESSION_names_the_session_of_a_plain_wait(self):
        identity = self.run_one("session", "register", BOT).stdout.strip()
        env = {"OTPCTL_SESSION": identity}
        self.deliver("193744", "bot2@example.com")
        self.deliver("482913")
        self.assertEqual(self.home.json("session", "show", env=env)["id"], identity)
        self.assertEqual(self.now("bot2@example.com", env=env), "193744")  # another recipient, a wait of its own
        self.assertEqual(self.now(env=env), "482913")
        self.assertEqual(self.home.json("session", "show", identity)["codes_given"], 1)
        self.deliver("572961")
        self.assertEqual(self.now(BOT.upper(), env=env), "572961")
        self.assertEqual(self.home.json("session", "show", identity)["codes_given"], 2)


class NextCode(Commands):
    def test_mark_and_wait_again_gives_the_resent_code_only(self):
        identity = self.run_one("session", "register", BOT).stdout.strip()
        self.deliver("193744")
        self.assertEqual(self.now("--session", identity), "193744")
        self.deliver("572961")  # came before the resend was asked for
        self.run_one("session", "mark", identity)
        self.assertEqual(self.now("--session", identity, code=1), "")
        self.deliver("482913")
        self.assertEqual(self.now("--session", identity), "482913")
        self.assertEqual(self.now("--session", identity, code=1), "")

    def test_of_two_unclaimed_codes_of_one_sender_the_later_counts(self):
        self.home.start_agent()
        self.deliver("193744")
        self.deliver("482913")
        said = json.loads(self.run_one("wait", BOT, "--timeout", "0", "--json").stdout)
        self.assertEqual((said["code"], said["superseded"]), ("482913", 1))
        self.assertEqual(self.now(BOT, code=1), "")

    def test_different_senders_are_ambiguous_until_a_filter_or_a_person_decides(self):
        self.home.start_agent()
        for recipient in (BOT, "bot2@example.com"):
            self.deliver("193744", recipient, sender="a@shop.example")
            self.deliver("482913", recipient, sender="b@bank.example")
        said = self.run_one("wait", BOT, "--timeout", "1", code=65)
        for sender in ("a@shop.example", "b@bank.example"):
            self.assertIn(sender, said.stderr)
        wait = self.home.wait("bot2@example.com")
        self.assertIn("ambiguous", self.run_one("status").stdout)
        self.run_one("manual", "bot2", input="572961\n")
        self.assertEqual((wait.finish(), wait.stdout), (0, "572961\n"))

    def test_the_same_mail_again_is_no_second_code(self):
        self.home.start_agent()
        for _ in range(2):
            self.deliver("482913", message_id="<once@example.org>")
        self.assertEqual((self.now(BOT), self.now(BOT, code=1)), ("482913", ""))
        self.deliver("482913", message_id="<once@example.org>")
        self.assertEqual(self.now(BOT, code=1), "")
        self.deliver("482913", message_id="<twice@example.org>")  # senders do send the same one again
        self.assertEqual(self.now(BOT), "482913")
        for number in range(2):
            done = self.home.json("sms", "--to", "+905551112233", "--id", "77", input=mail.sms_text("193744"))
            self.assertEqual(done["duplicate"], bool(number))

    def test_yesterdays_code_and_what_came_before_now_never_come(self):
        self.home.start_agent()
        self.deliver("193744")
        self.assertEqual(self.now(BOT, "--since", "now", code=1), "")
        self.deliver("482913")
        self.assertEqual(self.now(BOT), "482913")
        self.assertEqual(self.now(BOT, "--since", "1h", code=1), "")


class Contention(Commands):
    def test_two_who_want_the_same_are_told_and_the_older_is_served_first(self):
        home = self.home
        first = home.wait(BOT)
        second = home.wait(BOT)
        until(lambda: "2 wait for" in second.stderr, 5, "the second is warned")
        self.assertNotIn("2 wait for", first.stderr)
        self.assertEqual(home.json("session", "register", BOT)["contended"], 3)
        warned = home.wait(BOT, "--json", "--timeout", "1")
        self.assertEqual(warned.finish(), 124)
        self.assertIn(4, [json.loads(line).get("warning", {}).get("contended") for line in warned.stderr.splitlines()])
        quiet = home.wait(BOT, "-q", "--timeout", "1")
        self.assertEqual(quiet.finish(), 124)
        self.assertNotIn("warning", quiet.stderr)
        self.deliver("193744")
        self.assertEqual((first.finish(), first.stdout, second.poll()), (0, "193744\n", None))
        self.deliver("482913")
        self.assertEqual((second.finish(), second.stdout), (0, "482913\n"))

    def test_exclusive_refuses_with_the_holders_name_and_queue_stands_in_line(self):
        home = self.home
        holder = home.wait(BOT, "--exclusive")
        said = self.run_one("wait", BOT, "--exclusive", code=75)
        self.assertIn(f"pid {holder.pid}", said.stderr)
        began = time.monotonic()
        self.run_one("session", "register", BOT, "--exclusive", "--queue", "1s", code=75)
        self.assertGreater(time.monotonic() - began, 0.9)
        line = home.wait(BOT, "--exclusive", "--queue", "60s")
        self.assertEqual([waiter.get("queued") for waiter in home.waiters() if waiter["pid"] == line.pid], [True])
        self.assertIn("in line", self.run_one("status").stdout)
        self.deliver("193744")
        self.assertEqual((holder.finish(), holder.stdout), (0, "193744\n"))
        until(lambda: [(one["pid"], one.get("queued")) for one in home.waiters()] == [(line.pid, False)], 5, "its turn")
        self.deliver("482913")
        self.assertEqual((line.finish(), line.stdout), (0, "482913\n"))
        self.run_one("wait", BOT, "--queue", "1s", code=64)


if __name__ == "__main__":
    unittest.main()
