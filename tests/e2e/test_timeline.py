"""The timeline over the socket: what happened, once each, in order, live and afterwards (docs/events.md)."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import time
import unittest
import uuid

from otptest import Door, Home, Wire, WireError, isolated, mail, small_disk, until

BOT = "bot5@example.com"
EVER = "2020-01-01T00:00:00.000Z"


def told(events):
    """"type state" of each."""
    return [f"{event['type']} {event['state']}" for event in events]


class Timeline(unittest.TestCase):
    def home(self, *config):
        home = self.enterContext(Home())
        if config:
            home.write_config(*config)
        home.start_agent()
        return home

    def wire(self, home):
        wire = self.enterContext(Wire(home.agent_file()["socket"]))
        wire.hello()
        return wire

    def pages(self, wire, **asked):
        """All pages, as they come; the ids rise over all of them."""
        last = 0
        while True:
            page = wire.call("events", **asked)
            for event in page["events"]:
                self.assertGreater(event["id"], last)
                last = event["id"]
            self.assertGreaterEqual(page["next"], last)
            yield page
            if not page["more"]:
                return
            asked.pop("since", None)
            asked["after"] = page["next"]

    def events(self, wire, **asked):
        return [event for page in self.pages(wire, **(asked or {"since": EVER})) for event in page["events"]]

    def sms(self, wire, number, code="482913", **more):
        return wire.call("sms", text=mail.sms_text(code), to=number, **{"from": "EXAMPLE", **more})

    # ---- what is told --------------------------------------------------------------------------

    # ctest: smoke
    def test_one_code_tells_its_story_in_order_and_never_itself(self):
        home = self.home()
        wait = home.wait(BOT)
        with Door(home.agent_file()["lmtp"]) as door:
            door.deliver(mail.subject_only("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        wire = self.wire(home)
        events = self.events(wire)
        self.assertEqual(told(events), ["agent started", "wait began", "message arrived", "code claimed",
                                        "code acknowledged", "wait ended"])
        self.assertEqual(events[-1]["exit"], 0)
        self.assertEqual({event["email"] for event in events if event["type"] == "wait"}, {BOT})
        text = json.dumps(events)
        self.assertNotIn("482913", text)
        self.assertNotIn("verification", text)
        self.assertIn("6 digits", text)

    def test_a_code_in_the_senders_address_is_neither_in_the_timeline_nor_in_the_log(self):
        home = self.home()
        wait = home.wait("739164@example.com", "--timeout", "20s")
        mails = ("739164@example.com", "739164"), ("bot2@example.com", "AB12CD"), ("bot3@example.com", "739-165")
        for to, code in mails:
            text = mail.plain(code, to=to, sender=f"{code}@shop.example")
            self.assertEqual(home.otpctl("deliver", to, input=text).code, 0)
        self.assertEqual((wait.finish(15), wait.stdout), (0, "739164\n"), wait.stderr)
        log = home.log()
        self.assertEqual(log.count("a mail from"), 3, log)
        self.assertIn("a mail from …@shop.example: code", log)
        told = home.otpctl("log", "--json").stdout
        self.assertIn("@shop.example", told)
        for code in ("739164", "739165", "739-165", "AB12CD", "ab12cd"):
            self.assertNotIn(code, log)
            self.assertNotIn(code, "".join(re.findall(r'"(?:sender|reason|message_id)":"[^"]*"', told)))

    def test_it_answers_why_a_wait_ended_without_a_code(self):
        home = self.home()
        wait = home.wait(BOT, "--timeout", "2s")
        with Door(home.agent_file()["lmtp"]) as door:
            door.deliver(mail.no_code(to=BOT), BOT)
            door.deliver(mail.plain("482913", to="other@example.com"), "other@example.com")
        self.assertEqual(wait.finish(), 65)
        events = self.events(self.wire(home), since=EVER, recipient="BOT5@*")
        self.assertEqual(told(events), ["wait began", "message arrived", "wait ended"])
        self.assertEqual(events[1]["verdict"], "none")
        self.assertEqual(events[2]["exit"], 65)
        self.assertTrue(events[2]["reason"])

    def test_types_and_recipients_choose(self):
        home = self.home()
        wire = self.wire(home)
        for number in ("+905551112233", "+905551112234"):
            self.sms(wire, number)
        self.assertEqual(len(self.events(wire, since=EVER, types=["message"])), 2)
        mine = self.events(wire, since=EVER, types=["message", "agent"], recipient="*34")
        self.assertEqual([event["recipients"] for event in mine], [["+905551112234"]])
        for wrong in ({"types": ["massage"]}, {"since": "yesterday"}, {"after": -1}, {"recipient": "*" * 400}):
            with self.assertRaises(WireError) as refused:
                wire.call("events", **wrong)
            self.assertEqual(refused.exception.exit, 64)

    # ---- live ----------------------------------------------------------------------------------

    # ctest: smoke
    def test_who_follows_hears_at_once_and_the_code_comes_first(self):
        home = self.home()
        wire, waiter = self.wire(home), self.wire(home)
        follow = wire.start("events", follow=True)
        waiter.start("wait", waiter=str(uuid.uuid4()), email=BOT)
        page = wire.frame()
        self.assertEqual((page["id"], told(page["result"]["events"])), (follow, ["wait began"]))
        wire.start("events", follow=True, after=page["result"]["next"])
        with Door(home.agent_file()["lmtp"]) as door:
            sent, _ = door.deliver(mail.plain("482913", to=BOT), BOT)
        while "result" not in (frame := waiter.frame()):
            pass
        self.assertEqual(frame["result"]["code"], "482913")
        page = wire.frame()["result"]
        self.assertEqual(told(page["events"]), ["message arrived", "code claimed"])
        self.assertLess((time.monotonic_ns() - sent) / 1e9, 1)

    # ctest: timeout=60
    def test_who_hears_nothing_gets_an_empty_page_after_25_seconds(self):
        home = self.home()
        wire, other = self.wire(home), self.wire(home)
        began = time.monotonic()
        wire.start("events", follow=True, types=["code"])
        self.sms(other, "+905551112233")
        page = wire.frame()["result"]
        self.assertEqual(page["events"], [])
        self.assertTrue(24 < time.monotonic() - began < 27)
        self.assertEqual(page["next"], self.events(other)[-1]["id"])

    def test_a_client_that_has_ended_its_sending_side_is_not_kept_waiting(self):
        home = self.home()
        wire = self.wire(home)
        wire.start("events", follow=True)
        wire.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(wire.frame()["result"]["events"], [])
        with self.assertRaises(EOFError):
            wire.frame()

    def test_one_client_follows_64_times_and_no_more(self):
        home = self.home()
        wire, other = self.wire(home), self.wire(home)
        for _ in range(65):
            last = wire.start("events", follow=True)
        refused = wire.frame()
        self.assertEqual((refused["id"], refused["error"]["data"]["class"]), (last, "busy"))
        self.sms(other, "+905551112233")
        answered = [wire.frame() for _ in range(64)]
        self.assertEqual({len(frame["result"]["events"]) for frame in answered}, {1})
        wire.start("events", follow=True)
        self.sms(other, "+905551112234")
        self.assertEqual(told(wire.frame()["result"]["events"]), ["message arrived"])

    # ---- lives of the agent --------------------------------------------------------------------

    def test_who_goes_on_from_the_last_id_misses_nothing_over_restarts_and_a_kill(self):
        home = self.home()
        at, all_told = 0, []

        def read():
            nonlocal at
            with Wire(home.agent_file()["socket"]) as wire:
                wire.hello()
                for page in self.pages(wire, after=at):
                    at = page["next"]
                    all_told.extend(page["events"])

        read()
        self.sms(self.wire(home), "+905551112231")
        read()
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        self.sms(self.wire(home), "+905551112232")
        read()
        home.kill_agent()
        home.start_agent()
        self.sms(self.wire(home), "+905551112233")
        read()
        self.assertEqual(told(all_told), ["agent started", "message arrived", "agent stopping", "agent started",
                                          "message arrived", "agent started", "message arrived"])
        self.assertEqual(len({event["id"] for event in all_told}), 7)
        self.assertEqual([event["id"] for event in all_told], sorted(event["id"] for event in all_told))

    def test_an_id_that_was_shown_is_given_once_though_the_agent_is_killed_before_it_is_written(self):
        home = self.home()
        for _ in range(5):
            wire = self.wire(home)
            follow = self.wire(home)
            follow.start("events", follow=True)
            self.sms(wire, f"+9055511122{os.urandom(1)[0] % 90 + 10}")
            shown = follow.frame()["result"]["next"]
            home.kill_agent(signal.SIGKILL)
            home.start_agent()
            later = self.events(self.wire(home), after=shown)
            self.assertEqual(told(later), ["agent started"])

    def test_seven_days_are_kept(self):
        home = self.home()
        self.sms(self.wire(home), "+905551112233")
        self.assertEqual(home.otpctl("agent", "stop").code, 0)
        day = 24 * 3600 * 1_000_000
        store = os.path.join(home.folder, "store.db")
        with contextlib.closing(sqlite3.connect(store)) as database, database:
            rows = database.execute("SELECT count(*) FROM timeline").fetchone()[0]
            self.assertGreaterEqual(rows, 3)
            database.execute("UPDATE timeline SET at = at - ? WHERE id = (SELECT min(id) FROM timeline)", (6 * day,))
            database.execute("UPDATE timeline SET at = at - ? WHERE id > (SELECT min(id) FROM timeline)", (8 * day,))
        home.start_agent()

        def old():
            with contextlib.closing(sqlite3.connect(store)) as database:
                week_ago = time.time_ns() // 1000 - 7 * day
                return database.execute("SELECT sum(at < ?), count(*) FROM timeline", (week_ago,)).fetchone()

        until(lambda: old()[0] == 0, 10, "what is older than seven days is erased")
        self.assertGreaterEqual(old()[1], 1)

    def test_a_store_in_memory_leaves_nothing_on_disk_and_ends_with_its_agent(self):
        home = self.home("[store]\nmemory = true\n")
        wire = self.wire(home)
        self.sms(wire, "+905551112233")
        before = self.events(wire)
        self.assertEqual(told(before), ["agent started", "message arrived"])
        files = {name for name in os.listdir(home.folder) if not name.startswith("agent")}
        self.assertEqual(files - {"config.toml", "lmtp.sock", "start.lock"}, set())
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        self.assertEqual(told(self.events(self.wire(home))), ["agent started"])
        # Whoever comes with an id of the store of before hears everything of this one, and nothing twice.
        (started,) = self.events(self.wire(home), after=before[-1]["id"])
        self.assertEqual(told([started]), ["agent started"])
        self.assertEqual(told(self.events(self.wire(home), after=started["id"] + 10**9)), [])

    # ---- much ----------------------------------------------------------------------------------

    # ctest: timeout=180
    def test_thousands_are_read_in_pages_that_fit_a_line_none_lost_none_twice(self):
        home = self.home()
        wire = self.wire(home)
        numbers = [f"+90555{number:07}" for number in range(3000)]
        for begin in range(0, len(numbers), 100):
            ids = {wire.start("sms", text=mail.sms_text("482913"), to=number, **{"from": "EXAMPLE"})
                   for number in numbers[begin:begin + 100]}
            while ids:
                ids.discard(wire.frame()["id"])
        pages = list(self.pages(wire, since=EVER, types=["message"]))
        self.assertGreater(len(pages), 5)
        self.assertLess(max(len(json.dumps(page)) for page in pages), 64 * 1024)
        self.assertEqual([event["recipients"][0] for page in pages for event in page["events"]], numbers)
        (one,) = self.events(wire, since=EVER, recipient=numbers[1234])
        self.assertEqual(one["recipients"], [numbers[1234]])

    # ---- a store that cannot be written --------------------------------------------------------

    # ctest: timeout=90
    @isolated
    def test_R03_a_full_disk_is_an_entry_of_its_own_and_costs_no_code(self):
        with Home() as home:
            small_disk(home.folder, "2m")
            home.start_agent()
            wire, live = self.wire(home), self.wire(home)
            self.sms(wire, "+905551112231")
            at = self.events(live)[-1]["id"]
            filler = os.path.join(home.folder, "filler")
            file = os.open(filler, os.O_WRONLY | os.O_CREAT)
            with contextlib.suppress(OSError):
                while True:
                    os.write(file, bytes(4096))
            os.close(file)
            live.start("events", after=at, follow=True, types=["agent"])
            with self.assertRaises(WireError) as refused:
                for number in range(1000):
                    self.sms(wire, f"+90555111{number:04}")
            self.assertEqual(refused.exception.exit, 75)
            trouble = live.frame()["result"]
            self.assertEqual(told(trouble["events"]), ["agent store_trouble"])
            self.assertTrue(wire.call("health")["store_trouble"])
            os.unlink(filler)
            live.start("events", after=trouble["next"], follow=True, types=["agent"])
            until(lambda: wire.call("health")["store_trouble"] is None, 15, "the store is well", every=0.1)
            self.assertEqual(told(live.frame()["result"]["events"]), ["agent store_well"])
            self.assertEqual(self.sms(wire, "+905551119999"), {"v": 1, "duplicate": False, "delivered": False})

    # ctest: timeout=90
    @isolated
    def test_on_a_full_disk_an_entry_is_refused_before_it_is_decided_on(self):
        with Home() as home:
            small_disk(home.folder, "2m")
            home.start_agent()
            wire = self.wire(home)
            filler = os.path.join(home.folder, "filler")
            file = os.open(filler, os.O_WRONLY | os.O_CREAT)
            with contextlib.suppress(OSError):
                while True:
                    os.write(file, bytes(4096))
            os.close(file)
            with self.assertRaises(WireError):
                for number in range(1000):
                    self.sms(wire, f"+90555111{number:04}")
            with self.assertRaises(WireError) as refused:
                wire.call("manual", target="bot5@example.com", code="482913")
            self.assertEqual(refused.exception.exit, 75)
            with self.assertRaises(WireError) as refused:
                wire.call("session.register", email="bot5@example.com")
            self.assertEqual(refused.exception.exit, 75)
            os.unlink(filler)
            until(lambda: wire.call("health")["store_trouble"] is None, 15, "the store is well", every=0.1)
            self.assertEqual(wire.call("session.list")["sessions"], [])
            wait = home.otpctl("wait", "bot5@example.com", "--timeout", "0")
            self.assertEqual((wait.code != 0, wait.stdout), (True, ""))
            wire.call("manual", target="bot5@example.com", code="193744")
            self.assertEqual(home.otpctl("wait", "bot5@example.com", "--timeout", "0").stdout, "193744\n")


if __name__ == "__main__":
    unittest.main()
