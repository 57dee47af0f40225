"""What the agent could not write has not happened: whoever was refused tries again, and nobody gets a code twice."""

import contextlib
import os
import re
import sqlite3
import unittest

from otptest import Door, Home, Wire, WireError, mail, until
from otptest.lmtp import LmtpError

BOT = "bot5@example.com"
PHONE = "+905551112233"
EVER = "2020-01-01T00:00:00.000Z"


class Unwritten(unittest.TestCase):
    """The first thing that finds the store unwritable, and is refused because of it."""

    def setUp(self):
        self.home = self.enterContext(Home())
        self.home.start_agent()
        self.wire = self.enterContext(Wire(self.home.agent_file()["socket"]))
        self.wire.hello()

    @contextlib.contextmanager
    def unwritable(self):
        """The store cannot be written; at the end it can, and the agent has noticed."""
        other = sqlite3.connect(os.path.join(self.home.folder, "store.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.assertTrue(self.wire.call("health")["store_trouble"])
        finally:
            other.execute("ROLLBACK")
            other.close()
        until(lambda: self.wire.call("health")["store_trouble"] is None, 15, "the store is well", every=0.1)

    def refused(self, method, **params):
        with self.assertRaises(WireError) as refused:
            self.wire.call(method, **params)
        self.assertEqual(refused.exception.exit, 75)

    def now(self, recipient=BOT):
        done = self.home.otpctl("wait", recipient, "--timeout", "0")
        return done.code, done.stdout

    def told(self, *types):
        return [f"{event['type']} {event['state']}"
                for event in self.wire.call("events", since=EVER, types=list(types))["events"]]

    # ctest: smoke
    def test_an_entry_that_was_refused_is_not_handed_out_later(self):
        with self.unwritable():
            self.refused("manual", target=BOT, code="482913")
        self.assertEqual(self.now(), (1, ""))
        self.assertEqual(self.wire.call("status")["codes_pending"], 0)
        self.wire.call("manual", target=BOT, code="193744")
        self.assertEqual(self.now(), (0, "193744\n"))
        self.assertEqual(self.told("entry"), ["entry taken"])

    def test_a_wait_that_was_to_get_a_refused_entry_goes_on_and_gets_the_next_one(self):
        wait = self.home.wait(BOT, "--timeout", "60")
        with self.unwritable():
            self.refused("manual", target=BOT, code="482913")
            (waiter,) = self.wire.call("status")["waiters"]
            self.assertIsNotNone(waiter["deadline"])
        self.assertIsNone(wait.poll())
        self.wire.call("manual", target=BOT, code="193744")
        self.assertEqual((wait.finish(), wait.stdout), (0, "193744\n"))
        self.assertEqual(self.told("code"), ["code claimed", "code acknowledged"])

    def test_a_wait_whose_refused_entry_does_not_come_again_ends_in_its_time(self):
        wait = self.home.wait(BOT, "--timeout", "5")
        with self.unwritable():
            self.refused("manual", target=BOT, code="482913")
        self.assertEqual((wait.finish(), wait.stdout), (124, ""))
        self.assertIn("no message came", wait.stderr)

    def test_a_wait_whose_message_was_refused_says_so_at_its_deadline(self):
        waits = [self.home.wait(who, "--timeout", "6") for who in (BOT, PHONE, "bot6@example.com")]
        with self.unwritable(), Door(self.home.agent_file()["lmtp"]) as door:
            with self.assertRaises(LmtpError):
                door.deliver(mail.plain("482913", to=BOT), BOT)
            self.refused("sms", **{"text": mail.sms_text("482913"), "from": "EXAMPLE", "to": PHONE})
        for wait in waits[:2]:
            self.assertEqual((wait.finish(), wait.stdout), (75, ""))
            self.assertIn("1 message was refused because the store could not be written", wait.stderr)
            self.assertNotIn("no message came", wait.stderr)
        self.assertEqual((waits[2].finish(), waits[2].stdout), (124, ""))

    def test_a_session_that_was_refused_is_none(self):
        with self.unwritable():
            self.refused("session.register", email=BOT, exclusive=True)
        self.assertEqual(self.wire.call("session.list")["sessions"], [])
        session = self.wire.call("session.register", email=BOT, exclusive=True)
        self.assertEqual([one["id"] for one in self.wire.call("session.list")["sessions"]], [session["id"]])
        self.assertEqual(self.told("session"), ["session registered"])

    def test_an_sms_that_was_refused_counts_once_when_it_comes_again(self):
        sms = {"text": mail.sms_text("482913"), "from": "EXAMPLE", "to": PHONE}
        with self.unwritable():
            self.refused("sms", **sms)
        self.assertEqual(self.now(PHONE), (1, ""))
        self.assertFalse(self.wire.call("sms", **sms)["duplicate"])
        self.assertEqual(self.now(PHONE), (0, "482913\n"))
        self.assertEqual(self.now(PHONE), (1, ""))
        self.assertEqual(self.told("message"), ["message arrived"])

    def test_a_mail_without_an_id_that_was_refused_counts_once_when_it_comes_again(self):
        data = re.sub(rb"(?m)^Message-ID:.*\r\n", b"", mail.plain("482913", to=BOT))
        self.assertNotIn(b"Message-ID", data)
        wait = self.home.wait(BOT, "--timeout", "60")
        with self.unwritable(), Door(self.home.agent_file()["lmtp"]) as door:
            with self.assertRaises(LmtpError) as refused:
                door.deliver(data, BOT)
            self.assertTrue(str(refused.exception).startswith("452"), refused.exception)
        self.assertIsNone(wait.poll())
        with Door(self.home.agent_file()["lmtp"]) as door:
            door.deliver(data, BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertEqual(self.now(), (1, ""))


if __name__ == "__main__":
    unittest.main()
