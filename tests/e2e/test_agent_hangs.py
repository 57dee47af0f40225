"""Agents that do not answer, or not in our protocol: whoever asks gives up, and who may be ended is."""

import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import unittest

from otptest import Home, mail, until
from otptest.util import alive


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


class Hangs(unittest.TestCase):
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
