"""`otpctl manual` without arguments, at a terminal of 40 columns: who waits, whose code, which code."""

import os
import re
import signal
import unittest

from otptest import Desk, flat
from test_commands import Commands

BOT5, BOT6 = "bot5@example.com", "bot6@example.com"


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

    def test_a_pick_that_a_newer_message_superseded_meanwhile_is_not_handed_over_and_all_is_listed_anew(self):
        self.home.start_agent()
        self.deliver("111111", BOT5, sender="a@shop.example")
        self.deliver("222222", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        desk = self.desk("bot5", columns=80)
        shown = desk.expect("1-2 or code for bot5@example.com: ")
        number = re.search(r"(\d)\) 111111 ", shown)[1]
        self.deliver("444444", BOT5, sender="a@shop.example")
        told = desk.expect("1-2 or code for bot5@example.com: ")  # while the prompt stands there
        self.assertIn("another message came for bot5@example.com; ? lists", flat(told))
        desk.type(f"{number}\n")
        anew = desk.expect("1-2 or code for bot5@example.com: ")
        self.assertIn("a newer message came", anew)
        self.assertNotIn("111111", anew)
        self.assertIsNone(wait.poll())
        desk.type(re.search(r"(\d)\) 444444 ", anew)[1] + "\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "444444\n"))

    def test_a_third_sender_at_the_prompt_is_told_and_a_pick_that_still_stands_is_taken(self):
        self.home.start_agent()
        self.deliver("111111", BOT5, sender="a@shop.example")
        self.deliver("222222", BOT5, sender="b@bank.example")
        wait = self.home.wait(BOT5)
        desk = self.desk(columns=80)
        shown = desk.expect("whose code? ")
        desk.type("\n")
        desk.expect("1-2 or code for bot5@example.com: ")
        self.deliver("333333", BOT5, sender="c@post.example")
        desk.expect("another message came for bot5@example.com")
        desk.expect("1-2 or code for bot5@example.com: ")
        desk.type(re.search(r"(\d)\) 222222 ", shown)[1] + "\n")
        self.assertEqual((desk.finish(), wait.finish(), wait.stdout), (0, 0, "222222\n"))

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
        said = desks[1].expect("nobody waits any more")
        self.assertIn("got its code from a person", flat(said))
        desks[1].expect("Enter ends: ")
        desks[1].type("193744\n")
        self.assertEqual(desks[1].finish(), 1)
        self.assertEqual(self.now(BOT5, code=1), "")

    def test_what_is_being_typed_when_somebody_else_answers_reaches_neither_the_shell_nor_another_wait(self):
        wait = self.home.wait(BOT5)
        shell = '"$0" manual; echo "ended with $?"; read -r next; echo "the shell got <$next>"'
        desk = self.desk(command=["bash", "-c", shell, self.home.command()[0]])
        desk.expect("whose code? ")
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("1122")
        self.deliver("482913", BOT5)
        self.assertIn("got its code from lmtp", flat(desk.expect("Enter ends: ")))
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        desk.type("33\n")
        desk.expect("ended with 1")
        desk.type("a command\n")
        desk.expect("the shell got <a command>")
        self.assertEqual(desk.finish(), 0)

    def test_who_has_ended_his_line_is_not_asked_to_end_it_again(self):
        wait = self.home.wait(BOT5)
        desk = self.desk()
        desk.expect("whose code? ")
        desk.type("\n")
        desk.expect(f"code for {BOT5}: ")
        os.kill(desk.process.pid, signal.SIGSTOP)
        desk.type("112233\n")
        self.deliver("482913", BOT5)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        os.kill(desk.process.pid, signal.SIGCONT)
        self.assertEqual(desk.finish(), 1)
        self.assertNotIn("Enter ends", desk.said)

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
        desk.expect("Enter ends: ")
        desk.type("\n")
        self.assertEqual(desk.finish(), 1)

    def test_whose_code_came_a_moment_ago_is_said_before_one_is_typed_and_nobody_else_is_asked_for(self):
        waits = [self.home.wait(name) for name in ("bot5@example.com", "bot57@example.com")]
        self.deliver("482913", "bot5@example.com")
        self.assertEqual(waits[0].finish(), 0)
        for target in ("bot5", "bot5@example.com"):
            with self.subTest(target):
                desk = self.desk(target)
                self.assertEqual(desk.finish(), 66)
                self.assertIn("got its code from", flat(desk.said))
                self.assertNotIn("code for", desk.said)
                self.assertIn("got its code from", self.run_one("manual", target, "999999", code=66).stderr)
        self.assertIsNone(waits[1].poll())
        self.assertEqual(self.home.json("status")["codes_pending"], 0)

    def test_of_two_waits_for_one_the_rest_of_a_line_for_the_first_is_no_code_of_the_second(self):
        self.home.start_agent()
        waits = [self.home.wait(BOT5, "--from", f"*@{shop}.example") for shop in ("shop", "bank")]
        desk = self.desk("bot5")
        desk.expect("whose code? ")
        desk.type("1\n")
        desk.expect(f"code for {BOT5}: ")
        desk.type("1122")
        self.deliver("482913", BOT5, sender="a@shop.example")
        self.assertEqual((waits[0].finish(), waits[0].stdout), (0, "482913\n"))
        desk.expect("Enter goes on: ")
        desk.type("33\n")
        desk.expect(f"code for {BOT5}: ")
        self.assertIsNone(waits[1].poll())
        desk.type("572961\n")
        self.assertEqual((desk.finish(), waits[1].finish(), waits[1].stdout), (0, 0, "572961\n"))

    def test_a_code_in_the_digits_of_another_script_is_the_code(self):
        for typed in ("٤٨٢٩١٣", "४८२ ९१३", "４８２９１３"):
            with self.subTest(typed):
                waits = [self.home.wait(BOT5), self.home.wait(BOT6)]
                desk = self.desk("bot5")
                desk.expect(f"code for {BOT5}: ")
                desk.type(typed + "\n")
                self.assertEqual((desk.finish(), waits[0].finish(), waits[0].stdout), (0, 0, "482913\n"))
                self.run_one("manual", "bot6", typed)
                self.assertEqual((waits[1].finish(), waits[1].stdout), (0, "482913\n"))

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


if __name__ == "__main__":
    unittest.main()
