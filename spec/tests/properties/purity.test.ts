/** Decisions depend on nothing but their inputs, and change nothing but their outputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runs } from "../support/generators.ts";
import { moves } from "../support/moves.ts";
import { createPlayer, make, play } from "../support/player.ts";

const histories = fc.array(moves, { maxLength: 50, size: "+1" });

/** What a pure function has no business with. */
const POISONED = [
  "Date",
  "performance",
  "crypto",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "process",
  "Deno",
  "console",
  "navigator",
  "localStorage",
] as const;

/** Calls a function in a world where clock, randomness and environment throw. */
function withPoison<T>(call: () => T): T {
  const poison = (name: string) => () => {
    throw new Error(`the core touched ${name}`);
  };
  const places: [object, string][] = [
    ...POISONED.map((name) => [globalThis, name] as [object, string]),
    [Math, "random"],
    [Intl, "DateTimeFormat"],
    [String.prototype, "localeCompare"],
  ];
  const saved = places.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  places.forEach(([owner, name]) => {
    Object.defineProperty(owner, name, { get: poison(name), configurable: true });
  });
  try {
    return call();
  } finally {
    places.forEach(([owner, name], index) => {
      const descriptor = saved[index];
      if (descriptor === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, descriptor);
    });
  }
}

test("A1: no decision reads clock, randomness, locale or environment", () => {
  assert.throws(() => withPoison(() => Date.now()), /touched Date/);
  assert.throws(() => withPoison(() => Math.random()), /touched random/);
  fc.assert(
    fc.property(histories, (history) => {
      const player = createPlayer();
      for (const move of history) {
        const before = player.moment;
        const step = play(player, move);
        if (step === null) continue;
        const again = withPoison(() => make({ ...player, moment: before }, step.move));
        assert.equal(again.fault, null);
        assert.deepEqual(again.decision, step.decision);
        assert.deepEqual(again.after.state, step.after.state);
      }
    }),
    runs(100),
  );
});

test("A1: a history played beside another gives the states that it gives alone", () => {
  fc.assert(
    fc.property(histories, histories, (history, other) => {
      const [alone, first, second] = [createPlayer(), createPlayer(), createPlayer()];
      for (const move of history) play(alone, move);
      history.forEach((move, index) => {
        play(first, move);
        play(second, other[index % Math.max(1, other.length)] ?? move);
      });
      assert.deepEqual(first.moment.state, alone.moment.state);
    }),
    runs(100),
  );
});
