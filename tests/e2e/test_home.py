"""Home without the product: a stand-in for `otpctl` shows that the machinery sees what happens."""

import os
import signal
import stat
import tempfile
import time
import unittest

from otptest import Home, NoBinaries, Timeout, until
from otptest.util import alive

STAND_IN = """#!/bin/sh
case $1 in
  echo) shift; printf '%s\\n' "$*"; cat; echo "on stderr" >&2; exit 7 ;;
  env) env ;;
  late) read _ < "$OTPCTL_HOME/gate"; echo now; exit 0 ;;
  leave) exec >/dev/null 2>&1 </dev/null; sleep 60 & ;;
  hang) exec sleep 60 ;;
esac
"""


class StandIn(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "otpctl")
        with open(path, "w", encoding="ascii") as file:
            file.write(STAND_IN)
        os.chmod(path, stat.S_IRWXU)
        before = os.environ.get("OTPCTL_BIN_DIR")
        os.environ["OTPCTL_BIN_DIR"] = folder.name
        self.addCleanup(lambda: os.environ.pop("OTPCTL_BIN_DIR") if before is None
                        else os.environ.update(OTPCTL_BIN_DIR=before))

    def test_a_command_gives_its_code_streams_and_time(self):
        with Home() as home:
            done = home.otpctl("echo", "a", "b c", input="from stdin\n")
            self.assertEqual((done.code, done.stdout, done.stderr), (7, "a b c\nfrom stdin\n", "on stderr\n"))
            with self.assertRaisesRegex(AssertionError, "still running"):
                home.otpctl("hang", timeout=0.1)

    def test_nothing_of_the_callers_environment_gets_in(self):
        os.environ["OTPCTL_SOCKET"] = "/nowhere"
        self.addCleanup(os.environ.pop, "OTPCTL_SOCKET")
        with Home(OTPCTL_EXTRA="1") as home:
            names = {line.split("=")[0] for line in home.otpctl("env").stdout.splitlines()}
        self.assertEqual(names - {"PWD", "SHLVL", "_", "OLDPWD"},
                         {"PATH", "HOME", "LANG", "OTPCTL_HOME", "OTPCTL_EXTRA", "ASAN_OPTIONS", "UBSAN_OPTIONS"})

    def test_a_running_command_tells_when_its_first_byte_came(self):
        with Home() as home:
            gate = os.path.join(home.folder, "gate")
            os.mkfifo(gate)
            running = home.spawn("late")
            with open(gate, "w", encoding="ascii") as opened:
                self.assertIsNone(running.first_byte_ns)
                before = time.monotonic_ns()
                opened.write("go\n")
            self.assertEqual((running.finish(), running.stdout), (0, "now\n"))
            self.assertTrue(before < running.first_byte_ns <= running.ended_ns)

    def test_a_command_that_hangs_is_ended_with_the_home(self):
        with Home() as home:
            running = home.spawn("hang")
            until(lambda: alive(running.pid), 5)
        self.assertEqual(running.poll(), -signal.SIGKILL)
        self.assertFalse(os.path.exists(home.root))

    def test_a_process_left_behind_is_a_failure_and_is_ended(self):
        left = []
        with self.assertRaisesRegex(AssertionError, "still running after"), Home() as home:
            home.otpctl("leave")
            left = home.processes()
        self.assertEqual(len(left), 1)
        until(lambda: not alive(left[0]), 5, "it is gone")

    def test_a_sanitizers_finding_is_a_failure(self):
        with self.assertRaisesRegex(AssertionError, "heap-use-after-free"), Home() as home:
            with open(os.path.join(home.root, "sanitizer.123"), "w", encoding="ascii") as file:
                file.write("ERROR: AddressSanitizer: heap-use-after-free\n")

    def test_secrets_are_written_so_that_only_their_owner_can_read_them(self):
        with Home() as home:
            path = home.write("password", "x")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(os.stat(home.folder).st_mode), 0o700)

    def test_a_missing_build_is_said(self):
        os.environ["OTPCTL_BIN_DIR"] = "/nonexistent"
        with self.assertRaisesRegex(NoBinaries, "/nonexistent"):
            Home()

    def test_no_agent_is_no_agent(self):
        with Home() as home:
            self.assertIsNone(home.agent_pid())
            self.assertEqual(home.waiters(), [])
            with self.assertRaises(Timeout):
                home.await_source(seconds=0.05)


if __name__ == "__main__":
    unittest.main()
