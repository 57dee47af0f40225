#!/usr/bin/env python3
"""A flood on the timeline: 1,000 messages a second for 10 s by SMS requests, one client that follows.

    bench/timeline.py [--rate 1000] [--seconds 10]

Prints the agent's CPU with and without the follower, how late an event is told, and whether any was lost, doubled or
out of order (then the exit code is 1). OTPCTL_BIN_DIR as for bench/run.
"""

import argparse
import calendar
import os
import statistics
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/e2e"))
os.environ.setdefault("OTPCTL_BIN_DIR", os.path.realpath(os.path.join(HERE, "../build/release/bin")))
from otptest import Door, Home, Wire, mail  # noqa: E402



def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Follower(threading.Thread):
    """Reads the timeline page by page until it has seen the last message of the flood."""

    def __init__(self, path, last):
        super().__init__(daemon=True)
        self.wire = Wire(path)
        self.wire.hello()
        self.ids, self.recipients, self.late, self.pages = [], [], [], 0
        self._at = self.wire.call("events")["next"]
        self._last = last

    def run(self):
        while self._last not in self.recipients[-2000:]:
            page = self.wire.call("events", after=self._at, follow=True)
            now = time.time()
            self._at = page["next"]
            self.pages += 1
            for event in page["events"]:
                self.ids.append(event["id"])
                if (event["type"], event["state"]) == ("message", "arrived"):
                    self.recipients.append(event["recipients"][0])
                    self.late.append(now - _seconds(event["at"]))


def _seconds(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float(text[19:-1])


def flood(wire, numbers, rate):
    """Sends them at that rate, a few at a time; returns when all are answered. Seconds that it took."""
    began, sent, open_ids, refused = time.monotonic(), 0, set(), 0
    batch = max(1, rate // 100)
    while sent < len(numbers) or open_ids:
        due = min(len(numbers), int((time.monotonic() - began) * rate) + batch)
        for number in numbers[sent:due]:
            open_ids.add(wire.start("sms", text=mail.sms_text("482913"), to=number, **{"from": "EXAMPLE"}))
        sent = max(sent, due)
        if not open_ids:
            time.sleep(0.001)  # ahead of the rate
            continue
        for frame in wire.frames():
            open_ids.discard(frame["id"])
            refused += "error" in frame
    return time.monotonic() - began, refused


def run(rate, seconds, follow):
    """One flood on an agent of its own; returns (CPU share, seconds, refused, the follower or None)."""
    with Home() as home:
        home.start_agent()
        path, pid = home.agent_file()["socket"], home.agent_pid()
        numbers = [f"+90555{number:07}" for number in range(rate * seconds)]
        follower = Follower(path, numbers[-1]) if follow else None
        with Wire(path) as wire:
            wire.hello()
            if follower:
                follower.start()
            before = cpu_seconds(pid)
            took, refused = flood(wire, numbers, rate)
            if follower:
                follower.join(30)
            return (cpu_seconds(pid) - before) / took, took, refused, numbers, follower


def hand_over(home, follow, count=300):
    """Final dot at the LMTP door → frame with the code, in ms."""
    took = []
    path = home.agent_file()["socket"]
    with Wire(path) as wire, Wire(path) as looks_on, Door(home.agent_file()["lmtp"]) as door:
        wire.hello()
        looks_on.hello()
        stop = threading.Event()

        def look_on():
            at = looks_on.call("events")["next"]
            while not stop.is_set():
                at = looks_on.call("events", after=at, follow=True)["next"]

        if follow:
            thread = threading.Thread(target=look_on, daemon=True)
            thread.start()
        for number, code in enumerate(mail.codes(count)):
            name = f"bot{number}{follow}@example.com"
            waiter = str(uuid.uuid4())
            wire.start("wait", waiter=waiter, email=name, since="now")
            while wire.frame().get("method") != "waiting":
                pass
            sent, _ = door.deliver(mail.plain(code, to=name), name)
            while "result" not in (frame := wire.frame()):
                pass
            took.append((time.monotonic_ns() - sent) / 1e6)
            wire.call("ack", delivery=frame["result"]["delivery"], waiter=waiter)
        stop.set()
        if follow:
            wire.call("sms", text="the end", to="+905550000000")
            thread.join(30)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    alone, took, refused, _, _ = run(options.rate, options.seconds, follow=False)
    print(f"nobody follows   {alone:6.1%} of a core, {took:.1f} s, {refused} refused")
    share, took, refused, numbers, follower = run(options.rate, options.seconds, follow=True)
    late = sorted(follower.late)
    print(f"one follows      {share:6.1%} of a core, {took:.1f} s, {refused} refused")
    good = (follower.recipients == numbers and follower.ids == sorted(set(follower.ids)) and not follower.is_alive()
            and refused == 0)
    print(f"told             {len(follower.ids)} events in {follower.pages} pages; "
          f"{len(follower.recipients)} of {len(numbers)} messages")
    if late:
        print(f"told after       {statistics.median(late) * 1000:.0f} ms (median), "
              f"{late[int(len(late) * 0.99)] * 1000:.0f} ms (p99), {late[-1] * 1000:.0f} ms (most)")
    with Home() as home:
        home.start_agent()
        hand_over(home, False, 50)
        alone, watched = hand_over(home, False), hand_over(home, True)
    print(f"hand-over        {statistics.median(alone):.2f} ms median while nobody follows, "
          f"{statistics.median(watched):.2f} ms while one does")
    print("complete, once each, in order" if good else "LOST, DOUBLED OR OUT OF ORDER")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
