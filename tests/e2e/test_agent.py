"""The agent's life: how it starts, stops and comes back."""

import json
import os
import shutil
import signal
import socket
import stat
import time
import unittest

from otptest import Door, Dovecot, Home, mail, until
from otptest.util import alive


def bots(count):
    return [f"bot{n}@example.com" for n in range(count)]


def hand_in(home, codes, recipients):
    """One mail for each recipient through the agent's own LMTP socket."""
    with Door(home.agent_file()["lmtp"]) as door:
        for code, recipient in zip(codes, recipients):
            door.deliver(mail.plain(code, to=recipient), recipient)


def inode(path):
    return os.lstat(path).st_ino


class Start(unittest.TestCase):
    # ctest: smoke
    def test_L05_a_stale_socket_is_replaced_within_a_second(self):
        with Home() as home:
            home.start_agent()
            path = home.agent_file()["socket"]
            os.link(path, path + ".kept")  # so that the inode is not used again
            home.kill_agent()
            self.assertTrue(stat.S_ISSOCK(os.lstat(path).st_mode))
            done = home.otpctl("agent", "start")
            self.assertEqual(done.code, 0, done)
            self.assertLess(done.seconds, 1)
            self.assertNotEqual(inode(path), inode(path + ".kept"))
            self.assertEqual(home.json("status")["waiters"], [])

    # ctest: timeout=240
    def test_L06_50_first_waits_at_once_start_exactly_one_agent_and_all_are_served(self):
        names, codes = bots(50), mail.codes(50)
        for before in ("nothing", "nothing", "a stale socket", "nothing"):
            with self.subTest(before), Home() as home:
                starts = 1
                if before == "a stale socket":
                    home.start_agent()
                    home.kill_agent()
                    starts = 2
                waits = home.waits(names, "--timeout", "60")
                self.assertEqual(len(home.agent_pids()), 1)
                self.assertEqual(home.log().count(" runs on "), starts)
                hand_in(home, codes, names)
                self.assertEqual([(one.finish(), one.stdout) for one in waits], [(0, code + "\n") for code in codes])
                self.assertEqual(home.log().count(" runs on "), starts)

    def test_L07_a_second_start_beside_a_stopped_agent_is_busy_and_unlinks_nothing(self):
        with Home() as home:
            home.start_agent()
            files = home.agent_file()
            before = {key: inode(files[key]) for key in ("socket", "lmtp")}
            pid = home.agent_pid()
            os.kill(pid, signal.SIGSTOP)
            try:
                second = home.otpctl("agent", "run", timeout=20)
                self.assertEqual(second.code, 75, second)
                self.assertIn(str(pid), second.stderr)
                self.assertEqual(home.otpctl("agent", "start", timeout=20).code, 69)
                self.assertEqual({key: inode(files[key]) for key in before}, before)
                self.assertEqual(home.agent_file(), files)
            finally:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(home.json("status")["pid"], pid)
            self.assertEqual(home.agent_pids(), [pid])

    # ctest: timeout=180
    def test_L08_a_removed_socket_is_made_again_and_a_removed_home_ends_the_agent(self):
        with Home() as unplugged, Home() as homeless:
            for home in (unplugged, homeless):
                home.start_agent()
            wait = unplugged.wait("bot1@example.com", "--timeout", "120")
            orphan = homeless.agent_pid()
            files = unplugged.agent_file()
            os.unlink(files["socket"])
            shutil.rmtree(homeless.folder)
            # Nobody starts a second one meanwhile.
            second = unplugged.otpctl("agent", "run", timeout=30)
            self.assertEqual(second.code, 75, second)
            self.assertEqual(unplugged.agent_pids(), [files["pid"]])
            until(lambda: os.path.exists(files["socket"]), 60, "the socket is there again", every=0.1)
            self.assertEqual(unplugged.json("status")["pid"], files["pid"])
            hand_in(unplugged, ["482913"], ["bot1@example.com"])
            self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
            until(lambda: not alive(orphan), 60, "the agent without a home has ended", every=0.1)
            self.assertFalse(os.path.exists(homeless.folder))


