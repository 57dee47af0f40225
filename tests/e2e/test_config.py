"""`otpctl config`: where everything is, what is in force, whether it is right."""

import json
import os
import re
import stat
import unittest

from otptest import Home
from otptest.agent import ROOT

MAILBOX = """[[mailbox]]
name = "main"
host = "imap.example.com"
user = "catchall@example.com"
"""


class Config(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def run_one(self, *arguments, code=0, **more):
        done = self.home.otpctl("config", *arguments, **more)
        self.assertEqual(done.code, code, done)
        if code:
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.strip())
        return done

    # ---- path ----------------------------------------------------------------------------------

    # ctest: smoke
    def test_path_lists_every_file_that_an_agent_makes(self):
        home = self.home
        before = {one["name"]: one for one in home.json("config", "path")["files"]}
        self.assertFalse(before["store"]["exists"])
        self.assertTrue(before["state"]["exists"])
        home.start_agent()
        home.otpctl("deliver", "bot1@example.com", input="Subject: x\n\nYour code is 482913\n")
        files = {one["name"]: one for one in home.json("config", "path")["files"]}
        for name in ("state", "store", "store-wal", "key", "agent-file", "agent-lock", "start-lock", "log", "socket",
                     "lmtp-socket"):
            self.assertTrue(files[name]["exists"], files[name])
        known = {one["path"] for one in files.values()}
        made = {os.path.join(home.folder, name) for name in os.listdir(home.folder)}
        self.assertLessEqual(made, known)
        self.assertNotIn("(not there)", self.run_one("path").stdout.replace(home.folder + "/config.toml  (not there)", ""))

    def test_path_prints_one_for_scripts_and_says_what_it_does_not_know(self):
        home = self.home
        self.assertEqual(self.run_one("path", "store").stdout, home.folder + "/store.db\n")
        home.write_config('[log]\nfile = "/var/log/otpctl/agent.log"')
        self.assertEqual(self.run_one("path", "log").stdout, "/var/log/otpctl/agent.log\n")
        home.write_config("[[[")  # says nothing of the log
        self.assertEqual(self.run_one("path", "log").stdout, home.folder + "/agent.log\n")
        self.assertIn("did you mean 'store'?", self.run_one("path", "stoer", code=64).stderr)
        env = {"OTPCTL_HOME": "relative"}
        self.assertIn("OTPCTL_HOME", self.run_one("path", code=78, env=env).stderr)
        self.assertEqual(self.run_one("path", "--config", "other.toml", "config").stdout, home.root + "/other.toml\n")

    # ---- the manual page -------------------------------------------------------------------------

    def test_every_key_of_every_section_stands_in_the_manual_page_and_no_other(self):
        with open(os.path.join(ROOT, "man/otpctl.toml.5"), encoding="utf-8") as file:
            parts = re.split(r"^\.Ss (\[+\w+\]+)\\&$", file.read(), flags=re.M)
        told = {(section, key) for section, text in zip(parts[1::2], parts[2::2])
                for keys in re.findall(r"^\.It Ic (.*)$", text, re.M) for key in keys.split(" , ")}
        for section, key in told:
            self.home.write_config(f"{section}\n{key} = {{}}")  # of no key's type
            said = self.run_one("check", code=78).stderr
            self.assertNotIn("unknown", said, (section, key))
        shown = set()
        for secret in ("password", "token"):
            for form in ('command = ["pass"]', 'file = "/run/secret"', 'credential = "mail"', 'env = "MAIL"'):
                self.home.write_config('[phone]\ndefault-region = "TR"', MAILBOX + f"{secret}-{form}", 'address = "a@example.com"',
                                       'tls = "none"\ninsecure = true\nproxy = "socks5h://localhost:1080"',
                                       'recipients = "all"\nrecipient-headers = ["X-To"]\nca-file = "/etc/ca.pem"',
                                       "[[pattern]]\nregex = 'x(\\d+)'", '[[rule]]\nfrom = "*"\nlabel = "a"',
                                       "[[rule]]\nfrom = 'b'\npattern = '(b)'", '[log]\nfile = "/var/log/a.log"')
                section = None
                for line in self.run_one("show").stdout.splitlines():
                    section = re.split("  #", line)[0].strip() if line.startswith("[") else section
                    shown |= {(section, key) for key in re.findall(r"^([\w-]+) = ", line)}
        self.assertEqual(told, shown)

    # ---- show ----------------------------------------------------------------------------------

    def test_what_show_prints_is_a_configuration_of_the_same_meaning(self):
        home = self.home
        home.write_config('[wait]\ntimeout = "90s"\n[phone]\ndefault-region = "de"', MAILBOX,
                          'password-command = ["pass", "show", "it\'s \\"mail\\""]', "[[pattern]]",
                          r"regex = 'PIN[:\s]+(\d{4})'")
        shown = self.run_one("show").stdout
        self.assertIn("# default", shown)
        self.assertTrue(shown.startswith(f"# {home.folder}/config.toml\n"))
        said = home.json("config", "show")
        home.write("config.toml", shown)
        self.assertTrue(self.run_one("check").stdout.endswith("right, 1 mailbox, 1 pattern\n"))
        again = home.json("config", "show")
        for one in (said, again):
            del one["mailbox"][0]["line"], one["pattern"][0]["line"]
        self.assertEqual(said, again)
        self.assertEqual((said["from"], said["wait"]["timeout"], said["mailbox"][0]["password"]),
                         ("file", "90s", {"command": ["pass", "show", 'it\'s "mail"']}))

    def test_a_mailbox_of_the_environment_is_shown_with_its_variables_and_without_its_password(self):
        env = {"M365_EMAIL": "me@outlook.com", "M365_APP_PASSWORD": "not to be shown", "OTP_MANAGER_TIMEOUT": "45"}
        shown = self.run_one("show", env=env).stdout
        self.assertIn("from the environment", shown)
        self.assertIn("[[mailbox]]  # M365_EMAIL\n", shown)
        self.assertIn('timeout = "45s"  # OTP_MANAGER_TIMEOUT\n', shown)
        self.assertIn('password-env = "M365_APP_PASSWORD"\n', shown)
        said = self.run_one("show", "--json", env=env).stdout
        self.assertEqual(json.loads(said)["origins"], {"mailbox": "M365_EMAIL", "wait.timeout": "OTP_MANAGER_TIMEOUT"})
        for text in (shown, said):
            self.assertNotIn("not to be shown", text)
        self.run_one("show", env={"OTPCTL_MAILBOX": "imaps://me:hunter2x@h"}, code=78)
        self.assertNotIn("hunter", self.home.otpctl("config", "show", env={"OTPCTL_MAILBOX": "imaps://me:hunter2x@h"}).stderr)

    def test_a_mailbox_of_the_environment_counts_beside_a_file_that_names_none(self):
        env = {"OTPCTL_MAILBOX": "imaps://me@imap.example.com", "OTPCTL_PASSWORD": "x", "OTP_MANAGER_TIMEOUT": "45"}
        self.home.write_config("[store]\nmemory = true")
        shown = self.run_one("show", env=env).stdout
        self.assertIn("[[mailbox]]  # OTPCTL_MAILBOX\n", shown)
        self.assertIn("memory = true\n", shown)
        self.assertIn('timeout = "2m"  # default\n', shown)
        self.assertTrue(self.run_one("check", env=env).stdout.endswith(": right, 1 mailbox (from the environment)\n"))
        self.run_one("check", env={"OTPCTL_MAILBOX": "imap.example.com"}, code=78)

    def test_another_mailbox_of_the_environment_than_those_of_the_file_is_refused_before_an_agent_is_there(self):
        home, env = self.home, {"OTPCTL_MAILBOX": "imaps://other@imap.example.com", "OTPCTL_PASSWORD": "x"}
        home.write_config(MAILBOX + 'password-env = "P"')
        said = f"the environment asks for imaps://other@imap.example.com:993, which {home.folder}/config.toml does not name"
        self.assertIn(said, self.run_one("check", env=env, code=78).stderr)
        self.assertIn(said, self.run_one("show", env=env).stderr)
        for words in (("agent", "start"), ("agent", "run"), ("agent", "restart"), ("wait", "bot5@example.com"),
                      ("run", "--private", "--email", "bot5@example.com", "--", "true")):
            with self.subTest(words):
                done = home.otpctl(*words, env=env)
                self.assertEqual((done.code, done.stdout), (78, ""), done)
                self.assertIn(said, done.stderr)
                self.assertEqual(home.otpctl("status").code, 69)
        row = {row["check"]: row for row in json.loads(home.otpctl("doctor", "--json", env=env).stdout)["checks"]}["config"]
        self.assertIn(said, row["words"])
        self.assertIn("unset it", row["fix"])

    # ---- check ---------------------------------------------------------------------------------

    # ctest: smoke
    def test_check_tells_everything_that_is_wrong_each_with_file_and_line(self):
        home = self.home
        secret = home.write("open-secret", "x\n", 0o644)
        home.write_config('[wait]\ntimout = "5s"\n[log]\nlevel = "loud"')
        path = home.folder + "/config.toml"
        lines = self.run_one("check", code=78).stderr.splitlines()
        self.assertEqual([line.split(": ")[1] for line in lines], [f"{path}:2", f"{path}:4"])
        home.write_config('[phone]\ndefault-region = "XX"', MAILBOX + f'password-file = "{secret}"',
                          "[[pattern]]", "regex = '(a)(b)'")
        lines = self.run_one("check", code=78).stderr.splitlines()
        self.assertEqual([line.split(": ")[1] for line in lines], [f"{path}:2", f"{path}:3", f"{path}:9"])
        errors = [json.loads(line)["error"] for line in self.run_one("check", "--json", code=78).stderr.splitlines()]
        self.assertEqual([error["exit"] for error in errors], [78] * 3)

    def test_check_tells_wrong_keys_and_wrong_values_at_once_in_the_order_of_the_file(self):
        home = self.home
        secret = home.write("open-secret", "x\n", 0o644)
        home.write_config('[wait]\ntimout = "5s"\n[phone]\ndefault-region = "QQ"\n[log]\nlevel = "loud"',
                          "[[pattern]]\nregex = '(('\n[[pattern]]\nregex = 7", MAILBOX + f'password-file = "{secret}"', "[zzz]")
        lines = self.run_one("check", code=78).stderr.splitlines()
        self.assertEqual([int(line.split(": ")[1].rsplit(":", 1)[1]) for line in lines], [2, 4, 6, 8, 10, 11, 16])
        self.assertEqual(len(self.run_one("show", code=78).stderr.splitlines()), 7)

    def test_an_env_file_counts_for_show_check_doctor_and_extract_as_for_a_wait(self):
        home = self.home
        file = home.write("mail.env", "OTPCTL_MAILBOX=imaps://me@imap.example.com\nOTPCTL_PASSWORD=not to be shown\nUNRELATED=x\n")
        shown = self.run_one("show", "--env-file", file).stdout
        self.assertIn("[[mailbox]]  # OTPCTL_MAILBOX\n", shown)
        self.assertIn("right, 1 mailbox", self.run_one("check", "--env-file", file).stdout)
        rows = {row["check"]: row for row in json.loads(home.otpctl("doctor", "--json", "--env-file", file).stdout)["checks"]}
        self.assertIn("from the environment", rows["config"]["words"])
        for one in (shown, str(rows)):
            self.assertNotIn("not to be shown", one)
        other = home.write("other.toml", "[[pattern]]\nregex = 'PIN (\\d{4})'\n")
        home.write("home.env", f"OTPCTL_HOME={home.root}/elsewhere\n")
        os.mkdir(home.root + "/elsewhere", 0o700)
        os.rename(other, home.root + "/elsewhere/config.toml")
        done = home.otpctl("extract", "--env-file", home.folder + "/home.env", input="PIN 4829")
        self.assertEqual((done.code, done.stdout), (0, "4829\n"), done)
        for words in (("config", "show"), ("config", "check"), ("doctor",), ("extract",)):
            self.assertEqual(home.otpctl(*words, "--env-file", home.root + "/none").code, 66, words)
        os.chmod(file, 0o644)
        self.run_one("check", "--env-file", file, code=78)

    def test_check_and_the_start_of_an_agent_say_the_same(self):
        home = self.home
        for text in ("[waitt]", "[[pattern]]\nregex = '('", '[phone]\ndefault-region = "XX"', "x = [",
                     "[[mailbox]]\nuser = 'u'"):
            with self.subTest(text):
                home.write_config(text)
                first = self.run_one("check", code=78).stderr.splitlines()[0].removeprefix("otpctl config: ")
                started = home.otpctl("agent", "start")
                self.assertEqual((started.code, started.stderr.strip().removeprefix("otpctl agent: ")), (78, first))

    def test_check_without_a_file_is_right_and_a_named_one_must_be_there(self):
        home = self.home
        self.assertIn("not there: embedded default): right, no mailbox", self.run_one("check").stdout)
        self.run_one("check", "nowhere.toml", code=66)
        self.run_one("show", "--config", "nowhere.toml", code=66)
        self.run_one("check", home.root, code=78)
        self.run_one("check", env={"OTPCTL_LOG": "loud"}, code=78)
        other = home.write("other.toml", MAILBOX + 'password-env = "X"\n')
        self.assertEqual(self.run_one("check", other).stdout, f"{other}: right, 1 mailbox\n")
        self.assertEqual(self.run_one("check", "otpctl/other.toml").stdout, "otpctl/other.toml: right, 1 mailbox\n")

    def test_what_is_only_odd_is_a_warning(self):
        home = self.home
        home.write_config(MAILBOX + f'password-file = "{home.folder}/not-mounted"\nca-file = "/nonexistent/ca.pem"\n'
                          "insecure = true")
        os.chmod(home.folder + "/config.toml", 0o664)
        done = self.run_one("check")
        self.assertTrue(done.stdout.endswith("right, 1 mailbox\n"))
        warned = done.stderr.splitlines()
        self.assertEqual(len(warned), 4, warned)
        self.assertTrue(all(line.startswith("otpctl config: warning: ") for line in warned))
        self.assertIn("chmod go-w", warned[0])
        self.assertEqual(len(home.json("config", "check")["warnings"]), 4)
        self.assertEqual(stat.S_IMODE(os.stat(home.folder + "/config.toml").st_mode), 0o664)  # nothing is changed

    def test_none_of_it_starts_or_makes_anything(self):
        for arguments in (["path"], ["show"], ["check"], ["path", "store"]):
            self.run_one(*arguments)
        self.assertEqual(os.listdir(self.home.folder), [])
        self.run_one(code=64)
        self.assertIn("did you mean 'check'?", self.run_one("chek", code=64).stderr)


if __name__ == "__main__":
    unittest.main()
