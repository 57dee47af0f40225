"""No token, password or code in arguments, environments, logs, files or traces; codes on the waiter's stdout alone."""

import os
import re
import shutil
import subprocess
import unittest

from otptest import Dovecot, Home, Wire, mail, until

TOKEN, WRONG = "secret-bearer-token-of-the-mailbox", "a wrong but secret password"
CODES = {"mail": "748306", "sms": "915274", "person": "860519", "json": "693827", "kept": "572961"}
CALLS = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg"


@unittest.skipUnless(shutil.which("strace"), "strace is not installed (scripts/deps)")
class Secrets(unittest.TestCase):
    def setUp(self):
        self.dovecot = self.enterContext(Dovecot())
        self.dovecot.tokens.grant(TOKEN, self.dovecot.user)
        self.home = home = self.enterContext(Home(OTPCTL_LOG="trace"))
        home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # the leak checker cannot run under strace
        self.token_file = home.write("token", TOKEN + "\n")
        token = {"password_file": None, "token_command": ["cat", self.token_file]}
        home.write_config(home.mailbox(self.dovecot), home.mailbox(self.dovecot, "token", folders=["Junk"], **token),
                          home.mailbox(self.dovecot, "bad", password=WRONG, address="other@example.com"))
        self.traces, self.said, self.pipes = [], [], set()
        self.secrets = [self.dovecot.password, TOKEN, WRONG, *CODES.values()]

    def traced(self, *arguments):
        """The command line under strace, and the file that gets its writes."""
        trace = os.path.join(self.home.root, f"trace.{len(self.traces)}")
        self.traces.append(trace)
        return ["strace", "-f", "-qq", "-xx", "-yy", "-s", "70000", "-e", f"trace={CALLS}", "-o", trace,
                *self.home.command(*arguments)]

    def start(self, *arguments, **popen):
        process = subprocess.Popen(self.traced(*arguments), env=self.home.env, cwd=self.home.root, text=True, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen})
        if process.stdout:
            self.pipes.add(f"pipe:[{os.fstat(process.stdout.fileno()).st_ino}]")
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def run_one(self, *arguments, input=None):
        done = subprocess.run(self.traced(*arguments), env=self.home.env, cwd=self.home.root, text=True, check=False,
                              input=input or "", capture_output=True, timeout=30)
        self.said += [done.stdout, done.stderr]
        return done

    # ctest: timeout=180
    def test_L17_no_secret_but_the_code_on_the_waiters_stdout(self):
        home, log = self.home, os.path.join(self.home.root, "agent.stderr")
        with open(log, "w", encoding="utf-8") as stderr:
            agent = self.start("agent", "run", "-vv", stderr=stderr, stdout=subprocess.DEVNULL)
        until(lambda: home.agent_pid() and home.status(), 20, "the agent runs", every=0.05)
        for name, state in (("main/INBOX", "live"), ("token/Junk", "live"), ("bad/INBOX", "signed_out")):
            home.await_source(state, name, 20)
        waits = {"mail": self.start("wait", "bot1@example.com", "--progress=plain"),
                 "sms": self.start("wait", "+905551112233"),
                 "person": self.start("wait", "bot3@example.com"),
                 "json": self.start("wait", "bot4@example.com", "--json")}
        until(lambda: len(home.waiters()) == 4, 20, "they are blocked", every=0.05)
        self._check_processes()
        self._hand_in()
        ended = {name: wait.communicate(timeout=30) for name, wait in waits.items()}
        for name, (out, err) in ended.items():
            self.assertIn(CODES[name] + ("" if name == "json" else "\n"), out)
            self.said.append(err)
        self.assertIn(self.run_one("wait", "bot5@example.com", "--timeout", "1").returncode, (65, 77))
        for arguments in (("status",), ("status", "--json"), ("agent", "status"), ("session", "list", "--json")):
            self.assertEqual(self.run_one(*arguments).returncode, 0)
        self._send_garbage()
        self._check_files()
        self.assertEqual(self.run_one("agent", "stop").returncode, 0)
        agent.wait(20)
        with open(log, encoding="utf-8") as file:
            self.said.append(file.read())
        self.assertIn("a mail from", self.said[-1])
        self._check_words()
        self._check_traces()

    def _hand_in(self):
        self.dovecot.deliver(mail.html(CODES["mail"]), "bot1@example.com")
        self.dovecot.deliver(mail.two_codes(CODES["kept"], CODES["mail"]), "bot5@example.com")
        sms = ("sms", "--from", "Shop", "--to", "+905551112233", "--json")
        for arguments, data in ((sms, mail.sms_text(CODES["sms"])),
                                (("manual", "bot3", "--json"), CODES["person"] + "\n"),
                                (("deliver", "bot4@example.com"), mail.plain(CODES["json"]).decode()),
                                (("deliver", "bot6@example.com"), mail.plain(CODES["kept"]).decode()),
                                (("session", "register", "bot6@example.com"), "")):
            done = self.run_one(*arguments, input=data)
            self.assertEqual(done.returncode, 0, done)

    def _send_garbage(self):
        """What a frame that cannot be read holds is not repeated either."""
        manual = '{"jsonrpc":"2.0","id":1,"method":"manual","params":{"target":"bot6","code":%s}}' % CODES["kept"]
        for text in (f'{{"code":"{CODES["kept"]}"', manual, manual.replace('"bot6"', "17"), manual + manual):
            with Wire(self.home.agent_file()["socket"]) as wire:
                wire.hello()
                wire.send(text.encode() + b"\n")
                frame = wire.frame()
                self.assertIn("error", frame)
                self.said.append(str(frame))

    def _check_processes(self):
        for pid in self.home.processes():
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    text = file.read()
                for secret in self.secrets:
                    self.assertNotIn(secret.encode(), text, f"{name} of {pid}")
        with open(f"/proc/{self.home.agent_pid()}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size +0 +0 ")

    def _check_files(self):
        """A code that waits for somebody is on disk, but not to be read there."""
        self.assertGreater(self.home.json("status")["codes_pending"], 0)
        for name in os.listdir(self.home.folder):
            path = os.path.join(self.home.folder, name)
            if name.startswith(("password", "token")) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            for secret in self.secrets:
                self.assertNotIn(secret.encode(), data, name)

    def _check_words(self):
        """Neither a secret nor a part of one, nor the words around a code."""
        parts = [code[at:at + 5] for code in CODES.values() for at in (0, 1)]
        for text in self.said:
            for secret in [*self.secrets, *parts, "If you did not ask for it", "Do not share"]:
                self.assertNotIn(secret, text)

    def _check_traces(self):
        allowed, codes_seen = 0, set()
        for trace in self.traces:
            with open(trace, encoding="ascii") as file:
                for line in file:
                    for secret in self.secrets:
                        if "".join(f"\\x{byte:02x}" for byte in secret.encode()) in line:
                            self._check_write(line, secret)
                            allowed += 1
                            codes_seen.add(secret)
        self.assertGreaterEqual(codes_seen, {*CODES.values(), TOKEN}, "the traces do not see what is written")
        self.assertGreater(allowed, 8)

    def _check_write(self, line, secret):
        """Of all writes: a code into a Unix socket or onto a waiter's stdout; a token-command's own stdout."""
        number, what = re.match(r"\d+ +\w+\((\d+)<([^>]+)>", line).groups()
        place = re.sub(r"\\x(..)", lambda found: chr(int(found[1], 16)), what)
        if secret in CODES.values():
            self.assertTrue(place.startswith("UNIX") or place in self.pipes, line[:200])  # the pipe, by whatever number
        else:
            self.assertEqual((secret, number, place.partition(":")[0]), (TOKEN, "1", "pipe"), line[:200])


if __name__ == "__main__":
    unittest.main()
