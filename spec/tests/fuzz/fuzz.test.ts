/** The fuzzers of spec/fuzz, for a few seconds; and that they find what is planted. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fuzz, type Report } from "../../fuzz/engine.ts";
import { KNOWN, reproduceKnown } from "../../fuzz/known.ts";
import type { Fault, Target } from "../../fuzz/target.ts";
import { TARGETS } from "../../fuzz/targets/all.ts";

const SEED = Number(process.env["FC_SEED"] ?? 9);

function targetOf(name: string): Target {
  return TARGETS.find((target) => target.name === name) ?? assert.fail(name);
}

for (const target of TARGETS) {
  test(`A2, G9: whatever is sent, ${target.name} breaks no law`, async () => {
    const known = await reproduceKnown(target);
    const gone = known.filter(({ signature }) => signature === null);
    assert.deepEqual(gone.map(({ what }) => what), [], "fixed: take it off the list in known.ts");
    const signatures = new Set(known.flatMap(({ signature }) => signature ?? []));
    const { failures, outcomes } = await fuzz(target, {
      inputs: 300,
      seed: SEED,
      known: signatures,
    });
    assert.deepEqual(failures, []);
    assert.ok(Object.keys(outcomes).length > 1, `every input came to ${Object.keys(outcomes)}`);
  });
}

test("tool: every known failure names a target", () => {
  for (const { target } of KNOWN) targetOf(target);
});

const PLANTED: readonly (readonly [Fault, string, number, RegExp])[] = [
  ["throwing-handler", "json", 300, /Every request is answered/],
  ["echoing-log", "forms", 300, /No secret is in a log line/],
  ["recursive-reader", "strict-json", 3000, /stack overflow/],
];

for (const [fault, name, inputs, expected] of PLANTED) {
  test(`tool: the fuzzers find this fault: ${fault}`, async () => {
    const report: Report = await fuzz(targetOf(name), { inputs, seed: SEED, fault });
    const found = report.failures.find(({ signature }) => expected.test(signature));
    assert.ok(found, JSON.stringify(report));
    assert.match(found.replay, /npm run fuzz -- --only .* --seed \d+ --inputs \d+/);
  });
}
