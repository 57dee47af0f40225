"""`otpctl extract`: the extractor on a file, on standard input, and on a mail that the agent has seen."""

import json
import os
import subprocess
import unittest

from otptest import Dovecot, Home, ScriptedServer, Transcript, mail, until

BOT = "bot1@example.com"
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))


class Extract(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def run_one(self, *arguments, code=0, **more):
        done = self.home.otpctl("extract", *arguments, **more)
        self.assertEqual(done.code, code, done)
        self.assertLessEqual(len(done.stderr.splitlines()), 1, done)
        return done


class Files(Extract):
    # ctest: smoke
    def test_the_code_and_a_newline_from_a_file_or_standard_input(self):
        path = self.home.write("mail.eml", mail.plain("482913").decode())
        for done in (self.run_one(path), self.run_one(input=mail.html("482913")), self.run_one("-", input=mail.plain("482913")),
                     self.run_one("--sms", input=mail.sms_text("482913")), self.run_one(input=mail.sms_text("482913", "tr"))):
            self.assertEqual((done.stdout, done.stderr), ("482913\n", ""))

    def test_the_samples_of_the_tests_are_read_as_the_agent_reads_them(self):
        folder = os.path.join(ROOT, "tests/mail")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".eml"):
                with self.subTest(name):
                    done = self.home.otpctl("extract", "--json", os.path.join(folder, name))
                    said = json.loads(done.stdout)
                    self.assertEqual(done.code, 0 if said["verdict"] == "code" else 65)
                    self.assertEqual(said["channel"], "sms" if name == "no-headers.eml" else "email")

    def test_no_code_and_several_are_65_with_one_line_that_holds_none(self):
        none = self.run_one(input=mail.no_code(), code=65)
        self.assertEqual((none.stdout, none.stderr), ("", "otpctl extract: no code: nothing in it looks like a code\n"))
        several = self.run_one(input=mail.two_codes("193744", "482913"), code=65)
        self.assertIn("ambiguous, 2 candidates", several.stderr)
        self.assertEqual(several.stdout, "")
        for code in ("193744", "482913"):
            self.assertNotIn(code, several.stderr)

    def test_json_is_one_object_whatever_the_verdict(self):
        said = json.loads(self.run_one("--json", input=mail.plain("482913", to=BOT)).stdout)
        self.assertEqual((said["v"], said["verdict"], said["code"], said["kind"], said["candidates"]),
                         (1, "code", "482913", "digits", []))
        self.assertEqual(said["recipients"], [{"recipient": BOT, "from": "claimed"}])
        self.assertNotIn("text", said)
        said = json.loads(self.run_one("--json", input=mail.two_codes("193744", "482913"), code=65).stdout)
        self.assertEqual((said["verdict"], said["code"]), ("ambiguous", None))
        self.assertEqual({one["code"] for one in said["candidates"]}, {"193744", "482913"})
        said = json.loads(self.run_one("--json", input=mail.no_code(), code=65).stdout)
        self.assertEqual((said["verdict"], said["code"], said["candidates"]), ("none", None, []))

    def test_explain_shows_recipients_text_evidence_and_reason(self):
        stamped = mail.stamped(mail.plain("482913", to="other@example.com"), f"Delivered-To: {BOT}")
        said = self.run_one("--explain", input=stamped).stdout
        self.assertIn(">>>482913<<<", said)
        self.assertRegex(said, rf"recipients +{BOT}  \(written by the receiving server")
        self.assertIn("other@example.com  (To, Cc: does not count", said)
        self.assertRegex(said, r"\nverdict +code\ncode +482913 .*\nreason +stands directly")
        said = self.run_one("--explain", input=mail.html("482913")).stdout
        self.assertIn("\nvisible HTML\n", said)
        said = self.run_one("--explain", input=mail.subject_only("482913")).stdout
        self.assertRegex(said, r"subject +.*>>>482913<<<")
        said = json.loads(self.run_one("--explain", "--json", input=mail.plain("482913")).stdout)
        [span] = said["evidence"]
        self.assertEqual(said["text"].encode()[span["begin"]:span["end"]], b"482913")

    def test_what_others_wrote_does_not_drive_the_terminal(self):
        evil = mail.plain("482913", subject="\x1b[2Jyour code \u202e", sender="a\x1b]0;x\x07 <no-reply@example.org>")
        evil = evil.replace(b"Hello,", b"Hello \x1b[31m\xc2\x9b2J\x00,")
        done = self.run_one("--explain", input=evil)
        for bad in ("\x1b", "\x9b", "\x00", "\u202e", "\x07"):
            self.assertNotIn(bad, done.stdout)

    def test_a_pattern_decides_and_those_of_the_configuration_are_used(self):
        text = "Subject: x\n\nyour ticket TX-4711 is ready\n"
        self.assertEqual(self.run_one("--pattern", r"ticket TX-(\d+)", input=text).stdout, "4711\n")
        self.run_one("--pattern", "(a)(b)", input=text, code=64)
        self.home.write_config("[[pattern]]\nregex = 'ticket TX-([0-9]+)'")
        self.assertEqual(self.run_one(input=text).stdout, "4711\n")
        self.home.write_config("[[pattern]]\nregex = '('")
        done = self.home.otpctl("extract", input=mail.plain("482913"))
        self.assertEqual((done.code, done.stdout), (0, "482913\n"))
        self.assertIn("warning: the configuration is not used", done.stderr)
        self.run_one("--config", self.home.folder + "/config.toml", input=mail.plain("482913"), code=78)
        done = self.run_one(input=mail.plain("482913"), env={"OTPCTL_HOME": "", "HOME": ""})
        self.assertEqual(done.stdout, "482913\n")

    def test_the_first_256_KiB_count_and_50_MB_are_read(self):
        filler = ("x" * 70 + "\n") * 4000  # 284,000 bytes
        early, late = mail.plain("482913") + filler.encode(), mail.message(filler.encode() + b"Your code is 482913\n")
        self.assertEqual(self.run_one(input=early).stdout, "482913\n")
        self.run_one(input=late, code=65)
        said = json.loads(self.run_one("--json", input=early).stdout)
        self.assertEqual((said["truncated"], said["size"]), (True, len(early)))
        path = os.path.join(self.home.root, "large")
        with open(path, "wb") as file:
            file.write(mail.plain("482913"))
            file.truncate(50 * 1024 * 1024)
        self.assertEqual(self.run_one(path).stdout, "482913\n")
        os.truncate(path, 50 * 1024 * 1024 + 1)
        self.assertIn("longer than 50 MB", self.run_one(path, code=65).stderr)
        self.run_one("/dev/zero", code=65)

    def test_ndjson_answers_each_line_as_soon_as_it_is_there(self):
        running = subprocess.Popen(self.home.command("extract", "--ndjson"), env=self.home.env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        try:
            for number, code in enumerate(mail.codes(3)):
                print(json.dumps({"id": number, "channel": "sms", "text": f"Your code is {code}"}), file=running.stdin, flush=True)
                answer = json.loads(running.stdout.readline())  # while the input is still open
                self.assertEqual((answer["id"], answer["code"], answer["verdict"]), (number, code, "code"))
            self.assertEqual(running.communicate()[0], "")
            self.assertEqual(running.returncode, 0)
        finally:
            running.kill()
            running.wait()

    def test_ndjson_of_a_missing_file_is_66_and_of_a_full_disk_75(self):
        missing = self.home.otpctl("extract", "--ndjson", "not-there")
        self.assertEqual((missing.code, missing.stdout, missing.stderr.count("\n")), (66, "", 1))
        with open("/dev/full", "w", encoding="ascii") as full:
            line = json.dumps({"id": 1, "channel": "sms", "text": "x"})
            done = subprocess.run(self.home.command("extract", "--ndjson"), env=self.home.env, input=line, stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (75, 1))

    def test_what_is_no_message_gets_one_clear_line(self):
        home = self.home
        binary = os.path.join(home.root, "binary")
        with open(binary, "wb") as file:
            file.write(bytes(range(256)) * 64)
        for arguments, code, words in (([home.root], 66, "is a folder"), (["nowhere.eml"], 66, "No such file"),
                                       (["/dev/null"], 65, "is empty"), ([binary], 65, "neither a mail nor a text")):
            done = self.run_one(*arguments, code=code)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")
        for text in (b"", b"\n \n", b"x", b"\x00", b"\xff\xfe", b":", b"From ", b"From x\n", b"\xef\xbb\xbf"):
            self.assertEqual(self.run_one(input=text, code=65).stdout, "")
        path = home.write("mail.eml", mail.plain("482913").decode())
        with open("/dev/full", "wb") as full, open(path, "rb") as message:
            done = subprocess.run(home.command("extract"), env=home.env, stdin=message, stdout=full, check=False,
                                  capture_output=False, stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(done.returncode, 75, done.stderr)

    def test_an_mbox_line_and_a_byte_order_mark_in_front_do_not_matter(self):
        for front in (b"From a@example.org Fri Nov 20 09:00:00 2026\n", b"\xef\xbb\xbf"):
            said = json.loads(self.run_one("--json", input=front + mail.plain("482913", to=BOT)).stdout)
            self.assertEqual((said["code"], said["channel"], said["recipients"][0]["recipient"]), ("482913", "email", BOT))


class FromMailbox(Extract):
    def events(self, **matching):
        """The message events of the log that have these members."""
        lines = self.home.otpctl("log", "--json", "--type", "message").stdout.splitlines()
        return [one for one in map(json.loads, lines) if all(one.get(key) == value for key, value in matching.items())]

    def seen(self, dovecot, data, to=BOT):
        """Delivers a mail and returns the id of its event."""
        known = {one["id"] for one in self.events()}
        dovecot.deliver(data, to)
        new = until(lambda: [one for one in self.events(source="main/INBOX") if one["id"] not in known], 15, "its event")
        return new[0]["id"]

    def watched(self, **keys):
        dovecot = self.enterContext(Dovecot())
        self.home.write_config(self.home.mailbox(dovecot, **keys))
        self.home.start_agent()
        self.home.await_source()
        return dovecot

    # ctest: smoke
    def test_a_mail_of_the_log_is_fetched_again_and_stays_unseen(self):
        dovecot = self.watched(tls="starttls")
        self.seen(dovecot, mail.plain("193744"))
        number = self.seen(dovecot, mail.html("482913", to=BOT))
        self.seen(dovecot, mail.no_code())
        said = self.run_one("--explain", "--message", number).stdout
        self.assertIn(">>>482913<<<", said)
        self.assertRegex(said, rf"recipients +{BOT}  \(written by the receiving server")
        self.assertEqual(self.run_one("--message", number).stdout, "482913\n")
        self.assertEqual(self.home.json("extract", "--message", number)["code"], "482913")
        flags = dovecot.doveadm("fetch", "-u", dovecot.user, "flags", "mailbox", "INBOX", "all")
        self.assertEqual((flags.count("flags:"), flags.count("\\Seen")), (3, 0), flags)

    def test_a_mail_that_is_gone_or_a_folder_that_was_numbered_anew_is_66(self):
        dovecot = self.watched()
        number = self.seen(dovecot, mail.plain("482913"))
        dovecot.expunge_all()
        self.assertIn("not in the folder any more", self.run_one("--message", number, code=66).stderr)
        number = self.seen(dovecot, mail.plain("193744"))
        dovecot.new_uidvalidity()
        self.assertIn("UIDVALIDITY", self.run_one("--message", number, code=66).stderr)

    def test_a_refused_sign_in_is_77_and_an_unreachable_server_69(self):
        dovecot = self.watched()
        number = self.seen(dovecot, mail.plain("482913"))
        secret = self.home.folder + "/password-main"
        with open(secret, encoding="utf-8") as file:
            right = file.read()
        self.home.write("password-main", "wrong\n")
        self.assertIn("refused the sign-in", self.run_one("--message", number, code=77).stderr)
        self.home.write("password-main", right)
        self.assertEqual(self.run_one("--message", number).stdout, "482913\n")
        dovecot.kill()
        self.assertIn("main/INBOX: ", self.run_one("--message", number, code=69).stderr)
        self.home.write_config(self.home.mailbox(dovecot, name="other"))
        self.assertIn("not configured", self.run_one("--message", number, code=66).stderr)

    # ctest: timeout=180
    def test_a_server_that_falls_silent_costs_30_s_at_most(self):
        dovecot = self.watched()
        number = self.seen(dovecot, mail.plain("482913"))
        dovecot.freeze()
        try:
            done = self.run_one("--message", number, code=69, timeout=60)
        finally:
            dovecot.thaw()
        self.assertLess(done.seconds, 33)

    def test_messages_that_lie_nowhere_and_events_of_other_kinds_are_66(self):
        home = self.home
        home.start_agent()
        home.otpctl("deliver", BOT, input=mail.plain("482913"))
        home.otpctl("sms", "--to", "+905551112233", input=mail.sms_text("193744"))
        door, pipe = until(lambda: len(events := self.events()) == 2 and events, 10, "two events")
        self.assertIn("lies in no mailbox", self.run_one("--message", door["id"], code=66).stderr)
        self.assertIn("lies in no mailbox", self.run_one("--message", pipe["id"], code=66).stderr)
        other = [json.loads(line) for line in home.otpctl("log", "--json", "--type", "agent").stdout.splitlines()]
        self.assertIn("is no message, its type is", self.run_one("--message", other[0]["id"], code=66).stderr)
        self.run_one("--message", 999999, code=66)
        for wrong in ("0", "-1", "x", "1x", "99999999999999999999"):
            self.run_one(f"--message={wrong}", code=64)
        self.run_one("--message", door["id"], "file", code=64)

    def test_without_an_agent_it_is_69_and_none_is_started(self):
        self.run_one("--message", 1, code=69)
        self.assertIsNone(self.home.agent_pid())

    def test_nothing_but_one_peek_goes_over_the_wire(self):
        """The transcript `only`, served byte by byte, with the number of a mail that the agent has seen."""
        script = Transcript.load("only")
        script.steps = [(kind, data.replace(b" 22 ", b" 24 ").replace(b"UID 22", b"UID 24"), where)
                        for kind, data, where in script.steps]

        def agents(connection):
            Transcript.load("idle-mail").play(connection)
            connection.until_closed()

        def ours(connection):
            script.play(connection, pieces=1)
            connection.until_closed()

        with ScriptedServer([agents, ours]) as server:
            server.user, server.password = script.user, script.password
            self.home.write_config(self.home.mailbox(server))
            self.home.start_agent()
            number = until(lambda: self.events(uid=24, uid_validity=7), 10, "the mail of the script")[0]["id"]
            self.assertEqual(self.run_one("--message", number).stdout, "482913\n")
            server.check()
            self.home.otpctl("agent", "stop")


if __name__ == "__main__":
    unittest.main()
