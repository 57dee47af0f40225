"""The installed systemd units in managers of their own."""

import os
import re
import signal
import subprocess
import tempfile
import unittest

from otptest import Door, Dovecot, Home, mail, until
from otptest.manager import UserManager, in_system_manager, install_units, managed
from otptest.util import alive

BOT = "bot1@example.com"


class Units(unittest.TestCase):
    """The installed units in a real manager of a user."""

    def _managed(self, config="", **drop_in):
        home = self.enterContext(Home())
        home.write_config(config)
        manager = self.enterContext(UserManager(home))
        for name, text in drop_in.items():
            manager.drop_in(text, name)
        manager.systemctl("start", "otpctl-agent.socket")
        return home, manager

    def _is_live(self, home, manager):
        until(lambda: (home.source() or {}).get("state") != "starting" or home.agent_pid() is None, 20)
        self.assertEqual((home.source() or {}).get("state"), "live",
                         (home.source(), manager.show("Result", "ExecMainStatus"), manager.service_log()))

    def _comes(self, home, wait, code="482913", bot=BOT):
        self.assertIsNone(wait.poll(), wait.stderr)
        with Door(home.agent_file()["lmtp"]) as door:
            door.deliver(mail.plain(code, to=bot), bot)
        self.assertEqual((wait.finish(), wait.stdout), (0, code + "\n"), wait.stderr)

    def test_verify_finds_nothing_wrong_with_the_installed_units(self):
        home = self.enterContext(Home())
        units = install_units(os.path.join(home.root, "prefix"))
        for whose, more in (("user", ["--user"]), ("system", [])):
            paths = [os.path.join(units, whose, f"otpctl-agent.{kind}") for kind in ("socket", "service")]
            try:
                done = subprocess.run(["systemd-analyze", *more, "--man=no", "--generators=no", "verify", *paths],
                                      env={**home.env, "XDG_RUNTIME_DIR": home.root}, text=True, capture_output=True,
                                      check=False)
            except FileNotFoundError:
                self.skipTest("systemd-analyze is not installed (scripts/deps)")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), whose)
            with open(paths[1], encoding="utf-8") as file:
                text = file.read()
            self.assertIn(f"ExecStart={home.root}/prefix/libexec/otpctl/otpctl-agentd\n", text)
            self.assertEqual(set(re.findall(r"@[\w-]+@?", text)), {"@system-service", "@privileged", "@resources"})

    def test_below_a_home_the_users_units_lie_where_the_users_manager_looks(self):
        home = self.enterContext(Home())
        for prefix, folder in ((".local", "share/systemd/user"), ("../elsewhere", "lib/systemd/user")):
            prefix = os.path.normpath(os.path.join(home.env["HOME"], prefix))
            install_units(prefix, home.env["HOME"])
            found = [os.path.relpath(os.path.join(at, name), prefix) for at, _, names in os.walk(prefix)
                     for name in names if name.startswith("otpctl-agent.") and at.endswith("user")]
            self.assertEqual(sorted(found), [f"{folder}/otpctl-agent.service", f"{folder}/otpctl-agent.socket"])
        looked = subprocess.run(["systemd-analyze", "--user", "unit-paths"], env=home.env, text=True,
                                capture_output=True, check=False)
        if looked.returncode == 0:
            self.assertIn(os.path.join(home.env["HOME"], ".local/share/systemd/user"), looked.stdout.splitlines())

    # ctest: timeout=120
    @managed
    def test_the_first_command_wakes_the_agent_through_its_socket_and_there_is_one(self):
        dovecot = self.enterContext(Dovecot())
        home, manager = self._managed()
        home.write_config(home.mailbox(dovecot))
        self.assertEqual(manager.show("ActiveState"), "inactive")
        waits = [home.spawn("wait", f"bot{n}@example.com", "--timeout", "60s") for n in range(1, 6)]
        until(lambda: len(home.waiters()) == 5, 30, "all wait")
        home.await_source()
        self.assertEqual(manager.show("ActiveState", "SubState", "NRestarts"), ["active", "running", "0"])
        file = home.agent_file()
        self.assertEqual((file["socket"], str(file["pid"])), (manager.socket, manager.show("MainPID")))
        self.assertEqual(home.agent_pids(), [file["pid"]])
        self.assertEqual(os.stat(manager.socket).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(os.path.dirname(manager.socket)).st_mode & 0o777, 0o700)
        until(lambda: manager.show("StatusText") == "1 source live, 5 waiting", 5, "the status line")
        for n in range(1, 6):
            dovecot.deliver(mail.plain(f"48291{n}", to=f"bot{n}@example.com"), f"bot{n}@example.com")
        self.assertEqual([(one.finish(), one.stdout) for one in waits], [(0, f"48291{n}\n") for n in range(1, 6)])
        until(lambda: "last code" in manager.show("StatusText"), 5, "the last code in the status line")
        with open(f"/proc/{file['pid']}/status", encoding="ascii") as status:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))

    # ctest: timeout=120
    @managed
    def test_the_main_job_makes_no_call_that_the_filter_forbids(self):
        """Here a forbidden call kills instead of failing: mailbox, program for the secret, doors, restart, reload."""
        dovecot = self.enterContext(Dovecot())
        # SQLite as root, and only there, gives its journal the owner of the database.
        home, manager = self._managed(kill="[Service]\nSystemCallErrorNumber=\nSystemCallFilter=fchown\n")
        script = home.write("give", f"#!/bin/sh\nexec cat {home.folder}/password-main\n", 0o700)
        home.write_config(home.mailbox(dovecot, password_file=None, password_command=[script]))
        wait = home.wait(BOT, "--timeout", "60s")
        self._is_live(home, manager)
        dovecot.deliver(mail.html("482913"), BOT)
        self.assertEqual((wait.finish(), wait.stdout), (0, "482913\n"))
        self._comes(home, home.wait(BOT, "--timeout", "60s"), "193744")
        sms = home.wait("+905551112233", "--timeout", "60s")
        self.assertEqual(home.otpctl("sms", "--to", "+905551112233", "Your code is 555111").code, 0)
        self.assertEqual((sms.finish(), sms.stdout), (0, "555111\n"))
        manager.systemctl("reload", "otpctl-agent")
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        home.await_source()
        manager.systemctl("stop", "otpctl-agent.service")
        self.assertEqual(manager.show("Result", "NRestarts", "ExecMainStatus"), ["success", "0", "0"])

    @managed
    def test_a_call_that_the_filter_forbids_fails(self):
        """The other half of the test above: the filter is there."""
        forbidden = "nice -n 5 true; unshare --user true; chroot / true"
        home, manager = self._managed(probe="[Service]\nType=oneshot\nRestart=no\nExecReload=\nExecStart=\n"
                                            f"ExecStart=/bin/sh -c '{forbidden}'\n")
        self.assertNotEqual(manager.ctl("start", "otpctl-agent.service").returncode, 0)
        self.assertEqual(manager.service_log().count("Operation not permitted"), 3, manager.service_log())
        self.assertIsNone(home.agent_pid())

    # ctest: timeout=120
    @managed
    def test_reload_by_the_manager_takes_the_new_file_and_a_wrong_one_fails_the_reload_alone(self):
        home, manager = self._managed('[wait]\ntimeout = "11s"')
        wait = home.wait(BOT, "--timeout", "60s")
        pid = home.agent_pid()
        home.write_config('[wait]\ntimeout = "22s"')
        manager.systemctl("reload", "otpctl-agent")
        self.assertIn("[wait] timeout: 22s (was 11s)", manager.service_log())
        home.write_config("[wat]")
        self.assertNotEqual(manager.ctl("reload", "otpctl-agent").returncode, 0)
        self.assertIn("config.toml:1: unknown section [wat]", manager.service_log())
        self.assertEqual(manager.show("ActiveState", "MainPID"), ["active", str(pid)])
        self._comes(home, wait)

    # ctest: timeout=120
    @managed
    def test_the_socket_stays_when_the_agent_stops_and_restarts_and_the_next_command_wakes_it(self):
        home, manager = self._managed()
        wait = home.wait(BOT, "--timeout", "90s")
        inode, first = os.lstat(manager.socket).st_ino, home.agent_pid()
        pid = home.json("agent", "restart")["pid"]
        self.assertNotEqual(pid, first)
        self.assertEqual(str(pid), manager.show("MainPID"))
        until(lambda: len(home.waiters()) == 1, 20, "the wait has come back")
        self._comes(home, wait)
        wait = home.wait(BOT, "--timeout", "60s")
        manager.systemctl("restart", "otpctl-agent.service")
        until(lambda: len(home.waiters()) == 1, 20, "the wait has come back after the manager's restart as well")
        self._comes(home, wait, "572961")
        self.assertEqual(home.otpctl("agent", "stop").code, 0)
        until(lambda: manager.show("ActiveState") == "inactive", 10, "the manager has seen that it ended")
        for command in ("status", "health"):  # they start none, and a socket that would is not asked
            self.assertNotEqual(home.otpctl(command).code, 0)
        self.assertEqual(manager.show("ActiveState"), "inactive")
        self._comes(home, home.wait(BOT, "--timeout", "60s"), "193744")
        self.assertEqual(os.lstat(manager.socket).st_ino, inode)
        self.assertEqual(str(home.agent_pid()), manager.show("MainPID"))
        self.assertEqual(home.agent_pids(), [home.agent_pid()])

    # ctest: timeout=120
    @managed
    def test_an_agent_that_is_killed_or_hangs_comes_back_and_its_wait_gets_the_code(self):
        home, manager = self._managed(watchdog="[Service]\nWatchdogSec=2s\nRestartSec=100ms\n")
        wait = home.wait(BOT, "--timeout", "90s")
        for how in (signal.SIGKILL, signal.SIGSTOP):
            pid = home.agent_pid()
            os.kill(pid, how)
            until(lambda: not alive(pid), 20, "the old one is gone")
            until(lambda: home.agent_pid() not in (None, pid) and len(home.waiters()) == 1, 20,
                  "the wait has come back")
        self.assertEqual(manager.show("NRestarts"), "2")
        self._comes(home, wait)

    # ctest: timeout=120
    @managed
    def test_a_wrong_configuration_is_told_to_the_command_that_would_wake_it(self):
        home, manager = self._managed("[wat]")
        done = home.otpctl("wait", BOT, "--timeout", "30s")
        self.assertEqual((done.code, done.stdout), (78, ""), done)
        self.assertIn("config.toml:1: unknown section [wat]", done.stderr)
        self.assertEqual(manager.show("NRestarts"), "0")
        home.write_config("")
        manager.systemctl("reset-failed")
        manager.systemctl("start", "otpctl-agent.socket")
        self._comes(home, home.wait(BOT, "--timeout", "60s"))

    # ctest: timeout=120
    @managed
    def test_a_credential_is_the_password(self):
        dovecot = self.enterContext(Dovecot())
        home, manager = self._managed()
        path = home.write("secret", dovecot.password + "\n")
        manager.drop_in(f"[Service]\nLoadCredential=imap:{path}\n")
        home.write_config(home.mailbox(dovecot, password_file=None, password_credential="imap"))
        self.assertEqual(home.otpctl("agent", "start").code, 0)
        self._is_live(home, manager)

    # ctest: timeout=150
    def test_the_units_of_the_machine_do_the_main_job_in_a_real_system_manager(self):
        """With and without a folder that tmpfiles.d has made; as the user otpctl, whom pid 1 hands the socket."""
        for tmpfiles in ("systemd-tmpfiles --create /opt/otpctl/lib/tmpfiles.d/otpctl.conf", "true"):
            with self.subTest(tmpfiles), tempfile.TemporaryDirectory(dir="/tmp") as folder:
                os.chmod(folder, 0o755)
                code, output = in_system_manager(f"""
                    systemd-sysusers /opt/otpctl/lib/sysusers.d/otpctl.conf && {tmpfiles} || exit 2
                    mkdir -p /etc/otpctl && printf '[wait]\\ntimeout = "11s"\\n' >/etc/otpctl/config.toml
                    systemctl start otpctl-agent.socket || exit 3
                    inode=$(stat -c %i /run/otpctl/agent.sock)
                    as_user otpctl wait bot1@example.com --timeout 30s 2>/dev/null >/run/code & waiting=$!
                    until as_user otpctl status --json | grep -q bot1@example.com; do sleep 0.05; done
                    printf 'To: bot1@example.com\\nFrom: a@example.org\\n\\nYour code is 482913\\n' |
                      as_user otpctl deliver bot1@example.com || exit 4
                    wait $waiting || exit 5
                    echo "code $(cat /run/code)"
                    printf '[wait]\\ntimeout = "22s"\\n' >/etc/otpctl/config.toml
                    systemctl reload otpctl-agent || exit 6
                    grep -o 'timeout: 22s (was 11s)' /run/agent.log
                    pid=$(systemctl show -p MainPID --value otpctl-agent)
                    grep -E '^(Uid|CapBnd|NoNewPrivs|Seccomp):' /proc/$pid/status
                    as_user otpctl agent restart || exit 7
                    as_user otpctl agent stop || exit 8
                    stat -c '%n %a %U' /run/otpctl /run/otpctl/* /var/lib/otpctl
                    [ "$(stat -c %i /run/otpctl/agent.sock)" = "$inode" ] && echo 'the same socket'
                    """, folder)
                self.assertEqual(code, 0, output)
                self.assertIn("code 482913\ntimeout: 22s (was 11s)\n", output)
                for line in (r"Uid:\t[1-9]", r"CapBnd:\t0+$", r"NoNewPrivs:\t1$", r"Seccomp:\t2$"):
                    self.assertRegex(output, "(?m)^" + line)
                self.assertIn("/run/otpctl 700 otpctl\n/run/otpctl/agent.sock 600 otpctl\n/var/lib/otpctl 700 otpctl\n"
                              "the same socket\n", output)


if __name__ == "__main__":
    unittest.main()
