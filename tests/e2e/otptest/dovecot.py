"""A private Dovecot 2.3 in a temporary folder, on loopback, as an ordinary user."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from .dovecot_config import CONFIG, OAUTH2
from .introspection import Introspection
from .lmtp import Lmtp
from .rawimap import ImapClient
from .tls import Authority
from .util import alive, children_of, free_port, name_of, temp_dir, until

SHIM_SOURCE = os.path.join(os.path.dirname(__file__), "../../../bench/notice_shim.c")

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class NoDovecot(Exception):
    """Dovecot is not installed, or does not start; the text says why."""


class Dovecot:
    """IMAPS, IMAP with STARTTLS, LMTP; one catch-all mailbox that takes every recipient.

        with Dovecot() as dovecot:
            at_ns = dovecot.deliver(mail.html("482913"), "bot5@example.com")

    user, password   the login; the password holds a space, a `"` and a `\\` on purpose
    imaps_port, imap_port (STARTTLS; Dovecot calls loopback secure and allows clear text there too),
    lmtp_port        chosen free, the same after restart()
    ca_file          the CA that signed the server's certificate (names: localhost, 127.0.0.1)
    tokens           an Introspection: tokens.grant("…", dovecot.user) makes a bearer token good
    log_file, folder what is left to look at when a test fails (OTPTEST_KEEP=1 keeps the folder)

    LMTP stamps Return-Path, Delivered-To (the recipient of RCPT) and Received, in this order: the stamp
    that names the virtual recipient stands above the topmost Received. A transaction with several
    recipients gets no Delivered-To, neither does any with stamp=False (as Microsoft 365); what else
    providers stamp is mail.stamped().

    As root it runs as `nobody`, so that there is one configuration for everybody. The processes form
    one process group that nobody else is in; stop() and kill() signal that group only.

    fast=True        shortens the 500 ms notice timer to 1 ms (bench only, needs a C compiler)
    stamp=False      no Delivered-To
    capability=…     replaces the capability list (to hide IDLE, for instance)
    failure_delay=…  how long a refused login takes to be answered (stock Dovecot: 2 secs; with none
                     it is still up to 0.5 s, a timer of Dovecot's)
    extra=…          more configuration text
    """

    user = "catchall@example.com"
    password = 'te st"pass\\word'

    def __init__(self, fast=False, stamp=True, capability=None, failure_delay="0 secs", extra=""):
        self._dovecot = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
        self._doveadm = shutil.which("doveadm")
        if not self._dovecot or not self._doveadm:
            raise NoDovecot("dovecot is not installed (scripts/deps)")
        self._identity = _identity()
        self._process = None
        self._group = None
        self.folder = temp_dir("dovecot")
        os.chmod(self.folder, 0o711)
        self.authority = Authority(self.folder)
        self.ca_file = self.authority.ca_file
        self.certificate, self._key = self.authority.issue()
        self.log_file = os.path.join(self.folder, "dovecot.log")
        self.mail_folder = os.path.join(self.folder, "mail")
        self.tokens = Introspection()
        self._options = {"capability": capability, "failure_delay": failure_delay, "extra": extra,
                         "stamp": "final" if stamp else "none",
                         "shim": self._build_shim() if fast else None}
        for name in ("run", "state", "mail"):
            os.mkdir(os.path.join(self.folder, name))
        self._own()

    # ---- life ---------------------------------------------------------------------------------

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.kill()  # at once: a polite stop() takes 1.1 s
        self.tokens.stop()
        if not os.environ.get("OTPTEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Starts it on fresh ports; returns when all of them answer."""
        for attempt in range(5):
            self.imaps_port, self.imap_port, self.lmtp_port = (free_port() for _ in range(3))
            self._write_config()
            try:
                return self._launch()
            except NoDovecot as error:  # somebody else took a port in between
                if attempt == 4 or "Address already in use" not in str(error):
                    raise
        return self

    def stop(self):
        """Ends it politely: clients get `* BYE`. Returns when every process is gone (1 to 2 s)."""
        if self._process is None:
            return
        os.killpg(self._group, signal.SIGCONT)  # a frozen one would never end
        # The master alone would leave idling clients connected for up to a minute, as an upgrade does.
        sessions = [pid for pid in children_of(self._process.pid) if name_of(pid) == "imap"]
        for pid in sessions:
            os.kill(pid, signal.SIGTERM)
        until(lambda: not any(alive(pid) for pid in sessions), 10, "the sessions have ended")
        self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL to all of it: clients get EOF or a reset, mid-command."""
        self._end(signal.SIGKILL)

    def restart(self):
        """stop(), then start on the same ports with the same mailbox."""
        self.stop()
        return self.resume()

    def resume(self):
        """Starts again after stop() or kill(), on the same ports with the same mailbox."""
        return self._launch()

    def freeze(self):
        """SIGSTOP: connections stay open and nothing answers."""
        os.killpg(self._group, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self._group, signal.SIGCONT)

    def _launch(self):
        pid_file = os.path.join(self.folder, "run", "master.pid")
        if os.path.exists(pid_file):  # after kill(): Dovecot would look whether that pid lives
            os.unlink(pid_file)
        with open(os.path.join(self.folder, "stderr"), "wb") as stderr:
            self._process = subprocess.Popen(
                [*_with_us(), self._dovecot, "-F", "-c", self.config_file], cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=stderr, process_group=0, env=_ENVIRONMENT,
                **self._identity.popen)
        self._group = self._process.pid
        until(self._answers, 10, "Dovecot answers")
        return self

    def _answers(self):
        if self._process.poll() is not None:
            code, self._process = self._process.returncode, None
            raise NoDovecot(f"dovecot ended with {code}: {self._read('stderr')} {self._read('dovecot.log')}")
        for port, greeting in ((self.imap_port, b"* OK"), (self.lmtp_port, b"220 ")):
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as probe:
                    if not probe.recv(4096).startswith(greeting):
                        return False
            except OSError:
                return False
        return True

    def _end(self, how):
        if self._process is None:
            return
        members = {self._process.pid} | children_of(self._process.pid)
        if how == signal.SIGKILL:
            os.killpg(self._group, how)
        else:
            self._process.send_signal(how)
        self._process.wait(20)
        self._process = None
        try:
            until(lambda: not any(alive(pid) for pid in members), 5)
        except AssertionError:
            os.killpg(self._group, signal.SIGKILL)  # our own group only
            until(lambda: not any(alive(pid) for pid in members), 5, "Dovecot's processes end")

    # ---- mail ---------------------------------------------------------------------------------

    def deliver(self, mail, *recipients, sender="sender@example.org"):
        """Hands one mail (bytes) in by LMTP; returns the time.monotonic_ns() of the last 250."""
        return self.deliver_many([(mail, recipients)], sender)[0]

    def deliver_many(self, mails, sender="sender@example.org"):
        """Hands in [(mail, recipient or recipients), …] on one connection, as fast as it goes.

        Returns for each mail the time.monotonic_ns() of the last 250 to its final dot.
        """
        with self.lmtp() as session:
            return [session.deliver(mail, recipients, sender) for mail, recipients in mails]

    def append(self, mail, age, folder="INBOX"):
        """Puts a mail into a folder, with an INTERNALDATE that many seconds ago."""
        date = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(time.time() - age))
        with self.client() as imap:
            imap.command(f'APPEND {folder} "{date}" {{{len(mail)}+}}\r\n'.encode() + mail)

    def lmtp(self):
        """An open LMTP connection, for deliveries whose moment matters."""
        return Lmtp(self.lmtp_port)

    def client(self, how="imaps", login=True):
        """A raw client on this server; logged in with INBOX open unless login=False.

        `next_uid` of the returned client is UIDNEXT at that moment. how: imaps, starttls, plain.
        """
        trust = self.authority.client_context()
        if how == "imaps":
            client = ImapClient(self.imaps_port, tls=trust)
        else:
            client = ImapClient(self.imap_port, starttls=trust if how == "starttls" else None)
        if login:
            client.login(self.user, self.password)
            client.next_uid = client.examine()
        return client

    # ---- administration -----------------------------------------------------------------------

    def doveadm(self, *arguments, check=True):
        """Runs doveadm on this instance; returns its stdout."""
        done = subprocess.run([self._doveadm, "-c", self.config_file, *arguments], cwd="/",
                              capture_output=True, text=True, check=False, timeout=30,
                              env=_ENVIRONMENT, **self._identity.popen)
        if check and done.returncode:
            raise RuntimeError(f"doveadm {arguments}: {done.returncode} {done.stderr.strip()}")
        return done.stdout

    def kick(self):
        """Throws every connection of the user out (`* BYE`, then EOF)."""
        self.doveadm("kick", self.user, check=False)

    def connections(self):
        """How many IMAP connections are logged in."""
        return len(self.doveadm("who", "-1", check=False).strip().splitlines()) - 1

    def expunge_all(self, folder="INBOX"):
        self.doveadm("expunge", "-u", self.user, "mailbox", folder, "all")

    def new_uidvalidity(self, folder="INBOX"):
        """Gives the folder another UIDVALIDITY, as a restored backup does."""
        old = int(self.doveadm("mailbox", "status", "-u", self.user, "uidvalidity", folder).split("=")[1])
        self.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", str(old + 1), folder)

    def log(self):
        return self._read("dovecot.log")

    # ---- inside -------------------------------------------------------------------------------

    def _read(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def _build_shim(self):
        shim = os.path.join(self.folder, "notice_shim.so")
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            raise NoDovecot("fast=True needs a C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", shim, SHIM_SOURCE], check=True)
        return shim

    def _own(self):
        uid, gid = self._identity.uid, self._identity.gid
        if uid == os.geteuid():
            return
        for root, folders, files in os.walk(self.folder):
            for name in folders + files:
                os.chown(os.path.join(root, name), uid, gid)
        os.chown(self.folder, uid, gid)

    def _write_config(self):
        options = self._options
        self.config_file = os.path.join(self.folder, "dovecot.conf")
        values = {
            "folder": self.folder, "user": self._identity.name, "group": self._identity.group,
            "uid": self._identity.uid, "gid": self._identity.gid, "account": self.user,
            "imap": self.imap_port, "imaps": self.imaps_port, "lmtp": self.lmtp_port,
            "delay": options["failure_delay"], "stamp": options["stamp"], "extra": options["extra"],
            "capability": f"imap_capability = {options['capability']}" if options["capability"] else "",
            "preload": f"import_environment = LD_PRELOAD={options['shim']}" if options["shim"] else "",
        }
        self._write("dovecot.conf", CONFIG.format(**values))
        self._write("passwd", f"{self.user}:{{PLAIN}}{self.password}\n")
        self._write("oauth2.ext", OAUTH2.format(url=self.tokens.url))
        self._own()

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)


class _identity:
    """Who Dovecot runs as: the caller, or `nobody` if the caller is root."""

    def __init__(self):
        self.uid, self.gid, self.popen = os.geteuid(), os.getegid(), {}
        if self.uid == 0:
            nobody = pwd.getpwnam("nobody")
            self.uid, self.gid = nobody.pw_uid, nobody.pw_gid
            self.popen = {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            self.name, self.group = pwd.getpwuid(self.uid).pw_name, grp.getgrgid(self.gid).gr_name
        except KeyError:
            raise NoDovecot("Dovecot needs a user and a group with a name") from None


def _with_us():
    """A prefix that ends the command by SIGTERM when this process dies, however it dies."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
