"""otpctl run: a session around a program, codes given to it, and a home of its own."""

import contextlib
import ctypes
import glob
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from otptest import Home, isolated, mail, small_disk, until
from otptest.util import alive, children_of

BOT = "bot1@example.com"
OTHER = "bot2@example.com"


class Run(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def start(self):
        self.home.write_config("")
        self.home.start_agent()

    def run_one(self, *arguments, code=0, **more):
        done = self.home.otpctl("run", *arguments, **more)
        self.assertEqual(done.code, code, done)
        return done

    def run_sh(self, script, *options, **more):
        return self.run_one("--email", BOT, *options, "--", "sh", "-c", script, **more)

    def deliver(self, code, recipient=BOT, **more):
        self.assertEqual(self.home.otpctl("deliver", recipient, input=mail.plain(code, to=recipient, **more)).code, 0)

    def sessions(self):
        return self.home.json("session", "list")["sessions"]

    def program(self, text, *options, **more):
        """`otpctl run` with a program that runs until its standard input ends; returns when the program has begun."""
        running = self.home.spawn("run", "--email", BOT, *options, "--", "sh", "-c",
                                  f"{text}\necho begun; cat >&2", stdin=subprocess.PIPE, **more)
        until(lambda: "begun" in running.stdout or running.poll() is not None, 20, "the program has begun")
        self.assertIsNone(running.poll(), running.stderr)
        self.addCleanup(running._process.stdin.close)  # pylint: disable=protected-access
        return running

    @staticmethod
    def end(running):
        running._process.stdin.close()  # pylint: disable=protected-access
        return running.finish()

    @staticmethod
    def name(pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
        return ""


class Sessions(Run):
    # ctest: smoke
    def test_a_plain_wait_inside_knows_the_session_and_the_session_ends_with_the_program(self):
        message = self.home.write("m.eml", mail.plain("482913", to=BOT).decode())
        done = self.run_sh(f'otpctl deliver {BOT} < {message}; echo "$(otpctl wait --timeout 9) $OTPCTL_SESSION"; exit 7',
                           code=7)
        code, session = done.stdout.split()
        self.assertEqual(code, "482913")
        self.assertEqual(self.sessions(), [])
        self.assertEqual(self.home.otpctl("session", "show", session).code, 66)
        self.assertEqual(done.stderr, "")

    def test_what_came_before_the_run_does_not_count_inside(self):
        self.start()
        self.deliver("193744")
        self.assertEqual(self.run_sh("otpctl wait --timeout 0", code=1).stdout, "")

    def test_a_wait_for_another_recipient_inside_is_its_own(self):
        self.start()
        self.deliver("193744", OTHER)
        done = self.run_sh(f"otpctl wait {OTHER} --timeout 0; otpctl session show --json")
        code, shown = done.stdout.splitlines()
        self.assertEqual((code, json.loads(shown)["codes_given"]), ("193744", 0))

    def test_filters_country_and_metadata_are_those_of_the_session(self):
        shown = json.loads(self.run_one(
            "--phone", "0151 23456789", "--country", "DE", "--metadata", '{"job":7}', "--from", "Shop*", "--subject", "*x*",
            "--length", "4-8", "--", "otpctl", "session", "show", "--json").stdout)
        self.assertEqual((shown["phone"], shown["metadata"], shown["from"], shown["subject"], shown["length"]),
                         ("+4915123456789", {"job": 7}, "Shop*", "*x*", "4-8"))

    def test_a_session_lives_longer_than_its_ttl_while_the_program_runs(self):
        self.start()
        running = self.program("", "--ttl", "1s")
        short = self.home.otpctl("session", "register", OTHER, "--ttl", "1s").stdout.strip()
        until(lambda: self.home.otpctl("session", "show", short).code == 66, 9, "the other one expires")
        (kept,) = self.sessions()
        self.assertEqual((kept["email"], kept["expires"]), (BOT, None))
        self.assertEqual(self.end(running), 0)

    def test_after_kill_9_the_program_goes_on_and_the_session_ends_by_its_ttl(self):
        self.start()
        running = self.program("", "--ttl", "1s")
        (program,) = [pid for pid in children_of(running.pid) if self.name(pid) == "sh"]
        running.signal(signal.SIGKILL)
        until(lambda: not self.sessions(), 9, "the session expires")
        self.assertTrue(alive(program))
        running._process.stdin.close()  # pylint: disable=protected-access
        until(lambda: not alive(program), 9, "the program ends")

    def test_an_agent_that_dies_or_is_restarted_holds_the_session_again(self):
        self.start()
        running = self.program("", "--ttl", "1s")
        (before,) = self.sessions()
        self.assertEqual(self.home.otpctl("agent", "restart").code, 0)
        old = self.home.agent_pid()
        self._await_held(before["id"])
        self.home.kill_agent()
        until(lambda: (self.home.agent_pid() or old) != old, 20, "run has started the next agent")
        self._await_held(before["id"])
        self.deliver("482913")
        self.assertEqual(self.home.otpctl("wait", "--session", before["id"]).stdout, "482913\n")
        self.assertEqual(self.end(running), 0)
        self.assertEqual(self.sessions(), [])
        self.assertEqual(running.stderr, "")

    def _await_held(self, session):
        def held():
            done = self.home.otpctl("session", "show", session, "--json")
            return done.code == 0 and json.loads(done.stdout)["expires"] is None
        until(held, 20, "the session is held again")

    def test_after_agent_stop_no_agent_is_started_and_the_program_goes_on(self):
        self.start()
        running = self.program("")
        self.assertEqual(self.home.otpctl("agent", "stop").code, 0)
        time.sleep(3)  # longer than the 2 s in which nobody starts one
        self.assertEqual((self.home.agent_pid(), running.poll()), (None, None))
        self.home.start_agent()
        self._await_held(self.sessions()[0]["id"])
        self.assertEqual(self.end(running), 0)
        self.assertEqual(self.sessions(), [])

    def test_two_for_the_same_recipient_are_told_and_exclusive_refuses(self):
        self.start()
        running = self.program("", "--exclusive")
        self.assertIn("is taken by", self.run_sh("echo never", "--exclusive", code=75).stderr)
        self.assertEqual(self.end(running), 0)
        running = self.program("")
        self.assertIn("1 more asks", self.run_sh(":").stderr)
        self.assertEqual(self.run_sh(":", "--quiet").stderr, "")
        self.assertEqual(self.end(running), 0)


class Program(Run):
    def setUp(self):
        super().setUp()
        self.start()

    def test_the_exit_code_is_the_programs(self):
        for code in (0, 1, 64, 125, 255):
            self.run_sh(f"exit {code}", code=code)

    def test_what_cannot_be_run_is_126_and_what_is_not_found_127(self):
        for words, code in ((["no-such-program"], 127), (["./no/such"], 127), ([""], 127), (["/etc/passwd"], 126),
                            (["/tmp"], 126)):
            done = self.run_one("--email", BOT, "--", *words, code=code)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        self.assertEqual(self.sessions(), [])
        script = self.home.write("broken", "#!/no/such/interpreter\n", mode=0o700)  # only exec can tell
        self.run_one("--email", BOT, "--", script, code=127)
        self.assertEqual(self.sessions(), [])

    def test_a_program_without_shell_sees_its_words_as_they_are(self):
        words = ["a b", "", "$HOME", "*", "--json", "--", "-h", "[x,y]", "{}", "it's"]
        done = self.run_one("--email", BOT, "--", "printf", "<%s>\\n", *words)
        self.assertEqual(done.stdout.splitlines(), [f"<{word}>" for word in words])
        self.assertEqual(self.run_one("--email", BOT, "echo", "--email", "-q").stdout, "--email -q\n")

    def test_a_program_that_a_signal_ends_ends_us_by_the_same_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE):
            self.run_sh(f"kill -{int(number)} $$", code=-number)
        done = self.home.otpctl("--version")
        shell = subprocess.run(["bash", "-c", f"otpctl run --email {BOT} -- sh -c 'kill -TERM $$'; echo $?"],
                               env=self.home.env, capture_output=True, text=True, check=False)
        self.assertEqual((done.code, shell.stdout), (0, "143\n"))
        self.assertEqual(self.sessions(), [])

    def test_signals_that_are_sent_to_us_reach_the_program(self):
        names = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH")
        traps = "\n".join(f"trap 'echo {name}' {name}" for name in names)
        running = self.home.spawn("run", "--email", BOT, "--", "bash", "-c",
                                  f"{traps}\ntrap 'exit 9' CONT\necho begun; while :; do sleep 0.01; done")
        until(lambda: "begun" in running.stdout, 20, "the program has begun")
        for name in names:
            running.signal(getattr(signal, f"SIG{name}"))
            until(lambda name=name: f"{name}\n" in running.stdout, 9, f"{name} is handed on")
        running.signal(signal.SIGCONT)
        self.assertEqual(running.finish(), 9)
        self.assertEqual(running.stdout.split(), ["begun", *names])

    def test_a_signal_that_the_caller_ignores_stays_ignored(self):
        running = self.program("", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        running.signal(signal.SIGHUP)
        (program,) = [pid for pid in children_of(running.pid) if int(self._status(pid, "PPid")) == running.pid]
        os.kill(program, signal.SIGHUP)
        self.assertEqual(self.end(running), 0)

    def test_mask_and_dispositions_of_the_program_are_the_callers(self):
        def odd():
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGTERM])
        grep = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"]
        for prepare, restore in ((None, True), (None, False), (odd, True)):
            plain = subprocess.run(grep, capture_output=True, text=True, preexec_fn=prepare, restore_signals=restore,
                                   check=True).stdout
            ours = self.run_one("--email", BOT, "--", *grep, preexec_fn=prepare, restore_signals=restore).stdout
            self.assertEqual(ours, plain)

    def test_the_program_has_the_callers_descriptors_and_none_of_ours(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        lister = self.home.write("lister", "import os\nfor fd in sorted(map(int, os.listdir('/proc/self/fd'))):\n"
                                           "    path = f'/proc/self/fd/{fd}'\n"  # that of the listing is closed by now
                                           "    if os.path.lexists(path): print(fd, os.readlink(path))\n")
        words = [sys.executable, "-B", lister]
        plain = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, pass_fds=(read,), check=True).stdout
        ours = self.run_one("--email", BOT, "--", *words, pass_fds=(read,)).stdout
        self.assertIn(f"{read} pipe:", ours)
        others = [[line for line in text.splitlines() if line.split()[0] not in "12"] for text in (ours, plain)]
        self.assertEqual(*others)

    def test_standard_input_is_the_programs_and_closed_streams_stay_closed(self):
        self.assertEqual(self.run_sh("cat", input="all of it\n").stdout, "all of it\n")
        for closed, here in (("<&-", "[ ! -e /proc/$$/fd/0 ]"), (">&-", "[ ! -e /proc/$$/fd/1 ]"),
                             ("<&- >&- 2>&-", "[ ! -e /proc/$$/fd/0 ] && [ ! -e /proc/$$/fd/1 ] && [ ! -e /proc/$$/fd/2 ]")):
            with self.subTest(closed):
                shell = f"otpctl run --email {BOT} -- sh -c '{here}' {closed}"
                done = subprocess.run(["bash", "-c", shell], env=self.home.env, check=False, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 0)

    def test_the_environment_is_the_callers_and_of_an_environment_file_only_the_place(self):
        secret = self.home.write("mail.env", f"OTPCTL_HOME={self.home.folder}\nOTPCTL_PASSWORD=not-for-programs\n"
                                             "OTP_MANAGER_TIMEOUT=7\n")
        env = {name: value for name, value in self.home.env.items() if name != "OTPCTL_HOME"}
        done = subprocess.run(self.home.command("run", "--email", BOT, "--env-file", secret, "--", "env"), text=True,
                              env={**env, "KEPT": "as it is"}, capture_output=True, check=True, cwd=self.home.root)
        seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
        self.assertEqual({name for name in seen if name.startswith(("OTP", "KEPT"))},
                         {"KEPT", "OTPCTL_HOME", "OTPCTL_SESSION"})
        self.assertEqual(seen["OTPCTL_HOME"], self.home.folder)

    def test_no_zombie_is_left_whoever_is_given_to_us(self):
        def adopt():
            ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans come to us as to process 1
        running = self.program("for i in 1 2 3; do (sleep 0.1 &) ; done; sleep 0.3", preexec_fn=adopt)

        def children():
            with open(f"/proc/{running.pid}/task/{running.pid}/children", encoding="ascii") as file:
                return [self._status(pid, "Name") for pid in file.read().split()]
        until(lambda: children() == ["sh"], 9, "only the program is left")
        self.assertEqual(self.end(running), 0)

    @staticmethod
    def _status(pid, key):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith(key + ":"):
                    return line.split()[1]
        return ""


