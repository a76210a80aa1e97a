/** A5: rows are deleted by a clock that is believed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBelief } from "../../../adapters/belief.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";

const START = 1_800_000_000;
const DAY = 86_400;

async function beliefAt(now: number, store = createMemoryStore()) {
  const belief = createBelief(store);
  assert.equal(await belief.observe(now), now);
  return { belief, store };
}

test("A5, SY-07: a clock that jumps ahead for a minute deletes nothing", async () => {
  const { belief } = await beliefAt(START);
  const jumped = START + 91 * DAY;
  for (let second = 0; second < 60; second++) {
    assert.equal(await belief.observe(jumped + second), START);
  }
  assert.equal(await belief.observe(START + 60), START + 60, "and is believed once it is back");
});

test("A5: a clock that runs on for an hour is believed", async () => {
  const { belief } = await beliefAt(START);
  const resumed = START + 30 * DAY;
  for (let second = 0; second < 3600; second += 60) {
    assert.equal(await belief.observe(resumed + second), START, String(second));
  }
  assert.equal(await belief.observe(resumed + 3600), resumed + 3600);
});

test("A5: jump after jump proves nothing", async () => {
  const { belief } = await beliefAt(START);
  for (let jumps = 1; jumps <= 29; jumps++) {
    assert.equal(await belief.observe(START + jumps * DAY), START, String(jumps));
  }
});

test("A5: a node that disagrees with the others is never believed", async () => {
  const { belief, store } = await beliefAt(START);
  const ahead = createBelief(store);
  for (let second = 60; second <= 4 * 3600; second += 60) {
    assert.equal(await belief.observe(START + second), START + second);
    assert.equal(await ahead.observe(START + second + 91 * DAY), START + second);
  }
});

test("A5: a clock that goes back sweeps by what it shows", async () => {
  const { belief } = await beliefAt(START);
  assert.equal(await belief.observe(START - DAY), START - DAY);
});
