"""otpctl run: a session around a program."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from otptest import Home, mail, until
from otptest.util import alive, children_of, Opens

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
        shells = lambda: [pid for pid in children_of(running.pid) if self.name(pid) == "sh"]
        until(lambda: len(shells()) == 1, 9, "the shell has begun its cat")  # between fork and exec that is a shell, too
        (program,) = shells()
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
        stopped = time.monotonic()
        with Opens(os.path.join(self.home.folder, "agent.json")) as looks:  # `run` reads it when it looks for the agent
            while time.monotonic() < stopped + 2:  # nobody starts one then
                looks.next()
            looks.next()  # whatever came of the look before has happened
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


class Wrong(Run):
    def test_wrong_command_lines_say_what_to_write(self):
        for arguments, said in (
                ([], "which program? write it behind --"),
                (["--email", BOT], "which program?"),
                (["--email", BOT, "--"], "which program?"),
                (["--", "true"], "whose code?"),
                (["--email", "", "--", "true"], "--email: it is empty"),
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
