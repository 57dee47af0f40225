"""otpctl run --fd and --env: codes given to the program."""

import json
import os
import signal
import subprocess
import unittest

from otptest import until
from test_run import BOT, Run


class Codes(Run):
    def setUp(self):
        super().setUp()
        self.start()

    def test_fd_gives_each_code_as_a_line_and_acknowledges_it(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "-q", "--", "sh", "-c",
                                  "echo begun; read a <&3; echo $a; read b <&3; echo $b")
        until(lambda: self.home.waiters(), 20, "it waits")
        self.deliver("193744")
        until(lambda: "193744\n" in running.stdout, 9, "the first is there")
        until(lambda: self.home.waiters(), 20, "it waits again")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "begun\n193744\n482913\n"))
        self.assertEqual(self.home.status()["codes_delivered"], 2)
        self.assertEqual(running.stderr, "")

    def test_fd_without_a_code_ends_the_file_and_says_why(self):
        done = self.run_sh("read a <&5 || echo nothing; cat <&5", "--fd", "5", "--timeout", "300ms")
        self.assertEqual(done.stdout, "nothing\n")
        self.assertIn(f"otpctl run: no code for {BOT}", done.stderr)

    def test_a_program_that_closes_its_descriptor_takes_no_code_from_others(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "--", "sh", "-c", "read go; exec 3<&-; cat",
                                  stdin=subprocess.PIPE)
        until(lambda: self.home.waiters(), 20, "it waits")
        os.write(running._process.stdin.fileno(), b"go\n")  # pylint: disable=protected-access
        until(lambda: not self.home.waiters(), 9, "it waits no longer")
        wait = self.home.wait(BOT)
        self.deliver("482913")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertEqual(self.end(running), 0)

    def test_fd_goes_on_with_the_next_agent(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "-q", "--", "sh", "-c", "read a <&3; echo $a")
        until(lambda: self.home.waiters(), 20, "it waits")
        old = self.home.kill_agent()
        until(lambda: (self.home.agent_pid() or old) != old and self.home.waiters(), 20, "it waits at the next one")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "482913\n"))

    def test_a_descriptor_of_the_caller_is_not_taken_from_it(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        done = self.run_one("--email", BOT, "--fd", read, "--", "true", pass_fds=(read,), code=64)
        self.assertIn(f"--fd {read}: that descriptor is the caller's", done.stderr)
        self.run_one("--email", BOT, "--fd", 1023, "--", "true")
        for number in ("2", "x", "4096"):
            self.run_one("--email", BOT, "--fd", number, "--", "true", code=64)

    def test_env_waits_first_looks_back_and_gives_the_code_in_a_variable(self):
        self.deliver("193744")
        done = self.run_sh("echo $OTP; otpctl session show --json", "--env", "OTP")
        code, shown = done.stdout.splitlines()
        self.assertEqual((code, json.loads(shown)["state"], done.stderr), ("193744", "open", ""))
        running = self.home.spawn("run", "--email", BOT, "--env", "OTP", "-q", "--", "sh", "-c", "echo $OTP")
        until(lambda: self.home.waiters(), 20, "it waits")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "482913\n"))
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "0").code, 1)

    def test_env_with_exclusive_keeps_the_recipient_for_the_program(self):
        self.deliver("193744")
        running = self.program("echo $OTP", "--env", "OTP", "--exclusive")
        self.assertIn("193744", running.stdout)
        self.assertEqual(self.home.otpctl("wait", BOT, "--exclusive", "--timeout", "1").code, 75)
        self.assertEqual(self.end(running), 0)

    def test_env_without_a_code_starts_nothing_and_ends_as_a_wait(self):
        mark = os.path.join(self.home.root, "started")
        done = self.run_one("--email", BOT, "--env", "OTP", "--timeout", "300ms", "--", "touch", mark, code=124)
        self.assertIn(f"otpctl run: no code for {BOT}", done.stderr)
        self.run_one("--email", BOT, "--env", "OTP", "--timeout", "0", "--", "touch", mark, code=1)
        self.deliver("193744")
        self.run_one("--email", BOT, "--env", "OTP", "--since", "now", "--timeout", "0", "--", "touch", mark, code=1)
        self.assertFalse(os.path.exists(mark))

    def test_a_code_for_a_program_that_cannot_be_run_goes_to_the_next(self):
        self.deliver("482913")
        script = self.home.write("broken", "#!/no/such/interpreter\n", mode=0o700)
        self.run_one("--email", BOT, "--env", "OTP", "--", script, code=127)
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "5").stdout, "482913\n")

    def test_signals_while_env_waits_end_it_and_lose_no_code(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.home.spawn("run", "--email", BOT, "--env", "OTP", "-q", "--", "true")
            until(lambda: self.home.waiters(), 20, "it waits")
            running.signal(number)
            self.assertEqual(running.finish(), -number)
            until(lambda: not self.home.waiters(), 9, "the agent knows")

    def test_some_names_may_not_carry_a_code(self):
        for name in ("PATH", "LD_PRELOAD", "OTPCTL_HOME", "1X", "A-B", "A=B", "", " "):
            done = self.run_one("--email", BOT, f"--env={name}", "--", "true", code=64)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))


if __name__ == "__main__":
    unittest.main()
