"""What the agent opens, and what it refuses: folders, sockets and files that are not for its owner alone."""

import os
import stat
import subprocess
import unittest

from otptest import Home, until

NOBODY = 65534


class Files(unittest.TestCase):
    @unittest.skipIf(os.geteuid(), "only root can become another user (setpriv)")
    def test_L01_another_uid_is_closed_before_a_byte_of_it_is_read(self):
        with Home() as home:
            home.start_agent()
            files = home.agent_file()
            for path, mode in ((home.root, 0o755), (home.folder, 0o755), (files["socket"], 0o777),
                               (files["lmtp"], 0o777)):
                os.chmod(path, mode)
            stranger = """if True:
                import socket, sys
                peer = socket.socket(socket.AF_UNIX)
                peer.settimeout(10)
                peer.connect(sys.argv[1])
                try:
                    peer.sendall(sys.argv[2].encode() + b"\\n")
                    print(peer.recv(4096))
                except ConnectionError:
                    print(b"")"""
            hello = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}'
            for path, says in ((files["socket"], hello), (files["lmtp"], "LHLO localhost")):
                done = subprocess.run(
                    ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                     "/usr/bin/python3", "-c", stranger, path, says],
                    capture_output=True, text=True, cwd="/", check=False)
                self.assertEqual((done.stdout, done.stderr), ("b''\n", ""), path)
            self.assertEqual(home.log().count(f"refused a connection of uid {NOBODY}"), 2)
            for path in (home.folder, home.root):
                os.chmod(path, 0o700)
            self.assertEqual(home.json("status")["pid"], home.agent_pid())

    def test_L02_with_umask_000_everything_is_still_for_its_owner_alone(self):
        for how in ("start", "run"):
            with self.subTest(how), Home() as home:
                os.rmdir(home.folder)
                if how == "start":
                    self.assertEqual(home.otpctl("agent", "start", umask=0).code, 0)
                else:
                    home.spawn("agent", "run", umask=0)
                    until(lambda: home.agent_pid() and home.status(), 10, "the agent runs")
                self.assertEqual(home.otpctl("session", "register", "bot1@example.com", umask=0).code, 0)
                self.assertEqual(stat.S_IMODE(os.stat(home.folder).st_mode), 0o700)
                modes = {name: stat.S_IMODE(os.lstat(os.path.join(home.folder, name)).st_mode)
                         for name in os.listdir(home.folder)}
                self.assertLessEqual({"agent.sock", "lmtp.sock", "agent.json", "agent.lock", "key", "store.db",
                                      "store.db-wal"}, set(modes))
                self.assertEqual({name: oct(mode) for name, mode in modes.items() if mode != 0o600}, {})

    def test_L03_an_unsafe_folder_is_refused_by_name(self):
        def writable(home):
            os.chmod(home.folder, 0o770)
            return "chmod 700"

        def link(home):
            os.rename(home.folder, home.folder + "-real")
            os.symlink(home.folder + "-real", home.folder)
            return "symbolic link"

        def file(home):
            os.rmdir(home.folder)
            with open(home.folder, "w", encoding="ascii"):
                return "folder"

        def foreign(home):
            os.chown(home.folder, NOBODY, NOBODY)
            return "another user"

        for unsafe in [writable, link, file] + ([foreign] if os.geteuid() == 0 else []):
            for how in ("start", "run"):
                with self.subTest(unsafe.__name__, how=how), Home() as home:
                    why = unsafe(home)
                    done = home.otpctl("agent", how, timeout=20)
                    self.assertEqual((done.code, done.stdout), (77, ""), done)
                    self.assertIn(home.folder, done.stderr)
                    self.assertIn(why, done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1)
                    if os.path.isdir(home.folder):
                        self.assertEqual(os.listdir(home.folder), [])

    # ctest: timeout=180
    def test_L04_what_stands_where_a_file_of_ours_belongs_is_refused_and_left_alone(self):
        sockets, plain = ("agent.sock", "lmtp.sock"), ("agent.lock", "start.lock", "store.db", "key", "agent.log")
        cases = [(name, kind) for name in sockets + plain for kind in ("symlink", "dangling", "folder", "fifo")]
        cases += [(name, "file") for name in sockets + ("store.db", "key")]
        for name, kind in cases:
            with self.subTest(name, kind=kind), Home() as home:
                path = os.path.join(home.folder, name)
                victim = home.write("victim", "precious\n")
                if kind == "symlink":
                    os.symlink(victim, path)
                elif kind == "dangling":
                    os.symlink(victim + "-not-there", path)
                elif kind == "folder":
                    os.mkdir(path)
                elif kind == "fifo":
                    os.mkfifo(path)
                else:
                    home.write(name, "precious\n")
                before = os.lstat(path), os.lstat(victim)
                done = home.otpctl("agent", "start", timeout=20)
                self.assertIn(done.code, (75, 77, 78), done)
                self.assertIn(name, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                after = os.lstat(path), os.lstat(victim)
                for was, is_now in zip(before, after):
                    for field in ("st_ino", "st_mode", "st_size", "st_mtime_ns"):
                        self.assertEqual(getattr(was, field), getattr(is_now, field), field)
                self.assertFalse(os.path.exists(victim + "-not-there"))
                self.assertIsNone(home.agent_pid())

    def test_L04_the_agent_file_is_replaced_whole_and_never_followed(self):
        for kind in ("symlink", "fifo"):
            with self.subTest(kind), Home() as home:
                victim = home.write("victim", "precious\n")
                for name in ("agent.json", "agent.json.new"):
                    path = os.path.join(home.folder, name)
                    os.symlink(victim, path) if kind == "symlink" else os.mkfifo(path)
                home.start_agent()
                with open(victim, encoding="ascii") as file:
                    self.assertEqual(file.read(), "precious\n")
                self.assertTrue(stat.S_ISREG(os.lstat(os.path.join(home.folder, "agent.json")).st_mode))


if __name__ == "__main__":
    unittest.main()
