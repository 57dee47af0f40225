"""How `otpctl manual` ends at a terminal, how it looks there, and what it says without one."""

import json
import os
import re
import signal
import time
import unittest

from otptest import Wire, flat, until
from test_manual import BOT5, BOT6, WithADesk


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

    def test_Ctrl_C_ends_what_waits_for_Enter_with_130_and_Ctrl_D_as_Enter_does(self):
        for key, code in (("\x03", 130), ("\x04\x04", 1)):
            with self.subTest(key):
                desk = self.at_the_code_prompt()
                desk.type("1122")
                self.deliver("482913", BOT5)
                desk.expect("Enter ends: ")
                desk.type(key)
                self.assertEqual(desk.finish(), code)
                self.assertEqual(desk.settings(), desk.before)

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

    # ctest: timeout=60
    def test_an_agent_that_hangs_when_the_code_is_entered_is_69_within_seconds(self):
        desk = self.at_the_code_prompt()
        pid = self.home.agent_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            desk.type("482913\n")
            began = time.monotonic()
            desk.expect(f"(pid {pid})", 20)
            self.assertLess(time.monotonic() - began, 7)
            self.assertEqual(desk.finish(), 69)
        finally:
            os.kill(pid, signal.SIGCONT)

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
            desk.type("4829")
            self.home.kill_agent()
            desk.expect("\r\notpctl manual: the agent ended\r\nEnter ends: ")
            desk.type("13\n")
            self.assertEqual(desk.finish(), 69)
        self.assertEqual(desk.rest(), "13\r\n")
        self.assertEqual(desk.settings(), desk.before)

    def test_with_follow_a_restart_is_said_and_the_desk_goes_on_with_the_next_agent(self):
        self.home.start_agent()
        wait = self.home.wait(BOT5)
        desk = self.desk("--follow")
        desk.expect("whose code? ")
        self.assertEqual(self.home.otpctl("agent", "restart").code, 0)
        self.assertIn("it goes on when there is an agent again", flat(desk.expect("(q ends)")))
        self.assertIn(BOT5, desk.expect("whose code? "))
        until(self.home.waiters, 10, "the wait has come back")
        desk.type("?\n")
        desk.expect(BOT5)
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("482913\n")
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        desk.expect("nobody waits")
        self.assertEqual(self.home.otpctl("agent", "stop").code, 0)
        desk.expect("it goes on")
        until(lambda: not self.home.agent_pids(), 10, "the agent has ended, and none is started")
        desk.type("q\n")
        self.assertEqual(desk.finish(), 1)
        self.assertEqual(self.home.agent_pids(), [])

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
