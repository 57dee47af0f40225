#!/usr/bin/env node
// otp.mjs RECIPIENT [TIMEOUT]: prints the next one-time code for RECIPIENT. Exit codes as `otpctl wait`.
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync, writeSync } from "node:fs";
import { createConnection } from "node:net";
import { homedir } from "node:os";
import { createInterface } from "node:readline";

const fail = (message, exit) => process.exit(console.error("otp.mjs: %j", message) ?? exit);
const [email, timeout = "120s"] = process.argv.slice(2), waiter = randomUUID();
if (email === undefined) fail("whose code? otp.mjs RECIPIENT [TIMEOUT]", 64);
// Node opens /dev/null for reading and writing in place of a closed standard output; a shell, for writing alone.
const opened = readFileSync("/proc/self/fdinfo/1", "utf8");
if (readlinkSync("/proc/self/fd/1") === "/dev/null" && /^flags:.*2$/m.test(opened)) fail("standard output is closed", 75);
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
await ask(1, "hello", { protocol: 1, client: "otp.mjs" });
const given = await ask(2, "wait", { waiter, email, timeout });
const text = Buffer.from(`${given.code}\n`);
try { // first out, then acknowledged: what nobody got goes to the next
  for (let out = 0; out < text.length; ) out += writeSync(1, text, out);
} catch (error) {
  fail(`standard output: ${error.message}`, 75);
}
await ask(3, "ack", { delivery: given.delivery, waiter });
agent.end();
