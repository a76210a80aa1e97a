import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ATTACKS } from "../../requirements/attacks.ts";
import { cases } from "../../conformance/mod.ts";
import { FAULTS as PLANTED_INTO_THE_CORE } from "../model/faults.ts";
import { requirement } from "../../requirements/mod.ts";
import { examine, isCaught } from "./examine.ts";
import type { Planted } from "./fault.ts";
import { FAULTS } from "./faults/all.ts";
import { CORE } from "./faults/core.ts";
import { OUT_OF_REACH, UNSEEN } from "./faults/unseen.ts";
import { STRENGTH_PAGE_PATH } from "./page.ts";
import { applyEdits } from "./plant.ts";
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

test("tool: the cases that are named for faults pass where there is no fault", async () => {
  const named = cases.filter(({ id }) => FAULTS.some(({ caughtBy }) => caughtBy.includes(id)));
  const { cases: results } = await examine({ id: "none", title: "", edits: [] }, named);
  const others = results.filter(({ outcome }) => outcome !== "passed");
  assert.deepEqual(others.map(({ id, outcome, reason }) => `${id} ${outcome}: ${reason}`), []);
});

test("tool: there are at least 60 faults and 8 variants, each with an id of its own", () => {
  assert.ok(FAULTS.length >= 60 && VARIANTS.length >= 8);
  const ids = [...FAULTS, ...VARIANTS].map(({ id }) => id);
  assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

test("tool: every fault names a case, and rules that there are", () => {
  assert.deepEqual(FAULTS.filter(({ caughtBy }) => caughtBy.length === 0).map(({ id }) => id), []);
  const unknown = FAULTS.filter(({ rules }) =>
    rules.length === 0 || rules.some((rule) => requirement(rule) === undefined)
  );
  assert.deepEqual(unknown.map(({ id }) => id), []);
});

test("tool: every attack has a fault that stands for it, or a reason why it has none", () => {
  const stood = new Set([
    ...FAULTS.flatMap(({ attacks }) => attacks),
    ...OUT_OF_REACH.map(({ id }) => id),
  ]);
  assert.deepEqual(ATTACKS.filter(({ id }) => !stood.has(id)).map(({ id }) => id), []);
  const known = new Set(ATTACKS.map(({ id }) => id));
  assert.deepEqual([...stood].filter((id) => !known.has(id)), []);
});

test("tool: every fault that the formal spec plants is seen here, or it is said why not", () => {
  const said = [...CORE, ...UNSEEN].map(({ id }) => id).sort();
  assert.deepEqual(PLANTED_INTO_THE_CORE.map(({ id }) => id).sort(), said);
});

test("tool: the published page is about these very servers", () => {
  const page = readFileSync(new URL(`../../../${STRENGTH_PAGE_PATH}`, import.meta.url), "utf8");
  // The id stands at the end of the first cell, behind the title.
  const published = [...page.matchAll(/^\| (?:[^|\\]|\\.)*? `([\w/-]+)` \|/gm)]
    .map((match) => match[1]);
  const ids = [...FAULTS, ...VARIANTS].map(({ id }) => id);
  const missing = ids.filter((id) => !published.includes(id));
  const gone = published.filter((id) => id?.includes("/") && !ids.includes(id));
  assert.deepEqual({ missing, gone }, { missing: [], gone: [] }, "run npm run prove:faults");
});

test("tool: every fault and every variant can be planted into the code as it stands", () => {
  const plant = ({ id, edits }: Planted) => edits.map(([file]) => applyEdits(file, edits, id));
  for (const planted of PLANTED) assert.doesNotThrow(() => plant(planted));
});

test("tool: a text is planted once or not at all, however it is broken into lines", () => {
  const planted = applyEdits("core/scope.ts", [[
    "core/scope.ts",
    "return\n  a.filter(",
    "return b.filter(",
  ]], "x");
  assert.match(planted, /return b\.filter\(/);
  const plant = (find: string) => () =>
    applyEdits("core/scope.ts", [["core/scope.ts", find, ""]], "x");
  assert.throws(
    plant("export"),
    /^Error: Cannot plant x into core\/scope.ts: this occurs \d+ times: export$/,
  );
  assert.throws(plant("no such text"), /this occurs 0 times/);
});

test("tool: a fault that is not caught, and a variant that is failed, are complained of", () => {
  const row: Row = {
    id: "x",
    seconds: 1,
    summary: { passed: 1, failed: 0, warned: 0, skipped: 0, expected: 0 },
    told: [],
    problem: null,
  };
  const [fault, variant] = [FAULTS[0], VARIANTS[0]];
  assert.ok(fault !== undefined && variant !== undefined);
  const must = { id: "input/neither", level: "MUST", outcome: "failed", reason: "why" } as const;
  const should = { ...must, level: "SHOULD", outcome: "warned" } as const;
  assert.deepEqual(complaints(fault, row), ["no case caught it"]);
  assert.equal(complaints(fault, { ...row, told: [must] }).length, fault.caughtBy.length);
  assert.deepEqual(complaints(variant, { ...row, told: [should] }), []);
  assert.deepEqual(complaints(variant, { ...row, told: [must] }), ["MUST input/neither: why"]);
  const dead = { ...row, summary: null, problem: "the process ended with code 1" };
  assert.equal(complaints(variant, dead).length, 1);
});
