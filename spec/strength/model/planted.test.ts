import assert from "node:assert/strict";
import test from "node:test";
import { readText } from "../../house/source.ts";
import { INVARIANTS } from "../../model/invariants.ts";
import { WORLDS } from "../../model/worlds.ts";
import { applyEdits } from "../plant.ts";
import { CORE_FAULTS } from "./faults.ts";
import { PLANTED_PAGE } from "./page.ts";
import { walk } from "./walk.ts";

for (const fault of CORE_FAULTS) {
  test(`tool: ${fault.id} can be planted into ${fault.file}`, () => {
    assert.doesNotThrow(() => applyEdits(fault.file, fault));
  });
}

/** A few faults, each with the world and the invariant that must catch it. */
const CAUGHT = [
  { id: "union-for-intersection", world: "families-descending", by: "no-scope-beyond-consent" },
  { id: "generation-not-advanced", world: "families-descending", by: "rotation-advances-by-one" },
  { id: "most-recent-evicted", world: "families-descending", by: "eviction-order" },
  { id: "anyones-refresh-token", world: "rotation", by: "foreign-client-harmless" },
  { id: "duplicate-one-second-longer", world: "rotation", by: "refresh-answer" },
  { id: "consume-before-verify", world: "consent-judging", by: "refusal-changes-nothing" },
  { id: "consent-not-consumed", world: "consent-judging", by: "redeemed-in-one-step" },
  { id: "facts-sorted-in-place", world: "precedence-descending", by: "pure" },
];

for (const { id, world, by } of CAUGHT) {
  test(`tool: ${id}, planted into the core, breaks ${by} in ${world}`, async () => {
    const fault = CORE_FAULTS.find((one) => one.id === id);
    const plans = WORLDS.filter(({ name }) => name === world);
    assert.ok(fault !== undefined && plans.length === 1);
    const { caught } = await walk(fault, plans);
    assert.ok(caught?.invariants.includes(by), `caught by ${caught?.invariants ?? "nothing"}`);
  });
}

test("tool: the page about planted bugs lists these faults and invariants", () => {
  const cells = (list: readonly string[]) => list.map((text) => `| ${text} |`);
  const page = readText(PLANTED_PAGE);
  const rows = [
    ...cells(CORE_FAULTS.map(({ title, file }) => `${title} | \`${file}\``)),
    ...cells(INVARIANTS.map(({ id }) => `\`${id}\``)),
  ];
  const missing = rows.filter((row) => !page.includes(`\n${row}`));
  assert.deepEqual(missing, [], "run npm run prove:planted-bugs -- --write-docs");
  const count = page.split("\n").filter((line) => /^\| (?!---|fault|invariant)/.test(line)).length;
  assert.equal(count, rows.length, "run npm run prove:planted-bugs -- --write-docs");
});
