"""Servers that end, lie or speak at awkward moments: a scripted server behind the real agent."""

import os
import threading
import time
import unittest

from otptest import Authority, Home, Mailbox, ScriptedServer, mail, until

BOT = "bot1@example.com"


class Awkward(Mailbox):
    """A mailbox whose IDLE is told what to say.

    push(*lines)   to a client in IDLE, now
    idling         set while a client is in IDLE
    """

    def __init__(self, **more):
        super().__init__(**more)
        self.idling = threading.Event()
        self.connection = None

    def push(self, *lines):
        self.connection.send("\r\n".join(lines))

    def do_idle(self, connection, tag, _):
        self.before_plus(connection)
        connection.send("+ idling")
        self.connection = connection
        self.idling.set()
        connection.command("DONE")
        self.idling.clear()
        self.after_done(connection)
        connection.ok(tag)

    def before_plus(self, connection):
        pass

    def after_done(self, connection):
        pass


class Once:
    """Calls `what` the first time, and nothing later."""

    def __init__(self, what):
        self._what = what
        self.done = False

    def __call__(self, *arguments):
        if not self.done:
            self.done = True
            self._what(*arguments)


class Faults(unittest.TestCase):
    def _serve(self, mailbox, **instead):
        """A home whose agent watches `mailbox` by IDLE alone; returns (home, server)."""
        server = self.enterContext(ScriptedServer(lambda connection: connection.behave(mailbox, **instead)))
        home = self.enterContext(Home())
        home.write_config(home.mailbox(server, probe="off"))
        return home, server

    def _two_waits(self, home):
        """Two waits for one recipient: what is delivered twice shows at the second."""
        return home.wait(BOT), home.wait(BOT)

    def _got_once(self, home, mailbox, waits, code):
        """The first wait has it, the second one gets the code of the next mail and not this one again."""
        first, second = waits
        self.assertEqual((first.finish(10), first.stdout), (0, code + "\n"))
        until(mailbox.idling.is_set, 15, "IDLE again")
        self.assertEqual(len(home.waiters()), 1)
        mailbox.add(mail.plain("771188", to=BOT))
        mailbox.push(f"* {len(mailbox.mails)} EXISTS")
        self.assertEqual((second.finish(10), second.stdout), (0, "771188\n"))

    # ---- I12: in the gap before IDLE -----------------------------------------------------------

    # ctest: alone
    def test_I12_a_mail_between_examine_and_idle_that_no_notice_tells_comes_within_a_second(self):
        mailbox = Awkward()
        mailbox.before_plus = Once(lambda _: mailbox.add(mail.plain("482913", to=BOT)))
        self._comes_within_a_second(mailbox)

    # ctest: alone
    def test_I12_a_mail_between_fetch_and_idle_that_no_notice_tells_comes_within_a_second(self):
        mailbox = Awkward()
        mailbox.add(mail.no_code(to=BOT))
        fetches = []

        def fetch(connection, tag, rest):
            mailbox.do_uid_fetch(connection, tag, rest)
            if "BODY" in rest:
                fetches.append(rest)
                if len(fetches) == 1:
                    mailbox.add(mail.plain("482913", to=BOT))

        # A mail without a code is fetched while somebody waits; the one behind it is told by nothing.
        mailbox.before_plus = Once(lambda connection: (mailbox.add(mail.no_code(to=BOT)),
                                                       connection.send("* 2 EXISTS")))
        self._comes_within_a_second(mailbox, UID_FETCH=fetch)
        self.assertGreaterEqual(len(fetches), 2)

    def _comes_within_a_second(self, mailbox, **instead):
        arrived = []
        add = mailbox.add
        mailbox.add = lambda data: (arrived.append(time.monotonic_ns()), add(data))
        home, _ = self._serve(mailbox, **instead)
        wait = home.wait(BOT, "--since", "now", blocked=False)
        self.assertEqual((wait.finish(10), wait.stdout), (0, "482913\n"))
        self.assertLess((wait.first_byte_ns - arrived[-1]) / 1e6, 1000)

    # ---- I13: notices at awkward moments -------------------------------------------------------

    def test_I13_exists_before_the_plus_is_not_lost(self):
        mailbox = Awkward()
        home, _ = self._serve(mailbox)
        waits = self._two_waits(home)
        until(mailbox.idling.is_set, 15)
        # A mail without a code makes it leave IDLE; while it enters the next one the code comes.
        mailbox.before_plus = Once(lambda connection: (mailbox.add(mail.plain("482913", to=BOT)),
                                                       connection.send("* 2 EXISTS\r\n* 1 RECENT")))
        mailbox.add(mail.no_code(to=BOT))
        mailbox.push("* 1 EXISTS")
        self._got_once(home, mailbox, waits, "482913")

    def test_I13_exists_between_done_and_its_reply_is_not_lost(self):
        mailbox = Awkward()
        home, _ = self._serve(mailbox)
        waits = self._two_waits(home)
        until(mailbox.idling.is_set, 15)
        mailbox.after_done = Once(lambda connection: (mailbox.add(mail.plain("482913", to=BOT)),
                                                      connection.send("* 2 EXISTS\r\n* 2 RECENT")))
        mailbox.add(mail.no_code(to=BOT))
        mailbox.push("* 1 EXISTS")
        self._got_once(home, mailbox, waits, "482913")

    def test_I13_exists_inside_the_replies_to_fetch_is_not_lost(self):
        mailbox = Awkward()

        def fetch(connection, tag, rest):
            """Two mails; the notice of a third, which this FETCH does not bring, stands between them."""
            uids = mailbox.picked(rest.split(" ")[0])
            for place, uid in enumerate(uids):
                connection.send(mailbox.fetch_line(uid, rest))
                if "BODY" in rest and place == 0 and len(uids) == 2 and len(mailbox.mails) == 2:
                    mailbox.add(mail.plain("482913", to=BOT))
                    connection.send("* 3 EXISTS\r\n* 1 RECENT")
            connection.ok(tag)

        home, _ = self._serve(mailbox, UID_FETCH=fetch)
        waits = self._two_waits(home)
        until(mailbox.idling.is_set, 15)
        mailbox.add(mail.no_code(to=BOT))
        mailbox.add(mail.no_code(to=BOT))
        mailbox.push("* 2 EXISTS")
        self._got_once(home, mailbox, waits, "482913")

    # ---- I14: what FETCH should not have said --------------------------------------------------

    def test_I14_the_last_message_that_n_to_star_always_brings_is_not_delivered(self):
        mailbox = Awkward()
        mailbox.add(mail.plain("111222", to=BOT))
        home, server = self._serve(mailbox)
        home.start_agent()
        home.await_source()
        waits = home.wait(BOT, "--since", "now"), home.wait(BOT, "--since", "now")
        until(mailbox.idling.is_set, 15)
        mailbox.push("* 2 EXISTS")  # a mail that has gone again: the fetch of 2:* brings UID 1
        until(lambda: any("UID FETCH 2:* (" in line and "BODY" in line for line in server.seen), 5, "the fetch")
        mailbox.add(mail.plain("482913", to=BOT))
        until(mailbox.idling.is_set, 15)
        mailbox.push("* 2 EXISTS")
        self._got_once(home, mailbox, waits, "482913")

    def test_I14_a_message_told_twice_is_delivered_once(self):
        mailbox = Awkward()

        def fetch(connection, tag, rest):
            for uid in mailbox.picked(rest.split(" ")[0]):
                connection.send(mailbox.fetch_line(uid, rest) * 2)
            connection.ok(tag)

        home, _ = self._serve(mailbox, UID_FETCH=fetch)
        waits = self._two_waits(home)
        until(mailbox.idling.is_set, 15)
        mailbox.add(mail.plain("482913", to=BOT))
        mailbox.push("* 1 EXISTS")
        self._got_once(home, mailbox, waits, "482913")

    def test_I14_a_fetch_answer_without_uid_delivers_nothing(self):
        mailbox = Awkward()
        forged = mail.plain("111222", to=BOT)

        def fetch(connection, tag, rest):
            head = b"* 1 FETCH (BODY[]<0> {%d}\r\n" % len(forged)
            connection.send(head + forged + b")\r\n")
            connection.send("* 1 FETCH (FLAGS (\\Seen))")
            mailbox.do_uid_fetch(connection, tag, rest)

        home, _ = self._serve(mailbox, UID_FETCH=fetch)
        waits = self._two_waits(home)
        until(mailbox.idling.is_set, 15)
        mailbox.add(mail.plain("482913", to=BOT))
        mailbox.push("* 1 EXISTS")
        self._got_once(home, mailbox, waits, "482913")


