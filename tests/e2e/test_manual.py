"""`otpctl manual` without arguments, at a terminal of 40 columns: who waits, whose code, which code."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from otptest import Timeout, Wire, until
from test_commands import Commands

BOT5, BOT6 = "bot5@example.com", "bot6@example.com"


class Desk:
    """An operator's terminal with one command in the foreground."""

    def __init__(self, home, *arguments, columns=40, env=None, command=None):
        self._ours, self._theirs = pty.openpty()  # theirs stays open: its settings are looked at in the end
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.before = termios.tcgetattr(self._theirs)
        self.said, self._seen = "", 0
        self._raw = b""
        self.process = subprocess.Popen(
            command or home.command("manual", *arguments), stdin=self._theirs, stdout=self._theirs, stderr=self._theirs,
            cwd=home.root, env={**home.env, "TERM": "xterm", **(env or {})}, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self._ours, self._theirs):
            with contextlib.suppress(OSError):
                os.close(fd)

    def read(self, seconds=0.0):
        if select.select([self._ours], [], [], seconds)[0]:
            self._raw += os.read(self._ours, 65536)
            self.said = self._raw.decode(errors="replace")

    def expect(self, text, seconds=15):
        """Waits until `text` is said behind what was expected before; returns all that came until then."""
        deadline = time.monotonic() + seconds
        while (at := self.said.find(text, self._seen)) < 0:
            if time.monotonic() > deadline:
                raise Timeout(f"not said: {text!r}; said: {self.said!r}")
            self.read(0.1)
        part, self._seen = self.said[self._seen:at + len(text)], at + len(text)
        return part

    def rest(self):
        """What was said behind what was expected."""
        return self.said[self._seen:]

    def type(self, text):
        os.write(self._ours, text.encode())

    def finish(self, seconds=15):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise Timeout(f"still there; said: {self.said!r}")
            self.read(0.02)
        for _ in range(3):
            self.read(0.02)
        return self.process.returncode

    def hang_up(self):
        os.close(self._ours)

    def settings(self):
        return termios.tcgetattr(self._theirs)


def flat(text):
    """Broken lines made whole."""
    return re.sub(r"\s+", " ", text)


class WithADesk(Commands):
    def desk(self, *arguments, **more):
        return self.enterContext(Desk(self.home, *arguments, **more))


