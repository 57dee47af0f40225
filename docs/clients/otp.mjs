#!/usr/bin/env node
// otp.mjs RECIPIENT [TIMEOUT]: prints the next one-time code for RECIPIENT. Exit codes as `otpctl wait`.
import { randomUUID } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { createInterface } from "node:readline";

const fail = (message, exit) => {
  console.error(`otp.mjs: ${message.replace(/[^\x20-\x7e]/g, "?")}`);
  process.exit(exit);
};
const { OTPCTL_HOME, XDG_STATE_HOME } = process.env;
const home = OTPCTL_HOME || `${XDG_STATE_HOME || `${homedir()}/.local/state`}/otpctl`;
let agent;
try {
  agent = createConnection(JSON.parse(readFileSync(`${home}/agent.json`, "utf8")).socket);
} catch (error) {
  fail(`no agent: ${error.message}`, 69);
}
agent.on("error", (error) => fail(`no agent: ${error.message}`, 69));
const lines = createInterface({ input: agent })[Symbol.asyncIterator]();
const ask = async (id, method, params) => {
  agent.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const frame = JSON.parse(next.value);
    if (frame.id !== id) continue; // a notification: "waiting", "warning"
    if (frame.error) fail(frame.error.message, frame.error.data.exit);
    return frame.result;
  }
  return fail("the agent ended", 69);
};

const [email, timeout = "120s"] = process.argv.slice(2);
await ask(1, "hello", { protocol: 1, client: "otp.mjs", pid: process.pid });
const waiter = randomUUID();
const result = await ask(2, "wait", { waiter, email, timeout });
if (result.end) fail(result.message, result.exit);
writeSync(1, `${result.code}\n`); // first out, then acknowledged: what nobody got goes to the next
await ask(3, "ack", { delivery: result.delivery, waiter });
agent.end();
