"""Many at once, against a real Dovecot: 150 scripts, one mailbox, each its own code."""

import threading
import unittest

from otptest import Dovecot, Home, mail

WAITS = 150


class Many(unittest.TestCase):
    # ctest: alone timeout=420
    def test_150_waits_each_print_their_own_code_ten_times_in_a_row(self):
        self._rounds(10)

    # ctest: alone timeout=240
    def test_150_waits_each_print_their_own_code_where_the_server_is_not_probed(self):
        self._rounds(3, probe="off")

    def _rounds(self, count, **keys):
        with Home() as home, Dovecot() as dovecot:
            home.write_config(home.mailbox(dovecot, **keys))
            home.start_agent()
            agent = home.agent_pid()
            bots = [f"bot{number}@example.com" for number in range(WAITS)]
            codes = mail.codes(WAITS * count)
            for number in range(count):
                self._round(home, dovecot, dict(zip(bots, codes[number * WAITS:])))
            self.assertEqual(home.agent_pid(), agent, "one agent did it all")
            status = home.status()
            self.assertEqual((status["codes_delivered"], status["codes_pending"]), (WAITS * count, 0))

    def _round(self, home, dovecot, codes):
        waits = dict(zip(codes, home.waits(codes, seconds=120)))
        _inject(dovecot, codes)
        wrong = {}
        for bot, wait in waits.items():
            if wait.finish(60) != 0 or wait.stdout != codes[bot] + "\n" or wait.stderr:
                wrong[bot] = (wait.poll(), wait.stdout, wait.stderr, "wanted", codes[bot])
        self.assertEqual(wrong, {})


def _inject(dovecot, codes, connections=4):
    """All mails at once, over several connections, so that they come in no particular order."""
    bots, failures = list(codes), []

    def some(mine):
        try:
            dovecot.deliver_many([(mail.html(codes[bot], to=bot), bot) for bot in mine])
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    threads = [threading.Thread(target=some, args=(bots[first::connections],)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures


if __name__ == "__main__":
    unittest.main()
