/**
 * That nothing depends on anything unsaid, and nothing is changed but what is returned (§8).
 * @module
 */
import type { State } from "../../../core/evolve.ts";
import { decideOn } from "../play.ts";
import { everyStep, type Invariant, same } from "./invariant.ts";

/** Of every step, at twice the price: asked where a world says so. */
export const PURITY: readonly Invariant[] = [
  everyStep(
    "deterministic",
    ["A1"],
    "The same facts, command, time and entropy give the same decision.",
    ({ command, decision, before, context }) =>
      command === null || decision === null
        ? null
        : same(decision, decideOn(before.cast, before.state, command, context)),
  ),
  everyStep(
    "pure",
    ["A1"],
    "Deciding and evolving leave every fact, command and state they are given as it was.",
    ({ command, decision, before, context }) => {
      if (command === null || decision === null) return null;
      const { cast, state } = before;
      const rows = textOf(state);
      const keys = cast.machine.keysOf(freeze(command), cast.settings);
      const facts = freeze(cast.machine.factsOf(state, keys));
      cast.machine.decide(command, facts, freeze(context));
      cast.machine.evolve(state, freeze(decision.changes));
      return textOf(state) === rows;
    },
  ),
];

function textOf(state: State): string {
  return JSON.stringify(Object.values(state).map((table) => [...table]));
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
