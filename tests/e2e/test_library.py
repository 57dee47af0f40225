"""The public C++ library as it is installed: programs of others are built on it, moved with it, and run against a real agent."""

import os
import re
import shlex
import signal
import subprocess
import unittest

from otptest import Home, mail, until
from otptest.agent import ROOT, bin_dir
from otptest.util import temp_dir

import shutil

BOT = "bot5@example.com"
SANITIZERS = "-fsanitize=address,undefined"


def run(*command, **more):
    """Runs a tool of the build; its output is the error when it fails."""
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False, **more)
    assert done.returncode == 0, f"{shlex.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


class Installed(unittest.TestCase):
    """An installation in a fresh prefix. `build` is what it was installed from."""

    def setUp(self):
        self.build = os.path.dirname(bin_dir())
        self.scratch = temp_dir("lib")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.prefix = os.path.join(self.scratch, "usr")
        run("cmake", "--install", self.build, "--prefix", self.prefix)
        with open(os.path.join(self.build, "CMakeCache.txt"), encoding="utf-8") as cache:
            sanitized = re.search(r"^OTPCTL_SANITIZE:\w+=(ON|1|TRUE)$", cache.read(), re.MULTILINE)
        self.flags = SANITIZERS if sanitized else ""
        self.home = self.enterContext(Home())
        self.home.bin = os.path.join(self.prefix, "bin")

    def move(self):
        """Everything that was installed, to another place."""
        before, self.prefix = self.prefix, os.path.join(self.scratch, "moved", "here")
        os.makedirs(os.path.dirname(self.prefix))
        os.rename(before, self.prefix)
        self.home.bin = os.path.join(self.prefix, "bin")

    def by_cmake(self, *arguments):
        """Builds examples/cpp as its own project; returns the folder with the programs."""
        folder = os.path.join(self.scratch, "examples")
        run("cmake", "-S", os.path.join(ROOT, "examples/cpp"), "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_FLAGS={self.flags} -Wall -Wextra -Wpedantic -Werror", *arguments)
        run("cmake", "--build", folder)
        return folder

    def by_pkg_config(self, source):
        """Builds one file with the flags of otpctl.pc; returns the program."""
        env = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.prefix, "lib/pkgconfig")}
        flags = run("pkg-config", "--cflags", "--libs", "otpctl", env=env).split()
        library = run("pkg-config", "--variable=libdir", "otpctl", env=env).strip()
        program = os.path.join(self.scratch, os.path.basename(source).removesuffix(".cpp"))
        run("c++", "-std=c++20", *self.flags.split(), "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, "-o", program,
            *flags, "-pthread", f"-Wl,-rpath,{library}")
        return program

    def start(self, program, *arguments, **popen):
        """Starts a program in the home."""
        process = subprocess.Popen([program, *arguments], env=self.home.env, text=True, stdin=subprocess.DEVNULL,
                                   **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen})
        self.addCleanup(process.kill)
        return process

    def agent_program(self):
        return os.readlink(f"/proc/{self.home.agent_pid()}/exe")

    def blocked(self):
        until(self.home.waiters, 15, "somebody waits", every=0.02)


