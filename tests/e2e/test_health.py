"""`otpctl health`: what monitoring sees of a living, an ill and a missing agent."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import unittest

from otptest import Dovecot, Home, isolated, mail, small_disk, until

BOT = "bot5@example.com"
FIRST_LINE = re.compile(r"OTPCTL (OK|WARNING|CRITICAL|UNKNOWN) - ([^|\n]+?)(?: \| ([^|\n]+))?\n")
PERFORMANCE = re.compile(r"([A-Za-z0-9_.-]+)=(\d+)(s?);(\d*);(\d*);(0)")
SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+)\})? (-?\d+(?:\.\d+)?)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)')


def read_metrics(text):
    """The text exposition format, strictly: {(name, labels): value} and {name: type}; ValueError for anything else."""
    samples, types, helped, closed, current = {}, {}, set(), set(), None
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    for line in text.splitlines():
        if match := re.fullmatch(r"# HELP ([a-z0-9_]+) (\S.*)", line):
            if match[1] in helped:
                raise ValueError(f"two HELP of {match[1]}")
            helped.add(match[1])
        elif match := re.fullmatch(r"# TYPE ([a-z0-9_]+) (gauge|counter)", line):
            if match[1] in types or match[1] not in helped:
                raise ValueError(f"TYPE of {match[1]} twice, or without HELP")
            closed.add(current)
            current = match[1]
            types[current] = match[2]
        elif match := SAMPLE.fullmatch(line):
            if match[1] != current or match[1] in closed:
                raise ValueError(f"{match[1]} does not stand behind its TYPE")
            labels = tuple((name, re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], value))
                           for name, value, _ in LABEL.findall(match[2] or ""))
            if (match[1], labels) in samples:
                raise ValueError(f"twice: {line}")
            samples[match[1], labels] = float(match[3])
        else:
            raise ValueError(f"neither comment nor sample: {line!r}")
    for name, kind in types.items():
        if (kind == "counter") != name.endswith("_total"):
            raise ValueError(f"{name} is called as no {kind} is")
    return samples, types


class Health(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def health(self, *arguments, code=0, **more):
        """Runs it, looks at the form of what it says; returns (text, performance data, the lines below)."""
        done = self.home.otpctl("health", *arguments, **more)
        self.assertEqual((done.code, done.stderr), (code, ""), done)
        first = FIRST_LINE.match(done.stdout)
        self.assertTrue(first, done.stdout)
        self.assertEqual(first[1], ["OK", "WARNING", "CRITICAL", "UNKNOWN"][code])
        data = {}
        for one in (first[3] or "").split():
            match = PERFORMANCE.fullmatch(one)
            self.assertTrue(match, one)
            self.assertNotIn(match[1], data)
            data[match[1]] = match.groups()[1:]
        below = done.stdout[first.end():]
        self.assertNotIn("|", below)
        return first[2], data, below

    def metrics(self, *arguments, code=0):
        done = self.home.otpctl("health", "--prometheus", *arguments)
        self.assertEqual((done.code, done.stderr), (code, ""), done)
        return read_metrics(done.stdout)[0]

    def dovecot(self, **more):
        server = self.enterContext(Dovecot())
        self.home.write_config(self.home.mailbox(server, **more))
        return server

    # ctest: smoke
    def test_a_living_agent_is_OK_and_its_numbers_are_the_same_in_all_three_forms(self):
        dovecot = self.dovecot()
        self.home.start_agent()
        self.home.await_source()
        wait = self.home.wait(BOT)
        dovecot.deliver(mail.html("482913"), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        waits = [self.home.wait(BOT) for _ in range(2)]
        said, data, below = self.health()
        self.assertEqual(said, "1 source live, 2 waiting")
        self.assertEqual(data["main_INBOX_down"], ("0", "s", "60", "300", "0"))
        self.assertEqual(data["waiting"], ("2", "", "", "", "0"))
        self.assertRegex(below, r"main/INBOX: live.*\n"
                                r"  24 h: 1 message, 0 errors, 0 reconnects; processing \S+ mean, \S+ p95\n")
        told = self.home.json("health")
        self.assertEqual((told["v"], told["status"], told["waiting"], told["codes_delivered"]), (1, "ok", 2, 1))
        source = next(one for one in told["sources"] if one["name"] == "main/INBOX")
        self.assertEqual((source["day"]["messages"], source["day"]["processed"], source["down_since"]), (1, 1, None))
        metrics = self.metrics()
        label = (("source", "main/INBOX"),)
        self.assertEqual([metrics[name, ()] for name in ("otpctl_up", "otpctl_health_status", "otpctl_waiters",
                                                         "otpctl_codes_delivered_total")], [1, 0, 2, 1])
        self.assertEqual([metrics[f"otpctl_source_{name}", label] for name in
                          ("up", "messages_total", "day_messages", "day_errors", "down_seconds")], [1, 1, 1, 0, 0])
        self.assertGreater(metrics["otpctl_source_processing_p95_seconds", label], 0)
        self.assertEqual(metrics["otpctl_source_state", (*label, ("state", "live"))], 1)
        self.assertEqual(metrics["otpctl_agent_info", (("version", told["version"]),)], 1)
        self.assertEqual([one.poll() for one in waits], [None, None])
        self.assertEqual(self.home.otpctl("health", "-q").stdout, "")

    def test_a_server_that_is_away_is_OK_for_a_minute_and_then_by_the_thresholds(self):
        dovecot = self.dovecot()
        self.home.start_agent()
        self.home.await_source()
        dovecot.stop()
        until(lambda: self.home.source()["state"] != "live", 15, "it is not live")
        said, data, _ = self.health()
        self.assertRegex(said, r"^0 of 1 source live")
        until(lambda: self.home.otpctl("health", "-w", "1s").code == 1, 15, "a warning after a second")
        said, data, _ = self.health("-w", "1s", code=1)
        self.assertRegex(said, r"^main/INBOX (unreachable|starting) for \d+s")
        self.assertEqual(data["main_INBOX_down"][2:4], ("1", "300"))
        self.assertGreaterEqual(int(data["main_INBOX_down"][0]), 1)
        self.health("-w", "1s", "-c", "1s", code=2)
        self.health("-w", "1s", "-c", "1s", "--source", "lmtp")
        self.assertGreaterEqual(self.metrics()["otpctl_source_down_seconds", (("source", "main/INBOX"),)], 1)
        dovecot.resume()
        wait = self.home.wait(BOT)  # somebody waits: it is tried again soon
        until(lambda: self.home.otpctl("health", "-c", "1s").code == 0, 30, "it is well again")
        self.assertIsNone(wait.poll())

    def test_a_refused_sign_in_is_CRITICAL_at_once_in_the_servers_words(self):
        self.dovecot(password="wrong")
        self.home.start_agent()
        self.home.await_source("signed_out")
        said, _, _ = self.health(code=2)
        self.assertRegex(said, r"^main/INBOX signed out for \d+s \(.*[Aa]uthentication failed.*\)")
        self.assertEqual(self.metrics(code=2)["otpctl_health_status", ()], 2)
        self.assertEqual(json.loads(self.home.otpctl("health", "--json").stdout)["status"], "critical")

    def test_an_agent_without_a_mailbox_is_OK_and_says_that_it_has_none(self):
        self.home.start_agent()
        said, data, below = self.health()
        self.assertEqual(said, "no mailbox: takes what deliver, sms and manual bring, 0 waiting")
        self.assertEqual((data["lmtp_down"][0], data["pipe_down"][0]), ("0", "0"))
        self.assertIn("lmtp: live", below)
        self.assertEqual([one["name"] for one in self.home.json("health")["sources"]], ["lmtp", "pipe"])
        self.assertIn("main/INBOX", self.health("--source", "main/INBOX", code=3)[0])

    def test_no_agent_is_CRITICAL_and_none_is_started(self):
        said, data, below = self.health(code=2)
        self.assertIn("otpctl agent start", said)
        self.assertEqual((data, below), ({}, ""))
        self.health("-q", code=2)
        self.assertEqual(self.metrics(code=2), {("otpctl_up", ()): 0, ("otpctl_health_status", ()): 2})
        told = json.loads(self.home.otpctl("health", "--json").stdout)
        self.assertEqual((told["status"], told["error"]["class"]), ("critical", "agent_unreachable"))
        self.assertEqual(os.listdir(self.home.folder), [])

    def test_an_agent_that_hangs_is_CRITICAL_before_the_monitoring_gives_up(self):
        self.home.start_agent()
        pid = self.home.agent_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            done = self.home.otpctl("health")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(done.code, 2)
        self.assertRegex(done.stdout, rf"^OTPCTL CRITICAL - the agent \(pid {pid}\) does not answer")
        self.assertLess(done.seconds, 9)

    def test_what_cannot_be_found_out_is_UNKNOWN_and_says_so_on_standard_output(self):
        for arguments, env in ((("--bogus",), {}), (("-w", "soon"), {}), (("-w", "5m", "-c", "1m"), {}), (("now",), {}),
                               ((), {"OTPCTL_HOME": "relative"})):
            with self.subTest(arguments=arguments, env=env):
                said, data, _ = self.health(*arguments, code=3, env=env)
                self.assertEqual(data, {})
        self.home.start_agent()
        self.assertIn("nosuch", self.health("--source", "nosuch/*", code=3)[0])
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertEqual(self.home.spawn("health", stdout=full).finish(), 3)

    def test_the_textfile_is_whole_whenever_it_is_read_and_0644(self):
        self.home.start_agent()
        path = os.path.join(self.home.root, "otpctl.prom")
        self.home.otpctl("health", "-q", "--textfile", path, umask=0o077)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        over, wrong, reads = threading.Event(), [], 0

        def read():
            nonlocal reads
            while not over.is_set():
                with open(path, encoding="utf-8") as file:
                    try:
                        read_metrics(file.read())
                    except ValueError as error:
                        wrong.append(error)
                reads += 1

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(20):
            self.assertEqual(self.home.otpctl("health", "-q", "--textfile", path).code, 0)
        over.set()
        reader.join()
        self.assertEqual(wrong, [])
        self.assertGreater(reads, 20)
        self.assertEqual([one for one in os.listdir(self.home.root) if one.startswith("otpctl.")], ["otpctl.prom"])
        self.home.otpctl("agent", "stop")
        self.health("--textfile", path, code=2)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(read_metrics(file.read())[0]["otpctl_up", ()], 0)

    @isolated
    def test_on_a_full_disk_the_old_textfile_stays_and_it_is_told(self):
        self.home.start_agent()
        with tempfile.TemporaryDirectory() as folder:
            small_disk(folder)
            try:
                path = os.path.join(folder, "otpctl.prom")
                self.assertEqual(self.home.otpctl("health", "-q", "--textfile", path).code, 0)
                with open(path, encoding="utf-8") as file:
                    before = file.read()
                with open(os.path.join(folder, "fill"), "wb", 0) as fill, self.assertRaises(OSError):
                    while True:
                        fill.write(bytes(4096))
                done = self.home.otpctl("health", "--textfile", path)
                self.assertEqual(done.code, 3)
                self.assertIn("No space left", done.stderr)
                self.assertTrue(done.stdout.startswith("OTPCTL OK"))  # the answer is still the answer
                with open(path, encoding="utf-8") as file:
                    self.assertEqual(file.read(), before)
                self.assertEqual(sorted(os.listdir(folder)), ["fill", "otpctl.prom"])
            finally:
                subprocess.run(["umount", folder], check=True)


class Form(unittest.TestCase):
    def test_the_reader_of_metrics_refuses_what_is_none(self):
        good = '# HELP a_b x\n# TYPE a_b gauge\na_b{c="d\\"e"} 1\n'
        self.assertEqual(read_metrics(good)[0], {("a_b", (("c", 'd"e'),)): 1})
        for wrong in (good[:-1], good + 'a_b{c="d\\"e"} 2\n', good + "c 1\n", good + "# TYPE a_b gauge\n",
                      "# TYPE a gauge\na 1\n", '# HELP a x\n# TYPE a gauge\na{b="c"d"} 1\n', good + "a_b NaN?\n",
                      "# HELP a x\n# TYPE a counter\na 1\n", '# HELP a x\n# TYPE a gauge\na{b="c\nd"} 1\n'):
            with self.subTest(wrong), self.assertRaises(ValueError):
                read_metrics(wrong)


if __name__ == "__main__":
    unittest.main()
