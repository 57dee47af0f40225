"""`otpctl watch`: a table on a terminal that is given back as it was, one JSON object a line in a pipe."""

import json
import os
import re
import signal
import subprocess
import termios
import time
import unittest

from otptest import Dovecot, Home, Wire, mail, until
from otptest.terminal import Terminal

BOT5, BOT6 = "bot5@example.com", "bot6@example.com"
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
ESCAPE = b"\x1b"


def many(home, count, sender="EXAMPLE", first=0):
    """So many messages, none with a code, over one connection."""
    with Wire(home.agent_file()["socket"]) as wire:
        wire.hello()
        for begin in range(first, first + count, 100):
            ids = {wire.start("sms", text="we are open from nine to five", to=f"+90555{number:07}", **{"from": sender})
                   for number in range(begin, min(begin + 100, first + count))}
            while ids:
                ids.discard(wire.frame()["id"])


class Watching(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home(TERM="xterm-256color", TZ="UTC"))

    def deliver(self, data, recipient=BOT5):
        done = self.home.otpctl("deliver", recipient, input=data)
        self.assertEqual(done.code, 0, done)


class OnATerminal(Watching):
    def terminal(self, columns=80, rows=24):
        return self.enterContext(Terminal(columns, rows))

    def watch(self, terminal, *arguments, **more):
        running = self.home.spawn("watch", *arguments, **terminal.streams(), **more)
        terminal.await_text("EVENTS")
        return running

    def assertGivenBack(self, terminal):
        """Settings, screen, cursor and wrapping are as they were."""
        self.assertEqual(terminal.settings(), terminal.before)
        # What a program that has ended wrote may still be on its way to us.
        until(lambda: terminal.raw.count(ENTER) == terminal.raw.count(LEAVE), 5, "each screen was given back")
        self.assertGreater(terminal.raw.rfind(LEAVE), terminal.raw.rfind(ENTER))
        for on, off in ((b"\x1b[?25h", b"\x1b[?25l"), (b"\x1b[?7h", b"\x1b[?7l")):
            self.assertGreater(terminal.raw.rfind(on), terminal.raw.rfind(off))

    def assertFits(self, terminal, columns):
        """No line ran over the edge: each frame's lines, in columns of ASCII texts."""
        for line in terminal.lines:
            self.assertLessEqual(len(line), columns)

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

    # ---- the agent goes ------------------------------------------------------------------------

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

    def test_an_agent_that_hangs_is_69_to_begin_with_and_away_later(self):
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
            terminal.await_text("the agent is away", 30)
        finally:
            os.kill(agent, signal.SIGCONT)
        until(lambda: terminal.lines[0].startswith("otpctl 0"), 15, "it is found again")
        terminal.press("q")
        self.assertEqual(watch.finish(5), 0)
        self.assertGivenBack(terminal)

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

    # ---- what the terminal can -----------------------------------------------------------------

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
        terminal = self.terminal()
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


def _state(pid):
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0].decode()


def _waits_in(pid, where):
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return where in file.read()
    except OSError:
        return False


def _pipe_is_full(write):
    import select  # pylint: disable=import-outside-toplevel
    return not select.select([], [write], [], 0)[1]


if __name__ == "__main__":
    unittest.main()
