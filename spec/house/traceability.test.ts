import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { ATTACKS } from "../requirements/attacks.ts";
import { requirement, REQUIREMENTS } from "../requirements/mod.ts";
import { renderPages } from "./pages.ts";
import { listFiles, readText, ROOT } from "./source.ts";
import { readTitles } from "./titles.ts";
import {
  describeCitation,
  IDS,
  isTestFile,
  overstrictCases,
  readTrace,
  type Trace,
  uncoveredIds,
  unknownIds,
} from "./trace.ts";

const trace = readTrace();

test("house: every rule and every attack has a check that cites it and always runs", () => {
  const uncovered = uncoveredIds(trace);
  assert.equal(uncovered.length, 0, `no check cites ${uncovered.join(" ")}`);
});

test("house: no check cites a rule or an attack that there is not", () => {
  assert.deepEqual(unknownIds(trace), []);
});

test("house: every test says what it checks", () => {
  assert.deepEqual(trace.uncited.map(({ path, line, name }) => `${path}:${line} "${name}"`), []);
});

test("house: no case is stricter than the rules it cites", () => {
  assert.deepEqual(overstrictCases(trace), []);
});

test("house: every test file stands where the tests are run from", () => {
  const tests = listFiles().filter((path) => path.endsWith(".test.ts"));
  assert.ok(tests.length > 0);
  assert.deepEqual(
    tests.filter((path) =>
      !/^spec\/(?:house|strength\/\w+|tests(?:\/\w+){1,3})\/[^/]+\.test\.ts$/.test(path)
    ),
    [],
  );
  assert.ok(tests.every(isTestFile));
});

test("house: ids are unique, and attacks name rules that there are", () => {
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

test("house: the pages that are printed from data are fresh", () => {
  const stale = renderPages(trace).filter(({ path, text }) =>
    !existsSync(ROOT + path) || readText(path) !== text
  );
  assert.deepEqual(stale.map(({ path }) => path), [], "run npm run docs");
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
for (const { rules, name } of TABLE) test(\`\${rules.join(", ")}: \${name}\`, () => {});
const TABLE = [{ id: "x-1", rules: ["C10", "C11"], attacks: ["CT-21"], level: "MUST" }];
always("y-2", ["C12", "C14"], "a sentence");
never("y-3", ["a", "C14"]);
/C13: a regular expression/.test("C13: an argument");
test("tool: of the house", () => {});
test("no id", () => {});
test("C13 no colon", () => {});
test(text, () => {});
test(\`\${text}: not from a table\`, () => {});
`;

test("tool: titles are read from tests, groups, subtests and tables, and from nothing else", () => {
  const { citations, uncited, fromTable } = readTitles("sample.ts", SAMPLE);
  const cited = citations.map(({ ids, unconditional }) =>
    ids.join("+") + (unconditional ? "" : "?")
  );
  const expected = "C3+CT-24 C4 C5 C5 C6 C7? C8? C9 C10+C11+CT-21 C12+C14".split(" ");
  assert.deepEqual(cited, expected);
  assert.deepEqual(uncited.map(({ name }) => name), [
    "no id",
    "C13 no colon",
    "text",
    "…: not from a table",
  ]);
  assert.ok(fromTable);
});

test("tool: an unknown id, a missing check and an overstrict case are found", () => {
  const { citations, uncited } = readTitles(
    "sample.ts",
    `import test from "node:test";
     test("C6, C99: x", () => {});
     test.skip("E1: x", () => {});
     const TABLE = [{ id: "a", level: "MUST", requirements: ["C6"] },
                    { id: "b", level: "SHOULD", requirements: ["CT-24"] }];`,
  );
  const sample: Trace = { citations, uncited };
  assert.deepEqual(unknownIds(sample), ['sample.ts:2 "C6, C99: x" cites C99']);
  assert.deepEqual(uncoveredIds(sample), IDS.filter((id) => id !== "C6" && id !== "CT-24"));
  assert.deepEqual(overstrictCases(sample), ['sample.ts:4 "a" is a MUST, its rules are a SHOULD']);
  assert.equal(citations.map(describeCitation)[1], 'sample.ts:3 "E1: x"');
});