class Endings(unittest.TestCase):
    """I05: a connection that ends, in every state, in every way. All of them at once, a mailbox for each."""

    STATES = ["greeting", "CAPABILITY", "AUTHENTICATE", "EXAMINE", "IDLE", "in IDLE", "DONE", "UID FETCH"]
    WAYS = ["bye", "eof", "reset", "close_notify"]

    # ctest: timeout=180
    def test_I05_whatever_ends_the_connection_it_comes_back_and_nothing_is_lost(self):
        cases = [(state, way) for state in self.STATES for way in self.WAYS]
        with Home() as home:
            authority = Authority(home.root)
            certificate = authority.issue()
            boxes, tables = {}, []
            for number, (state, way) in enumerate(cases):
                bot = f"bot{number}@example.com"
                box = boxes[bot] = _Ending(state, way)
                server = self.enterContext(ScriptedServer([box.first, box.later], certificate=certificate))
                box.server = server
                server.user = f"catchall{number}@example.com"
                tables.append(home.mailbox(server, name=f"m{number}", probe="off", ca_file=authority.ca_file))
            home.write_config(*tables)
            home.start_agent()
            waits = dict(zip(boxes, home.waits(boxes, "--timeout", "60s")))
            for bot, box in boxes.items():
                box.deliver(mail.plain(box.code, to=bot))
            for (bot, box), case in zip(boxes.items(), cases):
                with self.subTest(case):
                    wait = waits[bot]
                    self.assertEqual((wait.finish(60), wait.stdout), (0, box.code + "\n"), wait.stderr)
                    self.assertGreaterEqual(box.server.connections, 2, "its connection never ended")
                    box.server.check()

    # ctest: alone timeout=60
    def test_I05_a_server_that_ends_every_connection_costs_little(self):
        """Nothing answers for eight seconds while somebody waits: a handful of connections, little CPU."""
        def ends(connection):
            connection.send("* BYE not now")

        with ScriptedServer(ends) as server, Home() as home:
            home.write_config(home.mailbox(server))
            wait = home.wait(BOT, "--timeout", "10s")
            server.wait_connections(1)
            agent, began = home.agent_pid(), time.monotonic()
            before = _cpu_seconds(agent)
            self.assertEqual((wait.finish(20), wait.stdout), (69, ""))
            self.assertIn("not now", wait.stderr)
            self.assertLess((_cpu_seconds(agent) - before) / (time.monotonic() - began), 0.05)
            self.assertLessEqual(server.connections, 6)
            gaps = [later - earlier for earlier, later in zip(server.times, server.times[1:])]
            self.assertGreater(min(gaps), 1.9, "at least 2 s between two tries")


