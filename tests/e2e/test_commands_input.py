"""What the commands get: operators, mails, text messages, environments, configurations, and what is wrong with them."""

import os
import unittest

from otptest import Dovecot, mail, until
from test_commands import BOT, Commands


class Manual(Commands):
    def test_an_entry_goes_to_a_session_a_recipient_or_a_unique_part_of_one(self):
        home = self.home
        identity = home.json("session", "register", "alpha@example.com")["id"]
        for target in (identity, identity[:8], "alpha@example.com", "alph", "pha@ex", "ALPHA"):
            with self.subTest(target):
                self.assertEqual(home.json("manual", target, "482913")["recipient"], "alpha@example.com")
                self.assertEqual(self.now("--session", identity), "482913")
                home.otpctl("session", "mark", identity)
        wait = home.wait("+905551112233")
        done = home.json("manual", "555111", input="482 913\n")
        self.assertEqual((done["delivered"], done["waiting"]), (True, 0))
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_a_part_that_fits_several_or_nobody_is_refused_and_gives_no_code_away(self):
        home = self.home
        waits = [home.wait(f"{name}@example.com") for name in ("alpha", "alpine")]
        said = self.run_one("manual", "alp", "482913", code=64)
        self.assertIn("alpha@example.com, alpine@example.com", said.stderr)
        self.run_one("manual", "nobody", "482913", code=66)
        for wrong in ("", "  \n", "48\x1b[2J"):
            self.run_one("manual", "alpha", input=wrong, code=64)
        self.assertIn("2  alpine@example.com", self.run_one("manual").stdout)
        self.assertEqual([one.poll() for one in waits], [None, None])
        self.run_one("manual", "alpi", "AB-12 cd")
        self.assertEqual((waits[1].finish(), waits[1].stdout), (0, "AB-12 cd\n"))
        self.assertIsNone(waits[0].poll())

    def test_an_entry_for_a_whole_address_is_kept_for_the_wait_to_come(self):
        self.home.start_agent()
        self.assertIn("kept", self.run_one("manual", "later@example.com", "482913").stdout)
        self.assertEqual(self.now("later@example.com"), "482913")


class AnotherMailbox(Commands):
    """The caller's environment names a mailbox that the agent does not watch: no business of what is handed over."""

    def setUp(self):
        super().setUp()
        self.home.start_agent()
        self.other = {"OTPCTL_MAILBOX": "imaps://other@imap.example.com/INBOX", "OTPCTL_PASSWORD": "x"}
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "0", env=self.other).code, 78)

    # ctest: smoke
    def test_an_sms_reaches_the_agent(self):
        self.run_one("sms", "--to", "+905551112233", input=mail.sms_text("482913"), env=self.other)
        self.assertEqual(self.now("+905551112233"), "482913")

    def test_an_entry_reaches_its_wait(self):
        wait = self.home.wait(BOT)
        self.run_one("manual", BOT, input="482913\n", env=self.other)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_a_mail_reaches_its_wait(self):
        wait = self.home.wait(BOT)
        self.run_one("deliver", BOT, input=mail.plain("482913"), env=self.other)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))


