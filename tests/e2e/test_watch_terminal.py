"""`otpctl watch` takes a terminal over and gives it back as it was, whatever happens to it or to the agent."""

import os
import re
import signal
import subprocess
import termios
import time
import unittest

from otptest import until
from otptest.terminal import Terminal
from otptest.watching import BOT5, ENTER, ESCAPE, LEAVE, OnATerminal, many


class GivenBack(OnATerminal):
    def test_a_storm_of_SIGWINCH_ends_with_the_right_picture_and_few_frames(self):
        self.home.start_agent()
        self.home.wait(BOT5, "--timeout", "10m")
        terminal = self.terminal()
        watch = self.watch(terminal, "--since", "1h")
        terminal.await_text("began")
        began, painted = time.monotonic(), terminal.raw.count(b"\x1b[2J")
        number = 0
        while time.monotonic() < began + 2:
            number += 1
            terminal.resize(40 + number % 80, 10 + number % 40)
            watch.signal(signal.SIGWINCH)
        terminal.resize(100, 30)
        terminal.await_text("SESSION   SINCE")
        until(lambda: re.search(r"\d\d:\d\d:\d\d$", terminal.lines[0]) and len(terminal.lines[0]) == 100, 5)
        frames = terminal.raw.count(b"\x1b[2J") - painted
        self.assertLessEqual(frames, 10 * (time.monotonic() - began) + 2)
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    # ctest: smoke
    def test_Ctrl_Z_gives_the_terminal_back_and_fg_takes_it_again(self):
        home = self.home
        home.start_agent()
        terminal = self.terminal()
        prompt = "the-prompt$"
        bash = subprocess.Popen(["bash", "--norc", "--noediting", "-i"], cwd=home.root,
                                env={**home.env, "PS1": prompt + " "}, **terminal.streams())
        try:
            terminal.await_text(prompt)
            before = terminal.settings()
            terminal.press(" ".join(home.command("watch")) + "\n")
            terminal.await_text("EVENTS")
            for _ in range(3):
                terminal.press("\x1a")
                until(lambda: terminal.raw.rfind(LEAVE) > terminal.raw.rfind(ENTER), 5, "it has left")
                until(lambda: terminal.raw.rstrip().endswith(prompt.encode()), 5, "the prompt")
                self.assertEqual(terminal.settings(), before)
                entered = terminal.raw.count(ENTER)
                terminal.press("fg\n")
                until(lambda: terminal.raw.count(ENTER) > entered, 5, "it is back")
                terminal.await_text("EVENTS")
                self.assertEqual(terminal.settings()[3] & termios.ECHO, 0)
            home.wait(BOT5)
            terminal.await_text("began")
            terminal.press("q")
            until(lambda: terminal.raw.rstrip().endswith(prompt.encode()), 5, "the prompt")
            self.assertEqual(terminal.settings(), before)
            terminal.press("echo $?\n")
            until(lambda: b"echo $?\r\n0\r\n" in terminal.raw, 5, "its exit code is 0")
            self.assertGivenBack(terminal)
        finally:
            bash.kill()
            bash.wait()

    def test_stopped_without_a_word_it_paints_itself_anew(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        watch.signal(signal.SIGSTOP)
        until(lambda: _state(watch.pid) == "T", 5, "it is stopped")
        os.write(terminal.theirs, b"\x1b[2Jsomebody else wrote here")
        terminal.await_text("somebody else")
        termios.tcsetattr(terminal.theirs, termios.TCSANOW, terminal.before)
        watch.signal(signal.SIGCONT)
        terminal.await_text("EVENTS")
        self.assertNotIn("somebody", terminal.text)
        self.assertEqual(terminal.settings()[3] & termios.ECHO, 0)
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    def test_started_in_the_background_it_waits_for_fg_before_it_touches_the_terminal(self):
        self.home.start_agent()
        terminal = self.terminal()
        prompt = "the-prompt$"
        bash = subprocess.Popen(["bash", "--norc", "--noediting", "-i"], cwd=self.home.root,
                                env={**self.home.env, "PS1": prompt + " "}, **terminal.streams())
        try:
            terminal.await_text(prompt)
            before = terminal.settings()
            terminal.press(" ".join(self.home.command("watch")) + " &\n")
            until(lambda: terminal.press("\n") or b"Stopped" in terminal.raw, 10, "it is stopped", every=0.2)
            self.assertNotIn(ENTER, terminal.raw)
            self.assertEqual(terminal.settings(), before)
            terminal.press("fg\n")
            terminal.await_text("EVENTS")
            terminal.press("q")
            until(lambda: terminal.raw.rstrip().endswith(prompt.encode()), 5, "the prompt")
            self.assertEqual(terminal.settings(), before)
            self.assertGivenBack(terminal)
        finally:
            bash.kill()
            bash.wait()

    def test_a_window_of_no_size_or_of_one_cell_is_no_end(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        for columns, rows in ((1, 1), (0, 0), (2, 1000), (1000, 1)):
            terminal._size(columns, rows)
            watch.signal(signal.SIGWINCH)
            self.home.wait(BOT5, "--timeout", "0").finish()
        terminal.resize(80, 24)
        terminal.await_text("EVENTS")
        terminal.await_text("began")
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    def test_without_a_keyboard_it_goes_on_until_a_signal(self):
        self.home.start_agent()
        for stdin in (subprocess.DEVNULL, None):
            with self.subTest(stdin=stdin), Terminal() as terminal:
                close = {} if stdin else {"preexec_fn": lambda: os.close(0)}
                watch = self.home.spawn("watch", **{**terminal.streams(), "stdin": stdin, **close})
                terminal.await_text("EVENTS")
                self.home.wait(BOT5, "--timeout", "0").finish()
                terminal.await_text("began")
                watch.signal(signal.SIGTERM)
                self.assertEqual(watch.finish(5), 143)
                self.assertGivenBack(terminal)

    def test_every_end_gives_the_terminal_back(self):
        self.home.start_agent()
        for how, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, -1), (signal.SIGQUIT, -3),
                          ("\x03", 130), ("q", 0), ("\x04", 0)):
            with self.subTest(how=how), Terminal() as terminal:
                watch = self.watch(terminal)
                if isinstance(how, str):
                    terminal.press(how)
                else:
                    watch.signal(how)
                self.assertEqual(watch.finish(5), code)
                self.assertGivenBack(terminal)

    def test_a_terminal_that_takes_nothing_does_not_make_it_immortal(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        terminal.pause()
        for number in range(60):
            terminal._size(80 + number % 2, 24)  # paints everything, again and again
            many(self.home, 30, first=number * 30)
        watch.signal(signal.SIGTERM)
        self.assertEqual(watch.finish(5), 143)
        self.assertEqual(terminal.settings(), terminal.before)
        terminal.go_on()

    def test_a_terminal_that_is_gone_ends_it(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        os.close(terminal.theirs)
        terminal.close()
        self.assertIn(watch.finish(5), (0, -1))

    def test_an_agent_that_dies_is_looked_for_and_what_happened_meanwhile_is_shown(self):
        home = self.home
        home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        home.kill_agent()
        terminal.await_text("the agent is away")
        self.assertIsNone(watch.poll())
        home.start_agent()
        terminal.await_text("started: otpctl")
        until(lambda: terminal.lines[0].startswith("otpctl 0"), 5, "the header is well again")
        wait = home.wait(BOT5)
        terminal.await_text(f"began (pid {wait.pid})")
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    def test_with_exit_with_agent_it_ends_with_69_and_says_why_behind_the_screen(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal, "--exit-with-agent")
        self.home.kill_agent()
        self.assertEqual(watch.finish(5), 69)
        until(lambda: b"otpctl watch: the agent ended" in terminal.raw[terminal.raw.rfind(LEAVE):], 5)
        self.assertGivenBack(terminal)

    def test_without_an_agent_nothing_is_painted_and_none_is_started(self):
        terminal = self.terminal()
        watch = self.home.spawn("watch", **terminal.streams())
        self.assertEqual(watch.finish(5), 69)
        until(lambda: b"agent start" in terminal.raw, 5, "it says what to do")
        self.assertNotIn(ESCAPE, terminal.raw)
        self.assertEqual(terminal.raw.count(b"\n"), 1)
        self.assertEqual(self.home.agent_pids(), [])

    # ctest: smoke
    def test_an_agent_that_freezes_is_said_within_seconds_and_well_again_when_it_goes_on(self):
        self.home.start_agent()
        terminal = self.terminal(40)
        watch = self.watch(terminal)
        self.assertNotIn("answer", terminal.text)
        agent = self.home.agent_pid()
        os.kill(agent, signal.SIGSTOP)
        try:
            terminal.await_text("the agent does not answer", 12)
            self.assertRegex(terminal.lines[0], r"\Aotpctl: the agent does not answer \(\d+s\)\Z")
        finally:
            os.kill(agent, signal.SIGCONT)
        until(lambda: terminal.lines[0].startswith("otpctl 0"), 5, "the header is well again")
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

    def test_an_agent_that_hangs_is_69_to_begin_with_and_said_later_until_it_is_found_again(self):
        self.home.start_agent()
        terminal = self.terminal()
        watch = self.watch(terminal)
        agent = self.home.agent_pid()
        os.kill(agent, signal.SIGSTOP)
        try:
            with Terminal() as other:
                late = self.home.spawn("watch", **other.streams())
                self.assertEqual(late.finish(15), 69)
                until(lambda: b"does not answer" in other.raw, 5)
                self.assertNotIn(ESCAPE, other.raw)
            terminal.await_text("the agent does not answer", 12)
            waiting_since = re.compile(r"does not answer \((\d+)s\)")
            until(lambda: (said := waiting_since.search(terminal.lines[0])) and int(said[1]) >= 14, 20,
                  "it is said behind the end of the connection, too")
        finally:
            os.kill(agent, signal.SIGCONT)
        until(lambda: terminal.lines[0].startswith("otpctl 0"), 15, "it is found again")
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)


def _state(pid):
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0].decode()


if __name__ == "__main__":
    unittest.main()
