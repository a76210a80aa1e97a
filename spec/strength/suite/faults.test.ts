import assert from "node:assert/strict";
import test from "node:test";
import { ATTACKS } from "../../requirements/attacks.ts";
import { partsOfLevel } from "../../requirements/mod.ts";
import { cases } from "../../conformance/mod.ts";
import { readText } from "../../house/source.ts";
import { CORE_FAULTS } from "../model/faults.ts";
import { applyEdits } from "../plant.ts";
import { examine, isCaught } from "./examine.ts";
import { citationsOf } from "./fault.ts";
import { FAULTS } from "./faults/all.ts";
import { CORE } from "./faults/core.ts";
import { OUT_OF_REACH, UNSEEN } from "./faults/unseen.ts";
import { renderStrengthPage, STRENGTH_PAGE } from "./page.ts";
import { type Results, RESULTS_PATH } from "./results.ts";
import { complaints, PLANTED, type Row } from "./row.ts";
import { VARIANTS } from "./variants.ts";

const MUSTS = cases.filter(({ level }) => level === "MUST");

for (const variant of VARIANTS) {
  test(`tool: no MUST fails ${variant.id}: ${variant.title}`, async () => {
    const { cases: results } = await examine(variant, MUSTS);
    assert.deepEqual(results.filter(isCaught).map(({ id, reason }) => `${id}: ${reason}`), []);
    assert.ok(results.filter(({ outcome }) => outcome === "passed").length > MUSTS.length / 2);
  });
}

test("tool: the cases that are named for faults pass without a fault", async () => {
  const named = cases.filter(({ id }) => FAULTS.some(({ caughtBy }) => caughtBy.includes(id)));
  const { cases: results } = await examine({ id: "none", title: "" }, named);
  const others = results.filter(({ outcome }) => outcome !== "passed");
  assert.deepEqual(others.map(({ id, outcome, reason }) => `${id} ${outcome}: ${reason}`), []);
});

test("tool: there are at least 60 faults and 8 variants, each with a unique id", () => {
  assert.ok(FAULTS.length >= 60 && VARIANTS.length >= 8);
  const ids = [...FAULTS, ...VARIANTS].map(({ id }) => id);
  assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

test("tool: every fault names cases that exist, and so stands for a rule", () => {
  const known = new Set(cases.map(({ id }) => id));
  const lost = FAULTS.filter((fault) =>
    citationsOf(fault).rules.length === 0 || !fault.caughtBy.every((id) => known.has(id))
  );
  assert.deepEqual(lost.map(({ id }) => id), []);
});

test("tool: every part of a rule with the level MUST has a fault that a case about it catches", () => {
  const caught = new Set(FAULTS.flatMap(({ caughtBy }) => caughtBy));
  const covered = new Set(cases.filter(({ id }) => caught.has(id)).flatMap(({ parts }) => parts));
  assert.deepEqual(partsOfLevel("MUST").filter((part) => !covered.has(part)), []);
});

test("tool: every attack has a fault that stands for it, or a reason why it has none", () => {
  const covered = new Set([
    ...FAULTS.flatMap((fault) => citationsOf(fault).attacks),
    ...OUT_OF_REACH.map(({ id }) => id),
  ]);
  assert.deepEqual(ATTACKS.filter(({ id }) => !covered.has(id)).map(({ id }) => id), []);
  const known = new Set(ATTACKS.map(({ id }) => id));
  assert.deepEqual([...covered].filter((id) => !known.has(id)), []);
});

test("tool: every fault of the core is seen here, or there is a reason why it is not", () => {
  const explained = [...CORE, ...UNSEEN].map(({ id }) => id).sort();
  assert.deepEqual(CORE_FAULTS.map(({ id }) => id).sort(), explained);
});

test("tool: the published results are about these servers, and the page is printed from them", () => {
  const results: Results = JSON.parse(readText(RESULTS_PATH));
  const how = "run npm run prove:faults";
  assert.deepEqual(Object.keys(results.faults), FAULTS.map(({ id }) => id), how);
  assert.deepEqual(Object.keys(results.variants), VARIANTS.map(({ id }) => id), how);
  const wrong = FAULTS.filter(({ id, caughtBy }) =>
    !caughtBy.every((one) => results.faults[id]?.includes(one))
  );
  assert.deepEqual(wrong.map(({ id }) => id), [], how);
  assert.equal(readText(STRENGTH_PAGE), renderStrengthPage(results), `${how} -- --page`);
});

test("tool: every fault and every variant can be planted into the code as it is", () => {
  for (const planted of PLANTED) {
    for (const [file] of planted.edits ?? []) {
      assert.doesNotThrow(() => applyEdits(file, planted));
    }
  }
});

test("tool: an edit matches exactly once, whatever the white space and trailing commas", () => {
  const plant = (find: string) =>
    applyEdits("core/scope.ts", { id: "x", edits: [["core/scope.ts", find, "// planted"]] });
  assert.match(plant("return\n  a . filter( ( token )=>b.includes(token,) )"), /\/\/ planted;/);
  assert.throws(
    () => plant("export"),
    /^Error: Cannot plant x into core\/scope.ts: \d+ matches, expected 1: export$/,
  );
  assert.throws(() => plant("no such text"), /: 0 matches, expected 1: no such text$/);
  assert.throws(() => plant("eturn a.filter"), /: 0 matches/);
});

test("tool: a fault that is not caught, and a variant that is failed, are reported", () => {
  const row: Row = {
    id: "x",
    seconds: 1,
    summary: { passed: 1, failed: 0, warned: 0, skipped: 0, expected: 0 },
    failed: [],
    problem: null,
  };
  const [fault, variant] = [FAULTS[0], VARIANTS[0]];
  assert.ok(fault !== undefined && variant !== undefined);
  const must = { id: "input/neither", level: "MUST", outcome: "failed", reason: "why" } as const;
  const should = { ...must, level: "SHOULD", outcome: "warned" } as const;
  assert.deepEqual(complaints(fault, row), ["no case caught it"]);
  assert.equal(complaints(fault, { ...row, failed: [must] }).length, fault.caughtBy.length);
  assert.deepEqual(complaints(variant, { ...row, failed: [should] }), []);
  assert.deepEqual(complaints(variant, { ...row, failed: [must] }), ["MUST input/neither: why"]);
  const dead = { ...row, summary: null, problem: "the process ended with code 1" };
  assert.equal(complaints(variant, dead).length, 1);
});
