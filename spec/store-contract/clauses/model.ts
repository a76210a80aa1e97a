/**
 * Random histories: the store answers as the model does.
 * @module
 */
import type { Store } from "../../../adapters/ports.ts";
import { type Command, decide, keysOf } from "../../../core/decide.ts";
import type { Context, Decision, Keys } from "../../../core/decision.ts";
import { factsOf, type State } from "../../../core/evolve.ts";
import { horizonAt } from "../../../core/sweep.ts";
import type { Clause } from "../contract.ts";
import { expect, expectEqual } from "../expect.ts";
import { allKeys, createKnownIds, historyOf, learn } from "../histories.ts";
import { sceneOn, seed, sortChanges, sortFacts } from "../scene.ts";
import { sweepAll } from "./sweeping.ts";

const HISTORIES = 10;
const LENGTH = 150;
/** After so many steps, everything is compared. */
const INTERVAL = 15;

function decideIn(store: Store, command: Command, context: Context): Promise<Decision<unknown>> {
  const keys = keysOf(command, context.settings);
  return store.transact<unknown>(keys, (facts) => decide(command, facts, context));
}

async function compare(
  store: Store,
  state: State,
  asked: readonly Keys[],
  when: string,
): Promise<void> {
  await Promise.all(asked.map(async (keys) => {
    expectEqual(
      `${when}: facts for ${JSON.stringify(keys)}`,
      sortFacts(await store.read(keys), keys),
      sortFacts(factsOf(state, keys), keys),
    );
  }));
}

/** What a client is told. */
function answerOf(decision: Decision<unknown>): unknown {
  return decision.outcome === "granted" ? decision.grant : decision.code;
}

/** Clauses that compare a store with the model. */
export const MODEL: readonly Clause[] = [
  {
    id: "model/histories",
    title: "decisions, facts and sweeps are the model's, whatever happened before",
    requirements: ["A1", "C9", "R2", "R5"],
    async run(create) {
      for (let number = 0; number < HISTORIES; number++) {
        const store = await (await create()).open();
        const { start, settings, steps } = historyOf(number, { length: LENGTH });
        const scene = sceneOn([store], settings);
        await seed(store, start);
        const known = createKnownIds();
        let [at, last] = [0, start];
        for (const step of steps) {
          const when = `history ${number}, step ${at++} (${
            step.does === "sweep" ? "sweep" : step.command.type
          })`;
          learn(known, last = step.after);
          if (step.does === "sweep") {
            const expected = Object.values(step.removed).reduce((sum, count) => sum + count);
            const removed = await sweepAll(scene, horizonAt(step.now, settings), step.limit);
            expectEqual(`${when}: the number of rows`, removed, expected);
          } else {
            const seen = await decideIn(store, step.command, step.context);
            expectEqual(`${when}: the decision`, sortChanges(seen), sortChanges(step.decision));
            await compare(store, step.after, [keysOf(step.command, settings)], when);
          }
          if (at % INTERVAL !== 0) continue;
          await compare(store, step.after, allKeys(known, last.clients.keys()), when);
        }
        await compare(store, last, allKeys(known, last.clients.keys()), `history ${number}, end`);
        await store.close();
      }
    },
  },
  {
    id: "model/unswept",
    title: "sweeping changes no answer to a client",
    requirements: ["R5"],
    async run(create) {
      let removed = 0;
      for (let number = 1000; number < 1000 + HISTORIES; number++) {
        const store = await (await create()).open();
        const { start, settings, steps } = historyOf(number, { length: LENGTH, unswept: true });
        const scene = sceneOn([store], settings);
        await seed(store, start);
        let at = 0;
        for (const step of steps) {
          at += 1;
          if (step.does === "sweep") {
            removed += await sweepAll(scene, horizonAt(step.now, settings), step.limit);
            continue;
          }
          const seen = await decideIn(store, step.command, step.context);
          const what = `history ${number}, step ${at} (${step.command.type}), after sweeps`;
          expectEqual(what, answerOf(seen), answerOf(step.decision));
        }
        await store.close();
      }
      expect(`expected more than 50 rows to be swept, saw ${removed}`, removed > 50);
    },
  },
];
