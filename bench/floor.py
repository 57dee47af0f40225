"""The floor: a raw-socket IMAP client that idles, fetches, finds the code by one pattern and prints it.

Run by bench/run with the port and the CA file as arguments, user and password in the environment. Prints
`ready` once it idles, then one code a line.
"""

import os
import re
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))
from otptest.rawimap import ImapClient  # noqa: E402  pylint: disable=wrong-import-position

CODE = re.compile(rb"(?:<b>|code is )(\d{6})")


def main(port, ca_file):
    imap = ImapClient(int(port), tls=ssl.create_default_context(cafile=ca_file), timeout=3600)
    imap.login(os.environ["FLOOR_USER"], os.environ["FLOOR_PASSWORD"])
    next_uid = imap.examine()
    imap.idle()
    os.write(1, b"ready\n")
    while True:
        imap.wait_exists(3600)
        imap.untagged.clear()
        mails = imap.leave_idle_fetch(next_uid)
        for uid in sorted(mails):
            found = CODE.search(mails[uid])
            if found:
                os.write(1, found[1] + b"\n")
            next_uid = uid + 1
        imap.after_fetch()


if __name__ == "__main__":
    main(*sys.argv[1:])
