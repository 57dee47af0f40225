"""Files of ours whose rights were taken away from ourselves: a permission error that names them, never "none"."""

import json
import os
import unittest

from otptest import Home, mail, without_file_rights


class OwnRights(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())
        self.home.prefix = without_file_rights()

    def path(self, name):
        return os.path.join(self.home.folder, name)

    def a_store(self):
        """A store with a key, and no agent."""
        self.assertEqual(self.home.otpctl("session", "register", "bot5@example.com").code, 0)
        self.home.kill_agent()  # after a stop no command starts one for 2 s

    def doctor(self, code, **more):
        done = self.home.otpctl("doctor", "--json", **more)
        self.assertEqual(done.code, code, done)
        return {" ".join(filter(None, (row["check"], row["subject"]))): row for row in json.loads(done.stdout)["checks"]}

    def check_refused(self, path, starting=(("wait", "bot5@example.com", "--timeout", "1"),
                                            ("run", "--email", "bot5@example.com", "--", "true"),
                                            ("session", "register", "bot5@example.com"), ("agent", "start"))):
        for command in starting:
            with self.subTest(command):
                done = self.home.otpctl(*command)
                self.assertEqual((done.code, done.stdout), (77, ""), done)
                self.assertIn(path, done.stderr)
                self.assertIn("chmod ", done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    # ctest: timeout=60
    def test_a_key_that_may_not_be_read_is_no_missing_key(self):
        self.a_store()
        key = self.path("key")
        os.chmod(key, 0)
        self.check_refused(key)
        rows = self.doctor(77)
        self.assertEqual((rows["files key"]["class"], rows["files key"]["fix"]), ("permission", f"chmod 600 {key}"))
        self.assertEqual((rows["store"]["class"], rows["store"]["fix"]), ("permission", f"chmod 600 {key}"))
        self.assertNotIn("missing", rows["store"]["words"])
        os.chmod(key, 0o400)  # it is only read
        self.assertEqual(self.doctor(0)["files"]["state"], "passed")
        self.home.start_agent()
        os.chmod(key, 0)
        row = self.doctor(77)["store"]
        self.assertIn("the next agent", row["words"])
        self.assertEqual(row["fix"], f"chmod 600 {key}")

    # ctest: timeout=60
    def test_a_store_that_may_not_be_opened_is_77_and_named(self):
        self.a_store()
        for name, mode in (("store.db", 0), ("store.db", 0o400), ("agent.lock", 0)):
            path = self.path(name)
            with self.subTest(name, mode=mode):
                os.chmod(path, mode)
                self.check_refused(path)
                rows = self.doctor(77)
                row = rows["files store" if name == "store.db" else "files agent-lock"]
                self.assertEqual((row["class"], row["fix"]), ("permission", f"chmod 600 {path}"))
                if mode == 0 and name == "store.db":
                    self.assertEqual(rows["store"]["class"], "permission")
                os.chmod(path, 0o600)
        os.chmod(self.home.folder, 0o500)
        self.check_refused(self.home.folder)
        self.assertEqual(self.doctor(77)["files state"]["fix"], f"chmod 700 {self.home.folder}")
        os.chmod(self.home.folder, 0o700)
        self.home.start_agent()

    # ctest: timeout=60
    def test_a_configuration_in_a_folder_that_may_not_be_read_is_no_missing_one(self):
        home = self.home
        folder = os.path.join(home.root, "c", "otpctl")
        os.makedirs(folder, 0o700)
        file = os.path.join(folder, "config.toml")
        with open(file, "w", encoding="ascii") as out:
            out.write("[wait]\ntimeout = 5\n")
        env = {"OTPCTL_HOME": "", "XDG_CONFIG_HOME": os.path.join(home.root, "c"), "XDG_STATE_HOME": home.folder,
               "XDG_RUNTIME_DIR": home.folder}
        self.assertEqual(home.otpctl("config", "check", env=env).code, 0)
        commands = (("config", "check"), ("config", "check", file), ("config", "show"), ("agent", "start"),
                    ("wait", "bot5@example.com", "--timeout", "1"))
        said = {}
        for path, closed, back in ((file, 0, 0o600), (folder, 0, 0o700)):
            os.chmod(path, closed)
            for command in commands:
                with self.subTest(path, command=command):
                    done = home.otpctl(*command, env=env)
                    self.assertEqual((done.code, done.stdout), (78, ""), done)
                    self.assertIn(f"{file}: cannot be read: ", done.stderr)
                    self.assertEqual(said.setdefault(command, done.stderr), done.stderr)
            row = self.doctor(78, env=env)["config"]
            self.assertEqual((row["state"], row["class"]), ("failed", "config"))
            self.assertIn(file, row["words"])
            os.chmod(path, back)
        self.assertEqual(home.otpctl("config", "check", env=env).code, 0)

    def test_a_store_that_was_removed_under_its_agent_is_told(self):
        home = self.home
        home.start_agent()
        home.otpctl("deliver", "bot5@example.com", input=mail.plain("482913", to="bot5@example.com"))
        self.assertEqual(self.doctor(0)["store"]["state"], "passed")
        os.unlink(self.path("store.db"))
        row = self.doctor(0)["store"]
        self.assertEqual(row["state"], "warning")
        self.assertIn(self.path("store.db") + " is gone", row["words"])


if __name__ == "__main__":
    unittest.main()
