import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import test from "node:test";
import { partOf, partsOfLevel, requirement } from "../../requirements/mod.ts";
import { type Level, strongest } from "../../requirements/model.ts";
import { ATTACKS } from "../../requirements/attacks.ts";
import { cases, describeNeed } from "../../conformance/mod.ts";

const IDS = new URL("../../conformance/cases/ids.txt", import.meta.url);

test("tool: the ids of cases are unique and well formed", () => {
  const ids = cases.map(({ id }) => id);
  assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
  assert.deepEqual(ids.filter((id) => !/^[a-z-]+\/[a-z0-9-]+$/.test(id)), []);
  assert.deepEqual(
    cases.filter(({ id, group }) => !id.startsWith(`${group}/`)).map(({ id }) => id),
    [],
  );
});

test("tool: no id of a case ever goes or changes its level in silence", async () => {
  const listed = cases.map(({ id, level }) => `${id} ${level}\n`).sort().join("");
  // After a deliberate change: UPDATE_CASE_IDS=1 with this test, and a line in the changelog.
  if (process.env["UPDATE_CASE_IDS"]) await writeFile(IDS, listed);
  assert.equal(await readFile(IDS, "utf8"), listed);
});

test("tool: there are at least 120 cases, in every group", () => {
  assert.ok(cases.length >= 120, `${cases.length} cases`);
  const groups = new Map<string, number>();
  for (const { group } of cases) groups.set(group, (groups.get(group) ?? 0) + 1);
  assert.equal(groups.size, 9);
  assert.deepEqual([...groups].filter(([, count]) => count < 5), []);
});

test("tool: every rule and attack that a case cites exists", () => {
  const attacks = new Set(ATTACKS.map(({ id }) => id));
  for (const { id, requirements, attacks: cited } of cases) {
    assert.ok(requirements.length > 0, `${id} cites no rule`);
    assert.deepEqual(requirements.filter((rule) => requirement(rule) === undefined), [], id);
    assert.deepEqual(cited.filter((attack) => !attacks.has(attack)), [], id);
  }
});

test("tool: no case is stricter than the rules it cites", () => {
  const stricter = cases.filter(({ level, requirements }) => {
    const levels = requirements.map((rule): Level => requirement(rule)?.level ?? "MAY");
    return strongest([level, ...levels]) !== strongest(levels);
  });
  assert.deepEqual(stricter.map(({ id, level }) => `${id} ${level}`), []);
});

test("tool: no case is stricter than the parts it cites", () => {
  const wrong = cases.flatMap(({ id, level, parts }) =>
    parts.filter((part) => strongest([level, partOf(part)?.level ?? "MAY"]) !== partOf(part)?.level)
      .map((part) => `${id} ${level} ${part}`)
  );
  assert.deepEqual(wrong, []);
});

test("tool: every part of a rule with the level MUST has a case of this level", () => {
  const cited = new Set(cases.flatMap(({ parts }) => parts));
  assert.deepEqual(partsOfLevel("MUST").filter((part) => !cited.has(part)), []);
});

test("tool: every rule that can be seen from outside has a case", () => {
  const inside = ["A1", "A3", "A4", "R5"]; // purity, faults, audit and sweeping do not show on the wire
  const cited = new Set(cases.flatMap(({ requirements }) => requirements));
  const rules = [..."GEPCTRA"].flatMap((letter) =>
    Array.from({ length: 14 }, (_, index) => `${letter}${index + 1}`)
  ).filter((id) => requirement(id) !== undefined);
  assert.deepEqual(rules.filter((id) => !cited.has(id) && !inside.includes(id)), []);
});

test("tool: every case says in sentences what holds and how to fix it", () => {
  for (const { id, title, does, expects, remedy } of cases) {
    for (const text of [title, does, expects, remedy].filter((text) => text !== undefined)) {
      assert.match(text, /^\S.*[.:?)"]$/s, `${id}: ${text}`);
      assert.ok(text.length >= 5 && text.length < 400, `${id}: ${text}`);
    }
  }
});

test("tool: every need is explained", () => {
  for (const { needs } of cases) {
    for (const need of needs) assert.ok(describeNeed(need).length > 10, need);
  }
});
