/** Decisions depend on nothing but their inputs, and change nothing but their outputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Command, decide, keysOf } from "../../../core/decide.ts";
import type { Context, Decision, Facts } from "../../../core/decision.ts";
import { evolve, factsOf, type State } from "../../../core/evolve.ts";
import { runs } from "../support/generators.ts";
import { createPlayer, moves, play, type Player, type Step } from "../support/moves.ts";

const histories = fc.array(moves, { maxLength: 50, size: "+1" });

/** One decision, from state to state. */
function decideOn(
  command: Command,
  state: State,
  context: Context,
): { readonly decision: Decision<unknown>; readonly after: State } {
  const decision = decide(command, factsOf(state, keysOf(command)), context);
  return { decision, after: evolve(state, decision.changes) };
}

/** Plays histories, and hands each step on with a player that is one command ahead. */
function forEveryStep(look: (step: Step, player: Player) => void): void {
  fc.assert(
    fc.property(histories, (history) => {
      const player = createPlayer();
      for (const move of history) {
        const step = play(player, move);
        if (step !== null) look(step, player);
      }
    }),
    runs(100),
  );
}

test("A1: the same command on the same facts in the same context decides the same, again and on copies", () => {
  forEveryStep(({ command, facts, context, decision }) => {
    assert.deepEqual(decide(command, facts, context), decision);
    const copy: [Command, Facts, Context] = structuredClone([command, facts, context]);
    assert.deepEqual(decide(...copy), decision);
  });
});

test("A1: a history played twice, and beside another, gives the same states", () => {
  fc.assert(
    fc.property(histories, histories, (history, other) => {
      const [first, second, beside] = [createPlayer(), createPlayer(), createPlayer()];
      for (const move of history) play(first, move);
      history.forEach((move, index) => {
        play(second, move);
        play(beside, other[index % Math.max(1, other.length)] ?? move);
      });
      assert.deepEqual(second.machine.state, first.machine.state);
    }),
    runs(100),
  );
});

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

test("A1: command, facts, context and changes are read and never written", () => {
  fc.assert(
    fc.property(histories, (history) => {
      const player = createPlayer();
      deepFreeze(player.machine.settings);
      for (const move of history) {
        const step = play(player, deepFreeze(move));
        // What was frozen here is what the next steps read: rows are shared between states.
        deepFreeze(step && [step.command, step.facts, step.decision, step.context]);
      }
    }),
    runs(100),
  );
});

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
  forEveryStep(({ command, before, context, decision, after }) => {
    const again = withPoison(() => decideOn(command, before, context));
    assert.deepEqual(again.decision, decision);
    assert.deepEqual(again.after, after);
  });
});

test("A1, C9: evolving makes a new state and leaves the old one as it was", () => {
  forEveryStep(({ before, decision, after }) => {
    const kept = structuredClone(before);
    assert.deepEqual(evolve(before, decision.changes), after);
    assert.deepEqual(before, kept);
  });
});
