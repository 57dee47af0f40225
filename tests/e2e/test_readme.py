"""The README, sentence by sentence: each is claimed by tests that exist, and its examples of configuration and command lines are right."""

import os
import re
import subprocess
import unittest

from otptest import Home
from otptest.agent import ROOT, bin_dir


# What the README says → the tests that show it: names of test methods in tests/e2e, of test cases in tests/unit and tests/cli, or scripts.
SHOWN_BY = {
    "Hands the one-time code that just arrived": ["the_five_lines_of_the_readme"],
    "watches one catch-all mailbox for any number": ["every_recipient_goes_to_the_one_mailbox",
                                                     "150_waits_each_print_their_own_code_ten_times_in_a_row"],
    "takes SMS and what operators type": ["an_sms_reaches_its_wait_however_the_number_is_written",
                                          "an_entry_goes_to_a_session_a_recipient_or_a_unique_part_of_one"],
    "exactly once, to the `otpctl wait` that asked": ["L14_200_waiters_and_200_codes_at_once_each_its_own"],
    "it is not a TOTP generator": ["the_commands_are_those_of_the_table"],
    "mailboxes, numbers and accounts that you own": ["the_readme_says_what_it_is_for"],
    "On Debian 12": ["scripts/package-check"],
    "In a script": ["the_five_lines_of_the_readme"],
    "it looks 30 s back": ["a_mail_that_came_while_nobody_waited_is_given_to_the_wait_that_comes_within_30_seconds",
                           "yesterdays_code_and_what_came_before_now_never_come"],
    "`P/bin/otpctl` is a small dispatcher": ["what_lies_in_the_prefix_is_what_programs_need"],
    "The agent starts by itself": ["L06_50_first_waits_at_once_start_exactly_one_agent_and_all_are_served"],
    "hands that to the user's manager": ["the_first_command_wakes_the_agent_through_its_socket_and_there_is_one",
                                         "below_a_home_the_users_units_lie_where_the_users_manager_looks"],
    "Debian packages:": ["scripts/package-check"],
    "Containers and CI jobs": ["the_job_logs_in_and_leaves_nothing", "it_needs_neither_home_nor_xdg_variables"],
    "`~/.config/otpctl/config.toml`": ["the_configuration_of_the_readme_is_right"],
    "Where only tokens are taken": ["the_configuration_of_the_readme_is_right", "a_token_from_token_command_signs_in_by_oauthbearer"],
    "Implicit TLS is the default": ["starttls_on_request", "clear_text_is_refused_unless_insecure_is_said",
                                    "the smallest mailbox takes its defaults"],
    "Everything else is in otpctl.toml(5)": ["every_key_of_every_section_stands_in_the_manual_page_and_no_other"],
    "Without any configuration the agent takes": ["an_agent_without_mailboxes_has_its_doors_and_nothing_to_complain_of",
                                                  "an empty file is the embedded default"],
    "| command |": ["the_commands_are_those_of_the_table"],
    "`otpctl wait RECIPIENT`": ["L17_no_secret_but_the_code_on_the_waiters_stdout"],
    "`otpctl run --email A": ["a_plain_wait_inside_knows_the_session_and_the_session_ends_with_the_program",
                              "the_exit_code_is_the_programs", "fd_gives_each_code_as_a_line_and_acknowledges_it",
                              "env_waits_first_looks_back_and_gives_the_code_in_a_variable",
                              "it_has_a_home_of_its_own_that_is_gone_with_it"],
    "| `otpctl session`": ["a_session_lives_from_register_to_close", "the_commands_are_those_of_the_table"],
    "`otpctl manual [TARGET [CODE]]`": ["the_only_one_who_waits_is_chosen_by_Enter_and_gets_the_code_that_is_typed",
                                        "an_entry_goes_to_a_session_a_recipient_or_a_unique_part_of_one"],
    "hand one SMS / one whole mail": ["a_modem_hands_its_sms_over", "procmail_hands_a_mail_over_and_gives_back_what_is_not_taken",
                                      "scripts/package-check"],
    "`otpctl watch`, `otpctl log`": ["each_event_is_one_JSON_line_that_comes_at_once", "it_timed_out_at_3_a_m_why", "seven_days_are_kept"],
    "`otpctl status`, `otpctl health`": ["a_living_agent_is_OK_and_its_numbers_are_the_same_in_all_three_forms",
                                         "the plugin line: status, text, and performance data behind the one '|'"],
    "`otpctl doctor`": ["a_living_agent_is_told_with_its_sources", "files_that_are_not_ours_alone_are_77_with_the_fix"],
    "`otpctl extract [FILE]`": ["the_code_and_a_newline_from_a_file_or_standard_input",
                                "explain_shows_recipients_text_evidence_and_reason"],
    "| `otpctl config`": ["check_tells_everything_that_is_wrong_each_with_file_and_line", "the_commands_are_those_of_the_table"],
    "| `otpctl agent`": ["the_commands_are_those_of_the_table"],
    "Each has `--help`, a manual page": ["every command has a page, and otpctl(1) lists it",
                                         "every help has a usage line, examples, and says each option in one line that fits"],
    "The code was wrong?": ["a_wrong_code_is_followed_by_the_next"],
    "`otpctl session mark \"$session\"`": ["mark_and_wait_again_gives_the_resent_code_only"],
    "It timed out at 3 a.m., why?": ["it_timed_out_at_3_a_m_why"],
    "`otpctl log --email bot5@example.com`": ["it_timed_out_at_3_a_m_why"],
    "docs/guide.md](docs/guide.md) has recipes": ["every_block_is_executed"],
    "Exit codes": ["the_exit_codes_are_those_that_help_tells", "each class of error ends with the exit code of the design"],
    "`health` speaks": ["the exit code is the status, -q is silent only when all is well"],
    "A timeout says on stderr": ["a_timeout_says_what_was_seen_and_why_it_did_not_match"],
    "A code goes to one waiter, once": ["L15 of two waiters the one that waits longer gets the code, the next code goes to the other",
                                        "L13_a_client_that_dies_between_delivery_and_ack_leaves_the_code_to_the_next"],
    "`kill -9` loses nothing": ["100_agents_killed_between_arrival_and_acknowledgement_lose_nothing_and_give_nothing_twice",
                                "I19_kill_9_at_any_moment_of_a_delivery_loses_nothing_and_gives_nothing_twice"],
    "Old codes never come": ["F12 a session's mark lies at its registration: what came between counts, what was there does not",
                             "F13 neither a past nor a future Date: header decides"],
    "two candidates and nothing to choose by": ["F15 different codes of different senders, already there: ambiguous, no code is given",
                                                "different_senders_are_ambiguous_until_a_filter_or_a_person_decides"],
    "otpctl puts no code, password or token": ["L17_no_secret_but_the_code_on_the_waiters_stdout"],
    "The socket is 0600 in a 0700 folder": ["L02_with_umask_000_everything_is_still_for_its_owner_alone",
                                            "V12 neither values nor keys stand readable in any file, also while the agent lives"],
    "`bench/run`": ["bench/run"],
    "The floor is a raw-socket client": ["bench/run"],
    "docs/ARCHITECTURE.md": ["every_link_leads_somewhere"],
}


