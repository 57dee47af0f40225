"""otpctl run on a terminal: Ctrl-C, Ctrl-Z, foreground and background."""

import contextlib
import os
import pty
import signal
import sys
import threading
import unittest

from otptest import until
from otptest.util import children_of
from test_run import BOT, Run


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


if __name__ == "__main__":
    unittest.main()
