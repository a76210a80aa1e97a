/**
 * Walks the small worlds over a core with a fault: what the formal spec says about such a core.
 * @module
 */
import type { Plan } from "../../model/build.ts";
import { checkWorld } from "../../model/check.ts";
import type { Violation } from "../../model/explore.ts";
import type { Machine } from "../../model/machine.ts";
import type { Step } from "../../model/play.ts";
import { withPlanted } from "../plant.ts";
import type { CoreFault } from "./fault.ts";

/** What caught a fault. */
export interface Caught {
  readonly world: string;
  /** The invariants that broke at the last step of the story. */
  readonly invariants: readonly string[];
  readonly violation: Violation<Step> | null;
}

/** The result for one fault. */
export interface Verdict {
  readonly fault: CoreFault;
  /** `null` if nothing caught it. */
  readonly caught: Caught | null;
  /** Every invariant that breaks early in some world, sorted by name. */
  readonly broken: readonly string[];
}

/** How many states of each world are walked in the first, second and last round. */
const LIMITS = [300, 3000, Infinity];

/**
 * Walks worlds over a core with a fault, a few states of each at first, until an invariant breaks. Reports
 * the shortest story of that round.
 */
export function walk(fault: CoreFault, plans: readonly Plan[]): Promise<Verdict> {
  return withPlanted(fault, "core/mod.ts", (machine: Machine) => ({
    fault,
    caught: catchSoon(plans, machine),
    broken: breakAll(plans, machine),
  }));
}

function catchSoon(plans: readonly Plan[], machine: Machine): Caught | null {
  for (const limit of LIMITS) {
    const stories = plans.flatMap((plan) => catchIn(plan, machine, limit));
    stories.sort((a, b) => lengthOf(a) - lengthOf(b));
    if (stories[0] !== undefined) return stories[0];
  }
  return null;
}

/** Does not stop at the first broken invariant: a fault breaks more than the one that catches it. */
function breakAll(plans: readonly Plan[], machine: Machine): readonly string[] {
  const broken = new Set<string>();
  const onBroken = (ids: readonly string[]) => ids.forEach((id) => broken.add(id));
  for (const plan of plans) checkWorld(plan, machine, { limit: LIMITS[0] ?? 0, onBroken });
  return [...broken].sort();
}

function catchIn(plan: Plan, machine: Machine, limit: number): readonly Caught[] {
  const { violation, complete, unreached } = checkWorld(plan, machine, { limit });
  const world = plan.name;
  if (violation !== null) return [{ world, invariants: violation.properties, violation }];
  if (!complete || unreached.length === 0) return [];
  const invariants = unreached.map((id) => `never happened: ${id}`);
  return [{ world, invariants, violation: null }];
}

function lengthOf({ violation }: Caught): number {
  return violation?.path.length ?? Infinity;
}