class Pipe(Commands):
    # ctest: smoke
    def test_without_an_agent_the_caller_keeps_the_message_and_tries_again(self):
        self.run_one("deliver", BOT, input=mail.plain("482913"), code=75)
        self.run_one("sms", "--to", "+905551112233", input="482913", code=75)
        # At any other exit code a mail server sends the mail back, and the hook of an SMS daemon drops the SMS.
        for wrong in ({"OTPCTL_HOME": "relative"}, {"OTPCTL_START": "sometimes"}):
            self.run_one("deliver", BOT, input=mail.plain("482913"), env=wrong, code=75)
            said = self.run_one("sms", "--to", "+905551112233", input="482913", env=wrong, code=75)
            self.assertIn(*wrong, said.stderr)
        for arguments in (("status",), ("manual", BOT, "1"), ("session", "list"), ("agent", "stop")):
            self.assertIn("agent start", self.run_one(*arguments, code=69).stderr)
        self.assertEqual(self.home.agent_pids(), [])
        self.assertEqual(os.listdir(self.home.folder), [])

    # ctest: timeout=180
    def test_a_mail_of_25_MB_gives_its_code_a_larger_one_is_refused_for_good(self):
        wait = self.home.wait(BOT)
        big = mail.big("482913", megabytes=24)
        self.assertGreater(len(big), 25_000_000)
        said = self.run_one("deliver", BOT, input=mail.big("193744", megabytes=55), code=65)
        self.assertEqual((said.stderr.count("\n"), wait.poll()), (1, None))
        self.assertIn("too large", said.stderr)
        self.run_one("deliver", BOT, input=b"From: a@example.org\r\n\r\n" + b"x" * 60_000_000, code=65)
        self.run_one("deliver", BOT, input=big)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_of_more_recipients_than_a_mail_may_have_none_is_lost_in_silence(self):
        self.home.start_agent()
        names = [f"bot{n}@example.com" for n in range(201)]
        self.assertIn(names[200], self.run_one("deliver", *names, input=mail.plain("482913"), code=75).stderr)
        self.assertEqual(self.now(names[199]), "482913")

    def test_without_a_recipient_the_headers_decide_alone(self):
        wait = self.home.wait(BOT)
        self.run_one("deliver", input=mail.plain("193744", to=f"Robot <{BOT}>, someone@example.net"))
        self.assertEqual((wait.finish(), wait.stdout), (0, "193744\n"))
        self.run_one("deliver", f"<{BOT}>", "-f", "<bounce@example.org>",
                     input=mail.plain("482913", to="a@example.net"))
        self.assertEqual(self.now(BOT), "482913")

    def test_what_is_no_mail_and_no_number_is_refused(self):
        self.home.start_agent()
        self.run_one("deliver", BOT, input="", code=64)
        self.run_one("deliver", "no address", input=mail.plain("482913"), code=65)
        self.run_one("sms", input="482913", code=64)
        self.run_one("sms", "--to", "+905551112233", input="", code=64)
        for number in ("abc", "+9", "05551112233"):  # the last: there is no default-region
            self.assertIn(number, self.run_one("sms", "--to", number, input="482913", code=64).stderr)
        self.run_one("sms", "--to", "+905551112233", "--sent", "yesterday", input="482913", code=64)

    def test_an_argument_that_is_no_address_is_usage_with_and_without_an_agent(self):
        for agent in ("none", "lives"):
            with self.subTest(agent):
                for words in (["a<b"], [BOT, "a>b"], [""], [BOT, "-f", "a<b"]):
                    self.assertIn("is no address", self.run_one("deliver", *words, input=mail.plain("482913"), code=64).stderr)
                self.home.start_agent()
        self.assertEqual(self.now(BOT, code=1), "")

    def test_an_sms_reaches_its_wait_however_the_number_is_written(self):
        for number in ("+905551112233", "+90 (555) 111-22-33", "tel:+90-555-111-22-33"):
            wait = self.home.wait("+90 555 111 22 33")
            self.run_one("sms", "--from", "Shop", "--to", number, "--id", number, input=mail.sms_text("482913"))
            self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.run_one("sms", "--from", "Shop\x07", "--to", "+905551112233", mail.sms_text("193744", "tr"))
        self.assertEqual(self.now("+905551112233"), "193744")


class Explained(Commands):
    def test_a_timeout_says_what_was_seen_and_why_it_did_not_match(self):
        self.home.start_agent()
        self.deliver("193744")
        waits = {"too early": self.home.wait(BOT, "--since", "now", "--timeout", "2"),
                 "filters": self.home.wait("bot2@example.com", "--from", "*@bank.example", "--timeout", "2"),
                 "without a code": self.home.wait("bot3@example.com", "--timeout", "2"),
                 "for others": self.home.wait("bot4@example.com", "--timeout", "2")}
        self.deliver("572961", "bot2@example.com")
        self.run_one("deliver", "bot3@example.com", input=mail.no_code())
        for why, wait in waits.items():
            with self.subTest(why):
                self.assertEqual(wait.finish(), 65 if why == "without a code" else 124)
                self.assertIn(why, wait.stderr)
                self.assertIn("no-reply@example.org", wait.stderr)
                self.assertNotRegex(wait.stderr, "193744|572961")

    def test_a_wait_that_nothing_can_serve_says_so_at_its_start(self):
        wait = self.home.wait(BOT)
        until(lambda: "no source can bring" in wait.stderr, 5, "it is said while it waits")

    # ctest: smoke
    def test_what_cannot_be_meant_is_64_and_named(self):
        for arguments, named in ((("wait", "bot1@"), "'bot1@'"), (("wait", "+12"), "'+12'"),
                                 (("wait", BOT, "--timeout", "-1"), "'-1'"), (("wait", BOT, "--timeout", "5x"), "'5x'"),
                                 (("wait", BOT, "--timeout", "9" * 30), "duration"), (("wait",), "whose code"),
                                 (("wait", BOT, "--since", "never"), "'never'"),
                                 (("wait", BOT, "--length", "8-4"), "'8-4'"),
                                 (("wait", BOT, "--pattern", "(a"), "'(a'"),
                                 (("wait", BOT, "--session", "abcd"), "--session"),
                                 (("wait", BOT, "--timeout-exit-code", "256"), "256"),
                                 (("session", "register", BOT, "--ttl", "0"), "--ttl"),
                                 (("session", "register", BOT, "--metadata", "[1]"), "--metadata"),
                                 (("session", "register", "--phone", "0555", "--country", "Turkey"), "Turkey"),
                                 (("session", "register", BOT, "--country", "ZZ"), "'ZZ' is no country"),
                                 (("wiat", BOT), "did you mean 'wait'")):
            with self.subTest(arguments):
                said = self.run_one(*arguments, code=64)
                self.assertIn(named, said.stderr)
                self.assertEqual(said.stderr.count("\n"), 1)


