"""A private OpenSSH server on the loopback for the recipe that goes over ssh, and an `ssh` that knows the host `mailhost`."""

import os
import shutil
import stat
import subprocess

from .util import free_port, temp_dir, until

SSHD = "/usr/sbin/sshd"


def missing():
    """Why it cannot run here; "" when it can."""
    if not os.access(SSHD, os.X_OK) or not shutil.which("ssh"):
        return "no OpenSSH server here (scripts/deps installs it)"
    return ""


class Sshd:
    """Runs as the user of the tests, with keys made on the spot; `bin` holds the `ssh` for the recipe."""

    def __init__(self, home):
        self.folder = temp_dir("sshd")
        self.port = free_port()
        self.bin = os.path.join(self.folder, "bin")
        self.home = home

    def __enter__(self):
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._file(name)], check=True)
        shutil.copy(self._file("user.pub"), self._file("authorized"))
        os.chmod(self._file("authorized"), 0o600)
        # Root's sshd wants its privilege separation folder; it is the system's, empty, made when it is missing.
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(self._file("sshd_config"), "w", encoding="ascii") as file:
            file.write(f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self._file('host')}\n"
                       f"AuthorizedKeysFile {self._file('authorized')}\nPidFile none\nUsePAM no\nStrictModes no\n"
                       "PasswordAuthentication no\nPermitRootLogin yes\nAllowStreamLocalForwarding yes\n")
        with open(self._file("log"), "w", encoding="utf-8") as log:
            self._server = subprocess.Popen([SSHD, "-D", "-e", "-f", self._file("sshd_config")], stderr=log,
                                            stdin=subprocess.DEVNULL, stdout=log)
        os.mkdir(self.bin)
        with open(self._file("ssh_config"), "w", encoding="ascii") as file:
            file.write(f"Host mailhost\n HostName 127.0.0.1\n Port {self.port}\n IdentityFile {self._file('user')}\n"
                       f" IdentitiesOnly yes\n StrictHostKeyChecking no\n UserKnownHostsFile {self._file('known')}\n"
                       f" LogLevel ERROR\n ExitOnForwardFailure yes\n ControlMaster yes\n ControlPath {self._file('control')}\n")
        ssh = os.path.join(self.bin, "ssh")
        with open(ssh, "w", encoding="ascii") as file:
            # ssh expands ~ by itself from the password database: the test has a home of its own.
            file.write(f'#!/bin/sh\nexec /usr/bin/ssh -F {self._file("ssh_config")} "$@"\n')
        os.chmod(ssh, stat.S_IRWXU)
        until(lambda: self._listens() or self._server.poll() is not None, 10, "sshd listens")
        return self

    def __exit__(self, *_):
        subprocess.run(["/usr/bin/ssh", "-F", self._file("ssh_config"), "-o", "ControlMaster=no", "-O", "exit", "mailhost"], check=False, capture_output=True)
        self._server.terminate()
        self._server.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listens(self):
        with open(self._file("log"), encoding="utf-8") as log:
            return "Server listening" in log.read()

    def _file(self, name):
        return os.path.join(self.folder, name)
