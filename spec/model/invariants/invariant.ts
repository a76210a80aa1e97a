/**
 * The form of an invariant: one plain sentence and one predicate over raw facts, of a state or of a
 * step.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { State } from "../../../core/evolve.ts";
import type { Verdict } from "../explore.ts";
import type { Moment } from "../moment.ts";
import type { Step } from "../play.ts";

/** What every invariant has. */
interface Stated {
  /** Stable. */
  readonly id: string;
  /** The rules it serves. */
  readonly rules: readonly string[];
  /** One plain sentence. */
  readonly text: string;
}

/** Holds of every state. */
export interface StateInvariant extends Stated {
  readonly of: "state";
  /** `null` where the state has nothing that the sentence speaks of. */
  holds(moment: Moment): Verdict;
}

/** Holds of every step of some kinds. */
export interface StepInvariant extends Stated {
  readonly of: "step";
  readonly on: readonly string[] | "all";
  /** `null` where the sentence says nothing of this step. */
  holds(step: Step): Verdict;
}

/** A named invariant. */
export type Invariant = StateInvariant | StepInvariant;

/** States an invariant of every state. */
export function always(
  id: string,
  rules: readonly string[],
  text: string,
  holds: (moment: Moment) => Verdict,
): StateInvariant {
  return { of: "state", id, rules, text, holds };
}

/** States an invariant of every step that is one of these commands. */
export function on<Type extends Command["type"]>(
  types: readonly Type[],
  id: string,
  rules: readonly string[],
  text: string,
  holds: (step: Step<Extract<Command, { readonly type: Type }>>) => Verdict,
): StepInvariant {
  return { of: "step", on: types, id, rules, text, holds: holds as StepInvariant["holds"] };
}

/** States an invariant of every step, whatever it is. */
export function everyStep(
  id: string,
  rules: readonly string[],
  text: string,
  holds: (step: Step) => Verdict,
): StepInvariant {
  return { of: "step", on: "all", id, rules, text, holds };
}

/** Whether nothing that is stored has changed. */
export function unchanged(before: Moment, after: Moment): boolean {
  return before.state === after.state;
}

/** Whether two states hold the same rows. */
export function sameState(a: State, b: State): boolean {
  return Object.entries(a).every(([name, table]) => {
    const other = b[name as keyof State] as Map<string, unknown>;
    return table.size === other.size &&
      [...table].every(([key, row]) => same(row, other.get(key)));
  });
}

/** Whether two plain values are the same value. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Whether two lists hold the same strings in the same order. */
export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Whether some strings are the names of some rows, in any order. */
export function sameSet<Row>(
  names: readonly string[],
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): boolean {
  return sameList([...names].sort(), rows.map(nameOf).sort());
}
