"""`otpctl log`: what happened, for people and for programs; and the format of an event, held against real ones."""

import contextlib
import datetime
import json
import os
import re
import signal
import subprocess
import unittest
import uuid

import jsonschema

from otptest import Dovecot, Home, Mailbox, ScriptedServer, Wire, isolated, mail, small_disk, until
from otptest.agent import ROOT
from otptest.terminal import Terminal

BOT5, BOT6 = "bot5@example.com", "bot6@example.com"


def rfc3339(seconds_ago=0.0):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return then.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Logs(unittest.TestCase):
    def start(self, *config, **env):
        self.home = self.enterContext(Home(TZ="UTC", **env))
        if config:
            self.home.write_config(*config)
        self.home.start_agent()
        return self.home

    def log(self, *arguments, code=0, **more):
        done = self.home.otpctl("log", *arguments, **more)
        self.assertEqual(done.code, code, done)
        if code:
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), done)
        else:
            self.assertEqual(done.stderr, "")
        return done

    def events(self, *arguments):
        return [json.loads(line) for line in self.log("--json", *arguments).stdout.splitlines()]

    def told(self, *arguments):
        return [f"{event['type']} {event['state']}" for event in self.events(*arguments)]

    def deliver(self, data, recipient=BOT5):
        done = self.home.otpctl("deliver", recipient, input=data)
        self.assertEqual(done.code, 0, done)


