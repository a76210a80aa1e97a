/**
 * Plants faults into copies of the core and walks the small worlds over each: what the spec would say of
 * such a core.
 * @module
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plan } from "../../model/build.ts";
import { checkWorld } from "../../model/check.ts";
import type { Violation } from "../../model/explore.ts";
import type { Fault } from "./faults/fault.ts";
import type { Machine } from "../../model/machine.ts";
import type { Step } from "../../model/play.ts";

const CORE = fileURLToPath(new URL("../../../core/", import.meta.url));

/** What caught a fault. */
export interface Caught {
  readonly world: string;
  /** The invariants that broke at the last step of the story. */
  readonly invariants: readonly string[];
  readonly violation: Violation<Step> | null;
}

/** What came of a planted fault. */
export interface Verdict {
  readonly fault: Fault;
  /** `null` where nothing noticed it. */
  readonly caught: Caught | null;
  /** Every invariant that breaks near the beginning of some world, in the order of their names. */
  readonly broken: readonly string[];
}

/**
 * Makes a core with a fault, for as long as it is used.
 * @throws {Error} when the text to be replaced does not occur exactly once.
 */
export async function withFault<Result>(
  fault: Fault,
  use: (machine: Machine) => Result,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "planted-"));
  try {
    cpSync(CORE, join(folder, "core"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "core", fault.file), plantedText(fault));
    return use(await import(pathToFileURL(join(folder, "core", "mod.ts")).href));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How many states of each world are walked at first, then, and at last. */
const LIMITS = [300, 3000, Infinity];

/**
 * Walks worlds over a core with a fault, a little of each at first, until something breaks in one of them:
 * then the shortest story of these walks counts.
 */
export function plant(fault: Fault, plans: readonly Plan[]): Promise<Verdict> {
  return withFault(fault, (machine) => ({
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

/** Goes on where something breaks: a fault breaks more than what notices it first. */
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

/**
 * The text of the fault's file with the fault in it.
 * @throws {Error} when the text to be replaced does not occur exactly once.
 */
export function plantedText({ id, file, edits }: Fault): string {
  return edits.reduce((text, [find, replace]) => {
    const parts = text.split(find);
    if (parts.length !== 2) {
      throw new Error(`Cannot plant ${id}: its text occurs ${parts.length - 1} times: ${find}`);
    }
    return parts.join(replace);
  }, readFileSync(join(CORE, file), "utf8"));
}
