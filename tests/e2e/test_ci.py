"""docs/ci.md: the steps of the GitHub Actions job and the service of the compose file, run as they stand, without a container.

What a container engine would add (image, user, read-only root) scripts/package-check tries in a Debian root; it runs the step `Install`, too.
"""

import os
import re
import shlex
import subprocess
import unittest

import yaml
from otptest import Dovecot, Home, mail, until
from otptest.agent import ROOT, bin_dir

BOT = "bot5@example.com"


def pages():
    with open(os.path.join(ROOT, "docs/ci.md"), encoding="utf-8") as file:
        text = file.read()
    compose, job = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S))
    return compose["services"]["otp"], job["jobs"]["login"], re.search(r"^(docker compose exec .*)$", text, re.M)[1]


class Ci(unittest.TestCase):
    def setUp(self):
        self.service, self.job, self.command = pages()
        self.dovecot = self.enterContext(Dovecot())
        self.home = self.enterContext(Home())

    def environment(self, variables, **more):
        """Nothing but PATH and what the page gives, with the private mailbox in place of the page's."""
        mailbox = variables["OTPCTL_MAILBOX"]
        self.assertEqual(mailbox, "imaps://catchall@imap.example.com/INBOX")
        user = self.dovecot.user.replace("@", "%40")
        here = mailbox.replace("catchall@imap.example.com", f"{user}@localhost:{self.dovecot.imaps_port}")
        return {"PATH": bin_dir() + ":/usr/bin:/bin", "SSL_CERT_FILE": self.dovecot.ca_file,
                **variables, "OTPCTL_MAILBOX": here, "OTPCTL_PASSWORD": self.dovecot.password, **more}

    def step(self, name):
        return next(step for step in self.job["steps"] if step.get("name") == name)

    def test_the_job_logs_in_and_leaves_nothing(self):
        self.assertEqual(self.job["env"]["OTPCTL_PASSWORD"], "${{ secrets.MAILBOX_PASSWORD }}")
        env = self.environment(self.job["env"], GITHUB_RUN_ID="77", TMPDIR=self.home.root)
        ready = os.path.join(self.home.root, "ready")
        self.home.write("login.sh", f"#!/bin/sh\n: >{ready}\nexec otpctl wait --timeout 30s\n", 0o755)
        step = subprocess.Popen(["bash", "-e", "-c", self.step("Log in")["run"]], cwd=self.home.folder, env=env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda: os.path.exists(ready) or step.poll() is not None, 30, "the session is there")
        self.dovecot.deliver(mail.plain("482913", to="ci-77@example.com"), "ci-77@example.com")
        out, err = step.communicate(timeout=60)
        self.assertEqual((step.returncode, out, err), (0, "482913\n", ""))
        os.remove(ready)
        self.assertEqual(os.listdir(self.home.root), [os.path.basename(self.home.folder)])

    def test_the_step_after_a_failure_tells_why_and_is_none_itself(self):
        self.assertEqual(self.step("Why it failed")["if"], "failure()")
        env = self.environment(self.job["env"], OTPCTL_HOME=self.home.folder)
        run = lambda command: subprocess.run(["bash", "-e", "-c", command], env=env, capture_output=True, text=True, check=False)
        self.assertEqual(run("otpctl run --email ci-77@example.com -- otpctl wait --timeout 1s").returncode, 124)
        told = run(self.step("Why it failed")["run"])
        self.assertEqual(told.returncode, 0, told)
        self.assertIn("124", told.stdout)
        self.assertEqual(run("otpctl agent stop").returncode, 0)
        self.assertEqual(run(self.step("Why it failed")["run"]).returncode, 0)  # also where no agent is

    def test_the_service_is_healthy_and_gives_the_code_to_another_container(self):
        with open(os.path.join(ROOT, "dist/docker/Dockerfile"), encoding="utf-8") as file:
            image = file.read()
        folder = re.search(r"^ENV OTPCTL_HOME=(.*)$", image, re.M)[1]
        self.assertEqual([entry.split(":")[0] for entry in self.service["tmpfs"]], [folder])
        entry = yaml.safe_load(re.search(r"^ENTRYPOINT (.*)$", image, re.M)[1]) + yaml.safe_load(re.search(r"^CMD (.*)$", image, re.M)[1])
        self.assertEqual(entry, ["otpctl", "agent", "run"])
        env = self.environment(self.service["environment"], OTPCTL_HOME=self.home.folder)
        self.home.write_config("[store]\nmemory = true")  # the page: OTPCTL_MAILBOX counts beside it
        agent = subprocess.Popen(entry, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            words, *check = self.service["healthcheck"]["test"]
            self.assertEqual(words, "CMD")
            until(lambda: subprocess.run(check, env=env, capture_output=True, check=False).returncode == 0, 30, "it is healthy")
            self.home.await_source()
            self.assertFalse(os.path.exists(self.home.folder + "/store.db"))
            docker = "docker compose exec -T otp "
            self.assertTrue(self.command.startswith(docker))
            wait = subprocess.Popen(shlex.split(self.command.removeprefix(docker)), env=env, stdout=subprocess.PIPE, text=True)
            until(lambda: self.home.waiters(), 20, "somebody waits")
            self.dovecot.deliver(mail.plain("482913", to=BOT), BOT)
            self.assertEqual((wait.communicate(timeout=30)[0], wait.returncode), ("482913\n", 0))
        finally:
            agent.terminate()  # what `docker stop` sends
            self.assertEqual(agent.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
