#!/usr/bin/env python3
"""The direction of #include: a folder may include itself and what stands above it (docs/ARCHITECTURE.md, "The house").

    layers.py ROOT

Prints each include that goes the wrong way; exit 1 when there is one.
"""

import os
import re
import sys

LIGHT = ["base", "rpc", "client"]  # lib/otpctl, top to bottom
HEAVY_ORDER = re.compile(r"^otpctl_room\((\w+)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def sources(folder):
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith((".hpp", ".cpp")):
                yield os.path.join(where, name)


def check(root):
    with open(os.path.join(root, "lib/agent/CMakeLists.txt"), encoding="utf-8") as file:
        heavy = HEAVY_ORDER.findall(file.read())  # in the order in which they stand there
    apps = [entry.name for entry in os.scandir(os.path.join(root, "apps")) if entry.is_dir()]
    # Programs that link the agent's rooms; all others are light.
    heavy_apps = {"agentd", "config", "extract", "doctor"}

    wrong = []

    def look(path, allowed):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for name in INCLUDE.findall(text):
            room = name.split("/")[0]
            if "/" in name and room not in allowed or name.startswith("."):
                wrong.append(f'{os.path.relpath(path, root)}: #include "{name}"')

    for at, room in enumerate(LIGHT):
        for path in sources(os.path.join(root, "lib/otpctl", room)):
            look(path, LIGHT[:at + 1])
    for at, room in enumerate(heavy):
        for path in sources(os.path.join(root, "lib/agent", room)):
            look(path, LIGHT + heavy[:at + 1])
    for name in apps:
        for path in sources(os.path.join(root, "apps", name)):
            look(path, LIGHT + ["shared"] + (heavy if name in heavy_apps else []) + apps)
    for path in sources(os.path.join(root, "lib/include")):
        look(path, [])
    return wrong


def main():
    wrong = check(sys.argv[1])
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
