"""The main job for real: see scripts/demo. Every code printed here was read from the stdout of an `otpctl wait`."""

import os
import sys
import time

from otptest import mail
from otptest.agent import Home
from otptest.dovecot import Dovecot

failures = 0


def show(what, wait, arrived_ns, expected):
    """Waits for the end of one `otpctl wait` and prints what it printed, and how long after the arrival."""
    global failures
    code = wait.finish(20)
    got = wait.stdout.rstrip("\n")
    right = code == 0 and wait.stdout == expected + "\n"
    failures += not right
    after = f"{(wait.first_byte_ns - arrived_ns) / 1e6:7.1f} ms" if wait.first_byte_ns else "  never  "
    print(f"  {what:<44} {got or '(nothing)':<10} {after}   {'right' if right else f'WRONG, exit {code}: {wait.stderr}'}")


def give(home, *arguments, text):
    """Hands something in; returns when it was accepted (monotonic ns)."""
    done = home.otpctl(*arguments, input=text)
    if done.code != 0:
        sys.exit(f"otpctl {arguments[0]}: exit {done.code}: {done.stderr}")
    return done


def embedded_default():
    print("\n1. No account, no configuration: the embedded default (time from the start of the handing command)")
    with Home() as home:
        wait = home.wait("bot1@example.com")
        began = time.monotonic_ns()
        give(home, "deliver", "bot1@example.com", text=mail.plain("482913", to="bot1@example.com"))
        show("a mail through `otpctl deliver`", wait, began, "482913")

        wait = home.wait("--phone", "+905551234567")
        began = time.monotonic_ns()
        give(home, "sms", "--from", "ExampleBank", "--to", "+905551234567", text="Your code is 551208. Do not share it.")
        show("an SMS through `otpctl sms`", wait, began, "551208")

        wait = home.wait("bot2@example.com")
        began = time.monotonic_ns()
        give(home, "manual", "bot2", text="730 664\n")
        show("an operator through `otpctl manual bot2`", wait, began, "730664")


def real_mailbox():
    print("\n2. A private Dovecot: IMAPS with a CA made on the spot, one catch-all mailbox (time from LMTP's 250)")
    with Home() as home, Dovecot() as dovecot:
        home.write_config(home.mailbox(dovecot))
        wait = home.wait("bot5@example.com")
        home.await_source()
        arrived = dovecot.deliver(mail.html("904417", to="bot5@example.com"), "bot5@example.com")
        show("an HTML mail to bot5@example.com", wait, arrived, "904417")

        names = [f"burst{n}@example.com" for n in range(20)]
        codes = mail.codes(20)
        waits = home.waits(names)
        arrivals = dovecot.deliver_many([(mail.html(code, to=name), [name]) for name, code in zip(names, codes)])
        for name, code, wait, arrived in zip(names, codes, waits, arrivals):
            show(f"burst of 20: {name}", wait, arrived, code)


def main():
    began = time.monotonic()
    embedded_default()
    real_mailbox()
    print(f"\n{'All codes right' if failures == 0 else f'{failures} WRONG'}, "
          f"{time.monotonic() - began:.1f} s. Nothing is left running.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    os.environ.setdefault("LANG", "C.UTF-8")
    main()
