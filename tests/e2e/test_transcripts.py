"""The transcripts of tests/transcripts/imap, served over TLS to the real agent.

What is checked here is what goes over the wire: every `C` line, in order, and nothing else in between. The events
are the unit tests' business. Files in which somebody waits (A lines) or much time passes are left to those.
"""

import unittest

from otptest import Home, ScriptedServer, Timeout, Transcript, until


def playable():
    return [one for one in Transcript.all()
            if not one.actions and one.longest_pause <= 0.6 and not set(one.options) - {"user", "password"}]


class Transcripts(unittest.TestCase):
    # ctest: timeout=240
    def test_the_agent_says_what_the_transcripts_say(self):
        self.assertGreater(len(playable()), 40)
        for transcript in playable():
            with self.subTest(transcript.name):
                self._play(transcript, pieces=0)

    # ctest: timeout=240
    def test_M10_byte_by_byte_the_agent_says_the_same(self):
        for transcript in playable():
            with self.subTest(transcript.name):
                self._play(transcript, pieces=1)

    def _play(self, transcript, pieces):
        played = []

        def behaviour(connection):
            transcript.play(connection, pieces=pieces)
            played.append(transcript.name)
            connection.until_closed()

        with Home() as home, ScriptedServer([behaviour, lambda later: later.until_closed()]) as server:
            server.user, server.password = transcript.user, transcript.password
            home.write_config(home.mailbox(server))
            home.start_agent()
            try:
                until(lambda: played or server.errors, 10)
            except Timeout:
                pass
            server.check()
            self.assertTrue(played, f"the client stopped after {server.seen[-3:]}")


if __name__ == "__main__":
    unittest.main()
