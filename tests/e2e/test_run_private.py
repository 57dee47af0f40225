"""otpctl run --private: an agent, a store and sockets for one run."""

import contextlib
import glob
import json
import os
import signal
import subprocess
import unittest

from otptest import isolated, mail, small_disk, until
from otptest.util import alive
from test_run import BOT, Run


class Private(Run):
    """--private: an agent, a store and sockets for one run."""

    def setUp(self):
        super().setUp()
        self.place = os.path.join(self.home.root, "t")
        os.mkdir(self.place, 0o700)
        self.home.env["TMPDIR"] = self.place

    def left(self):
        return glob.glob(os.path.join(self.place, "*"))

    # ctest: smoke
    def test_it_has_a_home_of_its_own_that_is_gone_with_it(self):
        message = self.home.write("m.eml", mail.plain("482913", to=BOT).decode())
        done = self.run_sh(f'otpctl deliver {BOT} < {message}; otpctl wait; echo "$OTPCTL_HOME ${{OTPCTL_SOCKET-none}}"; '
                           'stat -c "%a %U" "$OTPCTL_HOME"; otpctl status --json; exit 3', "--private",
                           env={"OTPCTL_SOCKET": "/nowhere/x.sock"}, code=3)
        code, places, mode, status = done.stdout.splitlines()
        folder, sockets = places.split()
        self.assertEqual((code, sockets), ("482913", "none"))
        self.assertEqual(os.path.dirname(folder), self.place)
        self.assertTrue(mode.startswith("700 "))
        self.assertEqual(json.loads(status)["home"], folder)
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))
        self.assertEqual(os.listdir(self.home.folder), ["m.eml"])

    def test_it_works_under_the_callers_configuration(self):
        self.home.write_config('[wait]\ntimeout = "1s"')
        named = self.home.write("named.toml", '[wait]\ntimeout = "2s"\n')
        for options, limit in ((), "1s"), (("--config", named), "2s"):
            done = self.run_sh("otpctl wait", "--private", *options, code=124)
            self.assertIn(f"in {limit}", done.stderr)
        wrong = self.home.write("wrong.toml", "[wait]\ntimeout = 7x\n")
        done = self.run_sh("echo never", "--private", "--config", wrong, code=78)
        self.assertIn("wrong.toml:2", done.stderr)
        self.run_sh(":", "--private", "--config", "/no/such.toml", code=78)
        self.assertEqual(self.left(), [])
        until(lambda: not self.home.agent_pids(), 9, "those that could not start have ended")

    def test_it_is_gone_after_each_way_out(self):
        self.run_one("--private", "--email", BOT, "--", "no-such-program", code=127)
        script = self.home.write("broken", "#!/no/such/interpreter\n", mode=0o700)
        self.run_one("--private", "--email", BOT, "--", script, code=127)
        self.run_one("--private", "--email", "no address", "--", "true", code=64)
        self.run_one("--private", "--email", BOT, "--env", "OTP", "--timeout", "0", "--", "true", code=1)
        self.run_sh("kill -KILL $$", "--private", code=-signal.SIGKILL)
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))
        for number in (signal.SIGTERM, signal.SIGKILL):
            running = self.home.spawn("run", "--private", "--email", BOT, "--env", "OTP", "-q", "--", "true")
            until(lambda running=running: "waiting" in self._state(), 20, "it waits")
            running.signal(number)
            self.assertEqual(running.finish(), -number)
            until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")

    def _state(self):
        """What the one private agent's list of waits says."""
        for folder in self.left():
            done = self.home.otpctl("status", "--json", env={"OTPCTL_HOME": folder, "OTPCTL_START": "never"})
            if done.code == 0 and json.loads(done.stdout)["waiters"]:
                return "waiting"
        return ""

    def test_after_kill_9_the_program_goes_on_and_home_and_agent_are_gone(self):
        running = self.program("", "--private")
        (folder,) = self.left()
        running.signal(signal.SIGKILL)
        until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")
        self.assertTrue(any(alive(pid) for pid in self.home.processes()))
        done = self.home.otpctl("wait", BOT, "--timeout", "1", env={"OTPCTL_HOME": folder, "OTPCTL_START": "never"})
        self.assertEqual((done.code, self.left()), (69, []))

    def test_an_agent_of_it_that_dies_is_started_again_on_the_leash(self):
        running = self.program("", "--private")
        (agent,) = self.home.agent_pids()
        os.kill(agent, signal.SIGKILL)
        until(lambda: self.home.agent_pids() not in ([], [agent]), 20, "the next one")
        running.signal(signal.SIGKILL)
        until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")

    # ctest: timeout=300
    def test_twenty_at_once_do_not_disturb_one_another(self):
        script = self.home.write("job", f'otpctl deliver {BOT} <<EOF\nFrom: a@shop.example\nTo: {BOT}\nSubject: x\n\n'
                                        'Your code is $1\nEOF\nexec otpctl wait --timeout 60s\n')
        codes = mail.codes(20)
        jobs = [self.home.spawn("run", "--private", "--email", BOT, "--", "sh", script, code) for code in codes]
        for job, code in zip(jobs, codes):
            self.assertEqual((job.finish(200), job.stdout, job.stderr), (0, code + "\n", ""))
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))

    def test_it_needs_neither_home_nor_xdg_variables(self):
        bare = {"PATH": self.home.env["PATH"], "TMPDIR": self.place,
                **{name: self.home.env[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}}
        done = subprocess.run([*self.home.command("run"), "--private", "--email", BOT, "--", "otpctl", "status"],
                              env=bare, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))

    def test_where_one_place_will_not_do_the_next_one_is_taken(self):
        runtime = os.path.join(self.home.root, "r")
        os.mkdir(runtime, 0o700)
        for place in ("relative", "/no/such/folder", self.place + "/" + "x" * 100):
            done = self.run_sh('echo "$OTPCTL_HOME"', "--private", env={"TMPDIR": place, "XDG_RUNTIME_DIR": runtime})
            self.assertEqual(os.path.dirname(done.stdout.strip()), runtime)
        self.assertEqual(os.listdir(runtime), [])

    @isolated
    def test_a_full_disk_is_told_and_nothing_is_left(self):
        full = os.path.join(self.home.root, "full")
        os.mkdir(full, 0o700)
        small_disk(full, "16k")
        with open(os.path.join(full, "rest"), "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x")
        done = self.run_sh("echo never", "--private", env={"TMPDIR": full}, code=75)
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        self.assertEqual(os.listdir(full), ["rest"])
        until(lambda: not self.home.agent_pids(), 20, "the agent has ended with its leash")

    def test_an_agent_without_its_leash_is_not_started_there(self):
        for action in ("restart", "start", "run"):
            with self.subTest(action):
                before = "" if action == "restart" else "otpctl agent stop; "
                done = self.run_sh(f"{before}exec otpctl agent {action}", "--private", code=69)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn("ends with that run", done.stderr)
                until(lambda: (self.left(), self.home.agent_pids()) == ([], []), 20, "nothing is left")

    def test_a_restart_that_is_refused_leaves_the_agent_on_its_leash(self):
        running = self.program("otpctl agent restart 2>/dev/null; echo $?", "--private")
        self.assertEqual(running.stdout, "69\nbegun\n")
        (agent,) = self.home.agent_pids()
        running.signal(signal.SIGKILL)
        until(lambda: not self.left() and not alive(agent), 20, "the agent has cleaned up")

    def test_its_agent_reloads_as_any_other(self):
        self.home.write_config('[wait]\ntimeout = "1s"')
        script = f"echo '[wait]\ntimeout = \"2s\"' > {self.home.folder}/config.toml; otpctl agent reload && exec otpctl wait"
        self.assertIn("in 2s", self.run_sh(script, "--private", code=124).stderr)


if __name__ == "__main__":
    unittest.main()
