"""`otpctl doctor`: what it finds, what it says to fix, and that it changes nothing."""

import contextlib
import fcntl
import json
import os
import signal
import unittest

from otptest import Dovecot, Home, isolated, small_disk, until
from otptest.util import alive

CHECKS = ["versions", "clock", "home", "files", "disk", "config", "secret", "agent", "in force", "store", "launcher", "source"]


class Doctor(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def doctor(self, *arguments, code=0, **more):
        """The rows by "check" or "check subject"; the exit code and that of the object are `code`."""
        done = self.home.otpctl("doctor", "--json", *arguments, **more)
        self.assertEqual(done.code, code, done)
        said = json.loads(done.stdout)
        self.assertEqual((said["v"], said["exit"], len(said["checks"])),
                         (1, code, sum(said[state] for state in ("passed", "warning", "failed", "skipped"))))
        self.assertEqual(list(dict.fromkeys(row["check"] for row in said["checks"])), CHECKS)
        for row in said["checks"]:
            self.assertEqual(row["fix"] is not None, row["state"] in ("warning", "failed"), row)
        return {" ".join(filter(None, (row["check"], row["subject"]))): row for row in said["checks"]}

    def state(self, rows, name):
        return rows[name]["state"]

    # ---- here ----------------------------------------------------------------------------------

    # ctest: smoke
    def test_an_empty_home_is_well_and_stays_empty(self):
        rows = self.doctor()
        self.assertEqual({rows[name]["state"] for name in ("versions", "clock", "home state", "files", "disk", "config")},
                         {"passed"})
        for name in ("agent", "in force", "store", "source"):
            self.assertEqual(self.state(rows, name), "skipped")
        self.assertIn("OTPCTL_HOME", rows["home state"]["words"])
        self.assertEqual(os.listdir(self.home.folder), [])
        self.assertIsNone(self.home.agent_pid())
        said = self.home.otpctl("doctor").stdout
        self.assertTrue(said.splitlines()[-1].endswith("skipped"))
        self.assertNotIn("\x1b", said)

    def test_it_says_which_variable_named_each_path(self):
        home = self.home
        env = {"OTPCTL_HOME": "", "HOME": home.root, "XDG_STATE_HOME": home.root + "/s", "XDG_CONFIG_HOME": home.root + "/c"}
        rows = self.doctor(env=env)
        self.assertEqual((rows["home config"]["words"], rows["home state"]["words"]),
                         (f"{home.root}/c/otpctl/config.toml (XDG_CONFIG_HOME)", f"{home.root}/s/otpctl (XDG_STATE_HOME)"))
        rows = self.doctor(env={"OTPCTL_HOME": "relative"}, code=78)
        self.assertEqual((self.state(rows, "home"), self.state(rows, "files")), ("failed", "skipped"))
        rows = self.doctor(env={"OTPCTL_HOME": "/" + "x" * 120}, code=78)
        self.assertIn("107", rows["home"]["words"])
        said = json.loads(home.otpctl("doctor", "--json", env={"OTPCTL_HOME": "", "HOME": "", "XDG_RUNTIME_DIR": ""}).stdout)
        row = next(one for one in said["checks"] if (one["check"], one["subject"]) == ("home", "state"))
        self.assertTrue(row["words"].endswith("(the user database, without HOME)"), row)  # the account's own: only looked at

    def test_files_that_are_not_ours_alone_are_77_with_the_fix(self):
        home = self.home
        home.start_agent()
        self.assertEqual(self.state(self.doctor(), "files"), "passed")
        for name, mode, row in (("key", 0o640, "files key"), ("store.db", 0o604, "files store"), ("agent.sock", 0o666, "files socket"),
                                (".", 0o770, "files state")):
            path = os.path.normpath(os.path.join(home.folder, name))
            before = os.stat(path).st_mode & 0o777
            os.chmod(path, mode)
            rows = self.doctor(code=77)
            self.assertEqual((self.state(rows, row), rows[row]["class"]), ("failed", "permission"), rows)
            self.assertIn(path, rows[row]["fix"])
            os.chmod(path, before)
        os.chmod(home.folder, 0o755)
        self.assertEqual(self.state(self.doctor(), "files state"), "warning")
        os.chmod(home.folder, 0o700)
        home.otpctl("agent", "stop")
        os.rename(home.folder + "/key", home.folder + "/moved")
        os.symlink("moved", home.folder + "/key")
        self.assertIn("symbolic link", self.doctor(code=77)["files key"]["words"])

    @isolated
    def test_a_full_disk_is_75_and_a_small_one_a_warning(self):
        small_disk(self.home.folder, "8m")
        self.assertEqual(self.state(self.doctor(), "disk"), "warning")
        with open(self.home.folder + "/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        self.assertEqual(self.state(self.doctor(code=75), "disk"), "failed")

    # ---- configuration and secrets ---------------------------------------------------------------

    def test_a_wrong_configuration_is_78_with_file_and_line(self):
        home = self.home
        home.write_config('[phone]\ndefault-region = "XX"', "[[pattern]]", "regex = '('")
        done = home.otpctl("doctor")
        self.assertEqual(done.code, 78)
        for line in (2, 4):
            self.assertIn(f"FAIL  config       {home.folder}/config.toml:{line}: ", done.stdout)
        home.write_config("[waitt]")
        self.assertIn("did you mean [wait]", self.doctor(code=78)["config"]["words"])
        self.assertEqual(self.state(self.doctor(code=78), "secret"), "skipped")

    def test_secrets_are_looked_for_and_programs_run_only_when_asked(self):
        home = self.home
        table = '[[mailbox]]\nname = "{0}"\nhost = "imap.example.com"\nuser = "u"\n{1}\n'
        script = home.write("give", f"#!/bin/sh\necho x >>{home.root}/called\necho secret-text\n", 0o700)
        home.write_config(*(table.format(name, key) for name, key in (
            ("file", f'password-file = "{home.write("pw", "secret-text")}"'), ("gone", 'password-file = "/nonexistent/pw"'),
            ("set", 'password-env = "IMAP_ONE"'), ("unset", 'password-env = "IMAP_TWO"'),
            ("good", f'password-command = ["{script}"]'), ("none", 'token-command = ["no-such-program"]'))))
        env = {"IMAP_ONE": "secret-text"}
        rows = self.doctor(code=78, env=env)
        self.assertEqual([self.state(rows, "secret " + name) for name in ("file", "gone", "set", "unset", "good", "none")],
                         ["passed", "failed", "passed", "failed", "passed", "failed"])
        self.assertFalse(os.path.exists(home.root + "/called"))
        rows = self.doctor("--secrets", code=78, env=env)
        self.assertEqual((self.state(rows, "secret good"), self.state(rows, "secret none")), ("passed", "failed"))
        self.assertTrue(os.path.exists(home.root + "/called"))
        for done in (home.otpctl("doctor", "--secrets", env=env), home.otpctl("doctor", "--json", env=env)):
            self.assertNotIn("secret-text", done.stdout + done.stderr)

    # ---- the agent -------------------------------------------------------------------------------

    # ctest: smoke
    def test_a_living_agent_is_told_with_its_sources(self):
        home, dovecot = self.home, self.enterContext(Dovecot())
        home.write_config(home.mailbox(dovecot))
        home.start_agent()
        home.await_source()
        rows = self.doctor()
        self.assertIn(f"pid {home.agent_pid()} answers in", rows["agent"]["words"])
        for name in ("versions", "in force", "store", "source main/INBOX", "secret main"):
            self.assertEqual(self.state(rows, name), "passed", rows[name])
        dovecot.kill()
        home.await_source("unreachable")
        self.assertEqual(self.doctor(code=69)["source main/INBOX"]["class"], "source_unreachable")

    def test_a_refused_sign_in_is_77(self):
        home, dovecot = self.home, self.enterContext(Dovecot())
        home.write_config(home.mailbox(dovecot, password="wrong"))
        home.start_agent()
        home.await_source("signed_out")
        self.assertEqual(self.doctor(code=77)["source main/INBOX"]["class"], "auth_rejected")

    def test_a_file_that_changed_since_is_told_until_it_is_taken_up(self):
        home = self.home
        home.start_agent()
        home.write_config("[wait]\ntimeout = 5")
        for text in ("[wait]\ntimeout = 5", "[wait]\ntimeout = 6"):
            home.write_config(text)
            row = self.doctor()["in force"]
            self.assertEqual((row["state"], row["fix"]), ("warning", "otpctl agent reload"))
            self.assertEqual(home.otpctl("agent", "reload").code, 0)
            self.assertEqual(self.state(self.doctor(), "in force"), "passed")
        other = home.write("other.toml", "")
        self.assertIn("this shell would read", self.doctor("--config", other)["in force"]["words"])

    def test_an_agent_that_hangs_is_69_and_is_not_waited_for(self):
        home = self.home
        home.start_agent()
        pid = home.agent_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            done = home.otpctl("doctor")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(done.code, 69, done)
        self.assertIn(f"pid {pid}", done.stdout)
        self.assertLess(done.seconds, 8)

    def test_a_home_whose_socket_would_be_too_long_is_told_to_be_shorter(self):
        done = self.home.otpctl("doctor", "--json", env={"OTPCTL_HOME": "/" + "x" * 120})
        row = {row["check"]: row for row in json.loads(done.stdout)["checks"]}["home"]
        self.assertEqual((done.code, row["state"]), (78, "failed"))
        self.assertIn("short", row["fix"])
        relative = self.home.otpctl("doctor", "--json", env={"OTPCTL_HOME": "a-short-relative"})
        row = {row["check"]: row for row in json.loads(relative.stdout)["checks"]}["home"]
        self.assertIn("a folder of your own", row["fix"])

    def test_a_lost_socket_is_told_with_the_agent_that_holds_the_store(self):
        home = self.home
        home.start_agent()
        pid = home.agent_pid()
        os.unlink(home.folder + "/agent.sock")
        self.assertIn(f"(pid {pid}) holds the store", self.doctor(code=69)["agent"]["words"])
        os.kill(pid, signal.SIGTERM)
        until(lambda: home.agent_pid() is None, 10, "it ends")

    @isolated
    def test_who_locks_another_file_of_the_same_inode_number_holds_no_store(self):
        folders = self.home.folder, self.home.root + "/other"
        os.mkdir(folders[1])
        for folder in folders:  # the first file of each empty file system has the same number
            small_disk(folder, "60m")
            with open(folder + "/agent.lock", "w", encoding="ascii") as lock:
                os.chmod(lock.name, 0o600)
        self.assertEqual(*(os.stat(folder + "/agent.lock").st_ino for folder in folders))
        with open(folders[1] + "/agent.lock", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.state(self.doctor(), "agent"), "skipped")

    def test_whatever_else_locks_the_store_is_not_called_an_agent(self):
        self.home.start_agent()
        pid = self.home.agent_pid()
        self.assertEqual(self.home.otpctl("agent", "stop").code, 0)
        until(lambda: not alive(pid), 10, "it has ended")
        with open(self.home.folder + "/agent.lock", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            row = self.doctor(code=75)["agent"]
        self.assertNotIn("pid", row["words"])
        self.assertIn("no agent that is known", row["words"])
        self.assertEqual(self.state(self.doctor(), "agent"), "skipped")

    def test_another_mailbox_in_the_environment_is_78(self):
        self.home.start_agent()
        rows = self.doctor(env={"OTPCTL_MAILBOX": "imaps://u@imap.example.com", "OTPCTL_PASSWORD": "x"}, code=78)
        self.assertIn("does not watch", rows["config"]["words"])

    def test_two_agents_that_commands_could_find_are_told(self):
        home = self.home
        xdg = {"OTPCTL_HOME": "", "XDG_STATE_HOME": home.root + "/s", "XDG_RUNTIME_DIR": home.root + "/r"}
        for folder in ("s", "s/otpctl", "r"):
            os.mkdir(os.path.join(home.root, folder), 0o700)
        home.start_agent()  # in its own home
        self.assertEqual(home.otpctl("agent", "start", env=xdg).code, 0)
        try:
            rows = self.doctor(env={**xdg, "OTPCTL_SOCKET": home.folder + "/agent.sock"})
            self.assertIn("2 agents listen", rows["agent"]["words"])  # of the rows of one name the last
            self.assertEqual(self.state(self.doctor(env=xdg), "agent"), "passed")
        finally:
            home.otpctl("agent", "stop", env=xdg)

    # ---- the store and who starts it ---------------------------------------------------------------

    def test_a_store_without_its_key_is_told_before_an_agent_meets_it(self):
        home = self.home
        home.start_agent()
        home.otpctl("agent", "stop")
        self.assertEqual(self.state(self.doctor(), "store"), "passed")
        key = home.folder + "/key"
        os.rename(key, key + ".away")
        self.assertIn("key is missing", self.doctor(code=78)["store"]["words"])
        os.rename(key + ".away", key)
        home.write("store.db", "this is no database at all\n")
        self.assertIn("is no store", self.doctor(code=75)["store"]["words"])

    def test_a_key_of_another_store_is_told_while_the_agent_lives_and_when_it_has_ended(self):
        home = self.home
        home.otpctl("session", "register", "bot5@example.com")
        key = home.folder + "/key"
        with open(key, "rb") as file:
            right = file.read()
        for bytes_there, words in ((bytes(32), "not the key of this store"), (right[:9], "damaged"), (None, "missing")):
            with self.subTest(words):
                if bytes_there is None:
                    os.rename(key, key + ".away")
                else:
                    with open(key, "wb") as file:
                        file.write(bytes_there)
                row = self.doctor(code=78)["store"]
                self.assertIn(words, row["words"])
                self.assertIn("the next agent", row["words"])
                self.assertIn("bring the right key back", row["fix"])
        os.rename(key + ".away", key)
        with open(key, "wb") as file:
            file.write(right)
        self.assertEqual(self.state(self.doctor(), "store"), "passed")
        home.otpctl("agent", "stop")
        before = sorted(os.listdir(home.folder))
        self.assertEqual(self.state(self.doctor(), "store"), "passed")
        with open(key, "wb") as file:
            file.write(bytes(32))
        self.assertIn("not the key of this store", self.doctor(code=78)["store"]["words"])
        self.assertEqual(sorted(os.listdir(home.folder)), before)

    def test_a_unit_that_is_enabled_while_the_agent_was_started_otherwise_is_a_warning(self):
        home = self.home
        units = os.path.join(home.root, ".config/systemd/user")
        os.makedirs(units + "/sockets.target.wants")
        with open(units + "/otpctl-agent.socket", "w", encoding="ascii") as file:
            file.write("[Socket]\n")
        self.assertIn("is not enabled", self.doctor()["launcher"]["words"])
        os.symlink("../otpctl-agent.socket", units + "/sockets.target.wants/otpctl-agent.socket")
        self.assertEqual(self.state(self.doctor(), "launcher"), "passed")
        home.start_agent()
        self.assertEqual(self.state(self.doctor(), "launcher"), "warning")


if __name__ == "__main__":
    unittest.main()
