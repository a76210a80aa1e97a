/**
 * Random histories, played on a store and on the model.
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decide, keysOf } from "../../../core/decide.ts";
import type { Decision, TokenGrant } from "../../../core/decision.ts";
import { factsOf } from "../../../core/evolve.ts";
import { type Horizon, horizonAt } from "../../../core/sweep.ts";
import type { Store } from "../../../adapters/ports.ts";
import { sweepState } from "../../model/sweep.ts";
import { createPlayer, type Move, moves, play, type Player } from "../support/moves.ts";
import { allKeys, createKnown, learn, seed, sortChanges, sortFacts } from "./scene.ts";

/** A move, or a sweep in steps of so many rows. */
export type Event = Move | { readonly do: "sweep"; readonly limit: number };

const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 60, arbitrary: moves },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("sweep" as const),
      limit: fc.integer({ min: 1, max: 5 }),
    }),
  },
  // Longer than anything is kept.
  fc.constant({ do: "wait", seconds: 4000 } as const),
);

/** Histories that begin where tokens can be issued; of this length, until they are shrunk. */
export function histories(length: number): fc.Arbitrary<readonly Event[]> {
  const scope = ["email", "orders", "profile"];
  const start = (["shop", "partner"] as const).map((client) =>
    ({ do: "connect", seat: 0, client, scope }) as const
  );
  return fc.array(events, { maxLength: length, size: "max" }).map((rest) => [...start, ...rest]);
}

const SWEPT = ["families", "connections", "consentUses", "withdrawals"] as const;

/** What a set of histories must have met, see {@link replay}. */
export const EVENTS: readonly string[] = [
  "client-written",
  "user-written",
  "user-deleted",
  "connection-established",
  "connection-changed",
  "connection-revoked",
  "withdrawn",
  "consent-redeemed",
  "family-started",
  "family-rotated",
  "family-ended",
  ...SWEPT.map((table) => `swept ${table}`),
  "refused",
  "repeated",
];

/**
 * Plays a history on model and store, and compares everything after every step.
 * @param met learns what happened, in the words of {@link EVENTS}
 */
export async function replay(
  store: Store,
  history: readonly Event[],
  met: Set<string>,
): Promise<void> {
  const player = createPlayer();
  const { machine } = player;
  const known = createKnown();
  await seed(store, machine.state);
  for (const event of history) {
    learn(known, machine.state);
    const happened = event.do === "sweep"
      ? await sweepBoth(store, player, event.limit)
      : await playOnBoth(store, player, event);
    for (const one of happened) met.add(one);
    learn(known, machine.state);
    for (const keys of allKeys(known, machine.state.clients.keys())) {
      const expected = sortFacts(factsOf(machine.state, keys));
      assert.deepEqual(sortFacts(await store.read(keys)), expected, JSON.stringify(keys));
    }
  }
}

async function sweepBoth(
  store: Store,
  { machine }: Player,
  limit: number,
): Promise<readonly string[]> {
  const horizon = horizonAt(machine.now, machine.settings);
  const before = machine.state;
  machine.state = sweepState(before, horizon);
  const went = SWEPT.map((table) => before[table].size - machine.state[table].size);
  assert.equal(await sweepAll(store, horizon, limit), went.reduce((sum, count) => sum + count));
  return SWEPT.filter((_, index) => went[index] !== 0).map((table) => `swept ${table}`);
}

async function playOnBoth(store: Store, player: Player, move: Move): Promise<readonly string[]> {
  const step = play(player, move);
  if (step === null) return [];
  const { command, context, decision } = step;
  const actual = await store.transact(keysOf(command), (facts) => decide(command, facts, context));
  assert.deepEqual(sortChanges(actual), sortChanges(decision));
  const changed = decision.changes.map(({ type }) => type);
  if (decision.outcome === "refused") return [...changed, "refused"];
  const repeated = (decision.grant as TokenGrant | null)?.repeated;
  return repeated ? [...changed, "repeated"] : changed;
}

/** Plays a history on a model that is never swept and a store that is; says how many rows went. */
export async function replayUnswept(store: Store, history: readonly Event[]): Promise<number> {
  const player = createPlayer();
  const { machine } = player;
  let removed = 0;
  await seed(store, machine.state);
  for (const event of history) {
    if (event.do === "sweep") {
      removed += await sweepAll(store, horizonAt(machine.now, machine.settings), event.limit);
      continue;
    }
    // By the id of a connection its holder can tell a dead one from one that is gone.
    if (event.do === "narrow" || event.do === "revoke-connection") continue;
    const step = play(player, event);
    if (step === null) continue;
    const { command, context, decision, facts: { consentUse } } = step;
    // An issuer that uses a `jti` again is told so as long as the first use is remembered (C13).
    if (consentUse !== null && consentUse.keepUntil <= context.now) continue;
    const actual = await store.transact(
      keysOf(command),
      (facts) => decide(command, facts, context),
    );
    assert.deepEqual(answerOf(actual), answerOf(decision), JSON.stringify(command));
  }
  return removed;
}

/** What a client is told. */
function answerOf(decision: Decision<unknown>): unknown {
  return decision.outcome === "granted" ? decision.grant : decision.code;
}

/** Sweeps until nothing goes any more. */
async function sweepAll(store: Store, horizon: Horizon, limit: number): Promise<number> {
  let removed = 0;
  for (let went = -1; went !== 0; removed += went) went = await store.sweep(horizon, limit);
  return removed;
}
