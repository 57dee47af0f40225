"""The shell blocks of the README, docs/guide.md and docs/ci.md, executed as they stand against a shop on the loopback."""

import json
import os
import re
import signal
import subprocess
import unittest

from otptest import Home, mail, until
from otptest.agent import ROOT
from otptest.shop import Shop

BOT = "bot5@example.com"
PAGES = ("README.md", "docs/guide.md", "docs/ci.md")
FENCE = re.compile(r"^```(?:bash|sh|crontab|procmail|postfix)\n(.*?)^```$", re.M | re.S)

# Blocks that another test or script executes: (page, a line of it) → where.
ELSEWHERE = {
    ("README.md", "scripts/demo "): "scripts/demo is what a person runs; scripts/package-check runs its main job",
    ("README.md", "cmake --install build/release"): "tests/e2e/test_library.py installs into a fresh prefix",
    ("docs/ci.md", "docker compose exec"): "tests/e2e/test_ci.py, without the container; scripts/package-check, in a read-only root",
    ("docs/guide.md", "flags=R user=bot"): "scripts/package-check, with a real Postfix",
}


def blocks(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return FENCE.findall(file.read())


def block(page, part):
    """The one shell block of a page that holds `part`."""
    found = [text for text in blocks(page) if part in text]
    assert len(found) == 1, f"{page}: {len(found)} blocks hold {part!r}"
    return found[0]


PARTS = {  # every block that a test below takes; test_every_block_is_executed holds the pages against it
    "README.md": ("session=$(otpctl session register --email bot5@example.com)   #",),
    "docs/guide.md": ("set -euo pipefail\n\nsession=", "hidden()", "otpctl run --email bot5@example.com -- ./login.sh",
                      "--fd 3", "for bot in", "--unique", "for attempt in", "while read -r event", "otpctl health -q",
                      "otpctl log --since 12h", "ssh -f -N -L", "DECODED_1_TEXT", "= RECEIVED", "EXITCODE=75"),
    "docs/ci.md": ("--sendmail",),
}


class Guide(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())
        self.shop = self.enterContext(Shop(self.home))
        self.home.env["PATH"] = self.shop.bin + ":" + self.home.env["PATH"]
        self.script("login.sh", '#!/bin/sh\nset -e\ncurl -fsS https://shop.example/login -d user="${1:-bot5@example.com}"\n'
                                'code=$(otpctl wait --timeout 20s)\necho "${1:-bot5@example.com} $code" >>"$HOME/logins"\n')

    def script(self, name, text):
        path = os.path.join(self.home.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def bash(self, text, code=0, seconds=60):
        done = subprocess.run(["bash", "-c", text], cwd=self.home.root, env=self.home.env, capture_output=True, text=True,
                              timeout=seconds, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, code, done)
        return done

    def logins(self):
        with open(os.path.join(self.home.root, "logins"), encoding="utf-8") as file:
            return dict(line.split() for line in file)

    # ctest: smoke
    def test_the_five_lines_of_the_readme(self):
        self.bash("set -euo pipefail\n" + block("README.md", "session=$(otpctl session register --email bot5@example.com)   #"))
        self.assertEqual(self.shop.verified, self.shop.sent)
        self.assertEqual(self.home.json("session", "list")["sessions"], [])

    def test_the_bash_script_ends_with_0_and_closes_its_session(self):
        self.bash(block("docs/guide.md", "set -euo pipefail\n\nsession="))
        self.assertEqual(self.shop.verified, self.shop.sent)
        self.assertEqual(self.home.json("session", "list")["sessions"], [])

    def test_the_bash_script_tells_a_timeout_and_a_mail_without_code(self):
        text = block("docs/guide.md", "set -euo pipefail\n\nsession=").replace("2m", "1s")
        self.shop.answer = lambda path, form: True  # no mail comes
        self.assertIn("no mail in two minutes", self.bash(text, code=124).stderr)
        self.shop.answer = lambda path, form: self.home.otpctl(
            "deliver", BOT, input=mail.message(b"Hello, welcome to the shop.\n", to=BOT, subject="Welcome")).code == 0
        self.assertIn("no single code is in it", self.bash(text, code=65).stderr)

    def test_local_hides_a_failure_and_two_lines_do_not(self):
        self.home.start_agent()
        done = self.bash(block("docs/guide.md", "hidden()"))
        self.assertEqual(done.stdout, "goes on with ''\nseen: exit 1\n")

    def test_run_around_a_command(self):
        self.bash(block("docs/guide.md", "otpctl run --email bot5@example.com -- ./login.sh"))
        self.assertEqual(self.logins(), {BOT: self.shop.sent[-1]})
        self.assertEqual(self.home.json("session", "list")["sessions"], [])

    def test_run_with_the_code_on_a_descriptor(self):
        self.assertEqual(self.bash(block("docs/guide.md", "--fd 3")).stdout, self.shop.sent[-1] + "\n")

    def test_parallel_bots_each_get_their_own(self):
        self.bash(block("docs/guide.md", "for bot in"))
        self.assertEqual(set(self.logins()), {f"bot{n}@example.com" for n in (1, 2, 3)})
        self.assertEqual(set(self.logins().values()), set(self.shop.sent))

    def test_a_unique_address(self):
        out = self.bash(block("docs/guide.md", "--unique")).stdout
        self.assertRegex(out, r"^sign up as qa\+[a-z2-7]{10,}@example\.com\n$")

    def test_a_wrong_code_is_followed_by_the_next(self):
        self.shop.wrong = 2
        self.bash(block("docs/guide.md", "for attempt in"))
        self.assertEqual((len(self.shop.sent), self.shop.verified), (3, self.shop.sent[-1:]))

    def test_the_watch_that_calls_a_person(self):
        self.home.start_agent()
        text = block("docs/guide.md", "while read -r event")
        loop = subprocess.Popen(["bash", "-c", text], cwd=self.home.root, env=self.home.env, stdout=subprocess.PIPE, text=True,
                                start_new_session=True)
        try:
            self.assertTrue(until(lambda: len(self.home.processes()) > 1, 10, "watch runs"))
            for sender, code in zip(("a@shop.example", "b@bank.example"), mail.codes(2)):
                self.home.otpctl("deliver", BOT, input=mail.plain(code, to=BOT, sender=sender))
            self.home.wait(BOT, "--timeout", "20s")
            self.assertIn("several codes to choose from", loop.stdout.readline())
        finally:
            os.killpg(loop.pid, signal.SIGTERM)
            loop.communicate()

    def test_the_cron_lines_work_with_what_cron_gives(self):
        self.home.start_agent()
        self.script("nightly-login.sh", "#!/bin/sh\nexec ./login.sh\n")
        cron = {"HOME": self.home.root, "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": self.home.env["PATH"],
                "OTPCTL_HOME": self.home.folder}
        self.script("login.sh", "#!/bin/sh\nexec otpctl run --email bot5@example.com -- sh -c '"
                                "curl -fsS https://shop.example/login -d user=bot5@example.com && otpctl wait --timeout 20s >code'\n")
        for line in block("docs/guide.md", "otpctl health -q").splitlines():
            command = line.split(None, 5)[5]
            done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=cron, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), command)
        with open(os.path.join(self.home.root, "code"), encoding="ascii") as file:
            self.assertEqual(file.read(), self.shop.sent[-1] + "\n")

    def test_a_modem_hands_its_sms_over(self):
        self.home.start_agent()
        message = self.home.write("GSM1.abc", "From: 905550001122\nSent: 26-11-20 09:30:00\nAlphabet: UTF-8\n\nKodunuz: 482913\nİyi günler\n")
        ways = (("DECODED_1_TEXT", (), {"SMS_1_NUMBER": "Shop", "SMS_1_TEXT": "Your code is 482913."}, "482913"),
                ("DECODED_1_TEXT", (), {"SMS_1_NUMBER": "Shop", "SMS_1_TEXT": "Your co", "DECODED_1_TEXT": "Your code is 551208."}, "551208"),
                ("= RECEIVED", ("RECEIVED", message), {}, "482913"))
        for part, arguments, variables, code in ways:
            wait = self.home.wait("+905551112233", "--timeout", "20s")
            script = self.home.write("otp-sms", block("docs/guide.md", part), 0o700)
            # gammu-smsd closes all descriptors.
            done = subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", script, *arguments], env={**self.home.env, **variables}, check=False)
            self.assertEqual((done.returncode, wait.finish(), wait.stdout), (0, 0, code + "\n"), variables)
        # smsd tells of what it has sent, too.
        self.assertEqual(subprocess.run([script, "SENT", message], env=self.home.env, check=False).returncode, 0)
        self.assertEqual(self.home.otpctl("wait", "+905551112233", "--timeout", "0").code, 1)

    def test_procmail_hands_a_mail_over_and_gives_back_what_is_not_taken(self):
        rules = self.home.write("procmailrc", block("docs/guide.md", "EXITCODE=75"))
        command = ["procmail", *(f"{name}={self.home.env[name]}" for name in ("PATH", "OTPCTL_HOME")), f"HOME={self.home.root}",
                   f"DEFAULT={self.home.root}/inbox", rules]
        filter_mail = lambda: subprocess.run(command, input=mail.plain("482913", to=BOT), env=self.home.env, capture_output=True, check=False)
        self.assertEqual(filter_mail().returncode, 75)  # no agent
        self.home.start_agent()
        self.assertEqual(filter_mail().returncode, 0)
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "20s").stdout, "482913\n")
        self.assertFalse(os.path.exists(f"{self.home.root}/inbox"))

    def test_the_log_explains_a_timeout(self):
        self.home.start_agent()
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "1s").code, 124)
        out = self.bash(block("docs/guide.md", "otpctl log --since 12h")).stdout
        self.assertIn(BOT, out)
        self.assertIn("124", out)

    def test_over_ssh_from_another_machine(self):
        from otptest.sshd import Sshd, missing
        if missing():
            self.skipTest(missing())
        far = self.enterContext(Home())
        far.start_agent()
        with Sshd(self.home.root) as sshd:
            text = block("docs/guide.md", "ssh -f -N -L")
            text = text.replace("/run/user/1000/otpctl", far.folder)
            self.home.env["PATH"] = sshd.bin + ":" + self.home.env["PATH"]
            del self.home.env["OTPCTL_HOME"]
            script = subprocess.Popen(["bash", "-c", "set -e\n" + text + '\necho "$code"'], cwd=self.home.root,
                                      env=self.home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            until(lambda: far.waiters() or script.poll() is not None, 20, "a wait over ssh")
            far.otpctl("deliver", BOT, input=mail.plain("482913", to=BOT))
            out, err = script.communicate(timeout=20)
            self.assertEqual((script.returncode, out), (0, "482913\n"), err)
        # The tunnel is down: 69, and no agent of its own.
        env = {**self.home.env, "OTPCTL_HOME": os.path.join(self.home.root, "otp-remote"), "OTPCTL_START": "never"}
        self.assertEqual(self.home.otpctl("wait", BOT, env=env).code, 69)

    def test_the_mail_catcher_of_a_job(self):
        self.script("app-under-test", '#!/bin/sh\nprintf "From: app@example.org\\nTo: bot5@example.com\\nSubject: Hi\\n\\n'
                                      'Your code is 482913.\\n" | $2\n')
        out = self.bash(block("docs/ci.md", "--sendmail") + '\nwait\necho "$code"').stdout
        self.assertEqual(out, "482913\n")

    def test_every_block_is_executed(self):
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        for part in sum(PARTS.values(), ()):
            self.assertGreaterEqual(text.count(json.dumps(part)), 2, f"only PARTS has {part!r}, no test takes it")
        for page in PAGES:
            for text in blocks(page):
                by_test = [part for part in PARTS[page] if part in text]
                elsewhere = [where for (there, part), where in ELSEWHERE.items() if there == page and part in text]
                self.assertTrue(by_test or elsewhere, f"{page}: no test executes:\n{text}")


if __name__ == "__main__":
    unittest.main()