def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def sentences():
    """Prose without headings and code blocks; a row of a table is a sentence, the figures of the performance table are not."""
    text = re.sub(r"^```.*?^```$", "", readme(), flags=re.M | re.S).replace("\n* ", "\n\n")
    text = re.sub(r"^\| \| otpctl .*?\n\n", "", text, flags=re.M | re.S)
    for paragraph in re.split(r"\n\s*\n", text):
        for item in re.split(r"\n(?=\|)", paragraph.strip()):
            item = " ".join(item.split())
            if not item or item.startswith("#") or set(item) <= set("|-"):
                continue
            yield from [item] if item.startswith("|") else re.split(r"(?<=[.?!]) (?=[A-Z`\[])", item)


def known_tests():
    names = set()
    for folder, pattern in (("tests/e2e", r"def test_(\w+)"), ("tests/unit", r'TEST_CASE\(\s*"(.*?)"'), ("tests/cli", r'TEST_CASE\(\s*"(.*?)"')):
        for place, _, files in os.walk(os.path.join(ROOT, folder)):
            for name in files:
                if name.endswith((".py", ".cpp")):
                    with open(os.path.join(place, name), encoding="utf-8") as file:
                        names.update(re.findall(pattern, re.sub(r'"\s*\n\s*"', "", file.read())))
    return names


