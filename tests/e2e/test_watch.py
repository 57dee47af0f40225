"""`otpctl watch` on a terminal: what its table shows, at every size and in every kind of terminal."""

import json
import os
import re
import signal
import termios
import time
import unittest

from otptest import Dovecot, Wire, mail, until
from otptest.terminal import Terminal
from otptest.watching import BOT5, BOT6, ESCAPE, OnATerminal, many


class Table(OnATerminal):
    # ctest: smoke
    def test_80_by_24_shows_who_waits_and_what_happens_and_q_gives_the_terminal_back(self):
        home = self.home
        home.start_agent()
        session = home.otpctl("session", "register", BOT6).stdout.strip()
        terminal = self.terminal()
        watch = self.watch(terminal)
        self.assertEqual(terminal.settings()[3] & (termios.ECHO | termios.ICANON), 0)
        self.assertTrue(terminal.cursor_is_hidden)
        wait = home.wait(BOT5, "--timeout", "10m")
        terminal.await_text(f"wait    {BOT5} began (pid {wait.pid})")
        row = until(lambda: next((line for line in terminal.lines if line.startswith(f"{BOT5} ")), None), 5)
        self.assertRegex(row, rf"^{BOT5}  \d+m +{wait.pid} ")
        self.assertTrue(any(line.startswith(session[:8]) for line in terminal.lines))
        self.assertRegex(terminal.lines[0], r"^otpctl \d.*1 waiting.*1 session.*\d\d:\d\d:\d\d$")
        self.deliver(mail.subject_only("482913", to=BOT5))
        self.assertEqual(wait.finish(), 0)
        terminal.await_text("ended with its code")
        until(lambda: "0 waiting" in terminal.lines[0] and "1 given" in terminal.lines[0], 5, "counts follow")
        shown = [line for line in terminal.lines if line]
        self.assertIn("ended with its code", shown[-1])  # the newest stands at the bottom
        self.assertNotIn(b"482913", terminal.raw)
        self.assertNotIn(b"verification", terminal.raw)
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    def test_the_table_begins_with_what_happened_last_and_counts_what_comes(self):
        home = self.home
        home.start_agent()
        many(home, 300)
        self.deliver(mail.no_code(to=BOT5))
        terminal = self.terminal()
        until(lambda: BOT5 in self.home.otpctl("log", "-n", "1").stdout, 5, "the message is told", every=0.1)
        self.watch(terminal)
        terminal.await_text(f"message {BOT5} no code in it: ")  # the last line of the picture
        shown = [line for line in terminal.lines if line]
        self.assertRegex(shown[-1], rf"^\d\d:\d\d:\d\d message {BOT5} no code in it: ")
        self.assertEqual(len(shown), 24)
        self.assertIn("+905550000299", shown[-2])
        self.assertIn("  0 events", shown[0])
        self.deliver(mail.no_code(to=BOT6), BOT6)
        terminal.await_text("  1 events")
        with Terminal() as other:
            self.watch(other, "--email", BOT5)
            other.await_text(f"message {BOT5}")
            self.assertEqual([line[9:33] for line in other.lines if line][-1:], [f"message {BOT5}"])
            self.assertNotIn("+90555", other.text)

    def test_a_session_that_somebody_waits_for_stands_above_newer_idle_ones(self):
        home = self.home
        home.start_agent()
        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            sessions = [wire.call("session.register", email=f"n{number}@example.com") for number in range(90)]
        wanted = sessions.pop(1)
        newest = sorted(sessions, key=lambda each: each["id"])
        newest.sort(key=lambda each: each["created"], reverse=True)
        wait = home.wait("--session", wanted["id"], "--timeout", "10m")
        terminal = self.terminal()
        self.watch(terminal)
        terminal.await_text("SESSION   STATE")
        terminal.await_text(" more\nEVENTS")
        lines = terminal.lines
        first = next(number for number, line in enumerate(lines) if line.startswith("SESSION   STATE"))
        self.assertEqual([line.split()[:3] for line in lines[first + 1:first + 5]],
                         [[each["id"][:8], state, each["email"]]
                          for each, state in [(wanted, "waiting"), *((each, "open") for each in newest[:3])]])
        self.assertRegex(terminal.text, r"(?m)^and \d+ more$")
        self.assertIsNone(wait.poll())

    # ctest: timeout=90
    def test_a_source_is_shown_with_its_state_and_the_server_s_words(self):
        with Dovecot() as dovecot:
            self.home.write_config(self.home.mailbox(dovecot))
            self.home.start_agent()
            self.home.await_source()
            terminal = self.terminal()
            self.watch(terminal)
            self.assertRegex(terminal.text, r"(?m)^main/INBOX  live ")
            dovecot.kill()
            terminal.await_text("main/INBOX  unreachable", 30)
            self.assertIn("red", terminal.colours())
            dovecot.resume()
            terminal.await_text("main/INBOX  live", 30)

    def test_40_columns_and_20_and_five_rows(self):
        home = self.home
        home.start_agent()
        wait = home.wait(BOT5, "--timeout", "10m")
        for columns, rows in ((40, 24), (20, 24), (80, 5), (200, 60)):
            with self.subTest(columns=columns, rows=rows), Terminal(columns, rows) as terminal:
                watch = home.spawn("watch", "--since", "1h", **terminal.streams())
                terminal.await_text("EVENTS" if rows > 5 else "began" if columns > 60 else "wait")
                if rows > 5:
                    terminal.await_text("WAITS FOR")
                    self.assertTrue(any(line.startswith("bot5@") for line in terminal.lines))
                if columns >= 40 and rows > 5:
                    self.assertIn(str(wait.pid), terminal.text)
                self.assertFits(terminal, columns)
                terminal.press("q")
                self.assertEqual(watch.finish(5), 0)
                self.assertGivenBack(terminal)

    def test_it_follows_the_size_of_its_window(self):
        self.home.start_agent()
        terminal = self.terminal()
        self.watch(terminal)
        wait = self.home.wait(BOT5, "--timeout", "10m")
        terminal.await_text("SESSION   SINCE")
        terminal.resize(40, 12)
        until(lambda: "WAITS FOR" in terminal.text and "SESSION   SINCE" not in terminal.text, 5, "fewer columns")
        self.assertFits(terminal, 40)
        terminal.resize(120, 40)
        terminal.await_text("SESSION   SINCE")
        self.assertIsNone(wait.poll())

    def test_time_left_runs_by_the_clock_though_the_agent_says_nothing(self):
        self.home.start_agent()
        self.home.wait(BOT5, "--timeout", "90s")
        terminal = self.terminal()
        self.watch(terminal)
        left = re.compile(rf"(?m)^{BOT5}  (\d+)s")
        until(lambda: left.search(terminal.text), 5)
        agent = self.home.agent_pid()
        os.kill(agent, signal.SIGSTOP)
        try:
            first = int(left.search(terminal.text)[1])
            until(lambda: int(left.search(terminal.text)[1]) <= first - 2, 5, "two seconds less are left")
        finally:
            os.kill(agent, signal.SIGCONT)

    def test_NO_COLOR_and_a_locale_without_UTF_8(self):
        self.home.start_agent()
        self.deliver(mail.no_code(to=BOT5, sender="Müller <mueller@shop.example>"))
        for env, coloured in (({"NO_COLOR": "1", "LANG": "C.UTF-8"}, False), ({"LC_ALL": "C"}, True)):
            with self.subTest(env=env), Terminal(40, 24) as terminal:
                watch = self.watch(terminal, "--since", "1h", env=env)
                terminal.await_text(f"no code  {BOT5}")
                self.assertEqual(bool(re.search(rb"\x1b\[[123]\d?m", terminal.raw)), coloured)
                if "LC_ALL" in env:
                    self.assertTrue(terminal.raw.isascii())
                terminal.press("q")
                self.assertEqual(watch.finish(5), 0)

    # ctest: smoke
    def test_a_terminal_that_can_nothing_gets_lines_and_so_does_plain(self):
        self.home.start_agent()
        for arguments, env in (((), {"TERM": "dumb"}), ((), {"TERM": ""}), (("--plain",), {}), (("--json",), {})):
            with self.subTest(arguments=arguments, env=env), Terminal(40, 24) as terminal:
                watch = self.home.spawn("watch", "--since", "1h", *arguments, **terminal.streams(), env=env)
                until(lambda: b"started" in terminal.raw, 5, "the first line")
                wait = self.home.wait(BOT5, "--timeout", "1s")
                until(lambda: b"began" in terminal.raw, 5, "the next one")
                wait.finish()
                watch.signal(signal.SIGINT)
                self.assertEqual(watch.finish(5), 130)
                self.assertNotIn(ESCAPE, terminal.raw)
                self.assertEqual(terminal.settings(), terminal.before)
                if "--json" in arguments:
                    json.loads(terminal.raw.splitlines()[0])

    def test_X03_what_outsiders_wrote_drives_no_terminal(self):
        self.home.start_agent()
        evil = "a\u202e日本語\u2066"
        with Wire(self.home.agent_file()["socket"]) as wire:
            wire.hello()
            wire.call("sms", text="nothing", to="+905551112233", **{"from": evil})
        terminal = self.terminal(120)
        self.watch(terminal, "--since", "1h")
        terminal.await_text("+905551112233")
        terminal.await_text("a\\u{202e}日")
        self.assertNotIn("\u202e".encode(), terminal.raw)
        self.assertNotIn("\u2066".encode(), terminal.raw)

    def test_a_flood_drops_pictures_not_events(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        began, at = time.monotonic(), len(terminal.raw)
        many(self.home, 3000)
        terminal.await_text("  3000 events", 30)
        frames = len(re.findall(rb"\x1b\[1;1H", terminal.raw[at:]))
        self.assertLessEqual(frames, 10 * (time.monotonic() - began) + 2)
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)


if __name__ == "__main__":
    unittest.main()
