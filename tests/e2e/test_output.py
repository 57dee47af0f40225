"""What comes out: stdout is the answer only, nothing drives a terminal, and time is kept."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

from otptest import Dovecot, Home, Mailbox, ScriptedServer, mail, until

HOSTILE = "$(touch pwned)`id`\x1b]0;pwned\x07\r\nX-Injected: \x1b[2J\u202e\x9b31m"


def hand_in(home, data, recipient):
    done = home.otpctl("deliver", recipient, input=data)
    assert done.code == 0, done


def shell(home, script, **env):
    return subprocess.run(["sh", "-c", script], env={**home.env, **env}, cwd=home.root, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


def on_terminal(home, columns, *words):
    """What stands on a terminal that is so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with open(ours, "rb", 0) as screen:
        done = subprocess.Popen(home.command(*words), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                cwd=home.root, env={**home.env, "TERM": "xterm"})
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while part := screen.read(65536):
                text += part
        done.wait(20)
    return text.decode()


def next_gets(test, home, recipient, code):
    """The code is there for the next wait, and after it for nobody."""
    for expected in ((0, code + "\n"), (1, "")):
        done = home.otpctl("wait", recipient, "--timeout", "0")
        test.assertEqual((done.code, done.stdout), expected, done)


class Discipline(unittest.TestCase):
    # ctest: smoke
    def test_X01_a_code_is_all_that_a_successful_wait_prints(self):
        with Home() as home:
            home.start_agent()
            hand_in(home, mail.html("482913"), "bot1@example.com")
            done = shell(home, 'code=$(otpctl wait bot1@example.com) && printf "<%s>" "$code"')
            self.assertEqual((done.returncode, done.stdout), (0, "<482913>"), done.stderr)

    def test_X01_on_failure_stdout_is_empty_and_the_exit_code_says_why(self):
        with Home() as home:
            home.start_agent()
            hand_in(home, mail.two_codes("193744", "482913"), "two@example.com")
            hand_in(home, mail.no_code(), "none@example.com")
            hand_in(home, mail.plain("193744", sender="a@shop.example"), "rivals@example.com")
            hand_in(home, mail.plain("482913", sender="b@bank.example"), "rivals@example.com")
            cases = [(124, "bot1@example.com", "--timeout", "1"),
                     (9, "bot1@example.com", "--timeout", "1", "--timeout-exit-code", "9"),
                     (1, "bot1@example.com", "--timeout", "0"),
                     (65, "two@example.com", "--timeout", "1"),
                     (65, "none@example.com", "--timeout", "1"),
                     (65, "rivals@example.com", "--timeout", "1"),
                     (66, "--session", "01234567"),
                     (64, "no address"), (64,), (64, "bot1@example.com", "--timeout", "soon"),
                     (64, "bot1@example.com", "--no-such-option")]
            waits = [(case[0], home.spawn("wait", *case[1:])) for case in cases]
            for expected, wait in waits:
                with self.subTest(wait._process.args[2:]):
                    self.assertEqual((wait.finish(), wait.stdout), (expected, ""), wait.stderr)
                    self.assertTrue(wait.stderr.strip())
                    self.assertNotRegex(wait.stderr, "193744|482913")

    def test_X01_a_mailbox_that_refuses_or_is_away_gives_77_and_69_at_the_deadline(self):
        with Dovecot() as dovecot, Home() as home:
            home.write_config(home.mailbox(dovecot, password="wrong"))
            wait = home.spawn("wait", "bot1@example.com", "--timeout", "3")
            self.assertEqual((wait.finish(), wait.stdout), (77, ""), wait.stderr)
            self.assertGreater((wait.ended_ns - wait.started_ns) / 1e9, 2.8)
            done = home.otpctl("wait", "bot1@example.com", "--fail-fast")
            self.assertEqual((done.code, done.stdout), (77, ""), done)
            self.assertNotIn("wrong", done.stderr)
        with Dovecot() as dovecot, Home() as home:
            dovecot.kill()
            home.write_config(home.mailbox(dovecot))
            wait = home.spawn("wait", "bot1@example.com", "--timeout", "2")
            self.assertEqual((wait.finish(), wait.stdout), (69, ""), wait.stderr)
            self.assertIn("main/INBOX", wait.stderr)

    def test_X01_with_json_an_error_is_one_json_line_on_stderr(self):
        with Home() as home:
            home.start_agent()
            for code, arguments in ((124, ("wait", "bot1@example.com", "--timeout", "1")),
                                    (64, ("wait", "nobody at all")),
                                    (66, ("session", "show", "01234567")),
                                    (66, ("manual", "nobody", "482913"))):
                done = home.otpctl(*arguments, "--json")
                self.assertEqual((done.code, done.stdout), (code, ""), done)
                lines = [json.loads(line) for line in done.stderr.splitlines()]
                self.assertEqual({line["v"] for line in lines}, {1})
                self.assertEqual({**lines[-1], **lines[-1].get("error", {})}["exit"], code)

    def test_X02_a_closed_stdout_is_known_before_a_code_is_taken(self):
        with Home() as home:
            home.start_agent()
            hand_in(home, mail.plain("482913"), "bot1@example.com")
            done = shell(home, "otpctl wait bot1@example.com >&-")
            self.assertEqual((done.returncode, done.stdout), (75, ""))
            self.assertIn("standard output is closed", done.stderr)
            next_gets(self, home, "bot1@example.com", "482913")

    def test_X02_what_could_not_be_written_goes_to_the_next(self):
        with Home() as home, open("/dev/full", "wb", 0) as full:
            home.start_agent()
            hand_in(home, mail.plain("482913"), "bot1@example.com")
            wait = home.spawn("wait", "bot1@example.com", stdout=full)
            self.assertEqual(wait.finish(), 75)
            self.assertIn("No space left", wait.stderr)
            self.assertNotIn("482913", wait.stderr)
            next_gets(self, home, "bot1@example.com", "482913")

    def test_X02_a_session_whose_id_could_not_be_written_is_closed_again(self):
        with Home() as home, open("/dev/full", "wb", 0) as full:
            home.start_agent()
            for more in ((), ("--json",)):
                with self.subTest(more):
                    arguments = ("session", "register", "--exclusive", "bot1@example.com", *more)
                    lost = home.spawn(*arguments, stdout=full)
                    self.assertEqual(lost.finish(), 75)
                    self.assertIn("No space left", lost.stderr)
                    self.assertEqual(home.json("session", "list")["sessions"], [])
            self.assertEqual(home.otpctl("session", "register", "--exclusive", "bot1@example.com").code, 0)

    def test_X02_help_that_cannot_be_written_says_so_on_one_line(self):
        with Home() as home:
            for words in ("--help", "--version", "help", "help exit-codes", "status --help"):
                for where in (">/dev/full", ">&-"):
                    with self.subTest(words + where):
                        done = shell(home, f"otpctl {words} {where}")
                        self.assertEqual(done.returncode, 75)
                        self.assertRegex(done.stderr, r"\Aotpctl[^\n]*: standard output: cannot write: [^\n]+\n\Z")

    def test_what_is_shown_on_a_terminal_fits_its_columns_and_a_pipe_gets_whole_lines(self):
        long_name = "a-rather-long-name-of-a-test-bot@mail.example.com"
        with Home() as home:
            home.start_agent()
            home.otpctl("session", "register", long_name)
            home.wait(long_name)
            for words in (("status",), ("agent", "status"), ("session", "list"), ("session", "show", long_name),
                          ("health",), ("config", "path"), ("session", "register", "--help"), ("help",)):
                for columns in (40, 80):
                    with self.subTest(words, columns=columns):
                        lines = on_terminal(home, columns, *words).split("\r\n")
                        self.assertGreater(len(lines), 3)
                        self.assertEqual([line for line in lines if len(line) > columns], [])
            self.assertIn(long_name, home.otpctl("session", "list", env={"COLUMNS": "40"}).stdout)

    def test_X02_a_wait_whose_reader_leaves_leaves_too(self):
        with Home() as home:
            reader, writer = os.pipe()
            wait = home.wait("bot1@example.com", stdout=writer)
            os.close(writer)
            left = time.monotonic()
            os.close(reader)
            self.assertEqual(wait.finish(5), 75)
            self.assertLess(time.monotonic() - left, 1)
            self.assertIn("nobody reads", wait.stderr)
            until(lambda: not home.waiters(), 5, "the agent knows")
            hand_in(home, mail.plain("482913"), "bot1@example.com")
            next_gets(self, home, "bot1@example.com", "482913")

    def test_X02_a_full_pipe_holds_the_code_until_it_is_read_or_the_wait_dies(self):
        for dies in (False, True):
            with self.subTest(dies=dies), Home() as home:
                reader, writer = os.pipe()
                size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
                os.write(writer, bytes(size))
                wait = home.wait("bot1@example.com", stdout=writer)
                os.close(writer)
                hand_in(home, mail.plain("482913"), "bot1@example.com")
                until(lambda: not home.waiters() or home.json("status")["codes_pending"], 5, "the code is claimed")
                self.assertIsNone(wait.poll())
                self.assertEqual(home.otpctl("wait", "bot1@example.com", "--timeout", "0").code, 1)
                if dies:
                    wait.signal(signal.SIGTERM)
                    self.assertIn(wait.finish(5), (143, -signal.SIGTERM))
                    next_gets(self, home, "bot1@example.com", "482913")
                else:
                    self.assertEqual(os.read(reader, size), bytes(size))
                    self.assertEqual(wait.finish(5), 0)
                    self.assertEqual(os.read(reader, 100), b"482913\n")
                    self.assertEqual(home.otpctl("wait", "bot1@example.com", "--timeout", "0").code, 1)
                os.close(reader)

    # ctest: alone
    def test_X02_a_code_that_a_living_reader_leaves_in_a_full_pipe_goes_to_the_next_after_10_s(self):
        with Home() as home:
            reader, writer = os.pipe()
            os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)))
            wait = home.wait("bot1@example.com", "--timeout", "2s", stdout=writer)
            os.close(writer)
            came = time.monotonic()
            hand_in(home, mail.plain("482913"), "bot1@example.com")
            other = home.otpctl("wait", "bot1@example.com", "--timeout", "20s")
            self.assertEqual((other.code, other.stdout), (0, "482913\n"), other)
            self.assertLess(time.monotonic() - came, 15)
            self.assertEqual(wait.finish(5), 75)
            self.assertEqual(wait.stderr.splitlines()[-1], "otpctl wait: standard output: nobody has read it for 10s")
            os.close(reader)

    def test_X02_health_ends_though_its_full_pipe_is_never_read(self):
        with Home() as home:
            home.start_agent()
            reader, writer = os.pipe()
            os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)))
            health = home.spawn("health", stdout=writer, stderr=writer)
            os.close(writer)
            self.assertEqual(health.finish(15), 3)
            os.close(reader)

    def test_a_reader_that_has_seen_enough_is_no_failure_of_what_only_shows(self):
        with Home() as home:
            home.start_agent()
            for words in ("status", "status --json", "session list", "config path", "config show", "agent status", "log",
                          "manual", "doctor", "wait --help"):
                with self.subTest(words):
                    reader, writer = os.pipe()
                    os.close(reader)
                    shown = home.spawn(*words.split(), stdout=writer)
                    os.close(writer)
                    self.assertIn(shown.finish(15), (0, 1) if words == "log" else (0,))
                    self.assertNotIn("standard output", shown.stderr)

    def test_an_empty_filter_hands_out_nothing(self):
        with Home() as home:
            home.start_agent()
            hand_in(home, mail.plain("482913"), "bot1@example.com")
            for option in ("--from", "--subject", "--pattern", "--email", "--phone", "--session"):
                done = home.otpctl("wait", "bot1@example.com", option, "", "--timeout", "0")
                self.assertEqual((done.code, done.stdout), (64, ""), done)
                self.assertIn(f"{option}: it is empty", done.stderr)
            next_gets(self, home, "bot1@example.com", "482913")

    def test_X02_a_signal_ends_a_wait_with_its_own_exit_code_and_leaves_the_line(self):
        with Home() as home:
            for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
                wait = home.wait("bot1@example.com")
                wait.signal(number)
                self.assertEqual((wait.finish(5), wait.stdout), (code, ""))
                until(lambda: not home.waiters(), 5, "the agent knows")


