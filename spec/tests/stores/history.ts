/**
 * Random histories, played on a store and on the model.
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Command, decide, keysOf } from "../../../core/decide.ts";
import type { Context, Decision, TokenGrant } from "../../../core/decision.ts";
import { factsOf } from "../../../core/evolve.ts";
import { type Horizon, horizonAt } from "../../../core/sweep.ts";
import type { Store } from "../../../adapters/ports.ts";
import { CONNECTED, type Move, moves } from "../support/moves.ts";
import { createPlayer, play } from "../support/player.ts";
import { allKeys, createKnown, learn, seed, sortChanges, sortFacts } from "../support/scene.ts";

/** Moves with more sweeps among them, and more waits beyond all that is kept. */
const sweeping: fc.Arbitrary<Move> = fc.oneof(
  { weight: 60, arbitrary: moves },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((limit) => ({ do: "sweep", limit }) as const),
  },
  { weight: 3, arbitrary: fc.constant({ do: "wait-long", seconds: 4000 } as const) },
);

/** Histories that begin where tokens can be issued; of this length, until they are shrunk. */
export function histories(length: number): fc.Arbitrary<readonly Move[]> {
  return fc.array(sweeping, { maxLength: length, size: "max" }).map((
    rest,
  ) => [...CONNECTED, ...rest]);
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
  history: readonly Move[],
  met: Set<string>,
): Promise<void> {
  const player = createPlayer();
  const known = createKnown();
  await seed(store, player.moment.state);
  for (const move of history) {
    learn(known, player.moment.state);
    const before = player.moment;
    const step = play(player, move);
    const { state, now, cast: { settings } } = player.moment;
    if (move.do === "sweep") {
      const went = SWEPT.map((table) => before.state[table].size - state[table].size);
      const total = went.reduce((sum, count) => sum + count);
      assert.equal(await sweepAll(store, horizonAt(now, settings), move.limit), total);
      SWEPT.forEach((table, index) => went[index] !== 0 && met.add(`swept ${table}`));
    } else if (step?.command && step.decision) {
      const actual = await decideIn(store, step.command, step.context);
      assert.deepEqual(sortChanges(actual), sortChanges(step.decision));
      for (const event of eventsOf(step.decision)) met.add(event);
    } else continue;
    learn(known, state);
    for (const keys of allKeys(known, state.clients.keys())) {
      const expected = sortFacts(factsOf(state, keys));
      assert.deepEqual(sortFacts(await store.read(keys)), expected, JSON.stringify(keys));
    }
  }
}

function decideIn(
  store: Store,
  command: Command,
  context: Context,
): Promise<Decision<unknown>> {
  return store.transact(
    keysOf(command),
    (facts): Decision<unknown> => decide(command, facts, context),
  );
}

function eventsOf(decision: Decision<unknown>): readonly string[] {
  const changed = decision.changes.map(({ type }) => type);
  if (decision.outcome === "refused") return [...changed, "refused"];
  return (decision.grant as TokenGrant | null)?.repeated ? [...changed, "repeated"] : changed;
}

/** Plays a history on a model that is never swept and a store that is; says how many rows went. */
export async function replayUnswept(store: Store, history: readonly Move[]): Promise<number> {
  const player = createPlayer();
  let removed = 0;
  await seed(store, player.moment.state);
  for (const move of history) {
    if (move.do === "sweep") {
      const { now, cast: { settings } } = player.moment;
      removed += await sweepAll(store, horizonAt(now, settings), move.limit);
      continue;
    }
    // Whoever names a connection can see whether it is still there; a clock that steps back can bring a
    // family back that was not swept.
    if (["narrow", "revoke-connection", "clock-back"].includes(move.do)) continue;
    const step = play(player, move);
    if (!step?.command || !step.decision) continue;
    const actual = await decideIn(store, step.command, step.context);
    assert.deepEqual(answerOf(actual), answerOf(step.decision), JSON.stringify(step.command));
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