class End(unittest.TestCase):
    # ctest: timeout=180
    def test_L23_150_waiters_end_with_69_within_2_s_of_SIGTERM(self):
        with Dovecot() as dovecot, Home() as home:
            home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # of 150 processes at once
            home.write_config(home.mailbox(dovecot))
            waits = home.waits(bots(150), "--timeout", "120")
            home.await_source()
            files = home.agent_file()
            began = time.monotonic_ns()
            os.kill(home.agent_pid(), signal.SIGTERM)
            self.assertEqual({one.finish() for one in waits}, {69})
            self.assertEqual({one.stdout for one in waits}, {""})
            self.assertLess((max(one.ended_ns for one in waits) - began) / 1e9, 2)
            until(lambda: not alive(files["pid"]), 5, "the agent is gone")
            self.assertFalse(os.path.exists(files["socket"]) or os.path.exists(files["lmtp"]))
            self.assertIsNone(home.agent_pid())
            until(lambda: "Logged out" in dovecot.log(), 5, "the mailbox saw a LOGOUT")

    def test_L23_an_ending_agent_leaves_alone_a_socket_that_is_not_its_own(self):
        with Home() as home:
            home.start_agent()
            path = home.agent_file()["socket"]
            os.unlink(path)
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(path)
                home.kill_agent(signal.SIGTERM)
                self.assertTrue(stat.S_ISSOCK(os.lstat(path).st_mode))

    def test_L23_after_agent_stop_no_client_starts_an_agent_for_2_s(self):
        with Home() as home:
            wait = home.wait("bot1@example.com")
            stopped = home.otpctl("agent", "stop")
            self.assertEqual((stopped.code, stopped.stdout), (0, ""), stopped)
            self.assertEqual((wait.finish(), wait.stdout), (69, ""))
            self.assertRegex(wait.stderr, "stop")
            stopped_at = time.time()
            for command in (("wait", "bot1@example.com"), ("session", "register", "bot1@example.com")):
                done = home.otpctl(*command)
                self.assertEqual((done.code, done.stdout), (69, ""), done)
                self.assertIn("stopped just now", done.stderr)
                self.assertEqual(home.agent_pids(), [])
            self.assertLess(time.time() - stopped_at, 2, "too slow a machine to see it")
            until(lambda: home.otpctl("session", "register", "bot1@example.com").code == 0, 10, "one starts again")
            self.assertGreater(time.time() - stopped_at, 1.7)

    def test_L23_agent_start_starts_one_also_right_after_agent_stop(self):
        with Home() as home:
            home.start_agent()
            first = home.agent_pid()
            self.assertEqual(home.otpctl("agent", "stop").code, 0)
            until(lambda: not alive(first), 5, "it is gone")
            self.assertEqual(home.otpctl("agent", "stop").code, 69)
            home.start_agent()
            self.assertNotEqual(home.agent_pid(), first)

    # ctest: timeout=180
    def test_L23_at_agent_restart_the_waiters_come_back_with_their_ids_and_get_their_codes(self):
        names, codes = bots(20), mail.codes(20)
        with Home() as home:
            waits = home.waits(names, "--timeout", "60")
            before = {waiter["pid"]: waiter["session"] for waiter in home.waiters()}
            first = home.agent_pid()
            restarted = home.otpctl("agent", "restart", "--json")
            self.assertEqual(restarted.code, 0, restarted)
            self.assertNotEqual(home.agent_pid(), first)
            self.assertEqual(json.loads(restarted.stdout)["pid"], home.agent_pid())
            until(lambda: len(home.waiters()) == len(names), 15, "they are back", every=0.05)
            self.assertEqual({waiter["pid"]: waiter["session"] for waiter in home.waiters()}, before)
            hand_in(home, codes, names)
            self.assertEqual([(one.finish(), one.stdout) for one in waits], [(0, code + "\n") for code in codes])

    def test_L23_a_wait_outlives_a_killed_agent_and_keeps_its_deadline(self):
        with Home() as home:
            wait = home.wait("bot1@example.com", "--timeout", "6")
            (before,) = home.waiters()
            home.kill_agent()
            until(lambda: home.waiters(), 10, "it has started the next agent", every=0.05)
            (after,) = home.waiters()
            self.assertEqual((after["session"], after["pid"]), (before["session"], before["pid"]))
            self.assertEqual(wait.finish(), 124)
            self.assertLess(abs((wait.ended_ns - wait.started_ns) / 1e9 - 6), 0.5)


if __name__ == "__main__":
    unittest.main()