class Readme(unittest.TestCase):
    def test_every_sentence_is_shown_by_a_test(self):
        said = list(sentences())
        for sentence in said:
            self.assertTrue(any(part in sentence for part in SHOWN_BY), f"no test is named for: {sentence}")
        for part in SHOWN_BY:
            self.assertTrue(any(part in sentence for sentence in said), f"the README no longer says: {part}")

    def test_the_tests_that_are_named_exist(self):
        known = known_tests()
        for part, names in SHOWN_BY.items():
            for name in names:
                self.assertTrue(name in known or os.access(os.path.join(ROOT, name), os.X_OK), f"{part}: no test {name!r}")

    def test_the_readme_says_what_it_is_for(self):
        self.assertLess(readme().index("accounts that you own"), readme().index("## "))

    def test_the_configuration_of_the_readme_is_right(self):
        toml = re.search(r"^```toml\n(.*?)^```$", readme(), re.M | re.S)[1]
        tokens = re.search(r"`(token-command = .*?)`", readme())[1]
        with Home() as home:
            for text in (toml, re.sub(r"^password-command.*$", tokens, toml, flags=re.M)):
                home.write("config.toml", text)
                program = re.search(r'^(?:password|token)-command = \["(\w+)"', text, re.M)[1]
                self.assertIn(f"'{program}' is not on the PATH", home.otpctl("config", "check", env={"PATH": "/usr/bin:/bin"}).stderr)
                home.write(program, "#!/bin/sh\n", 0o755)
                done = home.otpctl("config", "check", env={"PATH": home.folder})
                self.assertEqual((done.code, done.stderr), (0, ""), done)
                self.assertIn("imap.example.com", home.otpctl("config", "show").stdout)

    def test_the_commands_are_those_of_the_table(self):
        rows = re.findall(r"^\| (`otpctl .*?) \| (.*?) \|$", readme(), re.M)
        named = set()
        for head, text in rows:
            for command in re.findall(r"otpctl (\w+)", head):
                named.add(command)
                actions = re.findall(r"`(\w+)`", text) if command in ("session", "config", "agent") else []
                for words in [[command], *([command, action] for action in actions)]:
                    done = subprocess.run([os.path.join(bin_dir(), "otpctl"), *words, "--help"], capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 0, words)
                    self.assertIn("otpctl " + " ".join(words), done.stdout)
        listed = subprocess.run([os.path.join(bin_dir(), "otpctl"), "help"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(named, set(re.findall(r"^  (\w+)  ", listed, re.M)) - {"help"})

    def test_the_exit_codes_are_those_that_help_tells(self):
        listed = subprocess.run([os.path.join(bin_dir(), "otpctl"), "help", "exit-codes"], capture_output=True, text=True, check=True).stdout
        said = re.search(r"Exit codes, .*?signals", " ".join(readme().split()))[0]
        self.assertEqual(re.findall(r"^(\d+) ", listed, re.M), re.findall(r"(?<=[·:/ ])(\d+)(?= |/)", said))

    def test_every_link_leads_somewhere(self):
        pages = ["README.md", *(f"docs/{name}" for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))]
        for page in pages:
            with open(os.path.join(ROOT, page), encoding="utf-8") as file:
                for link in re.findall(r"\]\(([^)#:]+)\)", file.read()):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(page), link)), f"{page}: {link}")


if __name__ == "__main__":
    unittest.main()