class Hostile(unittest.TestCase):
    def assertHarmless(self, text, allowed="\n"):
        bad = {char for char in text if not (char.isprintable() or char in allowed)}
        self.assertEqual(bad, set(), text)

    # ctest: smoke
    def test_X03_words_of_a_mail_reach_json_escaped_and_plain_output_never(self):
        with Home() as home:
            home.start_agent()
            sender = f'"{HOSTILE.replace(chr(13), "").replace(chr(10), "")}" <a@example.org>'
            for n in range(2):
                hand_in(home, mail.plain("482913", subject=HOSTILE + "é", sender=sender), f"bot{n}@example.com")
            done = shell(home, 'code=$(otpctl wait bot0@example.com); printf %s "$code"')
            self.assertEqual((done.returncode, done.stdout), (0, "482913"), done.stderr)
            self.assertHarmless(done.stderr)
            done = home.otpctl("wait", "bot1@example.com", "--json")
            self.assertEqual(done.code, 0, done)
            self.assertHarmless(done.stdout)
            self.assertEqual(done.stdout.count("\n"), 1)
            delivery = json.loads(done.stdout)
            self.assertEqual(delivery["code"], "482913")
            self.assertIn("$(touch pwned)", delivery["subject"])
            self.assertFalse(os.path.exists(os.path.join(home.root, "pwned")))

    def test_X03_explanations_logs_and_tables_do_not_drive_a_terminal(self):
        with Home() as home:
            home.start_agent("-vv")
            for text in ("\x1b]0;pwned\x07 is no address", "a@b\x1b[2J.example"):
                done = home.otpctl("session", "register", text)
                self.assertEqual((done.code, done.stdout), (64, ""))
                self.assertHarmless(done.stderr)
            hand_in(home, mail.no_code(subject=HOSTILE + "é", sender="\x1b]0;pwned\x07 <a\x1b[2J@example.org>"),
                    "bot1@example.com")
            hand_in(home, mail.two_codes("482913", "193744", sender="=?utf-8?Q?=1B]0;pwned=07?= <b@example.org>"),
                    "bot1@example.com")
            self.assertEqual(home.otpctl("sms", "--from", "\x1b]0;pwned\x07", "--to", "+905551112233",
                                         input="\x1b[2Jhello").code, 0)
            for recipient in ("bot1@example.com", "+905551112233"):
                done = home.otpctl("wait", recipient, "--timeout", "1")
                self.assertEqual((done.code, done.stdout), (65, ""), done)
                self.assertHarmless(done.stderr)
            for arguments in (("status",), ("session", "list"), ("manual", "\x1b[2J", "482913"), ("\x1b[2J",)):
                done = home.otpctl(*arguments)
                self.assertHarmless(done.stdout + done.stderr)
            self.assertHarmless(home.log())

    def test_X03_words_of_a_server_and_codes_of_a_pattern_are_harmless_too(self):
        def refuse(connection, tag, _):
            connection.send(f"{tag} NO [AUTHENTICATIONFAILED] \x1b]0;pwned\x07 go away")

        def refuses(connection):
            connection.behave(Mailbox(), LOGIN=refuse, AUTHENTICATE=refuse)

        with ScriptedServer(refuses) as server, Home() as home:
            server.user, server.password = "alice", "pass word"
            home.write_config(home.mailbox(server), "[[pattern]]\nregex = 'PIN (.+)'")
            wait = home.wait("bot1@example.com", "--timeout", "3")
            hand_in(home, mail.message(b"PIN 12\x1b]0;pwned\x0734\n"), "bot1@example.com")
            self.assertEqual((wait.finish(), wait.stdout), (77, ""))
            self.assertHarmless(wait.stderr)
            home.await_source("signed_out")
            done = home.otpctl("status")
            self.assertIn("go away", done.stdout)
            self.assertHarmless(done.stdout)

    def test_X03_on_a_terminal_that_can_nothing_only_lines_come(self):
        with Home(TERM="dumb") as home:
            home.start_agent()
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            wait = home.wait("bot1@example.com", "--timeout", "20", stdin=theirs, stdout=theirs, stderr=theirs)
            os.close(theirs)
            hand_in(home, mail.plain("482913", subject=HOSTILE + "é"), "bot1@example.com")
            self.assertEqual(wait.finish(), 0)
            said = b""
            with contextlib.suppress(OSError):
                while piece := os.read(ours, 4096):
                    said += piece
            self.assertHarmless(said.decode(), "\r\n")
            self.assertEqual(said.decode().splitlines()[-1], "482913")


