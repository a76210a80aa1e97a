import assert from "node:assert/strict";
import test from "node:test";
import { type Properties, walk, type World } from "../../model/explore.ts";

interface Jump {
  readonly kind: "add" | "double";
  readonly before: number;
  readonly after: number;
}

/** From 1, add one or double, up to 20; odd and even play no part. */
const NUMBERS: World<number, Jump> = {
  name: "numbers",
  initial: 1,
  steps: (before) => [
    { kind: "add", before, after: before + 1 },
    { kind: "double", before, after: before * 2 },
  ],
  encode: String,
  within: (state) => state <= 20,
};

const NOTHING: Properties<number, Jump> = { states: [], steps: [], sometimes: [] };

test("tool: a walk visits every state once, takes every step and says how far it went", () => {
  const report = walk(NUMBERS, NOTHING);
  assert.equal(report.states, 20);
  assert.equal(report.transitions, 40);
  assert.equal(report.cut, 11, "from 20 by adding, from 11 to 20 by doubling");
  assert.equal(report.depth, 6, "1 2 4 8 9 18 19, and no shorter way to 19");
  assert.equal(report.complete, true);
  assert.equal(report.violation, null);
});

test("tool: a state that breaks a property comes back with the shortest path to it", () => {
  const report = walk(NUMBERS, {
    ...NOTHING,
    states: [
      { id: "not twelve", holds: (state) => state !== 12 },
      { id: "small", holds: (state) => state < 12 },
    ],
  });
  assert.deepEqual(report.violation?.properties, ["not twelve", "small"]);
  assert.deepEqual(report.violation?.path.map(({ after }) => after), [2, 3, 6, 12]);
  assert.equal(report.complete, false);
});

test("tool: a step that breaks a property ends the path, and only its kind is asked", () => {
  const report = walk(NUMBERS, {
    ...NOTHING,
    steps: [{ id: "no doubling of 5", on: ["double"], holds: ({ before }) => before !== 5 }],
  });
  assert.deepEqual(report.violation?.path.map(({ after }) => after), [2, 4, 5, 10]);
  const other = walk(NUMBERS, {
    ...NOTHING,
    steps: [{ id: "no doubling of 5", on: ["add"], holds: ({ kind }) => kind === "add" }],
  });
  assert.equal(other.violation, null);
  assert.equal(other.asked.get("no doubling of 5"), 20);
});

test("tool: the initial state is asked, too, and its story is empty", () => {
  const report = walk(NUMBERS, { ...NOTHING, states: [{ id: "never", holds: () => false }] });
  assert.deepEqual(report.violation?.path, []);
});

test("tool: what never happens is named, and a property that says nothing is not counted", () => {
  const report = walk(NUMBERS, {
    states: [{ id: "silent", holds: () => null }],
    steps: [],
    sometimes: [
      { id: "reaches 17", seen: ({ after }) => after === 17 },
      { id: "reaches 0", seen: ({ after }) => after === 0 },
    ],
  });
  assert.deepEqual(report.unreached, ["reaches 0"]);
  assert.equal(report.asked.get("silent"), undefined);
});

test("tool: a walk that is cut short is not complete", () => {
  assert.equal(walk(NUMBERS, NOTHING, { limit: 5 }).complete, false);
});

test("tool: a property that throws does not hold, and what it threw is kept", () => {
  const thrown = new Error("cannot read this");
  const holds = () => {
    throw thrown;
  };
  const report = walk(NUMBERS, { ...NOTHING, states: [{ id: "throws", holds }] });
  assert.deepEqual(report.violation?.properties, ["throws"]);
  assert.equal(report.violation?.thrown, thrown);
});

test("tool: a walk that is told to go on names everything that breaks", () => {
  const broken = new Set<string>();
  const report = walk(NUMBERS, {
    ...NOTHING,
    states: [{ id: "small", holds: (state) => state < 4 }],
    steps: [{ id: "no doubling of 5", on: "all", holds: ({ after }) => after !== 10 }],
  }, { onBroken: (ids) => ids.forEach((id) => broken.add(id)) });
  assert.deepEqual([...broken].sort(), ["no doubling of 5", "small"]);
  assert.equal(report.violation, null);
  assert.equal(report.states, 20);
});