class Terminal(Run):
    """Under a terminal of its own: what the keys do."""

    def setUp(self):
        super().setUp()
        self.start()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.home.root)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**self.home.env, "PS1": "$ ", "TERM": "dumb"})
        self.addCleanup(self._end)
        self.text = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.seen("$ ")  # what is typed before is thrown away

    def _read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 4096):
                self.text += data.decode(errors="replace")

    def _end(self):
        for pid in [*children_of(self.pid), self.pid]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.reader.join(9)
        os.close(self.fd)

    def type(self, text):
        os.write(self.fd, text.encode())

    def seen(self, text, count=1):
        until(lambda: self.text.count(text) >= count, 20, f"{text!r} {count} times in {self.text!r}")

    def states(self):
        """Name → state of everything below the shell."""
        found = {}
        for pid in children_of(self.pid):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
                found[name] = rest.split()[0]
        return found

    def test_ctrl_c_is_heard_once_and_ends_a_shells_loop(self):
        # Each call of the handler leaves a byte in the pipe. A second signal while the first one is pending would not be
        # seen, so `run` comes to it only when the program has nothing more to do.
        counter = self.home.write("counter", "import os, signal, sys\nr, w = os.pipe()\nos.set_blocking(w, False)\n"
                                             "signal.set_wakeup_fd(w)\nsignal.signal(signal.SIGINT, lambda *_: None)\n"
                                             "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
                                             "print('ready', flush=True)\nheard = 0\n"
                                             "while os.read(r, 1)[0] == signal.SIGINT:\n"
                                             "    heard += 1\n    print(f'-{heard}-', flush=True)\n")
        self.type(f"otpctl run --email {BOT} -- {sys.executable} -B {counter}\n")
        self.seen("ready")
        for pid in children_of(self.pid):
            os.sched_setaffinity(pid, [min(os.sched_getaffinity(0))])
            if self.name(pid) == "otpctl-run":
                os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        for press in range(1, 21):
            self.type("\x03")
            self.seen(f"-{press}-")
            until(lambda: set(self.states().values()) == {"S"}, 9, "both have done with it")
            self.assertNotIn(f"-{press + 1}-", self.text)
        for pid in children_of(self.pid):
            if self.name(pid) == "otpctl-run":
                os.kill(pid, signal.SIGUSR1)
        until(lambda: not self.states(), 9, "the program has ended")
        self.assertNotIn("-21-", self.text)
        self.type(f"for i in 1 2 3; do echo round-$i-; otpctl run --email {BOT} -- sleep 60; done; echo after\n")
        until(lambda: "sleep" in self.states(), 20, "sleep runs")
        self.type("\x03")
        self.type("echo prompt-$((40+2))\n")
        self.seen("prompt-42")
        self.assertNotIn("round-2-\r", self.text)

    def test_ctrl_z_stops_both_and_fg_goes_on_with_both(self):
        self.type(f"otpctl run --email {BOT} -- cat\n")
        until(lambda: "cat" in self.states(), 20, "cat runs")
        self.type("\x1a")
        self.seen("Stopped")
        self.assertEqual({self.states()["cat"], self.states()["otpctl-run"]}, {"T"})
        self.type("fg\n")
        until(lambda: "T" not in self.states().values() and "cat" in self.states(), 9, "both go on")
        self.type("echoed\n")
        self.seen("echoed", 2)
        self.type("\x04")
        until(lambda: not self.states(), 9, "it ends")
        self.type("echo code=$?\n")
        self.seen("code=0")

    def test_a_program_that_stops_itself_gives_the_terminal_back(self):
        self.type(f"otpctl run --email {BOT} -- sh -c 'kill -STOP $$; echo went-on'\n")
        self.seen("Stopped")
        self.type("fg\n")
        self.seen("\nwent-on")

    def test_one_that_is_stopped_in_the_background_reads_again_in_the_foreground(self):
        self.type(f"otpctl run --email {BOT} -- sh -c 'read x; echo got-$x' &\n")
        until(lambda: self.states().get("otpctl-run") == "T", 20, "it is stopped")
        self.type("fg\n")
        until(lambda: "T" not in self.states().values(), 9, "it goes on")
        self.type("it\n")
        self.seen("got-it")


