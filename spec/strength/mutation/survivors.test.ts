import assert from "node:assert/strict";
import test from "node:test";
import { listSources, readText } from "../../house/source.ts";
import { PAGE_PATH, renderPage } from "./page.ts";
import {
  type Change,
  type Explanation,
  nameOf,
  readExplanations,
  readResults,
  type Results,
  scoreOf,
} from "./record.ts";

const RESULTS = readResults();
const EXPLANATIONS = readExplanations();

/** What is wrong with results and explanations, in words. */
function judge(results: Results, explanations: readonly Explanation[]): readonly string[] {
  const survivors = Object.entries(results).flatMap(([file, result]) =>
    result.survivors.map((change) => nameOf(file, change))
  );
  const explained = explanations.map((entry) => nameOf(entry.file, entry));
  return [
    ...survivors.filter((name) => !explained.includes(name)).map((name) => `unexplained ${name}`),
    ...explained.filter((name) => !survivors.includes(name)).map((name) => `no survivor ${name}`),
    ...explained.filter((name, index) => explained.indexOf(name) !== index)
      .map((name) => `twice ${name}`),
    ...explanations.filter(({ why }) => !/^[A-Z`].{20,}\.$/.test(why))
      .map(({ why }) => `no sentence ${why}`),
  ];
}

/** Whether the code that was changed is still there. */
function stands(text: string, { within, original }: Change): boolean {
  return text.includes(original) && text.split("\n").some((line) => line.trim() === within);
}

test("house: every file of the core was mutated, and 95 % of the mutants are noticed at least", () => {
  assert.deepEqual(Object.keys(RESULTS), listSources("core/"), "run npm run prove:mutants");
  const score = scoreOf(Object.values(RESULTS));
  assert.ok(score >= 95, `${score.toFixed(1)} %`);
});

test("house: every surviving mutant is explained, and nothing else is", () => {
  assert.deepEqual(judge(RESULTS, EXPLANATIONS), []);
});

test("house: the code of every survivor stands as it did when it was mutated", () => {
  const gone = EXPLANATIONS.filter((entry) => !stands(readText(entry.file), entry));
  assert.deepEqual(
    gone.map(({ file, within }) => `${file}: ${within}`),
    [],
    "run npm run prove:mutants",
  );
});

test("house: the page about mutation testing is fresh", () => {
  const how = "run npm run prove:mutants -- --page";
  assert.equal(readText(PAGE_PATH), renderPage(RESULTS, EXPLANATIONS), how);
});

test("tool: a survivor without explanation, an explanation without survivor, and a shrug are found", () => {
  const change = { within: "a && b;", mutator: "m", original: "a && b", replacement: "a" };
  const why = "Whatever b is, a already is false here.";
  const result = { mutants: 2, killed: {}, timeouts: 0, seconds: 1, survivors: [change] };
  const results = { "core/x.ts": result };
  const entry = { file: "core/x.ts", ...change, why };
  const count = (...entries: readonly Explanation[]) => judge(results, entries).length;
  assert.equal(count(entry), 0);
  assert.equal(count(), 1);
  assert.equal(count({ ...entry, file: "core/y.ts" }), 2);
  assert.equal(count(entry, entry), 1);
  assert.equal(count({ ...entry, why: "Equivalent." }), 1);
  assert.equal(scoreOf([result]), 50);
  assert.ok(stands("if (x)\n  a && b;", change));
  assert.ok(!stands("  a && b && c;", change));
});
