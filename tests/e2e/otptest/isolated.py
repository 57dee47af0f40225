"""Tests in namespaces of their own: a network that can be cut without a word, a disk that gets full."""

import functools
import os
import shutil
import subprocess
import sys
import unittest

_MARK = "OTPTEST_ISOLATED"


def isolated(test):
    """Decorates a test method: it runs in a child with network and mount namespaces of its own.

    Works as root and, where user namespaces are allowed, as an ordinary user (the uid stays the same);
    where neither is possible the test is skipped and says so. Loopback is up and nothing else is.
    """
    @functools.wraps(test)
    def run(self):
        if os.environ.get(_MARK):
            return test(self)
        prefix = _unshare()
        if not prefix:
            raise unittest.SkipTest("namespaces are not allowed here (unshare)")
        runner = os.path.join(os.path.dirname(__file__), "../run_one.py")
        done = subprocess.run(
            [*prefix, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-B", runner,
             type(self).__module__, type(self).__qualname__, test.__name__],
            cwd=os.path.dirname(sys.modules[type(self).__module__].__file__), env={**os.environ, _MARK: "1"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 125:
            raise unittest.SkipTest(done.stderr.strip().splitlines()[-1])
        assert done.returncode == 0, f"in its own namespaces:\n{done.stdout}{done.stderr}"
    return run


class Firewall:
    """Drops packets on loopback, inside an @isolated test: nobody is told.

    drop(port, …)   packets to and from these TCP ports vanish, in both directions; with a client's own
                    port this connection dies and new ones work, as when a NAT forgets it
    drop_to(port)   only those towards it
    heal()          everything passes again
    """

    def __init__(self):
        assert os.environ.get(_MARK), "only in an @isolated test"

    def drop(self, *ports):
        self.heal()
        self._nft("add table inet otptest",
                  "add chain inet otptest in { type filter hook input priority 0; }",
                  *(f"add rule inet otptest in tcp {end} {port} drop" for port in ports for end in ("dport", "sport")))

    def drop_to(self, port):
        self.heal()
        self._nft("add table inet otptest",
                  "add chain inet otptest in { type filter hook input priority 0; }",
                  f"add rule inet otptest in tcp dport {port} drop")

    def heal(self):
        self._nft("add table inet otptest", "delete table inet otptest")

    @staticmethod
    def _nft(*lines):
        nft = shutil.which("nft", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not nft:
            raise unittest.SkipTest("nft is not installed (scripts/deps)")
        subprocess.run([nft, "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def small_disk(path, size="64k"):
    """Mounts an empty file system of that size on `path`, inside an @isolated test."""
    assert os.environ.get(_MARK), "only in an @isolated test"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700,uid={os.getuid()},gid={os.getgid()}",
                    "otptest", path], check=True)


@functools.cache
def _unshare():
    rights = [] if os.geteuid() == 0 else ["--map-current-user", "--keep-caps"]
    prefix = ["unshare", *rights, "--net", "--mount", "--"]
    try:
        works = subprocess.run([*prefix, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    except OSError:
        return None
    return prefix if works.returncode == 0 else None