class Examples(Installed):
    # ctest: timeout=300
    def test_a_project_finds_the_package_and_its_login_gets_its_code(self):
        home, examples = self.home, self.by_cmake()
        login = self.start(os.path.join(examples, "login"), BOT, "60")
        self.blocked()
        self.assertEqual(self.agent_program(), os.path.join(self.prefix, "libexec/otpctl/otpctl-agentd"))
        self.assertEqual([(one["email"], one["pid"]) for one in home.waiters()], [(BOT, login.pid)])
        self.assertEqual(home.otpctl("deliver", BOT, input=mail.html("482913", to=BOT)).code, 0)
        out, err = login.communicate(timeout=30)
        self.assertEqual((login.returncode, out), (0, "482913\n"))
        self.assertRegex(err, r"^registered [0-9a-f-]{36}: trigger the login now\n")
        self.assertEqual(home.json("session", "list")["sessions"], [])
        self.assertEqual(home.json("status")["codes_pending"], 0)

        with self.subTest("a stop leaves the code to the next"):
            self._a_stop_leaves_the_code_to_the_next(examples)
        with self.subTest("a timeout is told as the commands tell it"):
            login = self.start(os.path.join(examples, "login"), BOT, "0")
            out, err = login.communicate(timeout=10)
            self.assertEqual((login.returncode, out), (1, ""))
        with self.subTest("a closed stream's number is never a connection"):
            self._no_connection_takes_a_streams_number(examples)

    def _a_stop_leaves_the_code_to_the_next(self, examples):
        for number in (signal.SIGINT, signal.SIGTERM):
            login = self.start(os.path.join(examples, "login"), BOT, "60")
            self.blocked()
            login.send_signal(number)
            out, err = login.communicate(timeout=10)
            self.assertEqual((login.returncode, out), (128 + number, ""))
            self.assertIn("the caller asked to stop", err)
            until(lambda: not self.home.waiters(), 5, "the wait is gone")
        self.home.otpctl("deliver", BOT, input=mail.html("193744", to=BOT))
        self.assertEqual(self.home.otpctl("wait", BOT, "--timeout", "0").stdout, "193744\n")

    def _no_connection_takes_a_streams_number(self, examples):
        login = self.start("/bin/sh", "-c", f'exec "{examples}/login" {BOT} 60 <&- >&- 2>&-')
        self.blocked()
        for stream in range(3):
            target = ""
            if os.path.lexists(f"/proc/{login.pid}/fd/{stream}"):
                target = os.readlink(f"/proc/{login.pid}/fd/{stream}")
            self.assertNotRegex(target, "socket:|eventfd")
        login.send_signal(signal.SIGTERM)
        self.assertEqual(login.wait(10), 143)

    # ctest: timeout=300
    def test_a_watch_sees_what_happens_also_after_a_restart(self):
        home, examples = self.home, self.by_cmake()
        watch = os.path.join(examples, "watch")
        none = self.start(watch)
        self.assertEqual((none.wait(10), none.stderr.read()),
                         (69, "watch: no agent is running (start it with `otpctl agent start`)\n"))
        home.start_agent()
        seen = []
        watching = self.start(watch, "0")

        def see(pattern):
            while True:
                line = watching.stdout.readline()
                self.assertTrue(line, f"no {pattern} in {seen}")
                seen.append(line.rstrip("\n"))
                if re.search(pattern, line):
                    return

        see("agent started")
        home.otpctl("manual", BOT, "482913")
        see("entry taken")
        self.assertEqual(home.otpctl("wait", BOT, "--since", "30s", "--timeout", "10s").stdout, "482913\n")
        see(f"wait ended {BOT}|code acknowledged")
        self.assertEqual(home.otpctl("agent", "restart").code, 0)
        see("agent started")
        identity = home.otpctl("session", "register", "bot6@example.com").stdout.strip()
        self.assertTrue(identity)
        see("session registered bot6@example.com")
        ids = [int(line.split()[0]) for line in seen]
        self.assertEqual(ids, sorted(set(ids)), "each event once, in order")
        watching.send_signal(signal.SIGINT)
        self.assertEqual(watching.wait(10), 0)

        with self.subTest("a stopped agent ends a watch"):
            watching = self.start(watch, str(ids[-1]))
            until(lambda: home.otpctl("agent", "stop").code == 0, 5, "it stops")
            self.assertEqual(watching.wait(20), 69)


class Moved(Installed):
    # ctest: timeout=300
    def test_a_moved_installation_works_in_a_program_with_its_own_allocator(self):
        self.move()
        program = self.by_pkg_config(os.path.join(ROOT, "tests/e2e/library/lifecycle.cpp"))
        done = self.start(program, self.home.folder)
        out, err = done.communicate(timeout=120)
        self.assertEqual((done.returncode, out, err), (0, "done\n", ""))

        with self.subTest("the example by pkg-config, and the package from its new place"):
            self.by_cmake()
            login = self.start(self.by_pkg_config(os.path.join(ROOT, "examples/cpp/login.cpp")), BOT, "60")
            self.blocked()
            self.assertTrue(self.agent_program().startswith(self.prefix + "/"))
            self.home.otpctl("manual", BOT, "482913")
            self.assertEqual((login.wait(10), login.stdout.read()), (0, "482913\n"))

    # ctest: timeout=300
    def test_what_lies_in_the_prefix_is_what_programs_need(self):
        files = {os.path.relpath(os.path.join(where, name), self.prefix)
                 for where, _, names in os.walk(self.prefix) for name in names}
        for wanted in ("include/otpctl/client.hpp", "include/otpctl/version.hpp", "lib/libotpctl.so",
                       "lib/cmake/otpctl/otpctlConfig.cmake", "lib/cmake/otpctl/otpctlConfigVersion.cmake",
                       "lib/cmake/otpctl/otpctlTargets.cmake", "lib/pkgconfig/otpctl.pc"):
            self.assertIn(wanted, files)
        headers = {os.path.basename(name) for name in files if name.startswith("include/")}
        public = {name for name in os.listdir(os.path.join(ROOT, "lib/include/otpctl")) if name.endswith(".hpp")}
        self.assertEqual(headers, public | {"version.hpp"})
        library = os.path.join(self.prefix, "lib/libotpctl.so")
        self.assertEqual(os.readlink(library), "libotpctl.so.0")
        self.assertRegex(os.readlink(library + ".0"), r"^libotpctl\.so\.0\.\d+\.\d+$")
        self.assertIn("[libotpctl.so.0]", run("readelf", "-d", library))
        for name in files:  # nothing names the folder that it was built in
            if name.endswith((".cmake", ".pc", ".hpp")):
                with open(os.path.join(self.prefix, name), encoding="utf-8") as file:
                    self.assertNotIn(ROOT, file.read(), name)


if __name__ == "__main__":
    unittest.main()
