/**
 * Watches a store from both sides: what the service decided on which facts, and what the disk says is
 * durable, in which order. The core is the model: every decision must have been made on what the ones
 * before it left behind.
 * @module
 */
import type { Decision, Facts, Keys } from "../../core/decision.ts";
import { evolve, factsOf, type State } from "../../core/evolve.ts";
import type { Settings } from "../../core/settings.ts";
import type { Store } from "../../adapters/ports.ts";
import { STRUCTURE } from "../model/invariants/structure.ts";
import type { Moment } from "../model/moment.ts";
import { same } from "./disk.ts";

/** What was seen. */
export interface Witness {
  /** The state after everything that is durable. */
  readonly state: () => State;
  /** What was wrong, in words. */
  readonly failures: string[];
  /** The store as the service is to see it. */
  watch(store: Store): Store;
  /** A decision is durable from now on. */
  committed(decision: Decision<unknown>): void;
}

/** Creates a witness of a store that holds this state. */
export function createWitness(initial: State, settings: Settings): Witness {
  let state = initial;
  const failures: string[] = [];
  const made = new Map<Decision<unknown>, { readonly keys: Keys; readonly facts: Facts }>();
  const durable = new Set<Decision<unknown>>();
  return {
    state: () => state,
    failures,
    watch: (store) => ({
      ...store,
      async transact(keys, decide) {
        const decision = await store.transact(keys, (facts) => {
          const fresh = decide(facts);
          made.set(fresh, { keys, facts });
          return fresh;
        });
        if (!durable.has(decision)) failures.push("A3: an answer came before its commit");
        return decision;
      },
    }),
    committed(decision) {
      const basis = made.get(decision);
      if (basis === undefined) {
        failures.push("C9: something else than a whole decision was committed");
      } else if (!same(basis.facts, factsOf(state, basis.keys), basis.keys)) {
        failures.push("A1: a decision was committed that was made on other facts");
      }
      durable.add(decision);
      if (decision.changes.length === 0) return;
      state = evolve(state, decision.changes);
      const moment = { state, cast: { settings } } as Moment;
      for (const { of, id, holds } of STRUCTURE) {
        if (of === "state" && holds(moment) === false) failures.push(`invariant ${id}`);
      }
    },
  };
}
