"""`health` and `waiters` over the socket: how each source did, who waits and what there is to choose."""

import contextlib
import os
import re
import sqlite3
import statistics
import unittest
import uuid

from otptest import Door, Dovecot, FaultProxy, Home, Mailbox, ScriptedServer, Wire, free_port, mail, until

BOT = "bot5@example.com"
UNIT = {"h": 3600, "m": 60, "s": 1, "ms": 0.001, "d": 86400}


def seconds(text):
    """"5m15s" → 315."""
    parts = re.findall(r"([\d.]+)(ms|[dhms])", text)
    assert parts, text
    return sum(float(number) * UNIT[unit] for number, unit in parts)


class Health(unittest.TestCase):
    def home(self, *config):
        home = self.enterContext(Home())
        if config:
            home.write_config(*config)
        home.start_agent()
        self.wire = self.connect(home)
        return home

    def connect(self, home):
        wire = self.enterContext(Wire(home.agent_file()["socket"]))
        wire.hello()
        return wire

    def source(self, name="main/INBOX"):
        (found,) = [one for one in self.wire.call("health")["sources"] if one["name"] == name]
        return found

    def await_source(self, is_so, what, name="main/INBOX", within=20):
        until(lambda: is_so(self.source(name)), within, what, every=0.02)
        return self.source(name)

    @staticmethod
    def expired(watcher):
        """The ids of sessions as they expire; the watcher follows their events."""
        while page := watcher.frame()["result"]:
            yield from (event["session"] for event in page["events"] if event["state"] == "expired")
            watcher.start("events", follow=True, types=["session"], after=page["next"])

    @staticmethod
    def kept(home):
        """How much of the timeline the store holds: it is written behind the answers."""
        with contextlib.closing(sqlite3.connect(os.path.join(home.folder, "store.db"))) as database:
            return database.execute("SELECT count(*) FROM timeline").fetchone()[0]

    # ---- what stands there ---------------------------------------------------------------------

    # ctest: smoke
    def test_an_agent_without_mailboxes_has_its_doors_and_nothing_to_complain_of(self):
        home = self.home()
        health = self.wire.call("health")
        self.assertEqual({"v": 1, "pid": home.agent_pid(), "waiting": 0, "sessions": 0, "codes_pending": 0,
                          "oldest_pending": None, "codes_delivered": 0, "messages": 0, "store_trouble": None},
                         {key: health[key] for key in ("v", "pid", "waiting", "sessions", "codes_pending", "oldest_pending",
                                                       "codes_delivered", "messages", "store_trouble")})
        self.assertEqual([(one["name"], one["state"], one["down_since"], one["due_every"]) for one in health["sources"]],
                         [("lmtp", "live", None, "0s"), ("pipe", "live", None, "0s")])

    def test_the_days_numbers_outlive_the_agent_and_what_is_read_again_is_no_message(self):
        dovecot = self.enterContext(Dovecot())
        home = self.enterContext(Home())
        home.write_config(home.mailbox(dovecot))
        wait = home.wait(BOT)
        home.await_source()
        self.wire = self.connect(home)
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual(wait.finish(), 0)
        for _ in range(2):
            self.wire.call("sms", text=mail.sms_text("482913"), to="+905551112233", id="the same", **{"from": "EXAMPLE"})
        self.assertEqual([self.source(name)["day"]["messages"] for name in ("main/INBOX", "pipe")], [1, 1])
        for how in ("restart", "kill"):
            with self.subTest(how):
                if how == "restart":
                    self.assertEqual(home.otpctl("agent", "restart").code, 0)
                else:
                    until(lambda: self.kept(home) == len(self.wire.call("events", after=0)["events"]), 10,
                          "what happened is on disk")
                    home.kill_agent()
                    home.start_agent()
                self.wire = self.connect(home)
                home.await_source()
                self.await_source(lambda one: one["day"]["messages"] >= 1, "the day is known again", "pipe")
                late = home.wait("late@example.com", "--since", "10m")  # looks back: finds the mail again
                self.assertEqual([self.source(name)["day"]["messages"] for name in ("main/INBOX", "pipe")], [1, 1])
                late.kill()

    def test_messages_are_counted_and_their_processing_is_measured(self):
        home = self.home()
        wait = home.wait(BOT)
        with Door(home.agent_file()["lmtp"]) as door:
            times = []
            for number, code in enumerate(mail.codes(20)):
                sent, taken = door.deliver(mail.plain(code, to=f"bot{number}@example.com"), f"bot{number}@example.com")
                times.append((taken - sent) / 1e9)
        self.assertEqual(wait.finish(), 0)
        self.wire.call("sms", text=mail.sms_text("482913"), to="+905551112233", **{"from": "EXAMPLE"})
        health = self.wire.call("health")
        door, pipe = health["sources"]
        self.assertEqual((door["messages"], door["day"]["messages"], door["day"]["processed"]), (20, 20, 20))
        self.assertEqual((pipe["day"]["messages"], pipe["day"]["processed"]), (1, 1))
        self.assertEqual((health["messages"], health["codes_delivered"]), (21, 1))
        self.assertEqual(health["codes_pending"], 20)
        self.assertLess(seconds(health["oldest_pending"]), 30)
        # What the client saw from its final dot to the 250 holds the processing, and not much more.
        mean = seconds(door["day"]["processing_mean"])
        self.assertLessEqual(mean, statistics.mean(times) + 0.001)
        self.assertGreater(mean, 0)
        self.assertLessEqual(seconds(door["day"]["processing_p95"]), max(times) + 0.001)

    def test_a_live_mailbox_owes_a_byte_every_five_minutes_and_sooner_while_somebody_waits(self):
        dovecot = self.enterContext(Dovecot())
        home = self.enterContext(Home())
        home.write_config(home.mailbox(dovecot, probe="off"))
        home.start_agent()
        self.wire = self.connect(home)
        live = self.await_source(lambda one: one["state"] == "live", "live")
        self.assertIsNone(live["down_since"])
        self.assertLess(seconds(live["alive_age"]), 10)
        self.assertTrue(315 <= seconds(live["due_every"]) < 320, live["due_every"])
        wait = home.wait(BOT)
        self.assertTrue(60 <= seconds(self.source()["due_every"]) < 70, self.source()["due_every"])
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual(wait.finish(), 0)
        done = self.await_source(lambda one: seconds(one["due_every"]) >= 315, "quiet again")
        self.assertEqual((done["day"]["messages"], done["day"]["errors"], done["day"]["reconnects"]), (1, 0, 0))
        self.assertEqual(done["day"]["processed"], 1)

    # ---- troubles ------------------------------------------------------------------------------

    def test_a_server_that_ends_a_connection_and_takes_the_next_is_a_reconnect_and_no_error(self):
        mailbox = Mailbox()
        server = self.enterContext(ScriptedServer(lambda connection: connection.behave(mailbox)))
        proxy = self.enterContext(FaultProxy(server.port))
        home = self.enterContext(Home())
        home.write_config(home.mailbox(server, port=proxy.port))
        home.start_agent()
        self.wire = self.connect(home)
        self.await_source(lambda one: one["state"] == "live", "live")
        proxy.close()
        back = self.await_source(lambda one: one["state"] == "live" and one["day"]["reconnects"] == 1, "live again")
        self.assertIsNone(back["down_since"])
        self.assertEqual(back["day"]["errors"], 0)

    # ctest: timeout=90
    def test_down_since_stays_over_every_try_until_it_is_live(self):
        mailbox = Mailbox()
        server = self.enterContext(ScriptedServer(lambda connection: connection.behave(mailbox)))
        proxy = self.enterContext(FaultProxy(server.port))
        proxy.down()
        home = self.enterContext(Home())
        home.write_config(home.mailbox(server, port=proxy.port))
        home.start_agent()
        self.wire = self.connect(home)
        first = self.await_source(lambda one: one["day"]["errors"] == 1, "the first try has failed")
        self.assertTrue(first["down_since"])
        self.assertEqual(first["due_every"], "0s")
        second = self.await_source(lambda one: one["day"]["errors"] >= 2, "the second try has failed")
        self.assertEqual(second["down_since"], first["down_since"])
        self.assertEqual(second["day"]["reconnects"], 0)
        proxy.up()
        live = self.await_source(lambda one: one["state"] == "live", "live")
        self.assertIsNone(live["down_since"])
        proxy.down()
        again = self.await_source(lambda one: one["state"] != "live", "down again")
        self.assertGreater(again["down_since"], first["down_since"])

    # ctest: alone
    def test_150_sources_are_told_at_once(self):
        port = free_port()
        home = self.enterContext(Home())
        secret = home.write("secret", "a password\n")
        home.write_config(*(f"""[[mailbox]]
name = "m{number}"
host = "127.0.0.1"
port = {port}
tls = "none"
insecure = true
user = "m{number}@example.com"
password-file = "{secret}"
""" for number in range(150)))
        home.start_agent()
        self.wire = self.connect(home)
        until(lambda: all(one["day"]["errors"] for one in self.wire.call("health")["sources"][:150]), 60, "all have failed")
        health = self.wire.call("health")
        self.assertEqual(len(health["sources"]) + health.get("more", 0), 152)
        self.assertGreaterEqual(len(health["sources"]), 100)

    # ---- the operators' list -------------------------------------------------------------------

    def test_all_waiters_are_told_page_by_page(self):
        home = self.home()
        wire = self.connect(home)
        names = [f"bot{number}@a-rather-long-domain-name-for-pages-to-fill.example.com" for number in range(500)]
        for name in names:
            wire.start("wait", waiter=str(uuid.uuid4()), email=name, timeout="60s")
            while wire.frame().get("method") != "waiting":
                pass
        told, pages = [], 0
        while True:
            page = self.wire.call("waiters", skip=len(told))
            told += [one["email"] for one in page["waiters"]]
            pages += 1
            if not page["more"]:
                break
        self.assertEqual(told, names)
        self.assertGreater(pages, 1)
        self.assertEqual(self.wire.call("waiters", skip=9999)["waiters"], [])

    # ctest: smoke
    def test_an_ambiguous_wait_shows_what_there_is_to_choose_and_the_choice_ends_it(self):
        home = self.home()
        with Door(home.agent_file()["lmtp"]) as door:
            door.deliver(mail.plain("482913", to=BOT, sender="a@shop.example"), BOT)
            door.deliver(mail.plain("771188", to=BOT, sender="b@bank.example"), BOT)
        wait = home.wait(BOT, "--since", "60s")
        (waiter,) = self.wire.call("waiters")["waiters"]
        self.assertTrue(waiter["ambiguous"])
        self.assertEqual({(one["code"], one["sender"]) for one in waiter["candidates"]},
                         {("482913", "a@shop.example"), ("771188", "b@bank.example")})
        status = self.wire.call("status")
        self.assertNotIn("482913", str(status))
        self.wire.call("manual", target=waiter["session"], code="771188", waiting_only=True)
        self.assertEqual((wait.finish(), wait.stdout), (0, "771188\n"))
        events = self.wire.call("events", since="2020-01-01T00:00:00Z")["events"]
        self.assertNotIn("771188", str(events))
        self.assertIn(("wait", "ambiguous"), [(event["type"], event["state"]) for event in events])

    def test_who_is_late_with_an_entry_is_told_so_and_nothing_is_kept(self):
        self.home()
        number = self.wire.start("manual", target=BOT, code="482913", waiting_only=True)
        frame = self.wire.frame()
        self.assertEqual((frame["id"], frame["error"]["data"]["exit"]), (number, 66))
        self.assertEqual(self.wire.call("health")["codes_pending"], 0)

    def test_a_session_that_is_held_lives_as_long_as_the_connection(self):
        home = self.home()
        holder = self.connect(home)
        watcher = self.connect(home)
        watcher.start("events", follow=True, types=["session"])
        session = holder.call("session.register", email=BOT, ttl="1s")["id"]
        held = holder.call("session.hold", session=session)
        self.assertIsNone(held["expires"])
        twin = self.wire.call("session.register", email="bot6@example.com", ttl="1s")["id"]
        ends = self.expired(watcher)
        self.assertEqual(next(ends), twin)  # the held one is older, and still there
        self.assertEqual(self.wire.call("session.show", session=session)["state"], "open")
        holder.close()
        self.assertEqual(next(ends), session)


if __name__ == "__main__":
    unittest.main()
