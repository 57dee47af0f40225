#!/usr/bin/env python3
"""What libotpctl.so shows to others, held against a list: a function that is gone or has other parameters breaks programs.

    public_symbols.py LIBRARY LIST            prints the differences; exit 1 when there is one
    public_symbols.py --write LIBRARY LIST    writes the list anew, after a change that was meant

A line of the list: the symbol with its version, two spaces, what it is in C++.
"""

import re
import subprocess
import sys


def exported(library):
    """Symbol with version → its C++ name."""
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    symbols = sorted(line.split(maxsplit=2)[2] for line in lines if line.split()[1] != "A")
    names = subprocess.run(["c++filt", *[one.partition("@")[0] for one in symbols]], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return dict(zip(symbols, names))


def main():
    library, path = sys.argv[-2:]
    found = exported(library)
    if sys.argv[1] == "--write":
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{symbol}  {name}\n" for symbol, name in found.items())
        return 0
    with open(path, encoding="utf-8") as file:
        wanted = dict(line.rstrip("\n").split("  ", 1) for line in file)
    for symbol in sorted(wanted.keys() - found.keys()):
        print(f"gone, programs that use it no longer start: {wanted[symbol]}  ({symbol})")
    for symbol in sorted(found.keys() - wanted.keys()):
        print(f"new, and not in {path}: {found[symbol]}  ({symbol})")
    foreign = [name for name in found.values() if re.search(r"nlohmann|\btl::", name)]
    for name in foreign:
        print(f"names somebody else's type: {name}")
    return 1 if wanted.keys() != found.keys() or foreign else 0


if __name__ == "__main__":
    sys.exit(main())
