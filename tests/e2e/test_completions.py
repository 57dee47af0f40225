"""The completions of bash, zsh and fish in the real shells, with an agent and without."""

import contextlib
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import threading
import time
import unittest

from otptest import Home, Timeout

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
BASH, ZSH, FISH = (os.path.join(ROOT, "completions", name) for name in ("bash/otpctl", "zsh", "fish/otpctl.fish"))
SESSION = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
STARTED = "2026-11-20T09:33:58.000Z"
HOSTILE = "a$(touch pwned)`touch pwned`;&|<>*?'\"\\ b@example.com"


class SmallAgent:
    """Answers hello, session.list, status and health as it is told, whatever names it is given."""

    def __init__(self, home, recipients=(), sessions=(), sources=(), silent=False):
        self._sessions = [{"id": name, "state": "open", "email": "carol@example.com"} for name in sessions]
        self._status = {"v": 1, "version": "9.9.9", "pid": 1, "started": STARTED, "waiters": [{"session": "w", "email": name} for name in recipients], "sources": []}
        self._health = {"v": 1, "version": "9.9.9", "pid": 1, "started": STARTED, "sources": [{"name": name, "kind": "imap", "state": "live"} for name in sources]}
        self._silent = silent
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(home.folder, "agent.sock"))
        self._listener.listen(16)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
                    for line in lines:
                        if not self._silent:
                            client.sendall(self._answer(json.loads(line)))

    def _answer(self, call):
        result = {"hello": {"v": 1, "protocol": 1, "version": "9.9.9", "pid": 1, "capabilities": []},
                  "session.list": {"v": 1, "sessions": self._sessions, "more": False},
                  "status": self._status, "health": self._health}[call["method"]]
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}).encode() + b"\n"