class Configured(Commands):
    def test_an_unknown_key_is_named_with_its_line_and_the_nearest_right_one(self):
        for text, line, near in (("[wait]\ntimeout = '5s'\nsinze = '1s'\n", 3, "since"), ("[wiat]\n", 1, "wait"),
                                 ("[[mailbox]]\nname = 'a'\nhots = 'b'\n", 3, "host")):
            with self.subTest(text):
                self.home.write("config.toml", text)
                for command in (("agent", "start"), ("wait", BOT), ("agent", "run")):
                    said = self.run_one(*command, code=78)
                    self.assertIn(f"config.toml:{line}", said.stderr)
                    self.assertRegex(said.stderr, rf"did you mean \W{near}\W")
        self.assertEqual(self.home.agent_pids(), [])

    def test_a_restart_into_a_wrong_configuration_leaves_the_agent_and_its_waiters_alone(self):
        wait = self.home.wait(BOT)
        pid = self.home.agent_pid()
        self.home.write_config("[wiat]")
        self.assertIn("config.toml:1", self.run_one("agent", "restart", code=78).stderr)
        self.assertEqual((self.home.agent_pid(), wait.poll()), (pid, None))
        self.deliver("482913")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    def test_a_wait_says_at_its_start_that_its_only_mailbox_is_signed_out(self):
        with Dovecot() as dovecot:
            self.home.write_config(self.home.mailbox(dovecot, password="wrong-password"))
            self.home.start_agent()
            self.home.await_source("signed_out")
            wait = self.home.wait(BOT)
            until(lambda: "Authentication failed" in wait.stderr, 2, "it says why")
            self.assertIsNone(wait.poll())

    def test_no_warning_comes_before_a_code_that_is_there(self):
        self.home.start_agent()
        self.deliver("482913")
        done = self.home.otpctl("wait", BOT)
        self.assertEqual((done.code, done.stdout, done.stderr), (0, "482913\n", ""))

    def test_a_secret_that_others_can_read_is_refused_by_name(self):
        with Dovecot() as dovecot:
            self.home.write_config(self.home.mailbox(dovecot))
            path = os.path.join(self.home.folder, "password-main")
            os.chmod(path, 0o640)
            done = self.home.otpctl("wait", BOT, "--timeout", "3")
            self.assertEqual(done.code, 78, done)
            self.assertRegex(done.stderr, r"config\.toml:\d+: .*password-main.*chmod 600")
            self.assertLess(done.seconds, 2.5)
            self.assertNotIn(dovecot.password, done.stderr)

    def test_a_second_agent_on_the_same_store_is_refused_with_the_first_ones_pid(self):
        self.home.start_agent()
        said = self.run_one("agent", "run", code=75)
        self.assertIn(f"pid {self.home.agent_pid()}", said.stderr)
        self.home.start_agent()  # it runs: that is what was asked for
        self.assertEqual(len(self.home.agent_pids()), 1)

    def test_a_mailbox_of_the_environment_needs_no_file(self):
        with Dovecot() as dovecot:
            user = dovecot.user.replace("@", "%40")
            env = self.home.write("mail.env", "\n".join((
                f"export OTPCTL_MAILBOX=imaps://{user}@localhost:{dovecot.imaps_port}/INBOX",
                f"OTPCTL_PASSWORD='{dovecot.password}'", "# a comment", "UNRELATED=x", "")))
            self.run_one("agent", "start", "--env-file", env)
            # It is tried, and refused because nobody here knows its authority …
            until(lambda: "certificate" in str(self.home.status()["sources"]).lower(), 15, "it is tried")
            self.assertIn("INBOX", self.run_one("status").stdout)
            self.run_one("agent", "stop")
            # … which SSL_CERT_FILE names.
            os.remove(os.path.join(self.home.folder, "agent.json"))
            self.run_one("agent", "start", "--env-file", env, env={"SSL_CERT_FILE": dovecot.ca_file})
            until(lambda: self.home.status()["sources"][0]["state"] == "live", 15, "it is live")
            wait = self.home.wait(BOT, "--env-file", env)
            self.deliver("482913")
            self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
            os.chmod(env, 0o644)
            self.assertIn("mail.env:2", self.run_one("wait", BOT, "--env-file", env, code=78).stderr)
            other = {"OTPCTL_MAILBOX": "imaps://someone@imap.example.com/INBOX"}
            self.assertIn("imap.example.com", self.run_one("wait", BOT, env=other, code=78).stderr)
            self.assertIn("from the environment", self.run_one("status", env=other).stdout)
            self.run_one("agent", "stop", env=other)
            self.run_one("wait", BOT, "--env-file", env + "-not-there", code=66)


if __name__ == "__main__":
    unittest.main()