class _Ending:
    """A mailbox whose first connection ends at `state` in the way that `way` names."""

    _codes = iter(mail.codes(100))

    def __init__(self, state, way):
        self.state, self.way = state, way
        self.code = next(self._codes)
        self.box = Awkward()
        self.server = None
        self._mail = threading.Event()

    def deliver(self, data):
        self.box.add(data)
        self._mail.set()

    def first(self, connection):
        if self.state == "greeting":
            return self._end(connection)
        idles = self.state in ("in IDLE", "DONE", "UID FETCH")
        tag, _, _ = connection.behave(self.box, until="IDLE" if idles else self.state)
        if not idles:
            return self._end(connection)
        connection.send("+ idling")
        if self.state == "in IDLE":
            return self._end(connection)
        self._mail.wait(30)
        connection.send(f"* {len(self.box.mails)} EXISTS")
        connection.command("DONE")
        if self.state == "DONE":
            return self._end(connection)
        connection.ok(tag)
        while True:
            tag, _, rest = connection.behave(self.box, until="UID FETCH", greet=False)
            if "BODY" in rest:
                connection.send(self.box.fetch_line(1, rest)[:-20])  # never the whole mail
                return self._end(connection)
            self.box.do_uid_fetch(connection, tag, rest)

    def later(self, connection):
        self._mail.wait(30)
        connection.behave(self.box)

    def _end(self, connection):
        if self.way == "bye" and self.state != "UID FETCH":
            connection.send("* BYE maintenance")
        if self.way == "reset":
            connection.reset()
        elif self.way == "close_notify":
            connection.close_notify()
        else:
            connection.close()


def _cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
