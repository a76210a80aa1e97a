import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { conform } from "../../conformance/mod.ts";

const SERVER = fileURLToPath(new URL("../../foreign/server.mjs", import.meta.url));

let child: ChildProcess;
let urls: { endpoint: string; harness: string };
before(async () => {
  child = spawn("node", [SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  urls = JSON.parse((await lines.next()).value) as typeof urls;
});
after(async () => {
  child.kill();
  await once(child, "exit");
});

test("tool: an implementation that shares no code with this one does all that the suite asks", async () => {
  const report = await conform({ ...urls, histories: 4 });
  const lacking = report.cases.filter(({ outcome }) => outcome !== "passed");
  assert.deepEqual(lacking.map(({ id, reason }) => `${id}: ${reason}`), []);
  assert.equal(report.summary.passed, report.suite.cases);
  assert.equal(report.depth, "oracle");
});
