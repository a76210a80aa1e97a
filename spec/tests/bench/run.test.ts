import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The smallest run there is. It measures nothing that means anything. */
async function bench(...options: readonly string[]): Promise<string> {
  const tiny = ["--quick", "--no-install", "--users", "50", "--warm", "0.02", "--measure", "0.05"];
  const args = ["--import", "tsx", "spec/bench/run.ts", ...tiny, ...options];
  const { stdout } = await promisify(execFile)("node", args, { cwd: ROOT });
  return stdout;
}

test("tool: the benchmark measures every kind of request, with right answers that last", async () => {
  const results = JSON.parse(await bench("--json", "--group", "floors,ours", "--store", "sqlite"));
  const works = [
    "publicId",
    "consent ES256",
    "consent RS256",
    "consent EdDSA",
    "refresh",
    "introspection",
    "Users API",
    "bad secret",
    "bad signature",
    "unknown user",
  ];
  assert.deepEqual(Object.keys(results.ratios), works.map((work) => `${work} sqlite / floor`));
  for (const { work, cpu, answered } of results.figures) {
    assert.ok(cpu > 0 && answered > 0, `${work}: ${cpu} µs, ${answered} answers`);
  }
});

test("tool: the benchmark compares two checkouts, and its last line is JSON", async () => {
  const options = ["--only", "publicId", "--store", "memory", "--peers", "none", "--against", "."];
  const lines = (await bench(...options)).trim().split("\n");
  assert.ok(lines.some((line) => line.startsWith("| publicId | memory (against) |")));
  const { ratios } = JSON.parse(lines.at(-1) ?? "");
  assert.ok(ratios["publicId memory / against"] > 0);
});
