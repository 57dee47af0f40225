"""How the agent signs in to a mailbox, and what people hear when it cannot."""

import os
import re
import subprocess
import unittest

from otptest import Dovecot, Home, Mailbox, ScriptedServer, isolated, mail, until

BOT, OTHER = "bot1@example.com", "bot2@example.com"


class Login(unittest.TestCase):
    def _home(self, **env):
        return self.enterContext(Home(**env))

    def _dovecot(self, **options):
        return self.enterContext(Dovecot(**options))

    def _gets_a_code(self, home, dovecot, code="482913", bot=BOT):
        wait = home.wait(bot, "--timeout", "30s")
        dovecot.deliver(mail.plain(code, to=bot), bot)
        self.assertEqual((wait.finish(35), wait.stdout), (0, code + "\n"), wait.stderr)

    # ---- bearer tokens -------------------------------------------------------------------------

    def _token_home(self, dovecot, **keys):
        """A home whose token-command prints what the file `token` holds."""
        home = self._home()
        home.write("token", "good-token\n")
        script = home.write("give-token", f'#!/bin/sh\necho called >>"{home.root}/calls"\nexec cat "$1"\n', 0o700)
        home.write_config(home.mailbox(dovecot, password_file=None,
                                       token_command=[script, os.path.join(home.folder, "token")], **keys))
        return home

    def test_a_token_from_token_command_signs_in_by_oauthbearer(self):
        dovecot = self._dovecot()
        dovecot.tokens.grant("good-token", dovecot.user)
        self._gets_a_code(self._token_home(dovecot), dovecot)
        self.assertIn("method=OAUTHBEARER", dovecot.log())

    def test_a_token_signs_in_by_xoauth2_where_that_is_all_there_is(self):
        dovecot = self._dovecot(extra="auth_mechanisms = plain login xoauth2")
        dovecot.tokens.grant("good-token", dovecot.user)
        self._gets_a_code(self._token_home(dovecot), dovecot)
        self.assertIn("method=XOAUTH2", dovecot.log())

    def test_a_refused_token_is_told_with_the_servers_words_and_not_with_the_token(self):
        for mechanism in ("oauthbearer", "xoauth2"):
            with self.subTest(mechanism):
                dovecot = self._dovecot(extra=f"auth_mechanisms = plain login {mechanism}")
                home = self._token_home(dovecot)
                done = home.otpctl("wait", BOT, "--fail-fast", "--timeout", "30s")
                self.assertEqual((done.code, done.stdout), (77, ""))
                self.assertLess(done.seconds, 10)
                self.assertIn("Authentication failed", done.stderr)
                self.assertNotIn("good-token", done.stderr + home.log())
                self.assertEqual(home.source()["state"], "signed_out")

    def test_each_sign_in_asks_for_the_token_anew(self):
        dovecot = self._dovecot()
        dovecot.tokens.grant("good-token", dovecot.user)
        home = self._token_home(dovecot)
        self._gets_a_code(home, dovecot)
        dovecot.tokens.revoke("good-token")
        dovecot.tokens.grant("next-token", dovecot.user)
        home.write("token", "next-token\n")
        dovecot.kick()
        until(lambda: (home.source() or {}).get("reconnects"), 5, "the connection has ended")
        self._gets_a_code(home, dovecot, "193744")
        with open(os.path.join(home.root, "calls"), encoding="ascii") as calls:
            self.assertEqual(len(calls.readlines()), 2)

    def test_a_token_command_that_fails_is_named_with_its_status(self):
        dovecot = self._dovecot()
        home = self._home()
        script = home.write("broken", "#!/bin/sh\necho secret-text\nexit 3\n", 0o700)
        home.write_config(home.mailbox(dovecot, password_file=None, token_command=[script]))
        done = home.otpctl("wait", BOT, "--fail-fast", "--timeout", "30s")
        self.assertEqual((done.code, done.stdout), (77, ""))
        self.assertIn("failed with status 3", done.stderr)
        self.assertNotIn("secret-text", done.stderr)

    # ---- wrong passwords -----------------------------------------------------------------------

    def test_a_wrong_password_is_told_at_the_deadline_with_the_servers_words(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password"))
        done = home.otpctl("wait", BOT, "--timeout", "3s")
        self.assertEqual((done.code, done.stdout), (77, ""))
        self.assertGreater(done.seconds, 2.9)
        self.assertIn("Authentication failed", done.stderr)
        self.assertIn("main/INBOX", done.stderr)
        self.assertNotIn("wrong-password", done.stderr + home.log())
        source = home.source()
        self.assertEqual(source["state"], "signed_out")
        self.assertIn("Authentication failed", source["detail"])
        self.assertIn("Authentication failed", home.otpctl("status").stdout)

    def test_fail_fast_ends_with_the_refusal(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password"))
        done = home.otpctl("wait", BOT, "--fail-fast", "--timeout", "60s")
        self.assertEqual((done.code, done.stdout), (77, ""))
        self.assertLess(done.seconds, 10)
        self.assertIn("Authentication failed", done.stderr)

    def test_one_mailbox_signed_out_leaves_the_other_at_work(self):
        good, bad, home = self._dovecot(), self._dovecot(), self._home()
        home.write_config(home.mailbox(bad, name="bad", password="wrong-password"), home.mailbox(good, name="good"))
        home.start_agent()
        home.await_source("signed_out", "bad/INBOX")
        self._gets_a_code(home, good)
        self.assertEqual(home.source("good/INBOX")["state"], "live")

    # ctest: timeout=60
    def test_three_refusals_are_enough(self):
        """Three folders of one account are three tries at once; with one folder the third comes after two minutes."""
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password", folders=["INBOX", "Junk", "Trash"]))
        home.start_agent()
        until(lambda: _refusals(dovecot) == 3, 10, "three refused logins")
        # The pause after a refusal is 10 s: a fourth try would be seen within this wait.
        done = home.otpctl("wait", BOT, "--timeout", "12s")
        self.assertEqual(done.code, 77)
        self.assertEqual(_refusals(dovecot), 3)
        self.assertIsNone(home.source()["retry_at"])
        # Nothing but another secret makes it try again, and the next wait looks for one.
        home.otpctl("wait", BOT, "--timeout", "1s")
        self.assertEqual(_refusals(dovecot), 3)
        home.write("password-main", dovecot.password + "\n")
        self._gets_a_code(home, dovecot)
        self.assertEqual(_refusals(dovecot), 3)

    def test_a_corrected_password_file_is_taken_up_by_the_next_wait_at_once(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password"))
        home.start_agent()
        home.await_source("signed_out")
        home.write("password-main", dovecot.password + "\n")
        wait = home.wait(BOT, "--timeout", "5s")
        dovecot.deliver(mail.plain("482913", to=BOT), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))

    # ctest: timeout=60
    def test_a_corrected_password_file_is_taken_up_while_another_wait_is_blocked(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password", folders=["INBOX", "Junk", "Trash"]))
        earlier = home.wait(OTHER, "--timeout", "60s")
        until(lambda: _refusals(dovecot) == 3, 10, "three refused logins")
        home.write("password-main", dovecot.password + "\n")
        wait = home.wait(BOT, "--timeout", "20s")
        for bot, code in ((BOT, "482913"), (OTHER, "193744")):
            dovecot.deliver(mail.plain(code, to=bot), bot)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self.assertEqual((earlier.finish(), earlier.stdout), (0, "193744\n"))

    def test_a_server_that_cannot_sign_anybody_in_now_is_no_refusal(self):
        """[UNAVAILABLE]: temporary. It is asked again, and the password is not under suspicion."""
        mailbox = Mailbox()

        def busy(connection):
            connection.behave(mailbox, AUTHENTICATE=lambda client, tag, _: client.send(
                f"{tag} NO [UNAVAILABLE] Temporary authentication failure."))

        mailbox.add(mail.plain("482913", to=BOT))
        with ScriptedServer([busy, busy, lambda connection: connection.behave(mailbox)]) as server:
            home = self._home()
            home.write_config(home.mailbox(server))
            wait = home.wait(BOT, "--timeout", "40s", "--fail-fast", "--since", "1h", blocked=False)
            ended = wait.finish(45)
            self.assertIn((ended, wait.stdout), [(69, ""), (0, "482913\n")])
            self.assertNotIn("signed out", wait.stderr)
            if ended == 69:  # it looked between two tries; the next wait outlives them
                again = home.wait(BOT, "--timeout", "40s")
                mailbox.add(mail.plain("193744", to=BOT))
                self.assertEqual((again.finish(45), again.stdout), (0, "193744\n"))

    # ---- where the password comes from ---------------------------------------------------------

    def test_the_password_comes_from_a_command_a_variable_or_a_credential(self):
        dovecot = self._dovecot()
        for form in ("command", "env", "credential"):
            with self.subTest(form), Home() as home:
                home.write("secret", dovecot.password + "\n")
                path = os.path.join(home.folder, "secret")
                value = {"command": ["cat", path], "env": "MY_MAIL_PASSWORD", "credential": "secret"}[form]
                home.env.update({"env": {"MY_MAIL_PASSWORD": dovecot.password},
                                 "credential": {"CREDENTIALS_DIRECTORY": home.folder}}.get(form, {}))
                home.write_config(home.mailbox(dovecot, password_file=None, **{f"password-{form}": value}))
                self._gets_a_code(home, dovecot)

    def test_a_password_command_may_be_a_line_for_the_shell(self):
        dovecot, home = self._dovecot(), self._home()
        home.write("secret", "x" + dovecot.password + "\n")
        home.write_config(home.mailbox(dovecot, password_file=None,
                                       password_command=f"cut -c2- <{home.folder}/secret | head -n 1"))
        self._gets_a_code(home, dovecot)

    def test_a_password_file_that_others_can_read_is_not_used(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot))
        os.chmod(os.path.join(home.folder, "password-main"), 0o640)
        done = home.otpctl("wait", BOT, "--fail-fast", "--timeout", "20s")
        self.assertIn(done.code, (77, 78))
        self.assertIn("chmod 600", done.stderr)
        self.assertNotIn("Login", dovecot.log())

    # ---- the mailbox from the environment ------------------------------------------------------

    @isolated
    def test_a_mailbox_from_otpctl_mailbox_and_otpctl_password(self):
        dovecot = self._dovecot()
        _trust(dovecot)
        user = dovecot.user.replace("@", "%40")
        home = self._home(OTPCTL_MAILBOX=f"imaps://{user}@localhost:{dovecot.imaps_port}/INBOX",
                          OTPCTL_PASSWORD=dovecot.password)
        self._gets_a_code(home, dovecot)
        # Whoever asks the running agent for another mailbox is told so.
        other = {"OTPCTL_MAILBOX": "imaps://other%40example.com@localhost/INBOX"}
        done = home.otpctl("wait", BOT, env=other)
        self.assertEqual((done.code, done.stdout), (78, ""))
        self.assertIn("other@example.com", done.stderr)

    @isolated
    def test_a_mailbox_from_the_names_that_people_have(self):
        dovecot = self._dovecot()
        _trust(dovecot)
        for bot, name in (("bot1@example.com", "OTP_MANAGER"), ("bot2@example.com", "M365")):
            with self.subTest(name), Home() as home:
                env_file = home.write("env", f"{name}_EMAIL={dovecot.user}\n{name}_APP_PASSWORD='{dovecot.password}'\n"
                                             f"OTPCTL_MAILBOX_HOST=localhost:{dovecot.imaps_port}\n"
                                             "OTP_MANAGER_TIMEOUT=2\n")
                done = home.otpctl("wait", bot, "--env-file", env_file)
                self.assertEqual((done.code, done.stdout), (124, ""), done.stderr)
                self.assertLess(done.seconds, 10, "OTP_MANAGER_TIMEOUT is the time-out")
                wait = home.wait(bot, "--env-file", env_file, "--timeout", "30s")
                dovecot.deliver(mail.plain("482913", to=bot), bot)
                self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"), wait.stderr)


def _refusals(dovecot):
    return len(re.findall(r"auth failed, 1 attempts", dovecot.log()))


def _trust(dovecot):
    """Makes the server's CA the system's, inside an @isolated test."""
    subprocess.run(["mount", "--bind", dovecot.ca_file, "/etc/ssl/certs/ca-certificates.crt"], check=True)


if __name__ == "__main__":
    unittest.main()
