"""The installed units, and a service manager of a user for them: a real `systemd --user` in namespaces of its own."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from .agent import bin_dir
from .util import until

_MARK = "OTPTEST_MANAGED"
_SYSTEMD = next((path for path in ("/usr/lib/systemd/systemd", "/lib/systemd/systemd") if os.path.exists(path)), None)
_UNITS = "/usr/lib/systemd/user"
# Shared: the manager mounts credentials there for its services.
_OWN_RUN = """mount -t tmpfs -o mode=0755 otptest /run && mount --make-shared /run &&
mkdir -p /run/systemd/system /run/lock && "$@"
"""


def install_units(prefix, home="/nowhere"):
    """Installs the units below `prefix`, for whom `home` is at home, with the programs of the build; returns lib/systemd."""
    build = os.path.dirname(bin_dir())
    script = os.path.join(build, "dist/systemd/cmake_install.cmake")
    if not shutil.which("cmake") or not os.path.exists(script):
        raise unittest.SkipTest("no cmake, or no build folder to install from")
    subprocess.run(["cmake", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-P", script], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "HOME": home})
    for name in ("bin", "libexec", "lib/libotpctl.so.0"):
        if not os.path.exists(os.path.join(prefix, name)):
            os.symlink(os.path.join(build, name), os.path.join(prefix, name))
    return os.path.join(prefix, "lib/systemd")


def managed(test):
    """Decorates a test method that uses a UserManager: it runs where /run is its own and the manager may work.

    A manager asks for a machine that systemd has booted (/run/systemd/system) and for control groups that it may
    write. Where that cannot be had the test is skipped and says why.
    """
    @functools.wraps(test)
    def run(self):
        if os.environ.get(_MARK):
            return test(self)
        why = _why_not()
        if why:
            raise unittest.SkipTest(why)
        runner = os.path.join(os.path.dirname(__file__), "../run_one.py")
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--", "sh", "-c", _OWN_RUN, "sh", sys.executable, "-B", runner, type(self).__module__, type(self).__qualname__, test.__name__],
            cwd=os.path.dirname(sys.modules[type(self).__module__].__file__), env={**os.environ, _MARK: "1"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 125:
            raise unittest.SkipTest(done.stderr.strip().splitlines()[-1])
        assert done.returncode == 0, f"in its own namespaces:\n{done.stdout}{done.stderr}"
    return run


@functools.cache
def _why_not():
    if not _SYSTEMD or not shutil.which("systemctl"):
        return "systemd is not installed (scripts/deps)"
    try:
        works = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"], capture_output=True,
                               text=True, check=False)
    except OSError as error:
        return f"no unshare: {error}"
    if works.returncode:
        return f"namespaces are not allowed here: {works.stderr.strip()}"
    for folder in _own_groups():
        if not os.access(folder, os.W_OK):
            return f"the control group {folder} cannot be written"
    return None if _own_groups() else "there are no control groups"


def _own_groups():
    """The folders of the control groups in which this process is: one, or of the old kind several."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        paths = {names: path for _, names, path in (line.rstrip("\n").split(":", 2) for line in file)}
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, after = line.split(" - ", 1)
            kind, _, options = after.split(" ", 2)
            root, point = before.split(" ")[3:5]
            if kind not in ("cgroup", "cgroup2"):
                continue
            for names, path in paths.items():
                if kind == "cgroup2":
                    ours = not names
                else:
                    ours = names and set(names.split(",")) <= set(options.strip().split(","))
                if ours and path.startswith(root):
                    found.append(os.path.join(point, path[len(root):].strip("/")))
    # Of the old kind the manager goes by the hierarchy of its own, the others only follow.
    leading = [folder for folder in found if "/systemd" in folder or "/unified" in folder]
    return leading or found


class UserManager:
    """`systemd --user` with the installed units, for a Home that lies where people have theirs.

        with Home() as home, UserManager(home) as manager:
            manager.systemctl("start", "otpctl-agent.socket")

    home.env loses OTPCTL_HOME and gains XDG variables that mean the same folder. drop_in(text) adds to the service.
    """

    def __init__(self, home):
        assert os.environ.get(_MARK), "only in a @managed test"
        self.home = home
        self.units = install_units(os.path.join(home.root, "prefix"))
        self.own_units = os.path.join(home.root, "units")
        self.log = os.path.join(home.root, "service.log")
        self.runtime = tempfile.mkdtemp(prefix="user-", dir="/run")
        del home.env["OTPCTL_HOME"]
        home.env.update(XDG_RUNTIME_DIR=self.runtime, XDG_STATE_HOME=home.root, XDG_CONFIG_HOME=home.root)
        home.env["ASAN_OPTIONS"] += ":detect_leaks=0"  # it would need ptrace
        self.socket = os.path.join(self.runtime, "otpctl/agent.sock")
        self._groups = []
        self._process = None
        # A sanitizer's shadow is no memory of ours.
        log = f"append:{self.log}"
        self.drop_in(f"[Service]\nStandardOutput={log}\nStandardError={log}\nMemoryMax=infinity\n", "00-test")

    def __enter__(self):
        name = os.path.basename(self.home.root)
        try:
            for parent in _own_groups():
                os.mkdir(os.path.join(parent, name))
                self._groups.append(os.path.join(parent, name))
        except OSError as error:
            raise unittest.SkipTest(f"no control group of its own: {error}") from None

        def move():
            for group in self._groups:
                with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                    file.write("0")

        env = {**self.home.env, "SYSTEMD_UNIT_PATH": f"{self.own_units}:{self.units}/user:{_UNITS}"}
        self._process = subprocess.Popen([_SYSTEMD, "--user", "--unit=basic.target"], env=env, preexec_fn=move,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.ctl("is-active", "basic.target").returncode == 0 or self._process.poll() is not None, 20,
              "the manager runs", every=0.05)
        if self._process.poll() is not None:
            raise unittest.SkipTest(f"a user's manager does not run here (exit {self._process.returncode})")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.ctl("exit")
            self._process.wait(30)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for group in self._groups:
            self._remove(group)
            for point in os.listdir("/sys/fs/cgroup"):  # where it followed
                self._remove(os.path.join("/sys/fs/cgroup", point, os.path.basename(group)))

    @staticmethod
    def _remove(group):
        if os.path.basename(group).startswith("otptest-") and os.path.isdir(group):
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)

    def ctl(self, *arguments):
        """systemctl --user; the finished process with its output as text."""
        return subprocess.run(["systemctl", "--user", "--no-pager", *arguments], env=self.home.env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)

    def systemctl(self, *arguments):
        """The same; it has to succeed."""
        done = self.ctl(*arguments)
        assert done.returncode == 0, f"systemctl {arguments}: {done.stdout}{done.stderr}{self.service_log()}"
        return done.stdout

    def show(self, *names, unit="otpctl-agent.service"):
        """The values of these properties, in their order."""
        out = self.systemctl("show", unit, *(f"-p{name}" for name in names))
        values = dict(line.split("=", 1) for line in out.splitlines())
        return [values[name] for name in names] if len(names) > 1 else values[names[0]]

    def drop_in(self, text, name="50-more"):
        folder = os.path.join(self.own_units, "otpctl-agent.service.d")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".conf"), "w", encoding="utf-8") as file:
            file.write(text)
        if self._process:
            self.systemctl("daemon-reload")

    def service_log(self):
        with contextlib.suppress(OSError), open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()
        return ""