class AtTheDesk(WithADesk):
    # ctest: smoke
    def test_the_only_one_who_waits_is_chosen_by_Enter_and_gets_the_code_that_is_typed(self):
        wait = self.home.wait(BOT5)
        desk = self.desk()
        listed = desk.expect("whose code? ")
        self.assertIn(f"1  {BOT5}", listed)
        self.assertIn(f"pid {wait.pid}", listed)
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("482 913 \n")
        desk.expect(f"handed over to a wait for {BOT5}\r\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "482913\n"))
        self.assertEqual(desk.settings(), desk.before)

    def test_a_number_or_a_part_chooses_a_part_that_fits_several_shows_them(self):
        waits = {name: self.home.wait(name) for name in (BOT5, BOT6, "+905551112233")}
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("bot\n")
        several = desk.expect("whose code? ")
        self.assertIn("several fit", several)
        self.assertIn(f"2  {BOT6}", several)
        self.assertNotIn("+905551112233", several)
        desk.type("nobody\n")
        self.assertIn("nobody who waits", desk.expect("whose code? "))
        desk.type("6@ex\n")
        desk.expect(f"code for {BOT6}: ")
        desk.type("193744\n")
        self.assertEqual((desk.finish(), waits[BOT6].finish(), waits[BOT6].stdout), (0, 0, "193744\n"))
        self.assertEqual(waits[BOT5].poll(), None)

    def test_different_codes_are_shown_with_their_senders_and_one_is_chosen_by_its_number(self):
        self.home.start_agent()
        self.deliver("193744", BOT5, sender="a@shop.example")
        self.deliver("482913", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        desk = self.desk()
        listed = desk.expect("whose code? ")
        number = re.search(r"(\d)\) 482913  from b@bank", listed)
        self.assertTrue(number, listed)
        self.assertIn("193744", listed)
        desk.type("\n")
        desk.expect(f"1-2 or code for {BOT5}"[:20])
        desk.type(f"{number[1]}\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "482913\n"))

    def test_whoever_is_late_is_told_while_he_sits_at_the_prompt(self):
        waits = [self.home.wait(name) for name in (BOT5, BOT6)]
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("bot5\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("1122")  # not finished when the mail comes
        self.deliver("482913", BOT5)
        said = desk.expect("whose code? ")
        self.assertIn("got its code from lmtp", flat(said))
        self.assertNotIn(BOT5, said.split("got its code")[1])  # who is listed again still waits
        self.assertEqual((waits[0].finish(), waits[0].stdout), (0, "482913\n"))
        desk.type("\n")  # what was typed before is forgotten: nobody gets 1122
        desk.expect(f"code for {BOT6}: ")
        desk.type("572961\n")
        self.assertEqual((desk.finish(), waits[1].finish(), waits[1].stdout), (0, 0, "572961\n"))

    def test_of_two_operators_the_first_answer_wins_and_nothing_is_kept_of_the_other(self):
        wait = self.home.wait(BOT5)
        desks = [self.desk(), self.desk()]
        for desk in desks:
            desk.expect("whose code? ")
            desk.type("1\n")
            desk.expect(f"code for {BOT5}: ")
        desks[0].type("482913\n")
        self.assertEqual((desks[0].finish(), wait.finish(), wait.stdout), (0, 0, "482913\n"))
        said = desks[1].expect("nobody waits")
        self.assertIn("got its code from a person", flat(said))
        self.assertEqual(desks[1].finish(), 1)
        self.assertEqual(self.now(BOT5, code=1), "")

    def test_an_answer_after_the_wait_has_left_is_refused_and_not_kept(self):
        wait, other = self.home.wait(BOT5), self.home.wait(BOT6)
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("1\n")
        desk.expect(f"code for {BOT5}: ")
        os.kill(desk.process.pid, signal.SIGSTOP)  # an operator who has gone to fetch the phone
        wait.signal(signal.SIGTERM)
        wait.finish()
        desk.type("482913\n")
        os.kill(desk.process.pid, signal.SIGCONT)
        said = flat(desk.expect("whose code? "))
        self.assertRegex(said, "has gone away|too late: .* the code was not kept")
        self.assertEqual(self.now(BOT5, code=1), "")
        self.assertIsNone(other.poll())

    def test_nobody_waits_is_an_answer_and_with_follow_it_goes_on_when_somebody_does(self):
        self.home.start_agent()
        desk = self.desk()
        desk.expect("nobody waits")
        self.assertEqual(desk.finish(), 1)
        desk = self.desk("--follow")
        desk.expect("nobody waits")
        for bot, code in ((BOT5, "482913"), (BOT6, "193744")):
            wait = self.home.wait(bot)
            self.assertIn(bot, desk.expect("whose code? "))
            desk.type("\n")
            desk.expect(f"code for {bot}: ")
            desk.type(code + "\n")
            self.assertEqual((wait.finish(), wait.stdout), (0, code + "\n"))
            desk.expect("nobody waits")
        desk.type("q\n")
        self.assertEqual(desk.finish(), 1)

    def test_a_question_mark_lists_again_and_who_came_since_is_told(self):
        first = self.home.wait(BOT5)
        desk = self.desk()
        desk.expect("whose code? ")
        self.home.wait(BOT6)
        desk.expect(f"{BOT6} waits, too")
        desk.expect("whose code? ")
        desk.type("?\n")
        self.assertIn(f"2  {BOT6}", desk.expect("whose code? "))
        desk.type("q\n")
        self.assertEqual((desk.finish(), first.poll()), (1, None))

    def test_an_impossible_code_is_refused_and_asked_for_again(self):
        wait = self.home.wait(BOT5, "--length", "6")
        desk = self.desk(columns=100)
        desk.expect("whose code? ")
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("12345\n")
        self.assertIn("another length", desk.expect(f"code for {BOT5}: "))
        desk.type("482913\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "482913\n"))


class OneTarget(WithADesk):
    """`otpctl manual TARGET` at the terminal: whose it is, is settled before a code is typed."""

    def test_nobody_or_several_is_said_before_a_code_is_asked_for(self):
        for name in (BOT5, BOT6):
            self.home.wait(name)
        for target, code in (("nosuch", 66), ("bot", 64)):
            with self.subTest(target):
                desk = self.desk(target)
                self.assertEqual(desk.finish(), code)
                self.assertNotIn("code for", desk.said)

    def test_the_candidates_are_shown_and_a_number_is_one_of_them_not_the_code(self):
        self.home.start_agent()
        self.deliver("193744", BOT5, sender="a@shop.example")
        self.deliver("482913", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        desk = self.desk("bot5")
        shown = desk.expect("1-2 or code for bot5")
        number = re.search(r"(\d)\) 482913  from b@bank", shown)
        self.assertTrue(number, shown)
        self.assertIn(BOT5, shown)
        desk.type("3\n")
        self.assertIn("there are only 2", desk.expect("1-2 or code for bot5"))
        desk.type(f"{number[1]}\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "482913\n"))

    def test_a_part_asks_for_the_whole_name_and_who_is_late_is_told(self):
        wait = self.home.wait(BOT5)
        desk = self.desk("5@ex")
        desk.expect(f"code for {BOT5}: ")
        self.deliver("482913", BOT5)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertIn("got its code from lmtp", flat(desk.expect("any more")))
        self.assertEqual(desk.finish(), 1)

    def test_for_a_whole_address_that_nobody_waits_for_the_code_is_kept_and_it_is_said_before(self):
        self.home.start_agent()
        desk = self.desk("later@example.com")
        self.assertIn("kept for the next wait", flat(desk.expect("code for later@example.com: ")))
        desk.type("482913\n")
        self.assertEqual(desk.finish(), 0)
        self.assertEqual(self.now("later@example.com"), "482913")

    def test_a_number_that_is_not_in_the_list_chooses_nobody(self):
        for name in (BOT5, "+905551112233"):
            self.home.wait(name)
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("9\n")
        self.assertIn("there are only 2", desk.expect("whose code? "))


class Ends(WithADesk):
    def at_the_code_prompt(self, **more):
        self.home.wait(BOT5)
        desk = self.desk(**more)
        desk.expect("whose code? ")
        desk.type("1\n")
        desk.expect(f"code for {BOT5}: ")
        return desk

    def test_Ctrl_C_and_Ctrl_D_end_it_and_the_terminal_is_as_it_was(self):
        for key, code in (("\x03", 130), ("\x04", 1)):
            with self.subTest(key):
                desk = self.at_the_code_prompt()
                desk.type(key)
                self.assertEqual(desk.finish(), code)
                self.assertEqual(desk.settings(), desk.before)
                self.assertTrue(desk.said.endswith("\r\n"), desk.said)

    def test_after_Ctrl_Z_and_fg_it_goes_on_with_its_prompt(self):
        shell = 'set -m; "$0" manual; echo "stopped with $?"; read go; fg; echo "ended with $?"'
        desk = self.at_the_code_prompt(command=["bash", "-c", shell, self.home.command()[0]])
        desk.type("\x1a")
        desk.expect("stopped with 148")  # 128 + SIGTSTP
        self.assertEqual(desk.settings(), desk.before)
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("482913\n")
        desk.expect("ended with 0")
        self.assertEqual(desk.finish(), 0)

    def test_a_hangup_ends_it(self):
        desk = self.at_the_code_prompt()
        desk.hang_up()
        until(lambda: desk.process.poll() is not None, 10, "it has ended")

    def test_an_agent_that_dies_is_one_line_and_69(self):
        self.home.start_agent()
        with Wire(self.home.agent_file()["socket"]) as wire:  # a wait that starts no other agent
            wire.hello()
            wire.start("wait", waiter="1c8f1c8f-0000-4000-8000-000000000000", email=BOT5)
            until(self.home.waiters, 5, "it waits")
            desk = self.desk(columns=120)
            desk.expect("whose code? ")
            desk.type("\n")
            desk.expect(f"code for {BOT5}: ")
            self.home.kill_agent()
            self.assertEqual(desk.finish(), 69)
        self.assertEqual(desk.rest(), "\r\notpctl manual: the agent ended\r\n")
        self.assertEqual(desk.settings(), desk.before)

    def test_without_an_agent_it_is_69_at_once_and_none_is_started(self):
        self.assertEqual(self.desk().finish(), 69)
        self.assertEqual(self.home.agent_pids(), [])


class Looks(WithADesk):
    def conversation(self, *arguments, **more):
        self.home.start_agent()
        for sender in ("a@shop.example", "b@bank.example"):
            self.deliver("193744" if sender[0] == "a" else "482913", BOT5, sender=sender)
        self.home.wait(BOT5)
        desk = self.desk(*arguments, **more)
        desk.expect("whose code? ")
        desk.type("1\n")
        desk.expect("code for")
        desk.type("q\n")
        self.assertEqual(desk.finish(), 1)
        return desk.said

    def test_no_line_is_longer_than_40_columns_and_the_cursor_is_never_moved(self):
        said = self.conversation()
        plain = re.sub(r"\x1b\[[0-9;]*m", "", said)  # colors are all that is allowed
        self.assertNotIn("\x1b", plain)
        self.assertEqual(re.findall(r"\r(?!\n)", plain), [])
        self.assertEqual([line for line in plain.split("\r\n") if len(line) > 40], [])

    def test_plain_NO_COLOR_and_a_dumb_terminal_get_nothing_but_text(self):
        self.assertIn("\x1b[1m", self.conversation())
        for arguments, env in ((("--plain",), {}), ((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"})):
            with self.subTest(arguments=arguments, env=env):
                said = self.conversation(*arguments, env=env)
                self.assertEqual(re.findall(r"[^\r\n\x20-\x7e]", said), [])

    def test_the_code_is_seen_as_it_is_typed(self):
        self.home.wait(BOT5)
        desk = self.desk(BOT5)
        desk.expect(f"code for {BOT5}: ")
        desk.type("482913\n")
        desk.expect("482913\r\nhanded over")
        self.assertEqual(desk.finish(), 0)


class Listing(WithADesk):
    def test_without_a_terminal_it_lists_only_and_the_candidates_stand_there(self):
        self.home.start_agent()
        self.assertEqual(self.run_one("manual").stdout, "nobody waits\n")
        self.deliver("193744", BOT5, sender="a@shop.example")
        self.deliver("482913", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        done = self.run_one("manual", input="572961\n")
        self.assertIn(f"1  {BOT5}\n", done.stdout)
        self.assertIn("482913  from b@bank.example", done.stdout)
        self.assertIsNone(wait.poll())  # what stands on standard input is not read
        shown = json.loads(self.run_one("manual", "--json").stdout)
        self.assertEqual((shown["v"], shown["more"]), (1, False))
        self.assertEqual({one["code"] for one in shown["waiters"][0]["candidates"]}, {"193744", "482913"})

    def test_codes_stand_nowhere_but_on_the_operators_screen(self):
        self.home.start_agent()
        self.deliver("193744", BOT5, sender="a@shop.example")
        self.deliver("482913", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("\n")
        desk.expect("code for")
        desk.type("572961\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "572961\n"))
        with open(os.path.join(self.home.folder, "agent.log"), encoding="utf-8") as log:
            text = log.read()
        for code in ("193744", "482913", "572961"):
            self.assertNotIn(code, text)


if __name__ == "__main__":
    unittest.main()
