"""The agent's life: what it opens, what it refuses, how it starts, stops and comes back."""

import contextlib
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from otptest import Door, Dovecot, Home, mail, until
from otptest.util import alive

NOBODY = 65534


def bots(count):
    return [f"bot{n}@example.com" for n in range(count)]


def hand_in(home, codes, recipients):
    """One mail for each recipient through the agent's own LMTP socket."""
    with Door(home.agent_file()["lmtp"]) as door:
        for code, recipient in zip(codes, recipients):
            door.deliver(mail.plain(code, to=recipient), recipient)


def inode(path):
    return os.lstat(path).st_ino


def log(home):
    with open(os.path.join(home.folder, "agent.log"), encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def speaks_protocol_2(home):
    """A living agent whose file names a socket where protocol 2 is spoken; its pid."""
    home.start_agent()
    path = os.path.join(home.folder, "two.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    hello = {"jsonrpc": "2.0", "id": 1, "result": {"v": 1, "protocol": 2, "version": "9.0.0", "pid": 1, "capabilities": []}}

    def answer():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(4096)
                    connection.sendall(json.dumps(hello).encode() + b"\n")
                    connection.recv(4096)

    thread = threading.Thread(target=answer)
    thread.start()
    home.write("agent.json", json.dumps({**home.agent_file(), "socket": path}))
    try:
        yield home.agent_pid()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        if os.path.exists(path):
            os.unlink(path)

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
            self.assertEqual(log(home).count(f"refused a connection of uid {NOBODY}"), 2)
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
                self.assertEqual(log(home).count(" runs on "), starts)
                hand_in(home, codes, names)
                self.assertEqual([(one.finish(), one.stdout) for one in waits], [(0, code + "\n") for code in codes])
                self.assertEqual(log(home).count(" runs on "), starts)

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

    # ctest: timeout=60
    def test_L24_a_client_gives_up_on_an_agent_that_hangs(self):
        with Home() as home:
            blocked = home.wait("bot1@example.com", "--timeout", "8")
            pid = home.agent_pid()
            os.kill(pid, signal.SIGSTOP)
            try:
                hung = [home.spawn(*command) for command in (
                    ("status",), ("wait", "bot2@example.com"), ("session", "register", "bot2@example.com"),
                    ("manual", "bot1", "482913"))]
                for one in hung:
                    self.assertEqual((one.finish(15), one.stdout), (69, ""), one.stderr)
                    self.assertIn(str(pid), one.stderr)
                    self.assertLess((one.ended_ns - one.started_ns) / 1e9, 7)
                self.assertEqual((blocked.finish(15), blocked.stdout), (69, ""))
                self.assertEqual(home.agent_pids(), [pid])
            finally:
                os.kill(pid, signal.SIGCONT)

    # ctest: timeout=60
    def test_L24_deliver_gives_a_message_back_to_its_mail_server_after_10_seconds(self):
        with Home() as home:
            home.start_agent()
            pid = home.agent_pid()
            os.kill(pid, signal.SIGSTOP)
            try:
                done = home.otpctl("deliver", "bot1@example.com", input=mail.plain("482913"), timeout=30)
                self.assertEqual((done.code, done.stdout), (75, ""), done)
                self.assertLess(done.seconds, 13)
            finally:
                os.kill(pid, signal.SIGCONT)

    # ctest: timeout=90
    def test_stop_sends_an_agent_that_hangs_SIGTERM_and_never_SIGKILL(self):
        with Home() as home:
            home.start_agent()
            pid = home.agent_pid()
            os.kill(pid, signal.SIGSTOP)
            try:
                stop = home.spawn("agent", "stop")
                self.assertEqual((stop.finish(30), stop.stdout), (69, ""), stop.stderr)
                self.assertIn(f"kill -KILL {pid}", stop.stderr)
                self.assertTrue(alive(pid))
            finally:
                os.kill(pid, signal.SIGCONT)
            until(lambda: not alive(pid), 10, "it ends when it goes on")

    # ctest: timeout=60
    def test_stop_and_restart_are_the_way_out_with_an_agent_of_another_protocol(self):
        for action in ("stop", "restart"):
            with self.subTest(action), Home() as home, speaks_protocol_2(home) as pid:
                self.assertIn("otpctl agent restart", home.otpctl("status").stderr)
                done = home.otpctl("agent", action)
                self.assertEqual((done.code, done.stdout), (0, ""), done)
                self.assertIn(f"(pid {pid}) could not be asked, SIGTERM ended it", done.stderr)
                self.assertFalse(alive(pid))
                if action == "restart":
                    self.assertNotIn(home.json("status")["pid"], (None, pid))

    def test_a_process_that_is_no_agent_of_ours_gets_no_signal(self):
        with Home() as home, subprocess.Popen(["sleep", "60"]) as other:
            self.addCleanup(other.kill)
            home.start_agent()
            with speaks_protocol_2(home) as pid:
                home.kill_agent()
                with open(os.path.join(home.folder, "agent.lock"), "w", encoding="ascii") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    lock.write(f"{other.pid}\n")
                    lock.flush()
                    file = {**home.agent_file(), "pid": other.pid}
                    home.write("agent.json", json.dumps(file))
                    done = home.otpctl("agent", "stop")
                self.assertEqual((done.code, done.stdout), (69, ""), done)
                self.assertIsNone(other.poll())
            other.kill()

    # ctest: timeout=60
    def test_L24_a_client_gives_up_when_the_accept_queue_is_full(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Home() as home:
            home.start_agent()
            files = home.agent_file()
            os.kill(files["pid"], signal.SIGSTOP)
            queue = []
            try:
                with self.assertRaises(BlockingIOError):
                    for _ in range(hard - 100):
                        queue.append(socket.socket(socket.AF_UNIX))
                        queue[-1].setblocking(False)
                        queue[-1].connect(files["socket"])
                done = home.otpctl("status", timeout=20)
                self.assertEqual((done.code, done.stdout), (69, ""), done)
                self.assertLess(done.seconds, 7)
            finally:
                for one in queue:
                    one.close()
                os.kill(files["pid"], signal.SIGCONT)
            self.assertEqual(home.json("status")["pid"], files["pid"])


if __name__ == "__main__":
    unittest.main()
