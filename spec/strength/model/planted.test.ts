import assert from "node:assert/strict";
import test from "node:test";
import { FAULTS } from "./faults.ts";
import { plant, plantedText } from "./plant.ts";
import { WORLDS } from "../../model/worlds.ts";

for (const fault of FAULTS) {
  test(`tool: the planted fault ${fault.id} still has its place in core/${fault.file}`, () => {
    assert.doesNotThrow(() => plantedText(fault));
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
    const fault = FAULTS.find((one) => one.id === id);
    const plans = WORLDS.filter(({ name }) => name === world);
    assert.ok(fault !== undefined && plans.length === 1);
    const { caught } = await plant(fault, plans);
    assert.ok(caught?.invariants.includes(by), `caught by ${caught?.invariants ?? "nothing"}`);
  });
}

test("tool: a fault whose text is not in the core cannot be planted", () => {
  const edits = [["this text is not there", ""]] as const;
  const fault = { id: "nowhere", file: "scope.ts", text: "nothing", edits };
  assert.throws(() => plantedText(fault), /Cannot plant nowhere: its text occurs 0 times/);
});
