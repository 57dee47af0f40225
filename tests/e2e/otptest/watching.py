"""What the tests of `otpctl watch` share: a home, many messages, a terminal that must be given back."""

import unittest

from .agent import Home
from .terminal import Terminal
from .util import until
from .wire import Wire

BOT5, BOT6 = "bot5@example.com", "bot6@example.com"
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
ESCAPE = b"\x1b"


def many(home, count, sender="EXAMPLE", first=0):
    """So many messages, none with a code, over one connection."""
    with Wire(home.agent_file()["socket"]) as wire:
        wire.hello()
        for begin in range(first, first + count, 100):
            ids = {wire.start("sms", text="we are open from nine to five", to=f"+90555{number:07}", **{"from": sender})
                   for number in range(begin, min(begin + 100, first + count))}
            while ids:
                ids.discard(wire.frame()["id"])


class Watching(unittest.TestCase):
    def setUp(self):
        self.home = self.enterContext(Home(TERM="xterm-256color", TZ="UTC"))

    def deliver(self, data, recipient=BOT5):
        done = self.home.otpctl("deliver", recipient, input=data)
        self.assertEqual(done.code, 0, done)


class OnATerminal(Watching):
    def terminal(self, columns=80, rows=24):
        return self.enterContext(Terminal(columns, rows))

    def watch(self, terminal, *arguments, **more):
        running = self.home.spawn("watch", *arguments, **terminal.streams(), **more)
        terminal.await_text("EVENTS")
        return running

    def assertGivenBack(self, terminal):
        """Settings, screen, cursor and wrapping are as they were."""
        self.assertEqual(terminal.settings(), terminal.before)
        # What a program that has ended wrote may still be on its way to us.
        until(lambda: terminal.raw.count(ENTER) == terminal.raw.count(LEAVE), 5, "each screen was given back")
        self.assertGreater(terminal.raw.rfind(LEAVE), terminal.raw.rfind(ENTER))
        for on, off in ((b"\x1b[?25h", b"\x1b[?25l"), (b"\x1b[?7h", b"\x1b[?7l")):
            self.assertGreater(terminal.raw.rfind(on), terminal.raw.rfind(off))

    def assertFits(self, terminal, columns):
        """No line ran over the edge: each frame's lines, in columns of ASCII texts."""
        for line in terminal.lines:
            self.assertLessEqual(len(line), columns)