class Codes(Run):
    def setUp(self):
        super().setUp()
        self.start()

    def test_fd_gives_each_code_as_a_line_and_acknowledges_it(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "-q", "--", "sh", "-c",
                                  "echo begun; read a <&3; echo $a; read b <&3; echo $b")
        until(lambda: self.home.waiters(), 20, "it waits")
        self.deliver("193744")
        until(lambda: "193744\n" in running.stdout, 9, "the first is there")
        until(lambda: self.home.waiters(), 20, "it waits again")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "begun\n193744\n482913\n"))
        self.assertEqual(self.home.status()["codes_delivered"], 2)
        self.assertEqual(running.stderr, "")

    def test_fd_without_a_code_ends_the_file_and_says_why(self):
        done = self.run_sh("read a <&5 || echo nothing; cat <&5", "--fd", "5", "--timeout", "300ms")
        self.assertEqual(done.stdout, "nothing\n")
        self.assertIn(f"otpctl run: no code for {BOT}", done.stderr)

    def test_a_program_that_closes_its_descriptor_takes_no_code_from_others(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "--", "sh", "-c", "read go; exec 3<&-; cat",
                                  stdin=subprocess.PIPE)
        until(lambda: self.home.waiters(), 20, "it waits")
        os.write(running._process.stdin.fileno(), b"go\n")  # pylint: disable=protected-access
        until(lambda: not self.home.waiters(), 9, "it waits no longer")
        wait = self.home.wait(BOT)
        self.deliver("482913")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertEqual(self.end(running), 0)

    def test_fd_goes_on_with_the_next_agent(self):
        running = self.home.spawn("run", "--email", BOT, "--fd", "3", "-q", "--", "sh", "-c", "read a <&3; echo $a")
        until(lambda: self.home.waiters(), 20, "it waits")
        old = self.home.kill_agent()
        until(lambda: (self.home.agent_pid() or old) != old and self.home.waiters(), 20, "it waits at the next one")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "482913\n"))

    def test_a_descriptor_of_the_caller_is_not_taken_from_it(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        done = self.run_one("--email", BOT, "--fd", read, "--", "true", pass_fds=(read,), code=64)
        self.assertIn(f"--fd {read}: that descriptor is the caller's", done.stderr)
        self.run_one("--email", BOT, "--fd", 1023, "--", "true")
        for number in ("2", "x", "4096"):
            self.run_one("--email", BOT, "--fd", number, "--", "true", code=64)

    def test_env_waits_first_looks_back_and_gives_the_code_in_a_variable(self):
        self.deliver("193744")
        done = self.run_sh("echo $OTP; otpctl session show --json", "--env", "OTP")
        code, shown = done.stdout.splitlines()
        self.assertEqual((code, json.loads(shown)["state"], done.stderr), ("193744", "open", ""))
        running = self.home.spawn("run", "--email", BOT, "--env", "OTP", "-q", "--", "sh", "-c", "echo $OTP")
        until(lambda: self.home.waiters(), 20, "it waits")
        self.deliver("482913")
        self.assertEqual((running.finish(), running.stdout), (0, "482913\n"))
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "0").code, 1)

    def test_env_with_exclusive_keeps_the_recipient_for_the_program(self):
        self.deliver("193744")
        running = self.program("echo $OTP", "--env", "OTP", "--exclusive")
        self.assertIn("193744", running.stdout)
        self.assertEqual(self.home.otpctl("wait", BOT, "--exclusive", "--timeout", "1").code, 75)
        self.assertEqual(self.end(running), 0)

    def test_env_without_a_code_starts_nothing_and_ends_as_a_wait(self):
        mark = os.path.join(self.home.root, "started")
        done = self.run_one("--email", BOT, "--env", "OTP", "--timeout", "300ms", "--", "touch", mark, code=124)
        self.assertIn(f"otpctl run: no code for {BOT}", done.stderr)
        self.run_one("--email", BOT, "--env", "OTP", "--timeout", "0", "--", "touch", mark, code=1)
        self.deliver("193744")
        self.run_one("--email", BOT, "--env", "OTP", "--since", "now", "--timeout", "0", "--", "touch", mark, code=1)
        self.assertFalse(os.path.exists(mark))

    def test_a_code_for_a_program_that_cannot_be_run_goes_to_the_next(self):
        self.deliver("482913")
        script = self.home.write("broken", "#!/no/such/interpreter\n", mode=0o700)
        self.run_one("--email", BOT, "--env", "OTP", "--", script, code=127)
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "5").stdout, "482913\n")

    def test_signals_while_env_waits_end_it_and_lose_no_code(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.home.spawn("run", "--email", BOT, "--env", "OTP", "-q", "--", "true")
            until(lambda: self.home.waiters(), 20, "it waits")
            running.signal(number)
            self.assertEqual(running.finish(), -number)
            until(lambda: not self.home.waiters(), 9, "the agent knows")

    def test_some_names_may_not_carry_a_code(self):
        for name in ("PATH", "LD_PRELOAD", "OTPCTL_HOME", "1X", "A-B", "A=B", "", " "):
            done = self.run_one("--email", BOT, f"--env={name}", "--", "true", code=64)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))


