"""A busy agent: 150 waits, 40 sessions, a long timeline. Whoever asks for much at once gets all of it."""

import json
import unittest
import uuid

from otptest import Wire, until
from otptest.watching import OnATerminal, many

WAITS, SESSIONS, MESSAGES = 150, 40, 1200


class Busy(OnATerminal):
    def setUp(self):
        super().setUp()
        self.home.start_agent()
        many(self.home, MESSAGES)
        self.crowd = self.wire()
        for number in range(WAITS):
            self.crowd.start("wait", waiter=str(uuid.uuid4()), email=f"bot{number}@example.com", timeout="10m")
        waiting = 0
        while waiting < WAITS:
            waiting += self.crowd.frame().get("method") == "waiting"
        for number in range(SESSIONS):
            self.crowd.call("session.register", email=f"user{number}@example.com", metadata={"text": "m" * 500})

    def wire(self):
        wire = self.enterContext(Wire(self.home.agent_file()["socket"]))
        wire.hello()
        return wire

    def ask(self, wire, *requests):
        """Sends all of them in one write; returns their ids."""
        ids = list(range(100, 100 + len(requests)))
        wire.send(b"".join(
            json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"
            for number, (method, params) in zip(ids, requests)))
        return ids

    def answers(self, wire, ids):
        """Their results, by id."""
        results = {}
        while len(results) < len(ids):
            frame = wire.frame()
            results[frame["id"]] = frame["result"]
        self.assertEqual(sorted(results), ids)
        return [results[number] for number in ids]

    # ctest: smoke timeout=120
    def test_status_sessions_and_events_that_are_asked_for_in_one_write_are_all_answered(self):
        wire = self.wire()
        status, sessions, events, again = self.answers(wire, self.ask(
            wire, ("status", {}), ("session.list", {}), ("events", {"after": 0}), ("events", {"after": 0})))
        self.assertEqual(len(status["waiters"]) + status.get("more", 0), WAITS)
        self.assertEqual(len(sessions["sessions"]), SESSIONS)
        self.assertEqual(events, again)
        self.assertTrue(events["more"])
        self.assertGreater(len(json.dumps(events)), 40_000, "a full page")

    # ctest: timeout=120
    def test_forty_full_pages_in_one_write_come_as_fast_as_they_are_read(self):
        wire = self.wire()
        pages = self.answers(wire, self.ask(wire, *[("events", {"after": 0})] * 40))
        self.assertEqual([page["next"] for page in pages], [pages[0]["next"]] * 40)
        self.assertEqual(wire.call("health")["v"], 1)

    # ctest: timeout=120
    def test_watch_starts_on_a_busy_agent(self):
        terminal = self.terminal()
        watch = self.watch(terminal, "--since", "10m")
        terminal.await_text(f"{WAITS} wait")
        terminal.press("q")
        self.assertEqual(watch.finish(20), 0)
        self.assertGivenBack(terminal)
        in_lines = self.home.spawn("watch", "--since", "10m", "--type", "message")
        until(lambda: in_lines.stdout.count("\n") >= MESSAGES, 30, "all of them are told")
        self.assertEqual(in_lines.stderr, "")


if __name__ == "__main__":
    unittest.main()
