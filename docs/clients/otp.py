#!/usr/bin/env python3
"""otp.py RECIPIENT [TIMEOUT]: prints the next one-time code for RECIPIENT. Exit codes as `otpctl wait`."""
import json, os, socket, sys, uuid

def fail(exit, message):
    sys.exit(sys.stderr and print(f"otp.py: {message!r}", file=sys.stderr) or exit)

def ask(number, method, **params):
    agent.sendall(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
    answer = next((frame for frame in map(json.loads, lines) if frame.get("id") == number), None)
    reply = answer and (answer.get("error") or answer["result"]) or {"message": "the agent ended", "exit": 69}
    if "message" in reply:  # an error, or the end of a wait without a code
        fail(reply.get("exit") or reply["data"]["exit"], reply["message"])
    return reply

if len(sys.argv) < 2: fail(64, "whose code? otp.py RECIPIENT [TIMEOUT]")
if sys.stdout is None: fail(75, "standard output is closed")  # known before anybody's code is taken
state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
home, agent = os.environ.get("OTPCTL_HOME") or f"{state}/otpctl", socket.socket(socket.AF_UNIX)
try:
    agent.connect(json.load(open(f"{home}/agent.json"))["socket"])
except OSError as error:
    fail(69, f"no agent: {error}")
lines, waiter = agent.makefile(), str(uuid.uuid4())
ask(1, "hello", protocol=1, client="otp.py")
given = ask(2, "wait", waiter=waiter, email=sys.argv[1], timeout=(sys.argv + ["120s"])[2])
text = f"{given['code']}\n".encode()
try:  # first out, then acknowledged: what nobody got goes to the next
    while text: text = text[os.write(1, text):]
except OSError as error:
    fail(75, f"standard output: {error}")
ask(3, "ack", delivery=given["delivery"], waiter=waiter)
