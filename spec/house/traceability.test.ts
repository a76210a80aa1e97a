import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { ATTACKS } from "../requirements/attacks.ts";
import { requirement, REQUIREMENTS } from "../requirements/mod.ts";
import { renderPages } from "./pages.ts";
import { listFiles, readText, ROOT } from "./source.ts";
import { readTitles } from "./titles.ts";
import {
  checksOf,
  IDS,
  overstrictCases,
  silentTests,
  TITLES,
  uncheckedIds,
  unknownIds,
} from "./trace.ts";

const CHECKS = checksOf(TITLES);

test("house: every rule and every attack has a check that always runs", () => {
  assert.deepEqual(uncheckedIds(CHECKS), []);
});

test("house: no check cites a rule or an attack that does not exist", () => {
  assert.deepEqual(unknownIds(CHECKS), []);
});

test("house: every test says what it checks", () => {
  assert.deepEqual(silentTests(TITLES), []);
});

test("house: no case is stricter than the rules it cites", () => {
  assert.deepEqual(overstrictCases(CHECKS), []);
});

test("house: the tests that run the cases and the invariants are found", () => {
  assert.deepEqual(
    [...new Set(TITLES.filter(({ kind }) => kind === "data").map(({ path }) => path))]
      .filter((path) => path.startsWith("spec/tests/")),
    [
      "spec/tests/attacks/attacks.test.ts",
      "spec/tests/conformance/reference.test.ts",
      "spec/tests/model/worlds.test.ts",
      "spec/tests/support/store-contract.ts",
    ],
  );
});

test("house: every test file is where the test scripts look", () => {
  const tests = listFiles().filter((path) => path.endsWith(".test.ts"));
  const place = /^spec\/(?:house|strength\/\w+|tests(?:\/\w+){1,3})\/[^/]+\.test\.ts$/;
  assert.ok(tests.length > 0);
  assert.deepEqual(tests.filter((path) => !place.test(path)), []);
});

test("house: ids are unique, and attacks name rules that exist", () => {
  assert.deepEqual(IDS.filter((id, index) => IDS.indexOf(id) !== index), []);
  const missing = ATTACKS.flatMap(({ id, rules }) =>
    rules.length === 0 || rules.some((rule) => requirement(rule) === undefined) ? [id] : []
  );
  assert.deepEqual(missing, []);
});

test("house: a MUST is documented by the vendor or demanded by a standard", () => {
  const parts = REQUIREMENTS.flatMap(({ id, parts }) => parts.map((part) => ({ id, ...part })));
  const musts = parts.filter(({ level }) => level === "MUST");
  assert.deepEqual(musts.filter(({ source }) => source.kind === "ours").map(({ id }) => id), []);
  const documented = parts.filter(({ source }) => source.kind === "doc");
  assert.deepEqual(documented.filter(({ level }) => level !== "MUST").map(({ id }) => id), []);
});

test("house: the pages that are printed from data are fresh", async () => {
  const stale = (await renderPages()).filter(({ path, text }) =>
    !existsSync(ROOT + path) || readText(path) !== text
  );
  assert.deepEqual(stale.map(({ path }) => path), [], "run npm run docs:write");
});

const SAMPLE = `
import test, { describe, it as check } from "node:test";
// test("C1: in a comment", () => {});
const text = 'test("C2: in a string", () => {})';
test("C3, CT-24: plain", () => {});
test(\`C4: \${text} in a template\`, { timeout: 5 }, () => {});
test("C5: " + text, async (t) => { await t.test("within", () => {}); });
describe("C6: a group", () => { check("inside", () => {}); });
test.skip("C7: skipped", () => {});
test("C8: perhaps", { skip: text === "" }, () => {});
test("C9: never skipped", { skip: false }, () => {});
/C10: a regular expression/.test("C10: an argument");
for (const { rules, name } of TABLE) test(\`\${rules.join(", ")}: \${name}\`, () => {});
test("tool: of the house", () => {});
test("no id", () => {});
test("C11 no colon", () => {});
test(text, () => {});
test(\`\${text}: from something else\`, () => {});
`;

test("tool: titles are read from tests, groups and subtests, and from nothing else", () => {
  const titles = readTitles("spec/tests/sample.test.ts", SAMPLE);
  const cited = titles.filter(({ kind }) => kind === "ids")
    .map(({ ids, skippable }) => ids.join("+") + (skippable ? "?" : ""));
  assert.deepEqual(cited, "C3+CT-24 C4 C5 C5 C6 C7? C8? C9".split(" "));
  assert.deepEqual(silentTests(titles), [
    'spec/tests/sample.test.ts:13 "…: …"', // from data, but not where cases or invariants run
    'spec/tests/sample.test.ts:15 "no id"',
    'spec/tests/sample.test.ts:16 "C11 no colon"',
    'spec/tests/sample.test.ts:17 "…"',
    'spec/tests/sample.test.ts:18 "…: from something else"',
  ]);
  assert.deepEqual(readTitles("no-tests.ts", 'test("C1: of another runner", () => {});'), []);
});

test("tool: an unknown id, a missing check and an overstrict case are found", () => {
  const checks = [
    { name: "a test", ids: ["C6", "C99"] },
    { name: "a skipped test", ids: ["E1"], skippable: true },
    { name: "a case", ids: ["C6"], level: "MUST" },
    { name: "another case", ids: ["CT-24"], level: "SHOULD" },
  ] as const;
  assert.deepEqual(unknownIds(checks), ["a test cites C99"]);
  assert.deepEqual(uncheckedIds(checks), IDS.filter((id) => id !== "C6" && id !== "CT-24"));
  assert.deepEqual(overstrictCases(checks), ["a case is a MUST, its rules are a SHOULD"]);
});

test("tool: the rows of a table are checks only if a test is made from them", () => {
  const worlds = TITLES.filter(({ path }) => path === "spec/tests/model/worlds.test.ts");
  const withoutRunner = worlds.filter(({ kind }) => kind !== "data");
  assert.equal(withoutRunner.length, worlds.length - 1);
  assert.ok(checksOf(worlds).length > checksOf(withoutRunner).length + 50);
});