def in_system_manager(script, folder):
    """Runs a shell script as root in a machine of its own: `systemd --system` with the installed system units as pid 1.

    /etc, /var, /run and /opt are its own and forgotten at its end, the network is loopback alone; the programs are in
    /opt/otpctl. `as_user COMMAND…` runs a command as the user otpctl. `folder`, for what is left, lies elsewhere.
    Returns (exit code of the script, its output).
    """
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can run a system's manager in namespaces")
    why = _why_not()
    if why:
        raise unittest.SkipTest(why)
    inner, outer = os.path.join(folder, "inner.sh"), os.path.join(folder, "outer.sh")
    output = os.path.join(folder, "output")
    with open(inner, "w", encoding="utf-8") as file:
        file.write(_INNER.format(output=output) + script)
    with open(outer, "w", encoding="utf-8") as file:
        file.write(_OUTER.format(build=os.path.dirname(bin_dir()), inner=inner, systemd=_SYSTEMD))
    name = "otptest-" + os.path.basename(folder)
    groups = [os.path.join(parent, name) for parent in _own_groups()]
    for group in groups:
        os.mkdir(group)
    try:
        enter = " ".join(f"echo 0 >{group}/cgroup.procs &&" for group in groups)
        done = subprocess.run(
            ["sh", "-c", f"{enter} exec unshare --mount --pid --fork --mount-proc --uts --ipc --net --kill-child"
                         f" sh {outer}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)
    finally:
        for group in groups:
            UserManager._remove(group)  # pylint: disable=protected-access
            for point in os.listdir("/sys/fs/cgroup"):
                UserManager._remove(os.path.join("/sys/fs/cgroup", point, name))  # pylint: disable=protected-access
    if not os.path.exists(output):
        raise unittest.SkipTest(f"a system's manager does not run here (exit {done.returncode}): {done.stderr.strip()}")
    with open(output, encoding="utf-8", errors="replace") as file:
        return done.returncode, file.read()


_INNER = """#!/bin/bash
exec >{output} 2>&1
set -u
export PATH=/opt/otpctl/bin:$PATH ASAN_OPTIONS=detect_leaks=0
as_user() {{
  setpriv --reuid=otpctl --regid=otpctl --clear-groups \\
    env -i PATH="$PATH" HOME=/var/lib/otpctl ASAN_OPTIONS="$ASAN_OPTIONS" "$@"
}}
"""

_OUTER = """set -e
mount -t tmpfs -o mode=0755 otptest /run
for folder in etc var; do
  mkdir -p /run/over/$folder.new /run/over/$folder.work
  mount -t overlay overlay -o lowerdir=/$folder,upperdir=/run/over/$folder.new,workdir=/run/over/$folder.work /$folder
done
mount -t tmpfs -o mode=0755 otptest /opt
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
mkdir -p /run/lock /opt/otpctl/build /run/units/otpctl-agent.service.d
mount --bind {build} /opt/otpctl/build
cmake -DCMAKE_INSTALL_PREFIX=/opt/otpctl -P /opt/otpctl/build/dist/systemd/cmake_install.cmake >/dev/null
ln -s build/bin build/libexec /opt/otpctl
cat >/run/units/otpctl-agent.service.d/test.conf <<END
[Service]
MemoryMax=infinity
StandardOutput=append:/run/agent.log
StandardError=append:/run/agent.log
Environment=ASAN_OPTIONS=detect_leaks=0
END
cat >/run/units/otptest.service <<END
[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash {inner}
END
for unit in basic sysinit sockets shutdown exit final umount; do
  printf '[Unit]\\nDefaultDependencies=no\\n' >/run/units/$unit.target
done
hostname otptest
ip link set lo up
export container=otptest SYSTEMD_UNIT_PATH=/run/units:/opt/otpctl/lib/systemd/system SYSTEMD_GENERATOR_PATH=/nowhere
exec {systemd} --system --unit=otptest.service --log-target=null
"""