class Stories(Logs):
    # ctest: smoke timeout=90
    def test_it_timed_out_at_3_a_m_why(self):
        with Dovecot() as dovecot:
            self.home = self.enterContext(Home(TZ="UTC"))
            self.home.write_config(self.home.mailbox(dovecot))
            self.home.start_agent()
            self.home.await_source()
            wait = self.home.wait(BOT5, "--timeout", "6s")
            dovecot.deliver(mail.no_code(to=BOT5, sender="no-reply@shop.example"), BOT5)
            dovecot.deliver(mail.plain("193744", to=BOT6), BOT6)
            until(lambda: "message arrived" in self.told("--email", BOT5), 10, "the message is told", every=0.2)
            dovecot.kill()
            wait.finish()
            story = self.log("--email", BOT5, "--since", "3h").stdout
            lines = story.splitlines()
            patterns = (r"agent +started: otpctl", r"source +main/INBOX  live",
                        rf"wait +{BOT5}  began \(pid {wait.pid}\)",
                        rf"message +{BOT5}  no code in it: .+ \(from no-reply@shop\.example by main/INBOX\)",
                        r"source +main/INBOX  unreachable: .+",
                        rf"wait +{BOT5}  ended without a code, exit \d+, after \d\S* \(pid {wait.pid}\): no code for ")
            at = 0
            for pattern in patterns:
                found = next((number for number in range(at, len(lines))
                              if re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  " + pattern, lines[number])), None)
                self.assertIsNotNone(found, f"{pattern} is not told behind line {at} of\n{story}")
                at = found + 1
            self.assertNotIn(BOT6, story)
            self.assertNotIn("hours", story)  # neither subject
            self.assertNotIn("nine to five", story)  # nor text

    # ctest: smoke
    def test_a_code_is_followed_from_its_arrival_to_the_caller_and_never_shown(self):
        home = self.start()
        wait = home.wait(BOT5)
        self.deliver(mail.subject_only("482913", to=BOT5))
        self.assertEqual(wait.finish(), 0)
        self.assertEqual(self.told("--email", BOT5), ["agent started", "wait began", "message arrived", "code claimed",
                                                      "code acknowledged", "wait ended"])
        text = self.log().stdout + self.log("--json").stdout
        self.assertIn("6 digits", text)
        self.assertNotIn("482913", text)
        self.assertNotIn("verification", text)

    def test_recipient_type_session_time_and_number_choose(self):
        home = self.start()
        session = home.otpctl("session", "register", BOT5).stdout.strip()
        home.otpctl("wait", "--session", session, "--timeout", "0")
        home.otpctl("wait", BOT6, "--timeout", "0")
        self.deliver(mail.plain("482913", to=BOT6), BOT6)
        self.deliver(mail.no_code(to=BOT5))
        home.otpctl("sms", "--from", "EXAMPLE", "--to", "+905551112233", input="nothing")
        until(lambda: "+905551112233" in self.log().stdout, 5)
        every = self.told()
        self.assertEqual(self.told("--email", "+90*"), ["agent started", "message arrived"])
        self.assertEqual(self.told("--email", "BOT6@*", "--type", "wait,message"),
                         ["wait began", "wait ended", "message arrived"])
        self.assertEqual(self.told("--type", "session"), ["session registered"])
        self.assertEqual(self.told("--session", session[:8].upper()),
                         ["agent started", "session registered", "wait began", "wait ended", "message arrived"])
        self.assertEqual(self.told("--session", session, "--type", "message"), ["message arrived"])
        self.assertEqual(self.told("-n", "2"), every[-2:])
        self.assertEqual(self.told("--last", "100"), every)
        self.assertEqual(self.told("--since", "2020-01-01T00:00:00+03:00"), every)
        middle = self.events()[3]["at"]
        both = [event["at"] for event in self.events("--since", middle) + self.events("--until", middle)]
        self.assertEqual(len(both) - len(every), both.count(middle) // 2)  # the moment itself belongs to both

    # ctest: smoke
    def test_nothing_found_is_1_wrong_words_are_64_no_agent_is_69(self):
        self.start()
        self.assertEqual(self.log("--email", "nobody@example.com", code=1).stderr,
                         "otpctl log: nothing found, but 1 entry of the agent and its sources: --type agent,source\n")
        self.assertEqual(self.log("--until", "1h", code=1).stderr, "otpctl log: nothing found\n")
        self.log("--since", rfc3339(-3600), code=1)
        for wrong in (("--email", ""), ("--email", "a" * 321), ("--type", "mail"), ("--type", "message,"),
                      ("--since", "yesterday"), ("--until", "3"*20), ("--session", "xyz1"), ("-n", "0"), ("--nosuch",),
                      ("too", "much")):
            with self.subTest(wrong=wrong):
                self.log(*wrong, code=64)
        self.assertEqual(self.home.otpctl("agent", "stop").code, 0)
        done = self.log(code=69)
        self.assertIn("otpctl agent start", done.stderr)
        self.assertEqual(json.loads(self.log("--json", code=69).stderr)["error"]["exit"], 69)
        self.assertEqual(self.home.agent_pids(), [])

    def test_it_outlives_the_agent_also_one_that_is_killed(self):
        home = self.start()
        self.deliver(mail.no_code(to=BOT5))
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        self.deliver(mail.no_code(to=BOT6), BOT6)
        time_of = until(lambda: [event["at"] for event in self.events("--type", "message")][1:], 5)[0]
        until(lambda: rfc3339(0.5) > time_of, 5, "it is written")  # a quarter of a second behind, at most
        home.kill_agent()
        home.start_agent()
        self.assertEqual(self.told(), ["agent started", "message arrived", "agent stopping", "agent started",
                                       "message arrived", "agent started"])

    # ctest: timeout=180
    def test_thousands_are_read_to_the_end_and_a_reader_may_leave(self):
        home = self.start()
        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            for begin in range(0, 3000, 100):
                ids = {wire.start("sms", text="nothing", to=f"+90555{number:07}", **{"from": "EXAMPLE"})
                       for number in range(begin, begin + 100)}
                while ids:
                    ids.discard(wire.frame()["id"])
        self.assertEqual([event["recipients"][0] for event in self.events("--type", "message")],
                         [f"+90555{number:07}" for number in range(3000)])
        self.assertEqual([event["recipients"][0] for event in self.events("--email", "+9055500029*", "-n", "3")],
                         [f"+90555{number:07}" for number in range(2997, 3000)])
        script = f"set -o pipefail; '{home.bin}/otpctl' log | head -1"
        head = subprocess.run(["bash", "-c", script], env=home.env, capture_output=True, text=True, timeout=30,
                              check=False)
        self.assertEqual((head.returncode, head.stdout.count("\n"), head.stderr), (0, 1, ""), head)

    def test_a_standard_output_that_is_full_is_75(self):
        self.start()
        with open("/dev/full", "wb") as full:
            done = self.home.spawn("log", stdout=full)
            self.assertEqual(done.finish(5), 75)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_40_columns_are_enough_colours_only_where_they_are_wanted(self):
        self.start()
        self.deliver(mail.no_code(to=BOT5, sender="no-reply@a-shop-with-a-rather-long-name.example"))
        wait = self.home.wait(BOT5, "--timeout", "1s", "--since", "now")
        wait.finish()
        for env, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                              ({"TERM": "dumb"}, False)):
            with self.subTest(env=env), Terminal(40, 60) as terminal:
                done = self.home.spawn("log", **terminal.streams(), env=env)
                self.assertEqual(done.finish(5), 0)
                terminal.await_text("exit 124")
                self.assertEqual(b"\x1b[" in terminal.raw, coloured)
                shown = re.sub(rb"\x1b\[\d*m", b"", terminal.raw).decode().splitlines()
                self.assertLessEqual(max(map(len, shown)), 40)
                self.assertRegex(shown[0], r"^\d{4}-\d\d-\d\d$")
                self.assertIn(f"message {BOT5}", "\n".join(shown))
                self.assertEqual(terminal.settings(), terminal.before)


class Format(Logs):
    """docs/schema/event.schema.json and the tables of docs/events.md against what the agent really writes."""

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "docs/schema/event.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.schema = jsonschema.Draft202012Validator(schema)
        with open(os.path.join(ROOT, "docs/events.md"), encoding="utf-8") as file:
            page = file.read()
        cls.members, cls.states = _tables(page, schema["properties"]["type"]["enum"])

    def assertGood(self, events):
        self.assertTrue(events)
        for event in events:
            with self.subTest(event=event):
                self.assertEqual([error.message for error in self.schema.iter_errors(event)], [])
                self.assertIn(event["state"], self.states[event["type"]])
                strange = [name for name in event if event["type"] not in self.members.get(name, ())]
                self.assertEqual(strange, [], "members that docs/events.md does not give to this type")

    def test_page_and_schema_name_the_same_members_types_and_states(self):
        schema = self.schema.schema
        self.assertEqual(set(self.members), set(schema["properties"]))
        in_schema = {}
        for branch in schema["allOf"]:
            states = branch["then"].get("properties", {}).get("state", {}).get("enum")
            if states:
                in_schema[branch["if"]["properties"]["type"]["const"]] = set(states)
        self.assertEqual(in_schema, self.states)

    def test_the_schema_refuses_what_is_none(self):
        good = {"v": 1, "id": 7, "at": rfc3339(), "type": "wait", "state": "ended", "session": str(uuid.uuid4()),
                "exit": 0}
        self.assertTrue(self.schema.is_valid(good))
        self.assertTrue(self.schema.is_valid({**good, "later": "members are added"}))
        for wrong in ({"v": 2}, {"id": 0}, {"at": "2026-11-20 09:33:58"}, {"type": "mail"}, {"state": "arrived"},
                      {"session": 7}, {"exit": "0"}, {"reason": "two\nlines"}, {"recipients": []}, {"waited": "soon"},
                      {"uid": 5}, {"verdict": "perhaps"}):
            self.assertFalse(self.schema.is_valid({**good, **wrong}), wrong)
        for missing in ("v", "id", "at", "type", "state", "session", "exit"):
            self.assertFalse(self.schema.is_valid({name: good[name] for name in good if name != missing}), missing)

    # ctest: timeout=240
    def test_every_type_and_state_that_can_be_made_fits_live_and_afterwards(self):
        short = '[session]\nkeep = "2s"\n'
        with Dovecot() as dovecot, self._answering("throttled") as throttles, self._answering("refused") as refuses:
            self.home = home = self.enterContext(Home(TZ="UTC"))
            mailboxes = [home.mailbox(dovecot), home.mailbox(throttles, "slow"), home.mailbox(refuses, "closed")]
            home.write_config(short, *mailboxes)
            home.start_agent()
            watch = home.spawn("watch", "--since", "1h")
            home.await_source()
            home.await_source("throttled", "slow/INBOX")
            home.await_source("signed_out", "closed/INBOX")

            self._sessions_and_waits(home)
            self._messages_and_codes(home, dovecot)

            home.write("config.toml", "[wait]\nno-such-key = 1\n")
            self.assertEqual(home.otpctl("agent", "reload").code, 78)
            home.write_config(short, *mailboxes[:1])
            self.assertEqual(home.otpctl("agent", "reload").code, 0)
            dovecot.kill()
            home.await_source("unreachable", seconds=30)
            self.assertEqual(home.otpctl("agent", "restart").code, 0)
            until(lambda: watch.stdout.count('"started"') == 2, 10, "the next agent is told")
            until(lambda: "code expired" in self.told(), 20, "a code expires", every=0.2)
            self._all_was_seen([json.loads(line) for line in watch.stdout.splitlines()])

    @staticmethod
    def _answering(how):
        """A server that signs nobody in."""
        words = {"throttled": "NO Request is throttled. Suggested Backoff Time: 60000 milliseconds",
                 "refused": "NO [AUTHENTICATIONFAILED] go away"}[how]

        def answer(connection, tag, _):
            connection.send(f"{tag} {words}")

        server = ScriptedServer(lambda connection: connection.behave(Mailbox(), LOGIN=answer, AUTHENTICATE=answer))
        server.user, server.password = "alice", "pass word"
        return server

    def _all_was_seen(self, live):
        self.assertGood(live)
        self.assertEqual(self.events()[:len(live)], live)
        self.assertGood(self.events())
        made = {(event["type"], event["state"]) for event in self.events()}
        all_there_are = {(event_type, state) for event_type, states in self.states.items() for state in states}
        # A store that cannot be written needs a disk of its own: the test below.
        self.assertEqual(all_there_are - made, {("agent", "store_trouble"), ("agent", "store_well")})
        self.assertEqual({event.get("verdict") for event in live}, {None, "code", "none", "ambiguous"})
        self.assertIn("uid", {name for event in live for name in event})
        self.assertNotRegex(json.dumps(live), r"482913|193744|555222|pass word")

    def _sessions_and_waits(self, home):
        session = home.otpctl("session", "register", BOT5).stdout.strip()
        for action in ("mark", "close"):
            self.assertEqual(home.otpctl("session", action, session).code, 0)
        home.otpctl("session", "register", "short@example.com", "--ttl", "1s")
        holder = home.wait("one@example.com", "--exclusive")
        queued = home.spawn("wait", "one@example.com", "--exclusive", "--queue", "60s")
        until(lambda: "wait queued" in self.told(), 5, every=0.1)
        holder.signal(signal.SIGTERM)
        holder.finish()
        until(lambda: home.waiting_pids() == {queued.pid}, 5)
        queued.signal(signal.SIGTERM)
        queued.finish()
        ambiguous = home.wait("two@example.com", "--timeout", "20s")
        self.deliver(mail.two_codes("193744", "555222", to="two@example.com"), "two@example.com")
        sender = {"sender": "other@shop.example"}
        ambiguous.signal(signal.SIGTERM)
        ambiguous.finish()
        self.deliver(mail.plain("193744", to="choice@example.com"), "choice@example.com")
        self.deliver(mail.plain("555222", to="choice@example.com", **sender), "choice@example.com")
        choice = home.wait("choice@example.com", "--timeout", "20s")
        until(lambda: "wait ambiguous" in self.told(), 5, every=0.1)
        choice.signal(signal.SIGTERM)
        choice.finish()
        timed_out = home.wait("late@example.com", "--timeout", "1s")
        timed_out.finish()
        until(lambda: "session expired" in self.told(), 10, every=0.2)

    def _messages_and_codes(self, home, dovecot):
        wait = home.wait(BOT5)
        data = mail.subject_only("482913", to=BOT5)
        dovecot.deliver(data, BOT5)
        self.assertEqual(wait.finish(), 0)
        dovecot.deliver(data, BOT5)
        until(lambda: "message duplicate" in self.told(), 10, every=0.2)
        self.deliver(mail.no_code(to=BOT6), BOT6)
        for code in ("193744", "555222"):
            self.deliver(mail.plain(code, to="twice@example.com"), "twice@example.com")
        self.assertEqual(home.otpctl("manual", "twice@example.com", "482913").code, 0)
        done = home.otpctl("deliver", input=b"From: a@shop.example\r\nSubject: x\r\n\r\nnothing\r\n")
        self.assertEqual(done.code, 0, done)
        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            wire.start("wait", waiter=str(uuid.uuid4()), email="away@example.com", timeout="20s")
            self.deliver(mail.plain("482913", to="away@example.com"), "away@example.com")
            while "result" not in wire.frame():
                pass
        until(lambda: "code given_back" in self.told(), 5, every=0.1)
        home.otpctl("sms", "--from", "EXAMPLE", "--to", "+905551112233", "--id", "m1", "--sent", rfc3339(1),
                    input=mail.sms_text("482913"))

    # ctest: timeout=90
    @isolated
    def test_R03_a_full_disk_fits_too(self):
        self.home = home = self.enterContext(Home(TZ="UTC"))
        small_disk(home.folder, "2m")
        home.start_agent()
        watch = home.spawn("watch", "--type", "agent", "--since", "1h")
        filler = os.path.join(home.folder, "filler")
        file = os.open(filler, os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while True:
                os.write(file, bytes(4096))
        os.close(file)
        until(lambda: home.otpctl("deliver", BOT5, input=mail.plain("482913", to=BOT5)).code == 75, 30, "it is full")
        until(lambda: "store_trouble" in watch.stdout, 5)
        os.unlink(filler)
        until(lambda: "store_well" in watch.stdout, 15)
        self.assertGood([json.loads(line) for line in watch.stdout.splitlines()])


def _tables(page, types):
    """(member → types, type → states) of docs/events.md."""
    members, states, last = {}, {}, None
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    for row in rows:
        cells = [re.findall(r"`([^`]+)`", cell) for cell in row]
        if len(row) == 4 and cells[0]:  # member, JSON type, of, meaning
            for name in cells[0]:
                members[name] = set(types) if row[2] == "all" else {word.strip() for word in row[2].split(",")}
        elif len(row) == 3 and cells[1]:  # type, state, when
            last = cells[0][0] if cells[0] else last
            states.setdefault(last, set()).update(cells[1])
    return members, states


if __name__ == "__main__":
    unittest.main()
