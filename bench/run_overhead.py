#!/usr/bin/env python3
"""What `otpctl run` adds to its program: posix_spawn → end of `otpctl run … -- /bin/true` against /bin/true, in turns.

    bench/run_overhead.py [--rounds N] [--fd]      needs a release build in build/release; exit code 1 over 5 ms
"""

import argparse
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/e2e"))
os.environ.setdefault("OTPCTL_BIN_DIR", os.path.realpath(os.path.join(HERE, "../build/release/bin")))
from otptest import Home, NoBinaries  # noqa: E402

LIMIT_MS = 5


def took(arguments, env):
    began = time.monotonic_ns()
    pid = os.posix_spawn(arguments[0], arguments, env)
    _, status = os.waitpid(pid, 0)
    assert status == 0, (arguments, status)
    return (time.monotonic_ns() - began) / 1e6


def spread(values):
    ordered = sorted(values)
    return f"{ordered[0]:.2f}/{statistics.median(ordered):.2f}/{ordered[int(0.95 * len(ordered))]:.2f}/{ordered[-1]:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--fd", action="store_true", help="with --fd 9: a pipe and a wait as well")
    options = parser.parse_args()
    more = ["--fd", "9", "--quiet"] if options.fd else []
    plain, ours = [], []
    with Home() as home:
        home.start_agent()
        for number in range(options.rounds):
            plain.append(took(["/bin/true"], home.env))
            ours.append(took(home.command("run", "--email", f"bot{number}@example.com", *more, "--", "/bin/true"),
                             home.env))
    added = statistics.median(ours) - statistics.median(plain)
    print(f"/bin/true                {spread(plain)} ms\n"
          f"otpctl run -- /bin/true  {spread(ours)} ms   (min/median/p95/max, n={options.rounds})\n"
          f"added {added:.2f} ms (at most {LIMIT_MS}), ratio {statistics.median(ours) / statistics.median(plain):.2f}")
    return 0 if added <= LIMIT_MS else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoBinaries as error:
        sys.exit(f"bench/run_overhead.py: {error}; build with `cmake --preset release && cmake --build --preset release`")