class Shell:
    """An interactive shell that has our completions."""

    def __init__(self, home, kind):
        ready = "stty cols 300; PS1='ready> '"
        commands = {
            "bash": (["bash", "--norc", "--noprofile", "-i"],
                     f"bind 'set bell-style none'; bind 'set page-completions off'; "
                     f"bind 'set enable-bracketed-paste off'; source {BASH}; {ready}"),
            "zsh": (["zsh", "-f", "-i"],
                    f"fpath=({ZSH} $fpath); autoload -U compinit; compinit -D -u; unsetopt beep prompt_cr prompt_sp; "
                    f"unset zle_bracketed_paste; setopt interactive_comments; LISTMAX=0; {ready}")}
        command, setup = commands[kind]
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=home.root,
                                         env={**home.env, "TERM": "dumb", "HISTFILE": "", "PS1": "first> "},
                                         start_new_session=True)
        os.close(theirs)
        self._said = ""
        self.type(setup + "\n")
        self.expect("\nready> ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def type(self, text):
        os.write(self._ours, text.encode())

    def expect(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in (plain := self._said.replace("\r", "")):
            if time.monotonic() > deadline:
                raise Timeout(f"not said: {text!r}; said: {self._said!r}")
            if select.select([self._ours], [], [], 0.1)[0]:
                self._said += os.read(self._ours, 65536).decode(errors="replace")
        before, _, after = plain.partition(text)
        self._said = after
        return before

    def completed(self, line):
        """The words that the shell would run after `line` and TAB."""
        self.type(line + "\t")
        self.type("\x01printf '<%s>' \x05; echo .\n")  # what stands there becomes the arguments of printf
        self.expect("; echo .\n")
        words = self.expect(".\nready> ").strip()
        return words[1:-1].split("><")


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed (scripts/deps)")


class Completions(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def agent(self, *recipients, **more):
        return self.enterContext(SmallAgent(self.home, recipients, **more))

    def shell(self, kind):
        return self.enterContext(Shell(self.home, kind))

    def fish(self, line):
        """What fish offers for the line."""
        done = subprocess.run(["fish", "--no-config", "-c", f"source {FISH}; complete -C \"$argv[1]\"", line],
                              env={**self.home.env, "XDG_CONFIG_HOME": self.home.root}, cwd=self.home.root,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [one.split("\t")[0] for one in done.stdout.splitlines()]

    def bash(self, line):
        """COMPREPLY for the line, without a terminal."""
        script = ('source "$1"; COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9; read -ra COMP_WORDS <<<"$2"; '
                  '[[ $2 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _otpctl; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", BASH, line], env=self.home.env, cwd=self.home.root,
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    @needs("bash")
    def test_a_file_whose_name_has_spaces_is_one_word_in_bash(self):
        with open(os.path.join(self.home.root, "my bot.env"), "w", encoding="ascii"):
            pass
        shell = self.shell("bash")
        for option in ("--env-file", "--config"):
            self.assertEqual(shell.completed(f"otpctl run {option} my")[-1], "my bot.env")

    def check_in(self, kind):
        """What must hold in each shell that has a line to edit."""
        self.agent("bot5@example.com", "+905551112233", sessions=[SESSION], sources=["main/INBOX", "lmtp"])
        shell = self.shell(kind)
        for line, expected in (
                ("otpctl wait bot5", ["bot5@example.com"]), ("otpctl wait bot5@ex", ["bot5@example.com"]),
                ("otpctl wait --timeout 5 bot5@", ["bot5@example.com"]),
                ("otpctl wait --phone +90", ["--phone", "+905551112233"]),
                ("otpctl wait --session 1b", ["--session", SESSION]), ("otpctl manual +9055", ["+905551112233"]),
                ("otpctl session show 1b4e28ba-2", ["show", SESSION]), ("otpctl session close 1b", ["close", SESSION]),
                ("otpctl session register bot5@", ["register", "bot5@example.com"]),
                ("otpctl health --source main/", ["--source", "main/INBOX"]),
                ("otpctl wait --time", ["--timeout"]), ("otpctl status --js", ["--json"]),
                ("otpctl agent sto", ["stop"]),
                ("otpctl session refresh --tt", ["--ttl"]), ("otpctl run -q -- dircolo", ["--", "dircolors"]),
                ("otpctl run --email bot5@", ["--email", "bot5@example.com"]), ("otpctl sess", ["session"]),
                ("otpctl watch --email bot5@", ["--email", "bot5@example.com"]),
                ("otpctl log --type message,co", ["--type", "message,code"]),
                ("otpctl watch --type message,wait,se", ["--type", "message,wait,session"]),
                ("otpctl log --type ag", ["--type", "agent"]), ("otpctl run -- printf bot5", ["printf", "bot5"]),
                ("otpctl run wait bot5", ["wait", "bot5"]), ("otpctl watch --session 1b", ["--session", "1b"])):
            with self.subTest(line):
                words = shell.completed(line)
                if line.endswith("--time"):  # two begin so
                    self.assertTrue(words[-1].startswith("--timeout"))
                else:
                    self.assertEqual(words[-len(expected):], expected)

    def check_hostile_in(self, kind):
        """A name is one word that says what it is, and nothing in it is run."""
        self.agent(HOSTILE)
        shell = self.shell(kind)
        self.assertEqual(shell.completed("otpctl manual a")[-1], HOSTILE)
        self.assertEqual(shell.completed("otpctl wait --email a")[-1], HOSTILE)
        self.assertNotIn("pwned", os.listdir(self.home.root))

    def check_without_agent_in(self, kind):
        shell = self.shell(kind)
        self.assertEqual(shell.completed("otpctl wait bot5")[-1], "bot5")
        self.assertEqual(shell.completed("otpctl stat")[-1], "status")
        self.assertEqual(os.listdir(self.home.folder), [])  # none was started

    @needs("bash")
    def test_bash_completes_recipients_sessions_and_sources(self):
        self.check_in("bash")

    @needs("bash")
    def test_bash_knows_the_values_of_an_option_behind_its_equals_sign(self):
        for name in ("agent.txt", "plain.txt"):  # what files there are is no value
            with open(os.path.join(self.home.root, name), "w", encoding="ascii"):
                pass
        shell = self.shell("bash")
        for line, expected in (
                ("otpctl log --type=ag", "--type=agent"), ("otpctl log --type=message,co", "--type=message,code"),
                ("otpctl wait --progress=pl", "--progress=plain"), ("otpctl wait --progress pl", "plain")):
            with self.subTest(line):
                self.assertEqual(shell.completed(line)[-1], expected)
        for line, word in (("otpctl log --type=", "message"), ("otpctl wait --progress=", "plain")):
            with self.subTest(line):
                shell.type(line + "\t\t")  # all that fit are listed
                listed = shell.expect(word, 10)
                shell.type("\x15\n")
                shell.expect("ready> ")
                self.assertNotIn(".txt", listed)
                self.assertNotIn("otpctl/", listed)
        shell.type("COMP_WORDBREAKS=${COMP_WORDBREAKS//=}\n")
        for line, expected in (("otpctl log --type=wait,co", "--type=wait,code"), ("otpctl wait --progress=pl", "--progress=plain")):
            with self.subTest(line):
                self.assertEqual(shell.completed(line)[-1], expected)

    @needs("bash")
    def test_bash_quotes_what_others_have_named(self):
        self.check_hostile_in("bash")

    @needs("bash")
    def test_bash_is_silent_without_an_agent(self):
        self.check_without_agent_in("bash")

    @needs("zsh")
    def test_zsh_completes_recipients_sessions_and_sources(self):
        self.check_in("zsh")

    @needs("zsh")
    def test_zsh_quotes_what_others_have_named(self):
        self.check_hostile_in("zsh")

    @needs("zsh")
    def test_zsh_is_silent_without_an_agent(self):
        self.check_without_agent_in("zsh")

    @needs("fish")
    def test_fish_completes_recipients_sessions_and_sources(self):
        self.agent("bot5@example.com", "bot6@example.com", "+905551112233", sessions=[SESSION], sources=["main/INBOX"])
        for line, expected in (("otpctl wait bot", ["bot5@example.com", "bot6@example.com"]),
                               ("otpctl wait --email bot5", ["bot5@example.com"]),
                               ("otpctl wait --session 1b", [SESSION]), ("otpctl session mark 1b", [SESSION]),
                               ("otpctl manual +90", ["+905551112233"]), ("otpctl health --source ma", ["main/INBOX"]),
                               ("otpctl stat", ["status"]), ("otpctl log --session ", [SESSION]),
                               ("otpctl watch --session ", []), ("otpctl watch --email bot5", ["bot5@example.com"]),
                               ("otpctl log --type message,co", ["message,code"]), ("otpctl log --type ag", ["agent"]),
                               ("otpctl watch --type message,wait,se", ["message,wait,session"]),
                               ("otpctl agent stat", ["status"]), ("otpctl help exi", ["exit-codes"])):
            with self.subTest(line):
                self.assertEqual(self.fish(line), expected)
        self.assertIn("wait", self.fish("otpctl wa"))
        self.assertIn("--timeout", self.fish("otpctl wait --ti"))

    @needs("fish")
    def test_fish_offers_hostile_names_as_one_word_and_is_silent_without_an_agent(self):
        self.assertEqual(self.fish("otpctl wait bot"), [])
        self.agent("$(touch pwned)@example.com", "(touch pwned)@example.com")
        self.assertEqual(self.fish("otpctl manual "), ["$(touch pwned)@example.com", "(touch pwned)@example.com"])
        self.assertNotIn("pwned", os.listdir(self.home.root))

    @needs("fish")
    def test_fish_leaves_what_stands_behind_the_program_of_run_to_the_program(self):
        self.agent("bot5@example.com", sessions=[SESSION])
        for line in ("otpctl run ls -", "otpctl run -- ls --em", "otpctl run -q --email bot5@example.com ls --email bot",
                     "otpctl run wait bot", "otpctl run session show 1b", "otpctl run -- --em"):
            with self.subTest(line):
                offered = self.fish(line)
                self.assertEqual([one for one in offered if one.startswith(("--email", "bot5", SESSION))], [])
        for line in ("otpctl run dircol", "otpctl run --timeout 5 dircol", "otpctl run -q -- dircol"):
            with self.subTest(line):
                self.assertIn("dircolors", self.fish(line))
        self.assertEqual(self.fish("otpctl run --email bot"), ["bot5@example.com"])
        self.assertEqual(self.fish("otpctl run --email=bot"), ["--email=bot5@example.com"])
        self.assertIn("--timeout", self.fish("otpctl run --email bot5@example.com --ti"))

    @needs("bash")
    def test_bash_offers_all_that_fit_and_options_where_there_are_no_names(self):
        self.assertIn("--timeout", self.bash("otpctl wait "))
        self.agent("bot5@example.com", "bot6@example.com", "alice@example.com")
        self.assertEqual(self.bash("otpctl wait bot"), ["bot5@example.com", "bot6@example.com"])
        self.assertEqual(self.bash("otpctl wait bot5@example.com --qu"), ["--queue", "--quiet"])


    @needs("bash")
    def test_bash_leaves_what_stands_behind_the_program_of_run_to_files(self):
        self.agent("bot5@example.com", sessions=[SESSION])
        for line in ("otpctl run ls -", "otpctl run -- ls -", "otpctl run -q --email bot5@example.com ls --email ",
                     "otpctl run -- ls --", "otpctl run --timeout 5 ls -q "):
            with self.subTest(line):
                self.assertEqual(self.bash(line), [])  # readline offers files where nothing is said
        self.assertIn("dircolors", self.bash("otpctl run --timeout 5 dircol"))
        self.assertIn("dircolors", self.bash("otpctl run -q -- dircol"))
        self.assertIn("--timeout", self.bash("otpctl run --email bot5@example.com --ti"))
        self.assertEqual(self.bash("otpctl run --email bot"), ["bot5@example.com"])

    @needs("bash")
    def test_bash_offers_ids_only_where_the_option_is_and_goes_on_behind_a_comma(self):
        self.agent(sessions=[SESSION])
        self.assertEqual(self.bash("otpctl watch --session "), [])
        self.assertEqual(self.bash("otpctl log --session "), [SESSION])
        self.assertEqual(self.bash("otpctl log --type message,co"), ["message,code"])
        self.assertEqual(self.bash("otpctl watch --type message,wait,se"), ["message,wait,session"])
        self.assertEqual(self.bash("otpctl log --type ag"), ["agent"])


class Complete(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def complete(self, *arguments, **more):
        done = self.home.otpctl("complete", *arguments, **more)
        self.assertEqual((done.code, done.stderr), (0, ""))
        return done.stdout

    def test_it_offers_what_a_real_agent_knows(self):
        home = self.home
        identity = home.otpctl("session", "register", "bot5@example.com").stdout
        home.wait("bot6@example.com")
        self.assertEqual(self.complete("recipients"), "bot5@example.com\nbot6@example.com\n")
        self.assertEqual(self.complete("recipients", "bot6"), "bot6@example.com\n")
        self.assertEqual(self.complete("waiters"), "bot6@example.com\n")
        self.assertEqual(self.complete("sessions"), identity)
        self.assertIn("lmtp\n", self.complete("sources"))

    def test_nothing_is_said_without_an_agent_or_with_wrong_words(self):
        for arguments in (("recipients",), ("sessions", "1b"), (), ("nonsense",), ("recipients", "a", "b"),
                          ("--bogus",)):
            with self.subTest(arguments):
                self.assertEqual(self.complete(*arguments), "")
        self.assertEqual(self.complete("recipients", env={"OTPCTL_HOME": "relative"}), "")
        self.assertEqual(os.listdir(self.home.folder), [])

    def test_an_agent_that_says_nothing_is_given_up(self):
        with SmallAgent(self.home, silent=True):
            done = self.home.otpctl("complete", "recipients")
            self.assertEqual((done.code, done.stdout, done.stderr), (0, "", ""))
            self.assertLess(done.seconds, 3)  # 40 ms, and what a sanitizer needs to start


if __name__ == "__main__":
    unittest.main()
