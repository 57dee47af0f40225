#!/usr/bin/env python3
"""otp.py RECIPIENT [TIMEOUT]: prints the next one-time code for RECIPIENT. Exit codes as `otpctl wait`."""
import json, os, socket, sys, uuid

def fail(message, exit_code):
    print(f"otp.py: {message!r}", file=sys.stderr)
    sys.exit(exit_code)

def ask(number, method, **params):
    lines.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    lines.flush()
    for frame in map(json.loads, lines):
        if frame.get("id") == number:  # all else is a notification: "waiting", "warning"
            if "error" in frame:
                fail(frame["error"]["message"], frame["error"]["data"]["exit"])
            return frame["result"]
    fail("the agent ended", 69)

try:
    home = os.environ.get("OTPCTL_HOME") or os.path.join(
        os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "otpctl")
    with open(os.path.join(home, "agent.json"), encoding="utf-8") as file:
        path = json.load(file)["socket"]
    agent = socket.socket(socket.AF_UNIX)
    agent.connect(path)
    lines = agent.makefile("rw", encoding="utf-8", newline="\n")
except OSError as error:
    fail(f"no agent: {error}", 69)
ask(1, "hello", protocol=1, client="otp.py", pid=os.getpid())
waiter = str(uuid.uuid4())
result = ask(2, "wait", waiter=waiter, email=sys.argv[1], timeout=(sys.argv + ["120s"])[2])
if result.get("end"):
    fail(result["message"], result["exit"])
print(result["code"], flush=True)  # first out, then acknowledged: what nobody got goes to the next
ask(3, "ack", delivery=result["delivery"], waiter=waiter)
