"""A code is given exactly once, whichever of client and agent dies between its arrival and its acknowledgement."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
import unittest
import uuid

from otptest import Door, Home, LmtpError, Wire, mail, until
from otptest.util import alive

BROKEN = (EOFError, OSError, LmtpError)  # what a client sees of an agent that dies


def waiting(home):
    """The pids that the agent lists as waiters, asked for without a process."""
    try:
        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            return {waiter["pid"] for waiter in wire.call("status")["waiters"]}
    except (*BROKEN, KeyError):
        return set()


def blocked(home, *arguments):
    """Starts `otpctl wait` and returns when it is blocked."""
    wait = home.spawn("wait", *arguments)
    until(lambda: wait.poll() is not None or wait.pid in waiting(home), 15, "the wait is blocked")
    return wait


def hand_in(home, code, recipient, message_id=None):
    """Hands a mail in as a mail server does: until it has been taken. Returns the time of the 250."""
    data = mail.plain(code, to=recipient, message_id=message_id)
    taken = []

    def tried():
        with contextlib.suppress(*BROKEN, KeyError), Door(home.agent_file()["lmtp"]) as door:
            taken.append(door.deliver(data, recipient)[1])
        return taken
    until(tried, 20, "the mail was taken", every=0.02)
    return taken[0]


class Client:
    """One waiter spoken by hand, as docs/agent-protocol.md says: it comes back with its id and what `resume` it has."""

    def __init__(self, home, recipient):
        self.home, self.recipient, self.waiter, self.resume = home, recipient, str(uuid.uuid4()), None
        self.wire = self.delivery = None

    def ask(self):
        """Begins to wait, or goes on; returns when it blocks."""
        self.leave()
        self.wire = Wire(self.home.agent_file()["socket"])
        self.wire.hello()
        params = {"email": self.recipient, "waiter": self.waiter, "timeout": "60s"}
        if self.resume:
            params["resume"] = self.resume
        self.request = self.wire.start("wait", **params)
        while (frame := self.wire.frame()).get("method") != "waiting":
            if "result" in frame:
                raise AssertionError(f"an answer before `waiting`: {frame}")
        self.resume = frame["params"]["resume"]
        return self

    def reconnect(self, printed):
        """After the death of the agent: with its wait again, or only to acknowledge."""
        if printed:
            self.wire = Wire(self.home.agent_file()["socket"])
            self.wire.hello()
        else:
            self.ask()

    def take(self):
        """The code of the delivery that comes, before it is acknowledged."""
        while (frame := self.wire.frame()).get("id") != self.request or "method" in frame:
            pass
        self.delivery = frame["result"]
        return self.delivery.get("code")

    def acknowledge(self):
        return self.wire.call("ack", delivery=self.delivery["delivery"], waiter=self.waiter)["known"]

    def leave(self):
        if self.wire:
            self.wire.close()


class Clients(unittest.TestCase):
    """L13: the client dies."""

    # ctest: smoke
    def test_L13_a_client_that_dies_between_delivery_and_ack_leaves_the_code_to_the_next(self):
        with Home() as home:
            home.start_agent()
            codes = mail.codes(200)
            for n, code in enumerate(codes):
                name = f"bot{n}@example.com"
                first, second = Client(home, name).ask(), Client(home, name).ask()
                hand_in(home, code, name)
                self.assertEqual(first.take(), code)
                if n % 2:
                    first.leave()
                else:
                    first.wire.socket.shutdown(2)
                self.assertEqual(second.take(), code)
                self.assertTrue(second.acknowledge())
                third = Client(home, name).ask()
                # What the first one had is worth nothing any more.
                first.wire = third.wire
                self.assertFalse(first.acknowledge())
                for client in (second, third):
                    client.leave()
            status = home.json("status")
            self.assertEqual((status["codes_delivered"], status["codes_pending"], status["waiters"]), (200, 0, []))

    # ctest: timeout=180
    def test_L13_a_wait_killed_at_any_moment_loses_no_code_and_doubles_none(self):
        seed = random.randrange(10**6)
        dice = random.Random(seed)
        ends = {"before": 0, "after": 0}
        with self.subTest(seed=seed), Home() as home:
            home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # the leak checker complains of being killed
            home.start_agent()
            for n, code in enumerate(mail.codes(80)):
                name = f"bot{n}@example.com"
                wait = blocked(home, name)
                if n % 4 == 0:
                    wait.signal(signal.SIGSTOP)  # surely before it has printed
                hand_in(home, code, name)
                if n % 4 == 1:
                    wait.finish()  # surely after
                elif n % 4 > 1:
                    time.sleep(dice.uniform(0, 0.012))  # the moment itself, no synchronisation
                wait.kill()
                done = wait.finish()
                following = home.otpctl("wait", name, "--timeout", "0")
                self.assertIn((following.code, following.stdout), ((0, code + "\n"), (1, "")), following)
                self.assertIn(wait.stdout, (code + "\n", ""))
                if done == 0:  # acknowledged
                    self.assertEqual((wait.stdout, following.code), (code + "\n", 1))
                if following.code == 1:
                    self.assertEqual(wait.stdout, code + "\n", "the code is lost")
                ends["before" if following.code == 0 else "after"] += 1
                self.assertEqual(home.otpctl("wait", name, "--timeout", "0").code, 1)
            self.assertEqual(home.json("status")["codes_pending"], 0)
        self.assertGreater(min(ends.values()), 0, f"the moments were all on one side: {ends}")

    # ctest: timeout=180
    def test_L14_200_waiters_and_200_codes_at_once_each_its_own(self):
        names, codes = [f"bot{n}@example.com" for n in range(200)], mail.codes(200)
        with Home() as home:
            home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # of 200 processes at once
            waits = home.waits(names, "--timeout", "60")
            taken = [None] * len(names)

            def postman(first):
                with Door(home.agent_file()["lmtp"]) as door:
                    for n in range(first, len(names), 8):
                        _, taken[n] = door.deliver(mail.html(codes[n], to=names[n]), names[n])
            threads = [threading.Thread(target=postman, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            self.assertEqual([(one.finish(), one.stdout) for one in waits], [(0, code + "\n") for code in codes])
            late = sorted((one.first_byte_ns - at) / 1e9 for one, at in zip(waits, taken))
            self.assertLess(late[int(len(late) * 0.99)], 2)
            self.assertEqual(home.json("status")["codes_delivered"], 200)


class Load:
    """Mails and waiters without end: one thread brings codes, each code has a thread that waits for it.

    given: {code: how often it was acknowledged}; taken: the codes whose mail got its 250; interrupted: how often an
    agent died before a wait blocked, before a 250, before a code, before the answer to an acknowledgement.
    """

    def __init__(self, home):
        self.home, self.taken, self.given, self.wrong, self.interrupted = home, set(), {}, [], [0] * 4
        self._over = threading.Event()
        self._turns = iter(enumerate(mail.codes(100_000)))
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(6)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self._over.set()
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads)

    def _work(self):
        while not self._over.is_set():
            with self._lock:
                number, code = next(self._turns)
            self._one(f"bot{number}@example.com", code)

    def _one(self, recipient, code):
        """A wait, its mail, its code, its acknowledgement; after each death of the agent it goes on where it was."""
        client, data = Client(self.home, recipient), mail.plain(code, to=recipient)
        steps = [client.ask, lambda: self._deliver(data, recipient, code), client.take, client.acknowledge]
        step = 0
        while step < len(steps):
            try:
                if step and not client.wire:
                    client.reconnect(printed=step == 3)
                result = steps[step]()
                if step == 2 and result != code:
                    self.wrong.append((recipient, code, result))
                step += 1
            except (*BROKEN, KeyError, ValueError):
                self.interrupted[step] += client.wire is not None
                client.leave()
                client.wire = None
                if self._over.wait(0.01):
                    return  # only in the very last round
        self.given[code] = self.given.get(code, 0) + 1
        client.leave()

    def _deliver(self, data, recipient, code):
        with Door(self.home.agent_file()["lmtp"]) as door:
            door.deliver(data, recipient)
        self.taken.add(code)


class Agents(unittest.TestCase):
    """The agent dies."""

    # ctest: timeout=240
    def test_R03_60_agents_killed_under_load_leave_a_sound_store_and_lose_no_acknowledged_mail(self):
        seed = random.randrange(10**6)
        dice = random.Random(seed)
        with self.subTest(seed=seed), Home() as home:
            home.start_agent()
            load, slowest = Load(home), 0
            for _ in range(60):
                time.sleep(dice.uniform(0.02, 0.25))  # the moment itself, no synchronisation
                home.kill_agent()
                self._check_store(home)
                done = home.otpctl("agent", "start")
                self.assertEqual(done.code, 0, done)
                slowest = max(slowest, done.seconds)
            enough = len(load.given) + 20
            until(lambda: len(load.given) > enough, 20, "the last agent works")
            load.stop()
            self.assertEqual(load.wrong, [])
            self.assertGreater(len(load.given), 100)
            self.assertEqual(set(load.given.values()), {1})
            self.assertGreater(load.interrupted[1], 0)
            self.assertGreater(load.interrupted[2] + load.interrupted[3], 0)
            for code in load.taken - set(load.given):  # of threads that stopped in the middle
                number = mail.codes(100_000).index(code)
                self.assertEqual(home.otpctl("wait", f"bot{number}@example.com", "--timeout", "0").stdout, code + "\n")
            self.assertEqual(home.json("status")["codes_pending"], 0)
            self.assertLess(slowest, 1)

    def _check_store(self, home):
        """On a copy: to look at a store changes it."""
        with tempfile.TemporaryDirectory() as folder:
            for name in os.listdir(home.folder):
                if name.startswith("store.db"):
                    shutil.copy(os.path.join(home.folder, name), folder)
            with contextlib.closing(sqlite3.connect(os.path.join(folder, "store.db"))) as store:
                self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    # ctest: timeout=240
    def test_100_agents_killed_between_arrival_and_acknowledgement_lose_nothing_and_give_nothing_twice(self):
        seed = random.randrange(10**6)
        dice = random.Random(seed)
        printed_before_kill = 0
        with self.subTest(seed=seed), Home() as home:
            for n, code in enumerate(mail.codes(100)):
                name, message_id = f"bot{n}@example.com", f"<kill.{n}@example.org>"
                wait = blocked(home, name, "--timeout", "30")
                pid = home.agent_pid()
                delay = dice.uniform(0, 0.03 if n % 2 else 0.008)
                postman = threading.Thread(target=hand_in, args=(home, code, name, message_id))
                postman.start()
                time.sleep(delay)  # the moment itself, no synchronisation
                printed_before_kill += wait.first_byte_ns is not None
                os.kill(pid, signal.SIGKILL)
                with self.subTest(round=n, delay=delay):
                    self.assertEqual((wait.finish(), wait.stdout), (0, code + "\n"), wait.stderr)
                    until(lambda: not alive(pid), 5, "it is dead")
                    if not home.agent_pid():  # the wait was over before the kill
                        home.start_agent()
                    postman.join(20)
                    self.assertFalse(postman.is_alive())
                    self.assertEqual(len(home.agent_pids()), 1)
                    again = home.otpctl("wait", name, "--since", "30s", "--timeout", "0")
                    self.assertEqual((again.code, again.stdout), (1, ""), "it was given twice")
            self.assertEqual(home.json("status")["codes_pending"], 0)
        self.assertGreater(printed_before_kill, 0)
        self.assertLess(printed_before_kill, 100)

    def test_a_client_that_printed_acknowledges_to_the_next_agent(self):
        with Home() as home:
            home.start_agent()
            for n, code in enumerate(mail.codes(10)):
                client = Client(home, f"bot{n}@example.com").ask()
                hand_in(home, code, client.recipient)
                self.assertEqual(client.take(), code)
                home.kill_agent()
                home.start_agent()
                with Wire(home.agent_file()["socket"]) as client.wire:
                    client.wire.hello()
                    self.assertTrue(client.acknowledge())
                self.assertEqual(home.otpctl("wait", client.recipient, "--timeout", "0").code, 1)
            self.assertEqual(home.json("status")["codes_pending"], 0)

    def test_a_client_that_had_not_printed_gets_the_same_code_from_the_next_agent(self):
        with Home() as home:
            home.start_agent()
            for n, code in enumerate(mail.codes(10)):
                client = Client(home, f"bot{n}@example.com").ask()
                hand_in(home, code, client.recipient)
                self.assertEqual(client.take(), code)
                delivery = client.delivery["delivery"]
                home.kill_agent()
                home.start_agent()
                # Somebody else comes first; for 10 s the code is kept for the one it was given to.
                other = Client(home, client.recipient).ask()
                client.ask()
                self.assertEqual((client.take(), client.delivery["delivery"]), (code, delivery))
                self.assertTrue(client.acknowledge())
                other.leave()
                client.leave()

    # ctest: timeout=60
    def test_a_code_whose_client_never_comes_back_goes_to_the_next_after_10_s(self):
        with Home() as home:
            home.start_agent()
            client = Client(home, "bot1@example.com").ask()
            hand_in(home, "482913", client.recipient)
            self.assertEqual(client.take(), "482913")
            home.kill_agent()
            began = time.monotonic()
            home.start_agent()
            other = Client(home, client.recipient).ask()
            self.assertEqual(other.take(), "482913")
            self.assertGreater(time.monotonic() - began, 9.5)
            self.assertLess(time.monotonic() - began, 13)
            self.assertTrue(other.acknowledge())

    def test_sessions_marks_and_unclaimed_codes_outlive_the_agent(self):
        with Home() as home:
            first = home.json("session", "register", "bot1@example.com", "--metadata", '{"run":7}',
                              "--from", "*@example.org")
            hand_in(home, "193744", "bot2@example.com")
            hand_in(home, "482913", "bot1@example.com")
            second = home.json("session", "register", "bot1@example.com")  # its mark is after that code
            for _ in range(2):
                home.kill_agent()
                home.start_agent()
            for before in (first, second):
                after = home.json("session", "show", before["id"])
                self.assertEqual({**after, "contended": 0}, {**before, "contended": 0})
            self.assertEqual(home.otpctl("wait", "--session", second["id"], "--timeout", "0").code, 1)
            self.assertEqual(home.otpctl("wait", "--session", first["id"], "--timeout", "0").stdout, "482913\n")
            self.assertEqual(home.otpctl("wait", "bot2@example.com", "--timeout", "0").stdout, "193744\n")


if __name__ == "__main__":
    unittest.main()
