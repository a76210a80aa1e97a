/**
 * Walks worlds and asks every invariant.
 * @module
 */
import { build, type BuiltWorld, type Plan } from "./build.ts";
import { createInquiry, type Inquiry, walk, type Walked, type WalkReport } from "./explore.ts";
import { INVARIANTS } from "./invariants.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { PURITY } from "./invariants/purity.ts";
import type { Machine } from "./machine.ts";
import type { Moment } from "./moment.ts";
import type { Step } from "./play.ts";

/** How worlds are walked. */
export interface CheckOptions {
  /** Asks everything in every world, also what costs twice the time. */
  readonly pedantic?: boolean;
  /** The walk stops, incomplete, beyond this many states. */
  readonly limit?: number;
  readonly progress?: (walked: Walked) => void;
  readonly onStep?: (step: Step) => void;
  /** Called with whatever does not hold; where it is given, the walk goes on. */
  readonly onBroken?: (invariants: readonly string[]) => void;
}

/** What came of one world. */
export interface Checked extends WalkReport<Step> {
  readonly plan: Plan;
}

/** What came of some worlds together. */
export interface Summary {
  readonly worlds: number;
  readonly states: number;
  readonly transitions: number;
  readonly invariants: number;
  /** Invariants that do not hold, and things that should have happened and did not. */
  readonly violations: number;
  readonly complete: boolean;
  readonly seconds: number;
}

/** Walks one world over a machine. */
export function checkWorld(plan: Plan, machine: Machine, options: CheckOptions = {}): Checked {
  const { pedantic = false, ...conduct } = options;
  const world: BuiltWorld = build(plan, machine);
  const asked = INVARIANTS.filter((invariant) =>
    pedantic || plan.pedantic || !PURITY.includes(invariant)
  );
  return { ...walk(world, { ...sort(asked), sometimes: world.sometimes }, conduct), plan };
}

/** Prepares to ask every invariant of steps that are made one by one. */
export function askAll(): Inquiry<Moment, Step> {
  return createInquiry(sort(INVARIANTS));
}

function sort(invariants: readonly Invariant[]) {
  return {
    states: invariants.filter((invariant) => invariant.of === "state"),
    steps: invariants.filter((invariant) => invariant.of === "step"),
  };
}

/** Adds up what came of worlds. */
export function summarize(reports: readonly Checked[]): Summary {
  const sum = (count: (report: Checked) => number) =>
    reports.reduce((total, report) => total + count(report), 0);
  return {
    worlds: reports.length,
    states: sum(({ states }) => states),
    transitions: sum(({ transitions }) => transitions),
    invariants: INVARIANTS.length,
    violations: sum(({ violation, unreached }) =>
      (violation?.properties.length ?? 0) + unreached.length
    ),
    complete: reports.every(({ complete }) => complete),
    seconds: Number(sum(({ seconds }) => seconds).toFixed(1)),
  };
}

/** How often each invariant had something to say, over some worlds. */
export function askedTimes(reports: readonly Checked[]): ReadonlyMap<string, number> {
  return new Map(
    INVARIANTS.map(({ id }) =>
      [id, reports.reduce((total, { asked }) => total + (asked.get(id) ?? 0), 0)] as const
    ),
  );
}

/** The invariant with this id. */
export function invariantById(id: string): Invariant | undefined {
  return INVARIANTS.find((invariant) => invariant.id === id);
}

/** The sentence of an invariant. */
export function textOf(id: string): string {
  return invariantById(id)?.text ?? "";
}
