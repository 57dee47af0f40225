"""Reads ctest's JUnit file: prints what failed and what was skipped, and ends with the count.

tally.py JUNIT.xml SKIPS.txt. Exit code 1 when something failed, when nothing ran, or (CI=true) when a test
was skipped that SKIPS.txt does not name. Lines of SKIPS.txt: `name of the test: the reason`; # is a comment.
"""

import os
import sys
import xml.etree.ElementTree as xml


def allowed_skips(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return {line.rpartition(": ")[0] for line in lines}


def was_skipped(case):
    """True when the test itself said so (ctest calls one whose program is missing "skipped", too)."""
    note = case.find("skipped")
    return note is not None and note.get("message", "").startswith("SKIP_")


def main(report, skips):
    passed, failed, skipped = [], [], []
    for case in xml.parse(report).getroot().iter("testcase"):
        (passed if case.get("status") == "run" else skipped if was_skipped(case) else failed).append(case)
    for case in failed:
        print(f"\n==== FAILED {case.get('name')} after {float(case.get('time')):.1f} s")
        print("\n".join((case.findtext("system-out") or "").splitlines()[-60:]))
    unexpected = {case.get("name") for case in skipped} - allowed_skips(skips)
    for case in skipped:
        words = (case.findtext("system-out") or "").strip().splitlines()
        why = next((line for line in words if "skipped" in line), words[-1] if words else "no reason given")
        print(f"SKIPPED {case.get('name')}: {why}")
    wrong = bool(failed) or not passed
    if unexpected and os.environ.get("CI") == "true":
        print("not in tests/skips.txt: " + ", ".join(sorted(unexpected)))
        wrong = True
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