class Private(Run):
    """--private: an agent, a store and sockets for one run."""

    def setUp(self):
        super().setUp()
        self.place = os.path.join(self.home.root, "t")
        os.mkdir(self.place, 0o700)
        self.home.env["TMPDIR"] = self.place

    def left(self):
        return glob.glob(os.path.join(self.place, "*"))

    # ctest: smoke
    def test_it_has_a_home_of_its_own_that_is_gone_with_it(self):
        message = self.home.write("m.eml", mail.plain("482913", to=BOT).decode())
        done = self.run_sh(f'otpctl deliver {BOT} < {message}; otpctl wait; echo "$OTPCTL_HOME ${{OTPCTL_SOCKET-none}}"; '
                           'stat -c "%a %U" "$OTPCTL_HOME"; otpctl status --json; exit 3', "--private",
                           env={"OTPCTL_SOCKET": "/nowhere/x.sock"}, code=3)
        code, places, mode, status = done.stdout.splitlines()
        folder, sockets = places.split()
        self.assertEqual((code, sockets), ("482913", "none"))
        self.assertEqual(os.path.dirname(folder), self.place)
        self.assertTrue(mode.startswith("700 "))
        self.assertEqual(json.loads(status)["home"], folder)
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))
        self.assertEqual(os.listdir(self.home.folder), ["m.eml"])

    def test_it_works_under_the_callers_configuration(self):
        self.home.write_config('[wait]\ntimeout = "1s"')
        named = self.home.write("named.toml", '[wait]\ntimeout = "2s"\n')
        for options, limit in ((), "1s"), (("--config", named), "2s"):
            done = self.run_sh("otpctl wait", "--private", *options, code=124)
            self.assertIn(f"in {limit}", done.stderr)
        wrong = self.home.write("wrong.toml", "[wait]\ntimeout = 7x\n")
        done = self.run_sh("echo never", "--private", "--config", wrong, code=78)
        self.assertIn("wrong.toml:2", done.stderr)
        self.run_sh(":", "--private", "--config", "/no/such.toml", code=78)
        self.assertEqual(self.left(), [])
        until(lambda: not self.home.agent_pids(), 9, "those that could not start have ended")

    def test_it_is_gone_after_each_way_out(self):
        self.run_one("--private", "--email", BOT, "--", "no-such-program", code=127)
        script = self.home.write("broken", "#!/no/such/interpreter\n", mode=0o700)
        self.run_one("--private", "--email", BOT, "--", script, code=127)
        self.run_one("--private", "--email", "no address", "--", "true", code=64)
        self.run_one("--private", "--email", BOT, "--env", "OTP", "--timeout", "0", "--", "true", code=1)
        self.run_sh("kill -KILL $$", "--private", code=-signal.SIGKILL)
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))
        for number in (signal.SIGTERM, signal.SIGKILL):
            running = self.home.spawn("run", "--private", "--email", BOT, "--env", "OTP", "-q", "--", "true")
            until(lambda running=running: "waiting" in self._state(), 20, "it waits")
            running.signal(number)
            self.assertEqual(running.finish(), -number)
            until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")

    def _state(self):
        """What the one private agent's list of waits says."""
        for folder in self.left():
            done = self.home.otpctl("status", "--json", env={"OTPCTL_HOME": folder, "OTPCTL_START": "never"})
            if done.code == 0 and json.loads(done.stdout)["waiters"]:
                return "waiting"
        return ""

    def test_after_kill_9_the_program_goes_on_and_home_and_agent_are_gone(self):
        running = self.program("", "--private")
        (folder,) = self.left()
        running.signal(signal.SIGKILL)
        until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")
        self.assertTrue(any(alive(pid) for pid in self.home.processes()))
        done = self.home.otpctl("wait", BOT, "--timeout", "1", env={"OTPCTL_HOME": folder, "OTPCTL_START": "never"})
        self.assertEqual((done.code, self.left()), (69, []))

    def test_an_agent_of_it_that_dies_is_started_again_on_the_leash(self):
        running = self.program("", "--private")
        (agent,) = self.home.agent_pids()
        os.kill(agent, signal.SIGKILL)
        until(lambda: self.home.agent_pids() not in ([], [agent]), 20, "the next one")
        running.signal(signal.SIGKILL)
        until(lambda: not self.left() and not self.home.agent_pids(), 20, "the agent has cleaned up")

    # ctest: timeout=300
    def test_twenty_at_once_do_not_disturb_one_another(self):
        script = self.home.write("job", f'otpctl deliver {BOT} <<EOF\nFrom: a@shop.example\nTo: {BOT}\nSubject: x\n\n'
                                        'Your code is $1\nEOF\nexec otpctl wait --timeout 60s\n')
        codes = mail.codes(20)
        jobs = [self.home.spawn("run", "--private", "--email", BOT, "--", "sh", script, code) for code in codes]
        for job, code in zip(jobs, codes):
            self.assertEqual((job.finish(200), job.stdout, job.stderr), (0, code + "\n", ""))
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))

    def test_it_needs_neither_home_nor_xdg_variables(self):
        bare = {"PATH": self.home.env["PATH"], "TMPDIR": self.place,
                **{name: self.home.env[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}}
        done = subprocess.run([*self.home.command("run"), "--private", "--email", BOT, "--", "otpctl", "status"],
                              env=bare, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.left(), self.home.agent_pids()), ([], []))

    def test_where_one_place_will_not_do_the_next_one_is_taken(self):
        runtime = os.path.join(self.home.root, "r")
        os.mkdir(runtime, 0o700)
        for place in ("relative", "/no/such/folder", self.place + "/" + "x" * 100):
            done = self.run_sh('echo "$OTPCTL_HOME"', "--private", env={"TMPDIR": place, "XDG_RUNTIME_DIR": runtime})
            self.assertEqual(os.path.dirname(done.stdout.strip()), runtime)
        self.assertEqual(os.listdir(runtime), [])

    @isolated
    def test_a_full_disk_is_told_and_nothing_is_left(self):
        full = os.path.join(self.home.root, "full")
        os.mkdir(full, 0o700)
        small_disk(full, "16k")
        with open(os.path.join(full, "rest"), "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x")
        done = self.run_sh("echo never", "--private", env={"TMPDIR": full}, code=75)
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        self.assertEqual((os.listdir(full), self.home.agent_pids()), (["rest"], []))


