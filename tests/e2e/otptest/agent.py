"""A private otpctl: a home of its own, a clean environment, its agent, its commands."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

from .running import Done, Pump, Running
from .util import alive, name_of, temp_dir, Timeout, until

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))


class NoBinaries(Exception):
    """otpctl is not built; the text says where it was looked for."""


def bin_dir():
    """The folder that holds `otpctl`: $OTPCTL_BIN_DIR, else the newest build."""
    named = os.environ.get("OTPCTL_BIN_DIR")
    candidates = [named] if named else [
        os.path.join(ROOT, "build", preset, "bin") for preset in ("release", "check", "dev")]
    built = [folder for folder in candidates if os.access(os.path.join(folder, "otpctl"), os.X_OK)]
    if not built:
        raise NoBinaries(f"no otpctl in {', '.join(candidates)}")
    return max(built, key=lambda folder: os.path.getmtime(os.path.join(folder, "otpctl")))


class Home:
    """A folder that is OTPCTL_HOME, and everything that happens in it.

        with Home() as home, Dovecot() as dovecot:
            home.write_config(home.mailbox(dovecot))
            wait = home.wait("bot5@example.com")             # blocked when this returns
            at_ns = dovecot.deliver(mail.html("482913"), "bot5@example.com")
            assert wait.finish() == 0 and wait.stdout == "482913\\n"
            latency_ms = (wait.first_byte_ns - at_ns) / 1e6

    folder, env      OTPCTL_HOME, and the whole environment of what is started (PATH, HOME, LANG and
                     OTPCTL_HOME; the caller's own settings never get in). env may be changed.
    bin, agentd      the folder with `otpctl`; the program of the agent
    prefix           words before each command: without_file_rights()

    At the end of the `with` block every process started here is ended, the agent is stopped, and a process
    that still lives, or a finding of a sanitizer, is an AssertionError. OTPTEST_KEEP=1 keeps the folder.
    """

    def __init__(self, **env):
        self.bin = bin_dir()
        self.root = temp_dir("home")
        self.folder = os.path.join(self.root, "otpctl")
        os.mkdir(self.folder, 0o700)
        reports = os.path.join(self.root, "sanitizer")
        self.env = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin", "HOME": self.root, "LANG": "C.UTF-8",
            "OTPCTL_HOME": self.folder,
            "ASAN_OPTIONS": f"log_path={reports}:abort_on_error=0:detect_stack_use_after_return=0",
            "UBSAN_OPTIONS": f"log_path={reports}:print_stacktrace=1",
            **env}
        self.prefix = []
        self._running = []
        self._pump = None

    @property
    def agentd(self):
        return os.path.join(os.path.dirname(self.bin), "libexec/otpctl/otpctl-agentd")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and issubclass(kind, Exception):
            self._tell_of_failure()
        try:
            self.close(check=kind is None)
        finally:
            if not os.environ.get("OTPTEST_KEEP"):
                shutil.rmtree(self.root, ignore_errors=True)

    def _tell_of_failure(self):
        """What the agent knew when a test failed, on stderr."""
        with contextlib.suppress(Exception):
            print(f"status: {json.dumps(self.status())}", file=sys.stderr)
        with contextlib.suppress(OSError):
            print("agent.log:\n" + "\n".join(self.log().splitlines()[-40:]), file=sys.stderr)

    def close(self, check=True):
        for process in self._running:
            process.kill()
        if self.agent_pid():
            self.otpctl("agent", "stop", timeout=20, check_timeout=False)
        with contextlib.suppress(Timeout):
            until(lambda: not self.processes(), 3, every=0.01)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if self._pump:
            self._pump.stop()
        if check:
            assert not left, f"still running after `agent stop`: {left}"
            assert not self.sanitizer_reports(), self.sanitizer_reports()

    # ---- configuration ------------------------------------------------------------------------

    def write_config(self, *parts):
        """Writes config.toml from pieces of TOML text."""
        self.write("config.toml", "\n".join(parts) + "\n")

    def write(self, name, text, mode=0o600):
        """Writes a file below the home; returns its path."""
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def mailbox(self, server, name="main", tls="implicit", password=None, **keys):
        """The `[[mailbox]]` table for a Dovecot or a ScriptedServer, password in a 0600 file.

        Any key can be given (dashes as underscores: probe="off", port=proxy.port); None leaves one out.
        """
        user = getattr(server, "user", "catchall@example.com")
        secret = password or getattr(server, "password", "scripted password")
        port = getattr(server, "port", None) or (server.imaps_port if tls == "implicit" else server.imap_port)
        address = user if "@" in user else f"{user}@example.com"
        table = {"name": name, "address": address, "host": "localhost", "port": port, "tls": tls,
                 "ca-file": server.ca_file, "user": user,
                 "password-file": self.write(f"password-{name}", secret + "\n")}
        table.update({key.replace("_", "-"): value for key, value in keys.items()})
        return "[[mailbox]]\n" + "".join(
            f"{key} = {json.dumps(value)}\n" for key, value in table.items() if value is not None)

    # ---- commands -----------------------------------------------------------------------------

    def command(self, *arguments):
        return [*self.prefix, os.path.join(self.bin, "otpctl"), *map(str, arguments)]

    def otpctl(self, *arguments, input=None, timeout=60, env=None, check_timeout=True, **popen):
        """Runs one command to its end; returns a Done."""
        began = time.monotonic()
        process = subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.root,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            **{"env": {**self.env, **(env or {})}, **popen})
        data = input.encode() if isinstance(input, str) else input
        try:
            out, err = process.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            if check_timeout:
                raise AssertionError(f"otpctl {arguments}: still running after {timeout} s; {err.decode()}") from None
        return Done(process.returncode, out.decode(), err.decode(), time.monotonic() - began)

    def json(self, *arguments, **more):
        """Runs a command with --json and returns the object that it answers; exit code 0 is asked for."""
        done = self.otpctl(*arguments, "--json", **more)
        assert done.code == 0, f"otpctl {arguments}: exit {done.code}: {done.stderr}"
        return json.loads(done.stdout)

    def spawn(self, *arguments, env=None, **popen):
        """Starts a command and returns at once with a Running."""
        if self._pump is None:
            self._pump = Pump()
        process = Running(self._pump, self.command(*arguments),
                          {"cwd": self.root, "env": {**self.env, **(env or {})}, **popen})
        self._running.append(process)
        return process

    def wait(self, *arguments, blocked=True, **more):
        """Starts `otpctl wait …`; returns when the agent lists it as a waiter (blocked=False: at once)."""
        before = self.waiting_pids() if blocked else set()
        running = self.spawn("wait", *arguments, **more)
        if blocked:
            until(lambda: running.poll() is not None or self.waiting_pids() - before, 15,
                  f"otpctl wait {arguments} is blocked", every=0.02)
        return running

    def waits(self, recipients, *arguments, seconds=60, **popen):
        """Starts one wait for each recipient and returns when all of them are blocked."""
        running = [self.spawn("wait", *arguments, name, **popen) for name in recipients]
        until(lambda: self._blocked(running) or any(one.poll() is not None for one in running), seconds,
              f"{len(running)} waits are blocked", every=0.05)
        return running

    def _blocked(self, running):
        status = self.status() or {}
        missing = {one.pid for one in running} - {waiter["pid"] for waiter in status.get("waiters", [])}
        return len(missing) <= status.get("more", 0)  # a line of 64 KiB does not hold them all

    # ---- the agent ----------------------------------------------------------------------------

    def status(self):
        """`otpctl status --json`, or None when there is no agent."""
        if not self.agent_pid():
            return None
        done = self.otpctl("status", "--json")
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def waiters(self):
        return (self.status() or {}).get("waiters", [])

    def waiting_pids(self):
        """The pids of the processes that the agent lists as waiters."""
        return {waiter["pid"] for waiter in self.waiters()}

    def source(self, name="main/INBOX"):
        """One source of `status`, or None."""
        found = [one for one in (self.status() or {}).get("sources", []) if one["name"] == name]
        return found[0] if found else None

    def await_source(self, state="live", name="main/INBOX", seconds=15):
        """Returns when that source is in that state."""
        until(lambda: (self.source(name) or {}).get("state") == state, seconds,
              f"{name} is {state}", every=0.02)

    def start_agent(self, *arguments):
        """`otpctl agent start`; fails unless it says 0."""
        done = self.otpctl("agent", "start", *arguments)
        assert done.code == 0, f"agent start: {done.code}: {done.stderr}"

    def agent_file(self):
        """What agent.json says, or {}."""
        try:
            with open(os.path.join(self.folder, "agent.json"), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def agent_pid(self):
        """The pid of the living agent, or None."""
        pid = self.agent_file().get("pid")
        return pid if pid and alive(pid) else None

    def log(self):
        """What stands in agent.log."""
        with open(os.path.join(self.folder, "agent.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill_agent(self, how=signal.SIGKILL):
        """Ends the agent by a signal; returns its pid when it is gone."""
        pid = self.agent_pid()
        assert pid, "no agent to kill"
        os.kill(pid, how)
        until(lambda: not alive(pid), 10, "the agent is gone")
        return pid

    def agent_pids(self):
        """Every otpctl-agentd that works in this home (one, if all is well)."""
        return [pid for pid in self.processes() if name_of(pid) == "otpctl-agentd"]

    def processes(self):
        """Living processes that have this home in their environment or among their open or locked files."""
        found = _lock_holders(self.folder)
        found |= {int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _mentions(entry, self.root)}
        return sorted(pid for pid in found if pid != os.getpid() and alive(pid))

    def sanitizer_reports(self):
        text = ""
        for name in sorted(os.listdir(self.root)):
            if name.startswith("sanitizer."):
                with open(os.path.join(self.root, name), encoding="utf-8", errors="replace") as file:
                    text += file.read()
        return text


def without_file_rights():
    """What to put before a command so that the mode of a file holds for it, too: nothing for an ordinary user."""
    if os.geteuid() != 0:
        return []
    no_rights = "-dac_override,-dac_read_search"
    prefix = ["setpriv", f"--bounding-set={no_rights}", f"--inh-caps={no_rights}", "--"]
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    if not works:
        raise unittest.SkipTest("setpriv cannot take the rights of root away here")
    return prefix


def _lock_holders(folder):
    """The pids that hold a lock on a file in the folder: to be seen even where a process hides the rest."""
    inodes = set()
    with contextlib.suppress(OSError):
        inodes = {str(entry.stat(follow_symlinks=False).st_ino) for entry in os.scandir(folder)}
    with open("/proc/locks", encoding="ascii") as file:
        lines = [line.split() for line in file if "->" not in line]
    return {int(line[4]) for line in lines if line[5].split(":")[2] in inodes}


def _mentions(pid, folder):
    needle = folder.encode()
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if needle in file.read():
                return True
        return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(folder) for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False
