"""The man pages as mandoc's linter sees them: man_pages.py MANDOC PAGE...

Fails also when mandoc cannot be run, cannot read a page, or finds nothing wrong with a page that is wrong.
"""

import subprocess
import sys

NOT_LOOKED_AT = 5  # mandoc(1): from here on an exit code says that it could not do its work
WRONG = ".Dd November 20, 2026\n.Dt WRONG 1\n.Os\n.Sh NAME\n.Nm wrong\n.Nd a page with a macro that is none\n.Zz\n"


def complaints(mandoc, *pages, **more):
    done = subprocess.run([mandoc, "-T", "lint", *pages], text=True, capture_output=True, timeout=50, check=False, **more)
    if not 0 <= done.returncode < NOT_LOOKED_AT:
        sys.exit(f"{mandoc} ends with {done.returncode}: {done.stderr.strip()}{done.stdout.strip()}")
    # Whether another page is installed here is not the pages' business.
    return [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]


def main(mandoc, *pages):
    if not pages:
        sys.exit("no pages")
    try:
        if not any("Zz" in line for line in complaints(mandoc, input=WRONG)):
            sys.exit(f"{mandoc} finds nothing wrong with a page that is wrong")
        found = complaints(mandoc, *pages)
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{mandoc} cannot be run: {error}")
    print("\n".join(found))
    sys.exit(1 if found else 0)


main(*sys.argv[1:])