class Wrong(Run):
    def test_wrong_command_lines_say_what_to_write(self):
        for arguments, said in (
                ([], "which program? write it behind --"),
                (["--email", BOT], "which program?"),
                (["--email", BOT, "--"], "which program?"),
                (["--", "true"], "whose code?"),
                (["--email", "", "--", "true"], "whose code?"),
                (["--emial", BOT, "--", "true"], "did you mean --email?"),
                (["--email", BOT, "--timeout", "5", "--", "true"], "--timeout belongs to --fd or --env"),
                (["--email", BOT, "--since", "5", "--", "true"], "--since belongs to --env"),
                (["--email", BOT, "--config", "x", "--", "true"], "--config belongs to --private"),
                (["--email", BOT, "--fd", "3", "--env", "OTP", "--", "true"], "exclude each other"),
                (["--email", BOT, "--queue", "5", "--", "true"], "--queue belongs to --exclusive"),
                (["--email", BOT, "--ttl", "0", "--", "true"], "--ttl 0"),
                (["--email", BOT, "--metadata", "[1]", "--", "true"], "--metadata must be")):
            with self.subTest(arguments):
                done = self.run_one(*arguments, code=64)
                self.assertIn(said, done.stderr)
                self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
        self.assertIsNone(self.home.agent_pid())

    def test_without_an_agent_that_may_be_started_nothing_runs(self):
        done = self.run_sh("echo never", env={"OTPCTL_START": "never"}, code=69)
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))

    def test_an_agent_of_another_version_is_named(self):
        path = os.path.join(self.home.folder, "agent.sock")
        answer = {"jsonrpc": "2.0", "id": 1, "result": {"v": 1, "protocol": 99, "version": "9.9.9", "pid": 1,
                                                        "capabilities": []}}
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            thread = threading.Thread(target=self._answer, args=(listener, answer))
            thread.start()
            done = self.run_sh("echo never", code=69)
            thread.join()
        self.assertIn("version 9.9.9 and speaks protocol 99", done.stderr)
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))

    @staticmethod
    def _answer(listener, answer):
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(json.dumps(answer).encode() + b"\n")
            connection.recv(4096)


