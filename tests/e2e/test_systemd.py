"""Under systemd: activation and notification, what the manager does done by hand."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

from otptest import Door, Dovecot, Home, mail, until
from otptest.util import alive

BOT = "bot1@example.com"

# Stands in for the manager's last step: descriptor 3 and up, and the pid of this very process.
_SHIM = """if True:
    import os, sys
    count, pid, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    for number in range(count):
        os.set_inheritable(3 + number, True)
    os.environ["LISTEN_FDS"] = str(count)
    os.environ["LISTEN_PID"] = pid or str(os.getpid())
    if "WATCHDOG_USEC" in os.environ:
        os.environ["WATCHDOG_PID"] = str(os.getpid())
    os.execv(program, [program, *sys.argv[4:]])"""


def listening(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen()
    return listener


class ByHand(unittest.TestCase):
    """What a manager does, done by the test."""

    def setUp(self):
        self.home = self.enterContext(Home())
        self.notify = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        path = os.path.join(self.home.root, "notify.sock")
        self.notify.bind(path)
        self.notify.settimeout(15)
        self.env = {**self.home.env, "NOTIFY_SOCKET": path}
        self.said = []

    def _start(self, *sockets, pid="", names="", watchdog=None, arguments=()):
        """The agent with these sockets as its descriptors from 3 on."""
        env = {**self.env, **({"LISTEN_FDNAMES": names} if names else {}),
               **({"WATCHDOG_USEC": str(watchdog)} if watchdog else {})}

        def place():  # out of the way first, so that none is overwritten
            high = [os.dup2(one.fileno(), 100 + number) for number, one in enumerate(sockets)]
            for number, one in enumerate(high):
                os.dup2(one, 3 + number)
                os.close(one)

        process = subprocess.Popen(
            [sys.executable, "-S", "-c", _SHIM, str(len(sockets)), pid, self.home.agentd, *arguments],
            env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            close_fds=False, preexec_fn=place)
        for pipe in (process.stdout, process.stderr):
            self.addCleanup(pipe.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def _until_said(self, what):
        """Everything that it tells until a message that fits."""
        while not any(re.match(what, line) for line in self.said):
            self.said.append(self.notify.recv(4096).decode())
        return next(line for line in self.said if re.match(what, line))

    def _socket(self):
        return self.enterContext(listening(os.path.join(self.home.folder, "agent.sock")))

    # ---- the socket ----------------------------------------------------------------------------

    # ctest: smoke
    def test_the_socket_that_is_handed_over_is_used_and_outlives_the_agent(self):
        os.mkdir(os.path.join(self.home.root, "elsewhere"), 0o700)
        path = os.path.join(self.home.root, "elsewhere", "agent.sock")
        listener = self.enterContext(listening(path))
        early = socket.socket(socket.AF_UNIX)  # a client that came before the agent
        self.addCleanup(early.close)
        early.connect(path)
        early.sendall(b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}\n')
        inode = os.lstat(path).st_ino
        agent = self._start(listener)
        self._until_said("READY=1")
        self.assertIn(b'"result"', early.recv(4096))
        file = self.home.agent_file()
        self.assertEqual((file["socket"], file["lmtp"], file["pid"]),
                         (path, os.path.join(self.home.root, "elsewhere/lmtp.sock"), agent.pid))
        wait = self.home.wait(BOT, "--timeout", "30s")
        with Door(file["lmtp"]) as door:
            door.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        agent.terminate()
        self.assertEqual(agent.wait(10), 0)
        self.assertEqual(os.lstat(path).st_ino, inode)
        self.assertFalse(os.path.exists(file["lmtp"]))
        second = self._start(listener)
        until(lambda: self.home.agent_pid() == second.pid and self.home.otpctl("status").code == 0, 10, "the next one")
        self.assertEqual(os.lstat(path).st_ino, inode)

    def test_a_wait_comes_back_through_the_socket_and_ends_with_69_where_nobody_listens_any_more(self):
        listener = self._socket()
        first = self._start(listener)
        self._until_said("READY=1")
        wait = self.home.wait(BOT, "--timeout", "60s")
        first.terminate()
        self.assertEqual(first.wait(10), 0)
        second = self._start(listener)  # what the manager does for the connection that comes
        until(lambda: self.home.agent_pid() == second.pid and len(self.home.waiters()) == 1, 15, "the wait has come back")
        second.terminate()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        os.unlink(self.home.folder + "/agent.sock")
        self.assertEqual((wait.finish(20), wait.stdout), (69, ""), wait.stderr)
        self.assertEqual(second.wait(10), 0)
        self.assertEqual(self.home.agent_pids(), [])

    def test_sockets_that_are_not_meant_are_refused_with_their_name(self):
        good = self._socket()
        other = self.enterContext(listening(os.path.join(self.home.root, "other.sock")))
        tcp = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        deaf = self.enterContext(socket.socket(socket.AF_UNIX))
        deaf.bind(os.path.join(self.home.root, "agent.sock"))
        packets = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        packets.bind(os.path.join(self.home.root, "packets-agent.sock"))
        none = "handed over 1 socket, none of them a listening Unix stream socket"
        cases = {"two": ([good, other], "handed over 2 sockets, only agent.sock is known.*other.sock"),
                 "another": ([other], none), "TCP": ([tcp], none), "not listening": ([deaf], none),
                 "packets": ([packets], none)}
        for name, (sockets, why) in cases.items():
            with self.subTest(name):
                agent = self._start(*sockets)
                out, err = agent.communicate(timeout=20)
                self.assertEqual((agent.returncode, out), (78, ""), err)
                self.assertRegex(err, f"^otpctl-agentd: systemd {why}")
                self.assertEqual(err.count("\n"), 1)
                self.assertIsNone(self.home.agent_pid())

    def test_a_socket_that_is_named_agent_sock_may_be_bound_elsewhere(self):
        path = os.path.join(self.home.folder, "s")
        listener = self.enterContext(listening(path))
        self._start(listener, names="agent.sock")
        self._until_said("READY=1")
        self.assertEqual(self.home.agent_file()["socket"], path)

    def test_descriptors_for_another_process_are_not_taken(self):
        other = self.enterContext(listening(os.path.join(self.home.root, "other.sock")))
        self._start(other, pid="1")
        self._until_said("READY=1")
        self.assertEqual(self.home.agent_file()["socket"], os.path.join(self.home.folder, "agent.sock"))
        self.assertEqual(self.home.otpctl("status").code, 0)

    def test_programs_that_the_agent_runs_get_nothing_of_it(self):
        dovecot = self.enterContext(Dovecot())
        seen = os.path.join(self.home.root, "seen")
        script = self.home.write("give", f"#!/bin/sh\nenv >{seen}.env; ls -l /proc/self/fd >{seen}.fds\n"
                                         f"cat {self.home.folder}/password-main\n", 0o700)
        self.home.write_config(self.home.mailbox(dovecot, password_file=None, password_command=[script]))
        self._start(self._socket(), watchdog=60_000_000)
        self._until_said("READY=1")
        self.home.await_source()
        with open(seen + ".env", encoding="utf-8") as file:
            self.assertNotRegex(file.read(), "LISTEN_|WATCHDOG_")
        with open(seen + ".fds", encoding="utf-8") as file:
            self.assertNotIn("socket:", file.read())

    def test_an_agent_by_hand_does_not_take_the_socket_of_a_unit(self):
        self._socket()
        path = os.path.join(self.home.folder, "agent.sock")
        inode = os.lstat(path).st_ino
        done = self.home.otpctl("agent", "run", timeout=20)
        self.assertEqual((done.code, done.stdout), (75, ""), done)
        self.assertIn(f"{path} belongs to somebody who listens on it (otpctl-agent.socket?)", done.stderr)
        self.assertEqual(os.lstat(path).st_ino, inode)

    def test_whoever_starts_no_agent_does_not_wake_one_through_the_socket_either(self):
        home = self.home
        home.start_agent()
        pid = home.agent_pid()
        os.kill(pid, signal.SIGKILL)  # its lock is there, and nobody holds it
        until(lambda: not alive(pid), 10, "it is gone")
        os.unlink(home.folder + "/agent.sock")
        unit = self._socket()
        unit.setblocking(False)
        for words, code in ((("health",), 2), (("status",), 69), (("log",), 69), (("watch",), 69), (("doctor",), 0),
                            (("complete", "sessions"), 0), (("agent", "stop"), 69)):
            with self.subTest(words):
                done = home.otpctl(*words)
                self.assertEqual(done.code, code, done)
                self.assertRaises(BlockingIOError, unit.accept)
        self.assertIn("no agent is running", home.otpctl("health").stdout)
        self.assertEqual(home.otpctl("wait", BOT, env={"OTPCTL_START": "never"}).code, 69)
        self.assertEqual(home.otpctl("sms", "--to", "+905551112233", "Your code is 482913",
                                     env={"OTPCTL_START": "never"}).code, 75)
        self.assertRaises(BlockingIOError, unit.accept)
        unit.setblocking(True)
        unit.settimeout(15)
        for words in (("wait", BOT), ("sms", "--to", "+905551112233", "Your code is 482913")):
            asked = home.spawn(*words)
            unit.accept()[0].close()  # they ask, and the manager would start one
            asked.kill()

    # ---- what the manager is told --------------------------------------------------------------

    # ctest: smoke
    def test_ready_status_reloading_and_stopping_are_told_in_this_order(self):
        dovecot = self.enterContext(Dovecot())
        self.home.write_config(self.home.mailbox(dovecot))
        agent = self._start(self._socket())
        self.assertEqual(self._until_said("."), "READY=1")
        self._until_said("STATUS=1 source live, 0 waiting$")
        wait = self.home.wait(BOT, "--timeout", "60s")
        self._until_said("STATUS=1 source live, 1 waiting$")
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual(wait.finish(), 0)
        self._until_said(r"STATUS=1 source live, 0 waiting, last code \d+ s ago$")
        self.said.clear()
        before = _monotonic()
        self.assertEqual(self.home.otpctl("agent", "reload").code, 0)
        self._until_said("READY=1")
        stamp = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", self.said[-2])
        self.assertTrue(stamp, self.said)
        self.assertTrue(before <= int(stamp[1]) <= _monotonic())
        self.said.clear()
        self.home.write_config("[wat]")
        agent.send_signal(signal.SIGHUP)
        self._until_said("READY=1")  # a refused one is over as well
        self.assertTrue(self.said[-2].startswith("RELOADING=1"), self.said)
        self.said.clear()
        agent.terminate()
        self._until_said("STOPPING=1")
        self.assertEqual(agent.wait(10), 0)

    def test_the_status_line_names_who_does_not_work(self):
        dovecot = self.enterContext(Dovecot())
        self.home.write_config(self.home.mailbox(dovecot, password="wrong-password"))
        self._start(self._socket())
        self._until_said("STATUS=0 sources live, main/INBOX signed out, 0 waiting$")

    def test_the_watchdog_is_fed_while_a_server_is_down_and_not_once_the_agent_hangs(self):
        dovecot = self.enterContext(Dovecot())
        self.home.write_config(self.home.mailbox(dovecot))
        agent = self._start(self._socket(), watchdog=400_000)
        self.home.await_source()
        dovecot.freeze()
        self.addCleanup(dovecot.thaw)
        times = []
        while len(times) < 8:
            if self.notify.recv(4096) == b"WATCHDOG=1":
                times.append(_monotonic())
        gaps = [(b - a) / 1000 for a, b in zip(times, times[1:])]
        self.assertLess(max(gaps), 400)
        self.assertGreater(sum(gaps), 7 * 150)  # not much oftener than asked for
        agent.send_signal(signal.SIGSTOP)
        self.addCleanup(agent.send_signal, signal.SIGCONT)
        self.notify.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                self.notify.recv(4096)


def _monotonic():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


if __name__ == "__main__":
    unittest.main()
