"""`otpctl watch` in a pipe: one JSON object a line, none lost, none twice, for every kind of reader."""

import json
import os
import select
import signal
import time
import unittest

from otptest import mail, until
from otptest.watching import BOT5, Watching, many


class InAPipe(Watching):
    def events(self, running):
        return [json.loads(line) for line in running.stdout.splitlines()]

    # ctest: smoke
    def test_each_event_is_one_JSON_line_that_comes_at_once(self):
        self.home.start_agent()
        watch = self.home.spawn("watch")
        def followed():  # it begins at "now", and nobody can see from outside when that is
            self.home.otpctl("wait", "first@example.com", "--timeout", "0")
            return "first@example.com" in watch.stdout
        until(followed, 20, "it follows", every=0.1)
        wait = self.home.wait(BOT5)
        until(lambda: f'"pid":{wait.pid}' in watch.stdout, 2, "the wait is told")
        self.deliver(mail.plain("482913", to=BOT5))
        self.assertEqual(wait.finish(), 0)
        until(lambda: '"state":"ended","session"' in watch.stdout and '"exit":0' in watch.stdout, 2, "its end is told")
        told = [f"{event['type']} {event['state']}" for event in self.events(watch)]
        self.assertEqual(told[-5:],
                         ["wait began", "message arrived", "code claimed", "code acknowledged", "wait ended"])
        self.assertEqual({event["v"] for event in self.events(watch)}, {1})
        self.assertNotIn("482913", watch.stdout)
        self.assertNotIn("verification", watch.stdout)
        self.assertEqual(watch.stderr, "")
        watch.signal(signal.SIGTERM)
        self.assertEqual(watch.finish(5), 143)

    # ctest: smoke
    def test_a_reader_that_has_gone_ends_it_quietly_though_nothing_happens(self):
        self.home.start_agent()
        read, write = os.pipe()
        watch = self.home.spawn("watch", stdout=write)
        os.close(write)
        self.home.wait(BOT5, "--timeout", "1s").finish()
        self.assertIn(b'"began"', os.read(read, 65536))
        began = time.monotonic()
        os.close(read)
        self.assertEqual(watch.finish(5), 0)
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual(watch.stderr, "")

    # ctest: timeout=180
    def test_a_slow_reader_loses_nothing(self):
        self.home.start_agent()
        read, write = os.pipe()
        watch = self.home.spawn("watch", "--since", "1h", "--type", "message", stdout=write)
        os.close(write)
        many(self.home, 4000)  # a pipe holds 64 KiB of it
        got = b""
        while got.count(b"\n") < 4000:
            got += os.read(read, 1024)
        numbers = [json.loads(line)["recipients"][0] for line in got.splitlines()]
        self.assertEqual(numbers, [f"+90555{number:07}" for number in range(4000)])
        os.close(read)
        self.assertEqual(watch.finish(5), 0)

    def test_a_reader_that_never_reads_does_not_make_it_immortal(self):
        self.home.start_agent()
        read, write = os.pipe()
        watch = self.home.spawn("watch", "--since", "1h", stdout=write)
        many(self.home, 1000)
        until(lambda: _waits_in(watch.pid, "pipe_write") or _pipe_is_full(write), 10, "the pipe is full")
        watch.signal(signal.SIGTERM)
        self.assertIn(watch.finish(5), (143, -signal.SIGTERM))
        os.close(read)
        os.close(write)

    # ctest: timeout=90
    def test_over_restarts_and_a_kill_nothing_is_lost_and_nothing_comes_twice(self):
        home = self.home
        home.start_agent()
        watch = home.spawn("watch", "--since", "1h")
        until(lambda: "started" in watch.stdout, 5)
        many(home, 50)
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        many(home, 50, first=50)
        until(lambda: "+905550000099" in watch.stdout, 10, "it goes on")
        home.kill_agent()
        until(lambda: watch.stderr.count("\n") == 2, 5, "it says that the agent is gone")
        home.start_agent()
        many(home, 50, first=100)
        until(lambda: "+905550000149" in watch.stdout, 10, "it goes on")
        events = self.events(watch)
        ids = [event["id"] for event in events]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual([event["recipients"][0] for event in events if event["type"] == "message"],
                         [f"+90555{number:07}" for number in range(150)])
        self.assertEqual(watch.stderr, "otpctl watch: warning: the agent ended; looking for the next one\n" * 2)
        log = home.otpctl("log", "--json").stdout.splitlines()
        # The kill may have cost the log what was not written yet.
        self.assertLessEqual(set(log), set(watch.stdout.splitlines()))

    def test_what_was_is_asked_for_by_time_or_id_and_chosen_by_recipient_and_type(self):
        self.home.start_agent()
        many(self.home, 5)
        all_of_it = self.home.spawn("watch", "--since", "10m")
        until(lambda: all_of_it.stdout.count("\n") >= 6, 5)
        third = self.events(all_of_it)[2]["id"]
        for arguments, numbers in ((("--after", third), (2, 3, 4)), (("--since", "10m", "--email", "*03"), (3,)),
                                   (("--since", "2020-01-01T00:00:00+03:00", "--type", "message"), (0, 1, 2, 3, 4))):
            with self.subTest(arguments=arguments):
                watch = self.home.spawn("watch", *arguments)
                until(lambda: watch.stdout.count("\n") >= len(numbers), 5)
                self.assertEqual([event.get("recipients") for event in self.events(watch)],
                                 [[f"+90555{number:07}"] for number in numbers])
        nothing = self.home.spawn("watch", "--type", "entry")
        self.home.wait(BOT5)
        self.assertEqual(self.home.otpctl("manual", BOT5, "482913").code, 0)
        until(lambda: nothing.stdout.count("\n") == 1, 5)
        self.assertEqual([event["type"] for event in self.events(nothing)], ["entry"])

    def test_plain_in_a_pipe_is_words(self):
        self.home.start_agent()
        watch = self.home.spawn("watch", "--plain", "--since", "1h")
        until(lambda: watch.stdout, 5)
        self.assertRegex(watch.stdout, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  agent    started: otpctl \S+\n$")

    # ctest: smoke
    def test_it_never_starts_an_agent_and_says_wrong_things_in_one_line(self):
        for arguments, code in (((), 69), (("--email", ""), 64), (("--type", "mail"), 64), (("--since", "noon"), 64),
                                (("--after", "x"), 64), (("--plain", "--json"), 64),
                                (("--since", "1h", "--after", "1"), 64)):
            with self.subTest(arguments=arguments):
                done = self.home.otpctl("watch", *arguments)
                self.assertEqual((done.code, done.stdout, done.stderr.count("\n")), (code, "", 1), done)
        done = self.home.otpctl("watch", "--json")
        self.assertEqual(json.loads(done.stderr)["error"]["exit"], 69)
        self.assertEqual(self.home.agent_pids(), [])

    def test_a_standard_output_that_is_closed_or_full_is_75(self):
        self.home.start_agent()
        with open("/dev/full", "wb") as full:
            done = self.home.spawn("watch", "--since", "1h", stdout=full)
            self.assertEqual(done.finish(5), 75)
            self.assertEqual(done.stderr, "otpctl watch: standard output: cannot write: No space left on device\n")
        closed = self.home.spawn("watch", stdout=None, preexec_fn=lambda: os.close(1))
        self.assertEqual(closed.finish(5), 75)
        self.assertEqual(closed.stderr, "otpctl watch: standard output is closed\n")

    def test_exit_with_agent_is_69_when_it_ends(self):
        self.home.start_agent()
        watch = self.home.spawn("watch", "--exit-with-agent", "--since", "1h")
        until(lambda: watch.stdout, 5)
        self.assertEqual(self.home.otpctl("agent", "stop").code, 0)
        self.assertEqual(watch.finish(5), 69)
        self.assertEqual(watch.stderr, "otpctl watch: the agent ended\n")


def _waits_in(pid, where):
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return where in file.read()
    except OSError:
        return False


def _pipe_is_full(write):
    return not select.select([], [write], [], 0)[1]


if __name__ == "__main__":
    unittest.main()
