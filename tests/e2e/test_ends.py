"""How connections and the agent end: what was asked before is answered, what was printed is not given again."""

import json
import os
import socket
import sqlite3
import unittest
import uuid

from otptest import Home, ScriptedServer, Wire, mail

BOT = "bot5@example.com"
HELLO = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}\n'


def say_and_shut(path, data):
    """Sends all, ends the sending side and returns all that comes, as `… | socat - UNIX-CONNECT:…` does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while got := client.recv(65536):
            answer += got
    return answer.decode()


def never_says_goodbye(connection):
    """Signs in, and answers nothing once it idles: a stop of the agent takes its second."""
    connection.send("* OK ready")
    while True:
        tag, name, _ = connection.command()
        if name in ("IDLE", "LOGOUT"):
            connection.until_closed()
            return
        if name == "CAPABILITY":
            connection.send("* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN SASL-IR")
        if name == "EXAMINE":
            connection.send("* 0 EXISTS")
            connection.send("* OK [UIDVALIDITY 7] ok")
            connection.send("* OK [UIDNEXT 1] ok")
        connection.ok(tag)


class Ends(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home())

    def _wire(self):
        wire = self.enterContext(Wire(self.home.agent_file()["socket"]))
        wire.hello()
        return wire

    def _holds_a_code(self):
        """A client that was given a code and has not acknowledged it: (wire, ids for the ack)."""
        wire, waiter = self._wire(), str(uuid.uuid4())
        number = wire.start("wait", waiter=waiter, email=BOT, timeout="60s")
        self.assertEqual(self.home.otpctl("deliver", BOT, input=mail.plain("482913", to=BOT)).code, 0)
        while (frame := wire.frame()).get("id") != number:
            pass
        self.assertEqual(frame["result"]["code"], "482913")
        return wire, {"waiter": waiter, "delivery": frame["result"]["delivery"]}

    def assertIsCancelled(self, answer, number):
        """Its last line is the error of that request, the only answer to it."""
        frames = [json.loads(line) for line in answer.splitlines()]
        answers = [frame for frame in frames if frame.get("id") == number]
        self.assertEqual(answers, frames[-1:], answer)
        self.assertEqual(answers[0]["error"]["data"]["class"], "cancelled")
        self.assertIn("sending side", answers[0]["error"]["message"])

    def _nobody_gets_it(self):
        done = self.home.otpctl("wait", BOT, "--timeout", "0", "--since", "5m")
        self.assertEqual(done.stdout, "")
        self.assertNotEqual(done.code, 0)

    def test_a_client_that_ends_its_sending_side_gets_all_answers(self):
        self.home.write_config("")
        self.home.start_agent()
        path = self.home.agent_file()["socket"]
        for method, params, expected in (
                ("session.register", '{"email":"bot1@example.com"}', '"state":"open"'),
                ("manual", '{"target":"bot1@example.com","code":"482913"}', '"recipient":"bot1@example.com"'),
                ("session.show", '{"session":"nope"}', '"error"')):
            request = f'{{"jsonrpc":"2.0","id":2,"method":"{method}","params":{params}}}\n'
            with self.subTest(method):
                self.assertIn(expected, say_and_shut(path, (HELLO + request).encode()))

    def test_a_wait_ends_with_its_sending_side(self):
        self.home.write_config("")
        self.home.start_agent()
        request = '{"jsonrpc":"2.0","id":2,"method":"wait","params":{"waiter":"w1","email":"bot1@example.com"}}\n'
        answer = say_and_shut(self.home.agent_file()["socket"], (HELLO + request).encode())
        self.assertIsCancelled(answer, 2)
        self.assertEqual(self.home.waiters(), [])

    def test_what_stands_in_line_and_what_follows_end_with_their_sending_side_and_are_told(self):
        self.home.write_config("")
        self.home.start_agent()
        holder = self._wire()
        holder.call("session.register", email=BOT, exclusive=True)
        for method, more in (("wait", '"waiter":"w1",'), ("session.register", "")):
            request = (f'{{"jsonrpc":"2.0","id":2,"method":"{method}","params":{{{more}"email":"{BOT}",'
                       '"exclusive":true,"queue":"60s"}}\n')
            with self.subTest(method):
                self.assertIsCancelled(say_and_shut(self.home.agent_file()["socket"], (HELLO + request).encode()), 2)
        follow = '{"jsonrpc":"2.0","id":2,"method":"events","params":{"follow":true}}\n'
        answer = say_and_shut(self.home.agent_file()["socket"], (HELLO + follow).encode())
        self.assertIn('"events":[]', answer)
        self.assertEqual(len(self.home.json("session", "list")["sessions"]), 1)

    def test_an_LMTP_client_that_ends_its_sending_side_gets_its_250(self):
        self.home.write_config("")
        self.home.start_agent()
        message = mail.plain("482913", to=BOT)
        message = message if isinstance(message, bytes) else message.encode()
        dialogue = (b"LHLO client\r\nMAIL FROM:<a@shop.example>\r\nRCPT TO:<" + BOT.encode() + b">\r\nDATA\r\n" +
                    message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n.\r\nQUIT\r\n")
        answer = say_and_shut(self.home.agent_file()["lmtp"], dialogue)
        self.assertRegex(answer, r"354 [^\r]*\r\n250 [^\r]*\r\n221 ")

    def test_an_acknowledgement_that_comes_while_the_agent_stops_is_taken(self):
        server = self.enterContext(ScriptedServer(never_says_goodbye))
        self.home.write_config(self.home.mailbox(server))
        self.home.start_agent()
        self.home.await_source()
        wire, ids = self._holds_a_code()
        stop = self.home.spawn("agent", "stop")
        while self.home.agent_file().get("stopped") is None:
            self.assertIsNone(stop.poll())
        self.assertTrue(wire.call("ack", **ids)["known"])
        self.assertEqual(stop.finish(), 0)
        self.home.write_config("")
        self.home.start_agent()
        self._nobody_gets_it()

    def test_a_restart_keeps_a_code_for_the_waiter_that_may_have_printed_it(self):
        self.home.write_config("")
        self.home.start_agent()
        _, ids = self._holds_a_code()
        self.assertEqual(self.home.otpctl("agent", "restart").code, 0)
        self._nobody_gets_it()
        self.assertTrue(self._wire().call("ack", **ids)["known"])
        self._nobody_gets_it()

    def test_a_mail_that_cannot_be_written_is_refused_for_now_and_its_waiter_served_when_it_comes_again(self):
        self.home.write_config("")
        self.home.start_agent()
        wait = self.home.wait(BOT, "--timeout", "30s")
        lock = sqlite3.connect(os.path.join(self.home.folder, "store.db"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        done = self.home.otpctl("deliver", BOT, input=mail.plain("482913", to=BOT, message_id="<1@shop.example>"))
        self.assertEqual(done.code, 75)
        self.assertIn(": 4.3.0 not taken now, try again: ", done.stderr)
        self.assertEqual(wait.stdout, "")
        lock.execute("ROLLBACK")
        lock.close()
        self.assertIsNone(wait.poll())  # what was refused is its sender's again, and nobody's here
        again = self.home.otpctl("deliver", BOT, input=mail.plain("482913", to=BOT, message_id="<1@shop.example>"))
        self.assertEqual(again.code, 0)
        self.assertEqual((wait.finish(20), wait.stdout), (0, "482913\n"))
        self._nobody_gets_it()


if __name__ == "__main__":
    unittest.main()