class Unique(Run):
    def test_a_unique_address_is_registered_printed_and_waited_for(self):
        script = self.home.write("script", 'set -eu\naddress=$(otpctl session register --unique qa@example.com)\n'
                                           './sign-up "$address"\ncode=$(otpctl wait "$address")\necho "$address $code"\n')
        self.home.write("sign-up", '#!/bin/sh\notpctl deliver "$1" <<EOF\nFrom: a@shop.example\nTo: $1\nSubject: x\n\n'
                                   'Your code is 482913\nEOF\n', mode=0o700)
        done = subprocess.run(["sh", script], cwd=self.home.folder, env=self.home.env, capture_output=True, text=True,
                              check=True)
        address, code = done.stdout.split()
        self.assertRegex(address, r"^qa\+[a-z2-7]{12}@example\.com$")
        self.assertEqual((code, done.stderr), ("482913", ""))
        (session,) = self.sessions()
        self.assertEqual((session["email"], session["codes_given"]), (address, 1))
        self.assertEqual(self.home.json("session", "show", address)["id"], session["id"])
        self.assertEqual(self.home.otpctl("session", "close", address).code, 0)
        self.assertEqual(self.home.otpctl("session", "close", address).code, 66)

    def test_a_wait_for_it_has_the_sessions_mark_however_late_it_comes(self):
        address = self.home.otpctl("session", "register", "--unique", "qa+ci@example.com").stdout.strip()
        self.assertRegex(address, r"^qa\+ci-[a-z2-7]{12}@example\.com$")
        self.deliver("482913", address)
        self.assertEqual(self.home.otpctl("wait", address.upper(), "--since", "now", "--timeout", "0").code, 1)
        self.assertEqual(self.home.otpctl("wait", address, "--since", "now", "--timeout", "0").stdout, "482913\n")
        self.deliver("193744", address)
        self.assertEqual(self.home.otpctl("wait", "--session", address, "--timeout", "0").stdout, "193744\n")

    def test_each_is_another_one_and_json_has_both(self):
        said = [self.home.json("session", "register", "--unique", "qa@example.com") for _ in range(5)]
        self.assertEqual(len({one["email"] for one in said}), 5)
        for wrong in ("+905551112233", '"a b"@example.com', "a" * 60 + "@example.com", "@example.com", "qa@"):
            done = self.home.otpctl("session", "register", "--unique", "--email", wrong)
            self.assertEqual((done.code, done.stdout, done.stderr.count("\n")), (64, "", 1))


if __name__ == "__main__":
    unittest.main()
