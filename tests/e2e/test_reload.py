"""The configuration again, while everything goes on: `otpctl agent reload` and SIGHUP."""

import json
import os
import signal
import time
import unittest

from otptest import Dovecot, FaultProxy, Home, Mailbox, ScriptedServer, mail, until

BOT, OTHER = "bot1@example.com", "bot2@example.com"


class Reload(unittest.TestCase):
    def _home(self, **env):
        return self.enterContext(Home(**env))

    def _dovecot(self, **options):
        return self.enterContext(Dovecot(**options))

    def _proxy(self, dovecot):
        return self.enterContext(FaultProxy(dovecot.imaps_port))

    def _reload(self, home):
        """The lines that it says."""
        return home.json("agent", "reload")["changes"]

    def _comes(self, wait, dovecot, code="482913", bot=BOT):
        dovecot.deliver(mail.plain(code, to=bot), bot)
        self.assertEqual((wait.finish(35), wait.stdout), (0, code + "\n"), wait.stderr)

    # ---- nothing differs -----------------------------------------------------------------------

    # ctest: smoke
    def test_connections_waiters_and_sessions_of_an_unchanged_mailbox_go_on(self):
        dovecot, home = self._dovecot(), self._home()
        proxy = self._proxy(dovecot)
        home.write_config(home.mailbox(dovecot, port=proxy.port))
        session = home.otpctl("session", "register", OTHER).stdout.strip()
        wait = home.wait(BOT, "--timeout", "60s")
        home.await_source()
        pid = home.agent_pid()
        # Another line, another order of keys, another setting: no change of the mailbox.
        home.write_config("# a comment\n\n", "[wait]\ntimeout = \"90s\"", home.mailbox(dovecot, port=proxy.port))
        done = home.otpctl("agent", "reload")
        self.assertEqual((done.code, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self._reload(home), [])
        self.assertEqual(home.agent_pid(), pid)
        self._comes(wait, dovecot)
        self.assertEqual(home.json("session", "show", session)["state"], "open")
        self.assertEqual(proxy.connections, 1)
        self.assertNotIn("reconnect", wait.stderr)

    def test_SIGHUP_does_the_same_and_opens_a_rotated_log_again(self):
        home = self._home()
        home.write_config('[wait]\ntimeout = "7s"')
        home.start_agent()
        os.rename(os.path.join(home.folder, "agent.log"), os.path.join(home.root, "rotated"))
        home.write_config('[wait]\ntimeout = "1s"')
        os.kill(home.agent_pid(), signal.SIGHUP)
        until(lambda: os.path.exists(os.path.join(home.folder, "agent.log")) and "was read again" in home.log(), 10,
              "the new log says it")
        self.assertIn("[wait] timeout: 1s (was 7s)", home.log())
        done = home.otpctl("wait", BOT)
        self.assertEqual(done.code, 124)
        self.assertLess(done.seconds, 5)

    def test_a_configuration_that_is_a_FIFO_is_refused_and_nothing_waits_for_it(self):
        home = self._home()
        home.write_config('[wait]\ntimeout = "7s"')
        home.start_agent()
        wait = home.wait(BOT, "--timeout", "60s")
        os.remove(os.path.join(home.folder, "config.toml"))
        os.mkfifo(os.path.join(home.folder, "config.toml"))
        for words in (("agent", "reload"), ("config", "check"), ("config", "show"), ("agent", "restart"),
                      ("wait", "other@example.com", "--env-file", os.path.join(home.folder, "config.toml"))):
            with self.subTest(words):
                done = home.otpctl(*words, timeout=15)
                self.assertEqual((done.code, done.stdout), (78, ""))
                self.assertIn("config.toml: ", done.stderr)
                self.assertIn("it is no plain file", done.stderr)
        os.kill(home.agent_pid(), signal.SIGHUP)
        until(lambda: home.log().count("was not taken") == 2, 10, "SIGHUP is refused as well")
        self.assertEqual(home.otpctl("sms", "--to", "+905551112233", input="code 739164").code, 0)
        self.assertEqual(home.otpctl("deliver", BOT, input=mail.plain("482913", to=BOT)).code, 0)
        self.assertEqual((wait.finish(15), wait.stdout), (0, "482913\n"), wait.stderr)

    # ---- something differs ---------------------------------------------------------------------

    def test_a_changed_mailbox_reconnects_and_the_wait_on_it_gets_its_code(self):
        dovecot, home = self._dovecot(), self._home()
        before, after = self._proxy(dovecot), self._proxy(dovecot)
        home.write_config(home.mailbox(dovecot, port=before.port))
        wait = home.wait(BOT, "--timeout", "60s")
        home.await_source()
        home.write_config(home.mailbox(dovecot, port=after.port))
        self.assertEqual(self._reload(home), ["mailbox main: port changed, reconnecting"])
        until(lambda: dovecot.connections() == 1 and after.connections == 1, 10, "only the new connection")
        self._comes(wait, dovecot)
        self.assertEqual((before.connections, after.connections), (1, 1))

    def test_a_mail_that_comes_while_a_mailbox_reconnects_is_not_lost(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot))
        waits = home.waits([f"bot{n}@example.com" for n in range(10)], "--timeout", "60s")
        home.await_source()
        for n in range(10):
            home.write_config(home.mailbox(dovecot, poll=f"{n + 4}s"))
            self.assertEqual(home.otpctl("agent", "reload").code, 0)
            dovecot.deliver(mail.plain(f"48291{n}", to=f"bot{n}@example.com"), f"bot{n}@example.com")
        self.assertEqual([(one.finish(60), one.stdout) for one in waits], [(0, f"48291{n}\n") for n in range(10)])
        until(lambda: dovecot.connections() == 1, 10, "the old connections are gone")

    def test_mailboxes_come_and_go_and_the_one_that_stays_is_not_touched(self):
        first, second, third, home = self._dovecot(), self._dovecot(), self._dovecot(), self._home()
        proxy = self._proxy(first)
        one = home.mailbox(first, name="one", port=proxy.port)
        home.write_config(one, home.mailbox(second, name="two"))
        home.start_agent()
        home.await_source(name="two/INBOX")
        wait = home.wait(BOT, "--timeout", "60s")
        home.write_config(home.mailbox(third, name="three"), one)
        done = home.otpctl("agent", "reload", "-v")
        self.assertEqual((done.code, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "mailbox two: removed\nmailbox three: new, connecting\n")
        home.await_source(name="three/INBOX")
        self.assertEqual({source["name"] for source in home.status()["sources"]} & {"one/INBOX", "two/INBOX"},
                         {"one/INBOX"})
        until(lambda: second.connections() == 0, 10, "it has left the removed one")
        self._comes(wait, third)
        self.assertEqual(proxy.connections, 1)

    def test_another_account_under_the_same_name_begins_anew(self):
        """Its UIDs say nothing about the other's, even where both servers say the same UIDVALIDITY."""
        first, second, home = Mailbox(), Mailbox(), self._home()
        for n in range(20):
            second.mails[second.add(mail.plain(f"1000{n:02}", to=BOT))] = (mail.plain(f"1000{n:02}", to=BOT),
                                                                          time.time() - 3600)
        servers = [self.enterContext(ScriptedServer(lambda connection, box=box: connection.behave(box)))
                   for box in (first, second)]
        home.write_config(home.mailbox(servers[0]))
        wait = home.wait(BOT, "--timeout", "20s")
        home.await_source()
        home.write_config(home.mailbox(servers[1], user="somebody.else@example.com"))
        self.assertEqual(self._reload(home), ["mailbox main: port, ca-file, user changed, reconnecting"])
        home.await_source()
        second.add(mail.plain("482913", to=BOT))
        self.assertEqual((wait.finish(25), wait.stdout), (0, "482913\n"), wait.stderr)
        self.assertEqual(home.source()["messages"], 1)

    def test_settings_patterns_and_the_region_count_from_now_on(self):
        home = self._home()
        home.write_config('[phone]\ndefault-region = "DE"')
        home.start_agent()
        text = "Ihre Kennung: zz-77-yy"
        refused = home.otpctl("sms", "--from", "Shop", "--to", "0555 111 22 33", text)
        home.write_config('[session]\nttl = "42s"\n[phone]\ndefault-region = "TR"\n[log]\nlevel = "debug"',
                          "[[pattern]]\nregex = 'Kennung: (\\S+)'")
        changes = self._reload(home)
        self.assertEqual(changes, ["[session] ttl: 42s (was 10m)", "[phone] default-region: TR (was DE)",
                                   "[log] level: debug (was info)", "patterns: 1 (were 0)"])
        wait = home.wait("+905551112233", "--timeout", "30s")
        done = home.otpctl("sms", "--from", "Shop", "--to", "0555 111 22 33", text)
        self.assertEqual(done.code, 0, done)
        self.assertEqual((wait.finish(), wait.stdout), (0, "zz-77-yy\n"), refused)
        session = home.json("session", "register", BOT)
        self.assertLess(int(session["expires"][17:19]) - int(session["created"][17:19]), 60)
        self.assertIn(" debug ", home.log())

    # ---- who rests tries again -----------------------------------------------------------------

    def test_a_corrected_secret_is_read_at_once_though_nobody_waits(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot, password="wrong-password"))
        home.start_agent()
        home.await_source("signed_out")
        home.write("password-main", dovecot.password + "\n")
        self.assertEqual(self._reload(home), ["mailbox main: trying again"])
        home.await_source(seconds=5)

    def test_a_server_that_is_back_is_tried_at_once(self):
        dovecot, home = self._dovecot(), self._home()
        proxy = self._proxy(dovecot)
        proxy.down()
        home.write_config(home.mailbox(dovecot, port=proxy.port))
        home.start_agent()
        until(lambda: home.log().count("next try in") >= 1, 10, "it rests")
        proxy.up()
        self.assertEqual(self._reload(home), ["mailbox main: trying again"])
        home.await_source(seconds=1.5)  # by itself it would rest for 2 s at least

    # ---- what is wrong -------------------------------------------------------------------------

    # ctest: smoke
    def test_a_wrong_file_changes_nothing_and_says_where(self):
        dovecot, home = self._dovecot(), self._home()
        proxy = self._proxy(dovecot)
        good = home.mailbox(dovecot, port=proxy.port)
        home.write_config(good)
        wait = home.wait(BOT, "--timeout", "60s")
        home.await_source()
        readable = home.write("readable", "secret-word\n", 0o644)
        wrong = {
            "unknown section [wat]": good + "\n[wat]",
            "needs": good + "\n[[mailbox]]\nname = \"x\"",
            "chmod 600": good.replace(os.path.join(home.folder, "password-main"), readable),
            "not a usable pattern": good + "\n[[pattern]]\nregex = '('",
            "level": good + "\n[log]\nlevel = \"loud\"",
            "region": good + "\n[phone]\ndefault-region = \"XQ\"",
        }
        path = os.path.join(home.folder, "config.toml")
        for why, text in wrong.items():
            with self.subTest(why):
                home.write_config('[wait]\ntimeout = "1s"', text)
                done = home.otpctl("agent", "reload")
                self.assertEqual((done.code, done.stdout), (78, ""), done)
                self.assertRegex(done.stderr, rf"^otpctl agent: {path}:\d+: ")
                self.assertIn(why, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertNotIn("secret-word", done.stderr + home.log())
                self.assertIn("was not taken, nothing has changed: " + path, home.log().splitlines()[-1])
        self.assertEqual(json.loads(home.otpctl("agent", "reload", "--json").stderr)["error"]["exit"], 78)
        os.kill(home.agent_pid(), signal.SIGHUP)
        until(lambda: home.log().count("was not taken") == len(wrong) + 2, 10, "SIGHUP is refused as well")
        self._comes(wait, dovecot)
        self.assertEqual(proxy.connections, 1)
        other = home.spawn("wait", OTHER)  # still not 1 s
        until(lambda: len(home.waiters()) == 1, 5, "it waits")
        left = home.waiters()[0]["deadline"], home.waiters()[0]["since"]
        self.assertGreater(_seconds(left[0]) - _seconds(left[1]), 100)
        other.kill()

    def test_a_file_that_is_gone_or_unreadable_costs_no_mailbox(self):
        dovecot, home = self._dovecot(), self._home()
        home.write_config(home.mailbox(dovecot))
        home.start_agent()
        home.await_source()
        path = os.path.join(home.folder, "config.toml")
        os.rename(path, path + ".away")
        done = home.otpctl("agent", "reload")
        self.assertEqual((done.code, done.stdout), (78, ""))
        self.assertIn("config.toml: cannot be read", done.stderr)
        self.assertEqual(home.source()["state"], "live")
        os.mkdir(path)
        self.assertEqual(home.otpctl("agent", "reload").code, 78)
        self.assertEqual(dovecot.connections(), 1)

    def test_without_an_agent_it_is_69_and_starts_none(self):
        home = self._home()
        done = home.otpctl("agent", "reload")
        self.assertEqual((done.code, done.stdout), (69, ""))
        self.assertIn("otpctl agent start", done.stderr)
        self.assertEqual(home.agent_pids(), [])

    # ---- which configuration -------------------------------------------------------------------

    def test_the_file_is_the_one_that_the_agent_was_started_with(self):
        home = self._home()
        named = home.write("named.toml", '[wait]\ntimeout = "11s"\n')
        home.write_config('[wait]\ntimeout = "22s"')
        home.start_agent("--config", "otpctl/named.toml")  # from the folder above
        home.write("named.toml", '[wait]\ntimeout = "33s"\n')
        self.assertEqual(self._reload(home), ["[wait] timeout: 33s (was 11s)"])
        self.assertEqual(home.status()["config"], named)

    def test_an_agent_that_was_started_without_a_file_takes_one_that_has_come(self):
        dovecot, home = self._dovecot(), self._home()
        home.start_agent()
        self.assertEqual(self._reload(home), [])
        home.write_config(home.mailbox(dovecot))
        self.assertEqual(self._reload(home), ["mailbox main: new, connecting"])
        home.await_source()

    def test_start_says_that_another_configuration_runs(self):
        home = self._home()
        home.write_config("")
        other = home.write("other.toml", "")
        home.start_agent()
        done = home.otpctl("agent", "start", "--config", other)
        self.assertEqual((done.code, done.stdout, done.stderr.count("\n")), (0, "", 1), done)
        self.assertIn(f"warning: an agent runs already with {home.folder}/config.toml; {other} was not read",
                      done.stderr)
        for same in (os.path.join(home.folder, "config.toml"), "otpctl/config.toml"):
            done = home.otpctl("agent", "start", "--config", same)
            self.assertEqual((done.code, done.stderr), (0, ""))
        done = home.otpctl("agent", "restart", "--config", other)
        self.assertEqual((done.code, done.stderr), (0, ""))


def _seconds(time):
    hours, minutes, seconds = time[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


if __name__ == "__main__":
    unittest.main()
