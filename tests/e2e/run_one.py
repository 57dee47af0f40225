"""Runs one test method: run_one.py MODULE CLASS METHOD [SECONDS].

Exit code 0 passed, 1 failed, 125 skipped. When the seconds are over the test fails by an exception, so
that what it has started is still ended.
"""

import signal
import sys
import unittest


def main(module, name, method, seconds="120"):
    def give_up(*_):
        raise TimeoutError(f"the test has not ended within {seconds} s")
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(int(seconds))
    suite = unittest.defaultTestLoader.loadTestsFromName(f"{module}.{name}.{method}")
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    signal.alarm(0)
    if result.testsRun != 1 or not result.wasSuccessful():
        return 1
    return 125 if result.skipped else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
