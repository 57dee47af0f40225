"""`[[rule]]`: where the code stands in the messages of one sender, for the agent and for `otpctl extract`."""

import json
import os
import pty
import re
import subprocess
import unittest

from otptest import Home, mail

BOT = "bot1@example.com"
BANK = "Bank <alert@bank.example>"
LABEL = '[[rule]]\nfrom = "*@bank.example"\nlabel = "Ihr Zugang:"\n'
PATTERN = "[[rule]]\nfrom = '*@bank.example'\npattern = 'Vorgang (\\d+)'\n"


def letter(zugang="482913", vorgang="117744", sender=BANK):
    return mail.message(f"Guten Tag,\n\nVorgang {vorgang}\nIhr Zugang:\n{zugang}\n".encode(), to=BOT, subject="Nachricht", sender=sender)


class OfTheAgent(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def code_of(self, data, *filters):
        """What a wait gets when this mail comes; "" when it gets none."""
        self.home.otpctl("deliver", BOT, input=data)
        done = self.home.otpctl("wait", BOT, "--timeout", "0", "--since", "1m", *filters)
        self.assertIn(done.code, (0, 1, 65), done)
        return done.stdout.strip()

    # ctest: smoke
    def test_a_mail_of_the_sender_gives_the_code_of_the_rule_and_a_reload_changes_it(self):
        self.home.write_config("[wait]\nsince = \"1m\"")
        self.home.start_agent()
        self.assertEqual(self.code_of(letter("100001", "200001")), "")
        self.home.write_config(LABEL)
        self.assertEqual(self.home.json("agent", "reload")["changes"][-1], "rules: 1 (were 0)")
        self.assertEqual(self.code_of(letter("100002", "200002")), "100002")
        self.assertEqual(self.code_of(letter("100003", "200003", sender="x@shop.example")), "")
        self.home.write_config(PATTERN, LABEL)
        self.assertIn("rules: 2 (were 1)", self.home.json("agent", "reload")["changes"])
        self.assertEqual(self.code_of(letter("100004", "200004")), "200004")
        self.home.write_config("[[rule]]\nfrom = '*'\n")
        refused = self.home.otpctl("agent", "reload")
        self.assertEqual(refused.code, 78)
        self.assertIn("config.toml:1: [[rule]] needs a 'pattern' or a 'label'", refused.stderr)
        self.assertEqual(self.code_of(letter("100005", "200005")), "200005")

    def test_the_name_that_an_sms_comes_from_chooses_the_rule(self):
        self.home.write_config('[[rule]]\nfrom = "MyBank"\nlabel = "Zugang"')
        self.home.start_agent()
        for sender, expected in (("Other", ""), ("mybank", "482913")):
            self.home.otpctl("sms", "--to", "+905551112233", "--from", sender, input=f"Zugang 482913 ({sender})")
            done = self.home.otpctl("wait", "+905551112233", "--timeout", "0")
            self.assertEqual(done.stdout.strip(), expected, done)


class OfExtract(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def run_one(self, *arguments, code=0, **more):
        done = self.home.otpctl("extract", *arguments, **more)
        self.assertEqual(done.code, code, done)
        return done

    # ctest: smoke
    def test_rule_test_tells_each_rule_in_a_line_and_whether_one_decides(self):
        self.home.write_config('[[rule]]\nfrom = "*@other.example"\nlabel = "x"\n', '[[rule]]\nfrom = "*"\nlabel = "nowhere"\n', LABEL, PATTERN)
        path = self.home.write("mail.eml", letter().decode())
        said = self.run_one("--rule-test", path).stdout.splitlines()
        self.assertEqual(said[0], "sender  alert@bank.example")
        self.assertEqual([line.split("  ")[-1] for line in said[2:]],
                         ["does not fit the sender", "finds nothing", "finds 482913 in the text: it decides",
                          "finds 117744 in the text, but a rule above decides"])
        self.assertEqual(self.run_one(path).stdout, "482913\n")
        self.assertIn("does not fit", self.run_one("--rule-test=x@shop.example", path, code=1).stdout.splitlines()[4])
        said = json.loads(self.run_one("--rule-test", "--json", path).stdout)
        self.assertEqual((said["v"], said["sender"], said["code"], len(said["rules"])), (1, "alert@bank.example", "482913", 4))
        self.run_one("--rule-test=*@shop.example", "--sms", input="Zugang 482913", code=1)

    def test_rule_test_without_rules_is_1_and_with_a_wrong_configuration_78(self):
        done = self.run_one("--rule-test", input=letter(), code=1)
        self.assertEqual((done.stdout, done.stderr), ("", "otpctl extract: the configuration has no [[rule]]\n"))
        self.home.write_config('[[rule]]\nfrom = "*"\npattern = "(a)(b)"')
        self.assertIn("config.toml:3: not a usable pattern", self.run_one("--rule-test", input=letter(), code=78).stderr)
        for option in ("--ndjson", "--explain", "--pattern=(a)"):
            self.run_one("--rule-test", option, input="", code=64)

    def test_a_length_leaves_out_candidates_and_raises_no_other(self):
        two = mail.two_codes("4711", "482913")
        self.run_one(input=two, code=65)
        self.assertEqual(self.run_one("--length", "6", input=two).stdout, "482913\n")
        self.assertEqual(self.run_one("--length", "2-4", input=two).stdout, "4711\n")
        self.assertIn("ambiguous", self.run_one("--length", "4-8", input=two, code=65).stderr)
        self.assertIn("not the length asked for", self.run_one("--length", "8", input=two, code=65).stderr)
        self.run_one("--length", "6", input=mail.message(b"Order 482913 is on its way.\n", subject="Your order"), code=65)
        for wrong in ("0", "x", "8-4", "1-65", ""):
            self.run_one(f"--length={wrong}", input=two, code=64)

    def test_explain_fits_the_terminal_and_has_colours_there_alone(self):
        path = self.home.write("mail.eml", mail.plain("482913").decode())
        for columns in (80, 40):
            for variables, colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
                with self.subTest(columns=columns, variables=variables):
                    text = self.on_terminal(columns, path, **{"TERM": "xterm", **variables})
                    self.assertEqual("\x1b[" in text, colored)
                    plain = re.sub("\x1b\\[\\d*m", "", text)
                    self.assertIn(">>>482913<<<[1]", plain)
                    self.assertLessEqual(max(map(len, plain.splitlines())), columns)
        self.assertNotIn("\x1b", self.run_one("--explain", path).stdout)

    def on_terminal(self, columns, path, **env):
        """What `extract --explain` writes to a terminal of this width."""
        ours, theirs = pty.openpty()
        try:
            environment = {**self.home.env, **env}
            if env.get("NO_COLOR") is None:
                environment.pop("NO_COLOR", None)
            subprocess.run(["stty", "cols", str(columns), "rows", "50", "-opost"], stdin=theirs, check=True)
            running = subprocess.Popen(self.home.command("extract", "--explain", path), env=environment, stdout=theirs)
            os.close(theirs)
            text = b""
            while True:
                try:
                    data = os.read(ours, 65536)
                except OSError:  # nobody has the other side open any more
                    data = b""
                if not data:
                    break
                text += data
            self.assertEqual(running.wait(30), 0)
        finally:
            os.close(ours)
        return text.decode()

    def test_ndjson_bounds_a_line_and_goes_on(self):
        good = json.dumps({"id": 2, "channel": "sms", "text": "Your code is 482913"})
        long = json.dumps({"id": 1, "channel": "sms", "text": "x" * (72 * 1024 * 1024)})
        done = self.run_one("--ndjson", input=f"{long}\n{good}\n{{\"id\":3}}\n{good}", code=65)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([one["id"] for one in answers], [None, 2, 3, 2])
        self.assertIn("50 MB", answers[0]["error"])
        self.assertEqual([one.get("code") for one in answers], [None, "482913", None, "482913"])


if __name__ == "__main__":
    unittest.main()