class Time(unittest.TestCase):
    def test_X04_a_timeout_of_5_s_is_5_s_also_when_the_machine_is_busy(self):
        with Home() as home:
            home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # it takes its time at the end
            home.start_agent()
            busy = [subprocess.Popen([sys.executable, "-c", "import time\nend = time.monotonic() + 15\n"
                                      "while time.monotonic() < end: pass"]) for _ in range(os.cpu_count())]
            try:
                waits = [home.spawn("wait", f"bot{n}@example.com", "--timeout", "5") for n in range(3)]
                self.assertEqual([one.finish() for one in waits], [124] * 3)
                for one in waits:
                    self.assertAlmostEqual((one.ended_ns - one.started_ns) / 1e9, 5, delta=0.2)
            finally:
                for one in busy:
                    one.kill()
                    one.wait()

    # ctest: timeout=60
    def test_X05_a_mailbox_that_is_down_at_the_start_is_degraded_not_empty(self):
        with Dovecot() as dovecot, Home() as home:
            dovecot.append(mail.plain("193744", to="bot1@example.com"), age=3)
            dovecot.kill()
            home.write_config(home.mailbox(dovecot))
            home.start_agent()
            said = home.otpctl("session", "register", "bot1@example.com")
            self.assertEqual(said.code, 0, said)
            self.assertIn("could not say where it stands", said.stderr)
            session = home.json("session", "register", "bot1@example.com")
            self.assertTrue(session["degraded"])
            # What cannot be asked is not "nothing there".
            none = home.otpctl("wait", "--session", session["id"], "--timeout", "0")
            self.assertEqual((none.code, none.stdout), (69, ""), none)
            wait = home.wait("--session", session["id"], "--timeout", "30")
            dovecot.resume()
            home.await_source(seconds=30)
            self.assertIsNone(wait.poll(), "the mail from before the mark was given")
            dovecot.deliver(mail.plain("482913"), "bot1@example.com")
            self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"), wait.stderr)


if __name__ == "__main__":
    unittest.main()
