#!/usr/bin/env python3
"""No command may link what makes it slow to start: curl, GMime, Boost, SQLite, libcrypto and their like.

    link_lines.py FILE…

Reads the NEEDED entries of each (readelf -d) and prints those that are not allowed; exit 1 when there is one.
"""

import re
import subprocess
import sys

ALLOWED = re.compile(r"^(libotpctl-shared-[\d.]+\.so|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libc\.so\.6|libm\.so\.6"
                     r"|ld-linux-[\w-]+\.so\.\d|libasan\.so\.\d|libubsan\.so\.\d)$")
NEEDED = re.compile(r"\(NEEDED\).*\[([^\]]+)\]")


def main():
    wrong = 0
    for path in sys.argv[1:]:
        dynamic = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
        for name in NEEDED.findall(dynamic):
            if not ALLOWED.match(name):
                print(f"{path}: links {name}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
