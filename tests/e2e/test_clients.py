"""Clients that break the rules, are too many or never read: the agent stays well, and so does everybody else."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import time
import unittest

from otptest import Door, Dovecot, Home, Wire, WireError, mail, until

LINE = 64 * 1024  # with its LF


def hello(**more):
    frame = {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 1}, **more}
    return json.dumps(frame).encode() + b"\n"


def padded(request, size):
    """The same request with so many blanks that the line has that size, with its LF."""
    line = json.dumps(request).encode()
    return line[:-1] + b" " * (size - 1 - len(line)) + b"}\n"


def rest_of(wire):
    """The objects that come until the agent closes."""
    frames = []
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            frames.append(wire.frame())
    return frames


def private_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Clients(unittest.TestCase):
    def home(self):
        """A home with a running agent, gone at the end of the test."""
        home = self.enterContext(Home())
        home.env["ASAN_OPTIONS"] += ":quarantine_size_mb=1"  # or freed memory counts as the agent's
        home.start_agent()
        self.socket = home.agent_file()["socket"]
        return home

    def wire(self, greeted=True):
        wire = self.enterContext(Wire(self.socket))
        if greeted:
            wire.hello()
        return wire

    def serves(self, home, within=1.0):
        """A normal wait gets its code, that soon after the mail was taken."""
        wait = home.wait("served@example.com", "--since", "now")
        with Door(home.agent_file()["lmtp"]) as door:
            _, taken = door.deliver(mail.plain("482913"), "served@example.com")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertLess((wait.first_byte_ns - taken) / 1e9, within)

    # ---- L09 ----------------------------------------------------------------------------------

    # ctest: smoke
    def test_L09_a_frame_of_64_KiB_is_taken_one_byte_more_closes(self):
        self.home()
        status = {"jsonrpc": "2.0", "id": 7, "method": "status", "params": {}}
        wire = self.wire()
        wire.send(padded(status, LINE))
        self.assertEqual(wire.frame()["id"], 7)
        wire.send(padded(status, LINE) * 2)
        self.assertEqual([wire.frame()["id"], wire.frame()["id"]], [7, 7])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            wire.send(padded(status, LINE + 1))
        (error,) = rest_of(wire)
        self.assertEqual(error["error"]["code"], -32600)
        self.assertIn("65536", error["error"]["message"])

    def test_L09_one_byte_at_a_time_two_in_a_write_and_an_empty_line(self):
        self.home()
        status = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "status"}).encode() + b"\n"
        wire = self.wire(greeted=False)
        for byte in hello() + status:
            wire.send(bytes([byte]))
        self.assertEqual([wire.frame()["id"], wire.frame()["id"]], [1, "a"])
        wire.send(status + status)
        self.assertEqual([wire.frame()["id"], wire.frame()["id"]], ["a", "a"])
        both = self.wire(greeted=False)
        both.send(hello() + status)
        self.assertEqual([both.frame()["id"], both.frame()["id"]], [1, "a"])
        wire.send(b"\n")
        self.assertEqual([frame["error"]["code"] for frame in rest_of(wire)], [-32700])

    def test_L09_a_half_frame_and_then_the_end_is_no_request(self):
        home = self.home()
        register = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "session.register",
                               "params": {"email": "bot1@example.com"}}).encode()
        for half in (hello()[:-20], hello() + register[:-1], hello() + register):
            wire = self.wire(greeted=False)
            wire.send(half)
            wire.socket.shutdown(socket.SHUT_WR)
            self.assertLessEqual(len(rest_of(wire)), 1)
        self.assertEqual(home.json("session", "list")["sessions"], [])

    def test_a_client_that_has_ended_its_sending_side_still_gets_its_answers(self):
        self.home()
        wire = self.wire(greeted=False)
        wire.send(hello() + json.dumps({"jsonrpc": "2.0", "id": 2, "method": "status"}).encode() + b"\n")
        wire.socket.shutdown(socket.SHUT_WR)
        self.assertEqual([frame["id"] for frame in rest_of(wire)], [1, 2])

    def test_L09_endless_lines_do_not_make_the_agent_grow_and_disturb_nobody(self):
        home = self.home()
        pid = home.agent_pid()
        self.serves(home)
        before = private_kb(pid)
        for _ in range(100):
            with Wire(self.socket) as wire:
                wire.hello()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    for _ in range(40):
                        wire.send(b"x" * 50_000)
        held = [self.wire() for _ in range(50)]
        for wire in held:
            wire.send(b" " * (LINE - 2))
        self.serves(home)
        # 50 half frames of 64 KiB are 3.2 MB.
        self.assertLess(private_kb(pid) - before, 12_000)
        for wire in held:
            wire.send(b"\n")
            self.assertEqual(rest_of(wire)[0]["error"]["code"], -32700)

    def test_garbage_gets_one_error_and_the_end_and_nobody_else_is_disturbed(self):
        home = self.home()
        deep = b'{"jsonrpc":"2.0","id":1,"method":"hello","params":' + b'{"a":' * 40 + b"1" + b"}" * 41 + b"\n"
        for garbage in (b"\0\xff\xfe" * 50 + b"\n", b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b'[{"jsonrpc":"2.0"}]\n',
                        b"{}\n", b'"hello"\n', b"17\n", deep, b'{"jsonrpc":"2.0","id":1,"method":"status"}\n',
                        hello(params={"protocol": 1})[:-2] + b"\0}\n", hello(method=7), b"[" * 60_000 + b"\n"):
            with self.subTest(garbage[:40]):
                wire = self.wire(greeted=False)
                wire.send(garbage)
                frames = rest_of(wire)
                self.assertEqual(len(frames), 1, frames)
                self.assertIn("error", frames[0])
        for garbage in (b"\0\xff\xfe\n", b"[]\n", b"\xc3\n"):
            with self.subTest(garbage, greeted=True):
                wire = self.wire()
                wire.send(garbage)
                self.assertEqual([set(frame) for frame in rest_of(wire)], [{"jsonrpc", "id", "error"}])
        self.serves(home)

    def test_a_wrong_request_is_refused_and_the_next_one_is_answered(self):
        self.home()
        wire = self.wire()
        for method, params, code in (("no.such", {}, -32601), ("wait", {"email": 7}, -32602),
                                     ("session.show", {"session": "1c8f2d"}, -32000),
                                     ("hello", {"protocol": 1}, -32600)):
            with self.subTest(method), self.assertRaises(WireError) as caught:
                wire.call(method, **params)
            self.assertEqual(caught.exception.error["code"], code)
        self.assertEqual(wire.call("status", unknown={"member": []})["v"], 1)

    def test_another_protocol_version_is_told_which_side_is_older(self):
        self.home()
        for version, older in ((2, "older than this command"), (0, "newer than this command")):
            wire = self.wire(greeted=False)
            with self.assertRaises(WireError) as caught:
                wire.call("hello", protocol=version, client="otptest")
            self.assertEqual(caught.exception.error["data"]["class"], "agent_version")
            self.assertIn(older, str(caught.exception))
            self.assertEqual(rest_of(wire), [])

    # ---- L10, L11, L12 ------------------------------------------------------------------------

    def test_L10_clients_that_ask_and_never_read_are_dropped_and_a_wait_gets_its_code(self):
        home = self.home()
        before = private_kb(home.agent_pid())
        deaf = [self.wire() for _ in range(20)]
        request = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"status"}\n' % n for n in range(200))
        for wire in deaf:
            wire.socket.setblocking(False)
        asking = set(deaf)

        def all_are_dropped():
            for wire in list(asking):
                try:
                    wire.socket.send(request)
                except BlockingIOError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    asking.discard(wire)
            return not asking

        began = time.monotonic()
        until(lambda: all_are_dropped() or time.monotonic() > began + 1, 5)
        self.serves(home)
        until(all_are_dropped, 20, "each is dropped at its output cap")
        until(lambda: descriptors(home.agent_pid()) < 20, 5, "their descriptors are free")
        self.assertLess(private_kb(home.agent_pid()) - before, 40_000)

    # ctest: timeout=60
    def test_L11_200_silent_connections_are_closed_after_5_s_and_new_ones_are_taken(self):
        home = self.home()
        began = time.monotonic()
        silent = [self.wire(greeted=False) for _ in range(200)]
        half = self.wire(greeted=False)
        half.send(hello()[:10])
        greeted = self.wire()
        self.serves(home)
        ends = []
        for wire in [*silent, half]:
            wire.socket.settimeout(10)
            self.assertEqual(rest_of(wire), [])
            ends.append(time.monotonic() - began)
        self.assertGreater(ends[0], 4.8)
        self.assertLess(ends[-1], 7)
        self.assertEqual(greeted.call("status")["v"], 1)
        self.serves(home)

    # ctest: timeout=60
    def test_L12_two_full_sockets_leave_the_mailbox_its_descriptors(self):
        with Dovecot() as dovecot, Home() as home, contextlib.ExitStack() as crowd:
            home.write_config(home.mailbox(dovecot))
            limit = resource.RLIMIT_NOFILE, (300, 300)
            self.assertEqual(home.otpctl("agent", "start", preexec_fn=lambda: resource.setrlimit(*limit)).code, 0)
            home.await_source()
            opened = f"/proc/{home.agent_pid()}/fd"
            for path in (home.agent_file()["socket"], home.agent_file()["lmtp"]):
                for _ in range(300):
                    client = crowd.enter_context(socket.socket(socket.AF_UNIX))
                    client.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        client.connect(path)
            until(lambda: len(os.listdir(opened)) > 250, 4, "the sockets are full")
            dovecot.kick()
            # Told by the log: nobody can ask for the status now.
            until(lambda: home.log().count("main/INBOX: open") == 2, 4.5, "it is back")

    # ctest: timeout=60
    def test_L12_at_the_descriptor_limit_the_agent_rests_and_recovers(self):
        home = self.enterContext(Home())
        limited = subprocess.Popen(["prlimit", "--nofile=64:64", *home.command("agent", "run")], env=home.env,
                                   cwd=home.root, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(limited.wait)
        self.addCleanup(limited.kill)
        until(lambda: home.agent_pid() and os.path.exists(home.agent_file()["socket"]), 10, "the agent runs")
        self.socket = home.agent_file()["socket"]
        pid = home.agent_pid()
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max open files +64 +64 ")
        crowd, first = [self.wire(greeted=False) for _ in range(200)], None
        for wire in crowd:
            wire.send(hello())
        first = crowd[0]
        self.assertEqual(first.frame()["id"], 1)  # those that got in are served
        self.assertLessEqual(descriptors(pid), 64)
        with Door(home.agent_file()["lmtp"]) as door:  # the doors keep theirs
            door.deliver(mail.plain("193744"), "bot1@example.com")
        began, spent = time.monotonic(), cpu_seconds(pid)
        until(lambda: time.monotonic() > began + 2, 3, "two seconds are over", every=0.1)
        self.assertLess((cpu_seconds(pid) - spent) / (time.monotonic() - began), 0.05)
        for wire in crowd:
            wire.close()
        done = home.otpctl("wait", "bot1@example.com", "--timeout", "5")
        self.assertEqual((done.code, done.stdout), (0, "193744\n"), done)
        self.serves(home)

    def test_a_thousand_connections_that_come_and_go_leave_nothing_behind(self):
        home = self.home()
        pid, before = home.agent_pid(), descriptors(home.agent_pid())
        for n in range(1000):
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(self.socket)
                if n % 3:
                    one.sendall(hello() if n % 2 else b"\n")
        until(lambda: descriptors(pid) <= before, 10, "every descriptor is closed")
        self.serves(home)


if __name__ == "__main__":
    unittest.main()
