#!/usr/bin/env python3
"""How long `otpctl health`, `otpctl complete` and a TAB in bash, zsh and fish take, with 100 sessions and 50 waits.

    bench/health_time.py [--rounds N]      needs a release build in build/release; exit code 1 when a target is missed
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/e2e"))
os.environ.setdefault("OTPCTL_BIN_DIR", os.path.realpath(os.path.join(HERE, "../build/release/bin")))
from otptest import Home, NoBinaries, Wire  # noqa: E402
from test_completions import BASH, FISH, Shell  # noqa: E402

HEALTH_MS, COMPLETION_MS = 10, 50
TEXTFILE = "otpctl health -q --textfile"  # an fsync: the disk's time, no target
IN_BASH = f"""source {BASH}
for ((round = 0; round < $1; ++round)); do
  COMP_LINE='otpctl wait bot7' COMP_POINT=16 COMP_WORDS=(otpctl wait bot7) COMP_CWORD=2
  before=${{EPOCHREALTIME/[.,]/}}; _otpctl 2>/dev/null; echo $((${{EPOCHREALTIME/[.,]/}} - before)) ${{#COMPREPLY[@]}}
done"""
IN_FISH = f"""source {FISH}
for round in (seq $argv[1])
  set -l before (date +%s%N); set -l found (complete -C 'otpctl wait bot7')
  echo (math "("(date +%s%N)" - $before) / 1000") (count $found)
end"""


def took(arguments, env):
    """Milliseconds from posix_spawn to the end, standard output thrown away."""
    actions = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    began = time.monotonic_ns()
    pid = os.posix_spawn(arguments[0], arguments, env, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    assert status == 0, (arguments, status)
    return (time.monotonic_ns() - began) / 1e6


def spread(values):
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{ordered[0]:.2f}/{statistics.median(ordered):.2f}/{p95:.2f}/{ordered[-1]:.2f}"


def processes(home, rounds):
    """{what: milliseconds of each run}, in turns with /bin/true."""
    textfile = os.path.join(home.root, "otpctl.prom")
    what = {"/bin/true": ["/bin/true"], "otpctl health": home.command("health"),
            "otpctl health --json": home.command("health", "--json"),
            TEXTFILE: home.command("health", "-q", "--textfile", textfile),
            "otpctl complete recipients": home.command("complete", "recipients"),
            "otpctl complete sessions": home.command("complete", "sessions")}
    times = {name: [] for name in what}
    for _ in range(rounds):
        for name, command in what.items():
            times[name].append(took(command, home.env))
    return times


def in_a_script(command, home, rounds):
    """Milliseconds of each completion, and that it found the 11 names that fit."""
    done = subprocess.run([*command, str(rounds)], env={**home.env, "XDG_CONFIG_HOME": home.root}, cwd=home.root,
                          capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == rounds and all(count == "11" for _, count in lines), done
    return [float(micros) / 1000 for micros, _ in lines]


def in_zsh(home, rounds):
    """TAB → the completed name stands on the terminal."""
    with Shell(home, "zsh") as shell:
        times = []
        for _ in range(rounds):
            shell.type("otpctl wait bot73")
            shell.expect("otpctl wait bot73")
            began = time.monotonic_ns()
            shell.type("\t")
            shell.expect("@example.com")
            times.append((time.monotonic_ns() - began) / 1e6)
            shell.type("\x15\n")
            shell.expect("ready> ")
        return times[1:]  # the first loads the functions


def shells(home, rounds):
    found = {}
    if shutil.which("bash"):
        found["TAB in bash"] = in_a_script(["bash", "-c", IN_BASH, "bash"], home, rounds)
    if shutil.which("fish"):
        found["TAB in fish, with two date(1)"] = in_a_script(["fish", "--no-config", "-c", IN_FISH], home, rounds)
    if shutil.which("zsh"):
        found["TAB in zsh, on a terminal"] = in_zsh(home, rounds)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    with Home() as home:
        home.start_agent()
        with Wire(home.agent_file()["socket"]) as wire:
            wire.hello()
            for number in range(100):
                wire.call("session.register", email=f"bot{number}@example.com")
            for number in range(50):
                wire.start("wait", waiter=f"1c8f1c8f-0000-4000-8000-{number:012}", email=f"bot{number}@example.com")
            wire.call("status")
            times = {**processes(home, rounds), **shells(home, min(rounds, 40))}
    floor = statistics.median(times["/bin/true"])
    met = True
    for name, values in times.items():
        median = statistics.median(values)
        verdict = ""
        if name not in ("/bin/true", TEXTFILE):
            limit = HEALTH_MS if "health" in name else COMPLETION_MS
            verdict = f"  at most {limit} ms: {'met' if median <= limit else 'MISSED'}"
            met = met and median <= limit
        print(f"{name:30} {spread(values):28} ms  {median / floor:5.1f} x /bin/true{verdict}")
    print("(min/median/p95/max)")
    return 0 if met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoBinaries as error:
        sys.exit(f"bench/health_time.py: {error}; build with `cmake --preset release && cmake --build --preset release`")
