"""otpctl-agentd itself: its options, and a store that it cannot go on with."""

import os
import re
import subprocess
import unittest

from otptest import Home, until

BOT = "bot1@example.com"
MAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../man/otpctl-agentd.8")


class Agentd(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def agentd(self, *arguments, **more):
        return subprocess.run([self.home.agentd, *arguments], env=self.home.env, text=True, capture_output=True,
                              timeout=30, stdin=subprocess.DEVNULL, check=False, **more)

    def test_help_and_manual_name_the_same_options(self):
        told = set(re.findall(r"--[a-z][a-z-]+", self.agentd("--help").stdout)) - {"--help", "--private"}
        with open(MAN, encoding="utf-8") as file:
            page = file.read()
        synopsis, rest = page.split(".Sh SYNOPSIS")[1].split(".Sh QUICK START")
        listed = {"-" + name for line in re.findall(r"(?m)^\.It (.*)$", rest) for name in re.findall(r"Fl (-[a-z-]+)", line)}
        self.assertEqual(listed, told)
        shown = {"-" + name for name in re.findall(r"Fl (-[a-z][a-z-]+)", synopsis)}
        self.assertEqual(shown, told - {"--version"})

    # ctest: smoke
    def test_a_ready_descriptor_that_is_none_is_refused(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        for wrong in ("99", "1", "-1", str(read_end)):
            with self.subTest(wrong):
                done = self.agentd(f"--ready-fd={wrong}", pass_fds=(read_end,))
                self.assertEqual((done.returncode, done.stdout), (64, ""), done.stderr)
                self.assertEqual((done.stderr.count("\n"), "--ready-fd" in done.stderr), (1, True), done.stderr)
        self.assertEqual(os.listdir(self.home.folder), [])


class Store(unittest.TestCase):
    """R04: it is never deleted, and what to do is one line that can be carried out as it stands."""

    def setUp(self):
        self.home = self.enterContext(Home())
        self.home.start_agent()
        self.home.otpctl("session", "register", BOT)
        self.home.otpctl("agent", "stop")
        self.path = os.path.join(self.home.folder, "store.db")

    def bytes(self):
        with open(self.path, "rb") as file:
            return file.read()

    def start(self):
        done = self.home.otpctl("agent", "start")
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 0 if done.code == 0 else 1), done.stderr)
        return done

    def test_R04_a_damaged_store_stops_the_start_with_a_line_that_says_what_to_do(self):
        with open(self.path, "r+b") as file:
            for page in range(1, len(self.bytes()) // 4096):
                file.seek(4096 * page)
                file.write(b"Z" * 60)
        damaged = self.bytes()
        done = self.start()
        self.assertEqual(done.code, 78)
        self.assertIn("is damaged; nothing was changed", done.stderr)
        def wait():
            done = self.home.otpctl("wait", "bot5@example.com", "--timeout", "5")
            return done if done.code != 69 else None  # for 2 s after `agent stop` it starts none

        done = until(wait, 10, "a wait tries to start the agent", every=0.2)
        self.assertEqual((done.code, done.stdout), (78, ""), done)
        self.assertIn("To begin anew", done.stderr)
        self.assertEqual(self.bytes(), damaged)
        command = re.search(r"mkdir .*", done.stderr).group(0)
        open(self.path + "-wal", "ab").close()
        os.chmod(self.path + "-wal", 0o600)
        subprocess.run(["sh", "-c", command], check=True)
        with open(os.path.join(self.path + ".damaged", "store.db"), "rb") as file:
            self.assertEqual(file.read(), damaged)
        self.assertEqual(os.stat(self.path + ".damaged").st_mode & 0o777, 0o700)
        self.assertEqual(self.start().code, 0)
        self.assertEqual(self.home.json("session", "list")["sessions"], [])

    def test_a_store_of_another_key_or_that_is_not_ours_alone_stops_the_start(self):
        os.chmod(self.path, 0o644)
        self.assertEqual(self.start().code, 77)
        os.chmod(self.path, 0o600)
        key = os.path.join(self.home.folder, "key")
        with open(key, "wb") as file:
            file.write(bytes(32))
        done = self.start()
        self.assertEqual(done.code, 78)
        self.assertIn("not the key of this store", done.stderr)


if __name__ == "__main__":
    unittest.main()
