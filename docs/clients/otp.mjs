#!/usr/bin/env node
// otp.mjs RECIPIENT [TIMEOUT]: prints the next one-time code for RECIPIENT. Exit codes as `otpctl wait`.
import { randomUUID } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { createInterface } from "node:readline";

const fail = (message, exit) => process.exit(console.error("otp.mjs: %j", message) ?? exit);
const { OTPCTL_HOME, XDG_STATE_HOME } = process.env;
const home = OTPCTL_HOME || `${XDG_STATE_HOME || `${homedir()}/.local/state`}/otpctl`;
process.on("uncaughtException", (error) => fail(`no agent: ${error.message}`, 69));
const agent = createConnection(JSON.parse(readFileSync(`${home}/agent.json`, "utf8")).socket);
const lines = createInterface({ input: agent })[Symbol.asyncIterator]();
const ask = async (id, method, params) => {
  agent.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
  for (let next; !(next = await lines.next()).done; ) {
    const { id: of, error, result } = JSON.parse(next.value);
    if (error) fail(error.message, error.data.exit);
    if (of === id) return result.end ? fail(result.message, result.exit) : result;
  }
  fail("the agent ended", 69);
};
const [email, timeout = "120s"] = process.argv.slice(2), waiter = randomUUID();
await ask(1, "hello", { protocol: 1, client: "otp.mjs" });
const given = await ask(2, "wait", { waiter, email, timeout });
writeSync(1, `${given.code}\n`); // first out, then acknowledged: what nobody got goes to the next
await ask(3, "ack", { delivery: given.delivery, waiter });
agent.end();
