"""The agent on a leash, as `otpctl run --private` holds it."""

import os
import shutil
import signal
import subprocess
import unittest

from otptest import Home, until
from otptest.util import alive

BOT = "bot1@example.com"


class Leash(unittest.TestCase):
    """What `otpctl run --private` gives its agent: it does not outlive whoever holds the other end."""

    def _private(self, home, *more, keep_open=()):
        """Starts an agent on a leash; returns the process that holds it, which prints nothing."""
        holder = subprocess.Popen(
            ["/usr/bin/python3", "-c", """if True:
                import os, subprocess, sys, time
                end, hold = os.pipe()
                ready, tell = os.pipe()
                subprocess.Popen([*sys.argv[1:], "--leash-fd", str(end), "--ready-fd", str(tell)],
                                 pass_fds=(end, tell), stdin=subprocess.DEVNULL)
                os.close(end)
                os.close(tell)
                print(os.read(ready, 4096).decode(), flush=True)
                time.sleep(1000)""", home.agentd, *more],
            env=home.env, cwd=home.root, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        return holder, holder.stdout.readline().strip()

    def test_the_agent_ends_with_a_holder_that_was_killed_and_takes_its_folder_along(self):
        home = self.enterContext(Home())
        holder, said = self._private(home, "--remove-home")
        self.assertEqual(said, "R")
        pid = home.agent_pid()
        wait = home.wait(BOT, "--timeout", "60s")
        self.assertLess({"agent.lock", "agent.sock", "store.db", "key", "agent.log"}, set(os.listdir(home.folder)))
        holder.kill()
        self.assertEqual(wait.finish(5), 69)
        until(lambda: not alive(pid), 5, "the agent has ended")
        self.assertFalse(os.path.exists(home.folder))

    def test_without_remove_home_the_folder_stays(self):
        home = self.enterContext(Home())
        holder, _ = self._private(home)
        pid = home.agent_pid()
        holder.kill()
        until(lambda: not alive(pid), 5, "the agent has ended")
        self.assertIn("stopped", home.agent_file())

    def test_only_what_the_agent_made_is_removed_and_no_link_is_followed(self):
        home = self.enterContext(Home())
        precious = os.path.join(home.root, "precious")
        with open(precious, "w", encoding="ascii") as file:
            file.write("precious\n")
        os.mkdir(os.path.join(home.root, "others"))
        holder, _ = self._private(home, "--remove-home")
        pid = home.agent_pid()
        home.write("mine.txt", "mine\n")
        os.symlink(precious, os.path.join(home.folder, "agent.2.log"))
        os.mkdir(os.path.join(home.folder, "agent.1.log"))
        holder.kill()
        until(lambda: not alive(pid), 5, "the agent has ended")
        self.assertEqual(set(os.listdir(home.folder)), {"mine.txt", "agent.2.log", "agent.1.log"})
        with open(precious, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious\n")
        shutil.rmtree(home.folder)

    def test_a_folder_that_is_not_private_or_not_its_own_any_more_is_left_alone(self):
        def others_may_look(home):
            os.chmod(home.folder, 0o755)

        def another_lock(home):
            os.rename(os.path.join(home.folder, "agent.lock"), os.path.join(home.folder, "old.lock"))
            home.write("agent.lock", "")

        def a_link(home):
            os.rename(home.folder, home.folder + "-moved")
            os.symlink(home.folder + "-moved", home.folder)

        for change in (others_may_look, another_lock, a_link):
            with self.subTest(change.__name__), Home() as home:
                holder, _ = self._private(home, "--remove-home")
                pid = home.agent_pid()
                change(home)
                holder.kill()
                until(lambda: not alive(pid), 5, "the agent has ended")
                self.assertLess({"store.db", "key"}, set(os.listdir(home.folder)))

    def test_SIGTERM_ends_it_as_ever_and_removes_nothing(self):
        home = self.enterContext(Home())
        self._private(home, "--remove-home")
        pid = home.agent_pid()
        os.kill(pid, signal.SIGTERM)
        until(lambda: not alive(pid), 5, "the agent has ended")
        self.assertIn("key", os.listdir(home.folder))

    def test_the_folder_of_an_ordinary_agent_is_refused_and_kept(self):
        home = self.enterContext(Home())
        holder, _ = self._private(home)
        pid = home.agent_pid()
        holder.kill()
        until(lambda: not alive(pid), 5, "the agent has ended")
        before = set(os.listdir(home.folder))
        self.assertIn("key", before)
        end, hold = os.pipe()
        os.close(hold)
        done = subprocess.run([home.agentd, "--leash-fd", str(end), "--remove-home"], env=home.env, pass_fds=(end,), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
        os.close(end)
        self.assertEqual((done.returncode, done.stdout), (64, ""), done)
        self.assertIn("--remove-home", done.stderr)
        self.assertEqual(set(os.listdir(home.folder)), before)

    def test_what_is_no_leash_is_refused(self):
        home = self.enterContext(Home())
        with open(os.devnull, encoding="ascii") as null:
            for fd, keep in ((77, ()), (null.fileno(), (null.fileno(),))):
                done = subprocess.run([home.agentd, "--leash-fd", str(fd)], env=home.env, pass_fds=keep, text=True,
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
                self.assertEqual((done.returncode, done.stdout), (64, ""), done)
                self.assertIn(f"--leash-fd: descriptor {fd} is no pipe to read", done.stderr)
        alone = subprocess.run([home.agentd, "--remove-home"], env=home.env, text=True, capture_output=True, timeout=20,
                               check=False)
        self.assertEqual(alone.returncode, 64)

    # ctest: smoke
    def test_a_negative_leash_is_refused_in_one_line(self):
        home = self.enterContext(Home())
        for more in ((), ("--remove-home",), ("--remove-home", "--check")):
            with self.subTest(more):
                done = subprocess.run([home.agentd, "--leash-fd=-1", *more], env=home.env, text=True, stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=20, check=False)
                self.assertEqual((done.returncode, done.stdout), (64, ""), done)
                self.assertEqual((done.stderr.count("\n"), "--leash-fd" in done.stderr), (1, True), done)
        self.assertEqual(os.listdir(home.folder), [])


if __name__ == "__main__":
    unittest.main()
