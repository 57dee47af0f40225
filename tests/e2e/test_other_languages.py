"""The clients of docs/clients: standard libraries only, over the socket, exactly as the page shows them."""

import os
import signal
import subprocess
import unittest

from otptest import Home, mail, until
from otptest.agent import ROOT

BOT = "bot5@example.com"
CLIENTS = os.path.join(ROOT, "docs/clients")


class Page(unittest.TestCase):
    # ctest: smoke
    def test_the_page_shows_the_clients_as_they_are(self):
        with open(os.path.join(ROOT, "docs/clients.md"), encoding="utf-8") as file:
            page = file.read()
        for name, language in (("otp.py", "python"), ("otp.mjs", "js")):
            with open(os.path.join(CLIENTS, name), encoding="utf-8") as file:
                self.assertIn(f"```{language}\n{file.read()}```\n", page)

    def test_the_table_of_the_guides_calls_is_whole(self):
        with open(os.path.join(ROOT, "docs/clients.md"), encoding="utf-8") as file:
            page = file.read()
        for call in ("start", "stop", "register_session", "unregister_session", "wait_for_otp", "process_sms_webhook",
                     "manual_otp_input", "health_check"):
            self.assertRegex(page, rf"(?m)^\| `{call}` \|")


class Clients(unittest.TestCase):
    """What each of them must do, each in a home of its own."""

    COMMANDS = {"python": ["python3", os.path.join(CLIENTS, "otp.py")], "node": ["node", os.path.join(CLIENTS, "otp.mjs")]}

    def each(self):
        """Runs what follows once a language: yields a home with an agent."""
        for language, self.command in self.COMMANDS.items():
            with self.subTest(language), Home() as self.home:
                self.home.start_agent()
                yield self.home

    def start(self, *arguments, shell="", **popen):
        """`shell`: a redirection."""
        around = ["sh", "-c", f'exec "$@" {shell}', "sh"] if shell else []
        process = subprocess.Popen([*around, *self.command, *arguments], env=self.home.env, text=True,
                                   **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen})
        self.addCleanup(process.kill)
        return process

    def ends(self, client, code, out=""):
        """It ends with that exit code and output; returns what it said on stderr."""
        said, err = client.communicate(timeout=20)
        self.assertEqual((client.returncode, said or ""), (code, out), err)
        return err

    def blocked(self):
        until(self.home.waiters, 15, "somebody waits", every=0.02)

    def next_code(self):
        return self.home.otpctl("wait", BOT, "--timeout", "10s").stdout

    def test_a_code_is_printed_and_acknowledged(self):
        for home in self.each():
            client = self.start(BOT)
            self.blocked()
            home.otpctl("deliver", BOT, input=mail.html("482913", to=BOT))
            self.assertEqual(self.ends(client, 0, "482913\n"), "")
            status = home.status()
            self.assertEqual((status["codes_delivered"], status["codes_pending"]), (1, 0))

    def test_a_timeout_and_a_refusal_have_the_exit_codes_of_otpctl_wait(self):
        for _ in self.each():
            self.assertIn("otp.", self.ends(self.start(BOT, "100ms"), 124))
            self.assertIn("no address", self.ends(self.start("no address"), 64))

    def test_no_agent_and_an_agent_that_dies_are_69(self):
        for home in self.each():
            client = self.start(BOT)
            self.blocked()
            home.kill_agent()
            self.assertIn("the agent ended", self.ends(client, 69))
            self.assertIn("no agent", self.ends(self.start(BOT), 69))  # agent.json still names the dead one
            os.remove(os.path.join(home.folder, "agent.json"))
            self.assertIn("no agent", self.ends(self.start(BOT), 69))

    def test_a_code_that_reaches_nobody_goes_to_the_next(self):
        for home in self.each():
            read_end, write_end = os.pipe()
            client = self.start(BOT, stdout=write_end)
            os.close(write_end)
            self.blocked()
            os.close(read_end)  # nobody reads its standard output any more
            home.otpctl("deliver", BOT, input=mail.html("193744", to=BOT))
            self.assertIn("standard output: ", self.ends(client, 75))
            self.assertEqual(self.next_code(), "193744\n")

    def test_a_code_that_cannot_be_written_is_75_and_goes_to_the_next(self):
        for home in self.each():
            for where, said in ((">&-", "standard output is closed"), (">/dev/full", "standard output: ")):
                with self.subTest(where):
                    home.otpctl("deliver", BOT, input=mail.html("482913", to=BOT))
                    err = self.ends(self.start(BOT, "5s", shell=where), 75)
                    self.assertIn(said, err)
                    self.assertEqual(err.count("\n"), 1, err)
                    self.assertNotIn("482913", err)
                    self.assertEqual(self.next_code(), "482913\n")

    def test_what_is_thrown_away_on_purpose_is_given(self):
        for home in self.each():
            home.otpctl("deliver", BOT, input=mail.html("482913", to=BOT))
            self.assertEqual(self.ends(self.start(BOT, "5s", shell=">/dev/null"), 0), "")
            self.assertEqual(home.status()["codes_pending"], 0)

    def test_nobody_to_wait_for_is_64_in_one_line(self):
        for _ in self.each():
            err = self.ends(self.start(), 64)
            self.assertRegex(err, r"\Aotp\.\w+: [^\n]*RECIPIENT[^\n]*\n\Z")

    def test_one_that_is_killed_leaves_the_code_to_the_next(self):
        for home in self.each():
            client = self.start(BOT)
            self.blocked()
            client.send_signal(signal.SIGKILL)
            self.ends(client, -signal.SIGKILL)
            home.otpctl("deliver", BOT, input=mail.html("572961", to=BOT))
            self.assertEqual(self.next_code(), "572961\n")


if __name__ == "__main__":
    unittest.main()
