/**
 * What a conformance case is, and how a group of them is written down.
 * @module
 */
import type { Level } from "../requirements/model.ts";
import type { Need } from "./needs.ts";
import type { Group } from "./results.ts";
import type { Stage } from "./stage/stage.ts";

/** One check. Everything but `run` is data; an id is never reused for another check. */
export interface Case {
  /** `group/slug`. Stable. */
  readonly id: string;
  readonly group: Group;
  /** MUST only for what the vendor documents or a standard demands. */
  readonly level: Level;
  /** Ids of the rules in `spec/requirements/mod.ts`. */
  readonly requirements: readonly string[];
  /** Ids of the attacks that this defends against. */
  readonly attacks: readonly string[];
  /** What holds when the case passes: one sentence. */
  readonly title: string;
  /** What the suite does, if the title does not say it. */
  readonly does?: string;
  /** What must follow, if the title does not say it. */
  readonly expects?: string;
  /** Where to look when it fails. */
  readonly remedy: string;
  readonly needs: readonly Need[];
  /**
   * Runs the check against an implementation.
   * @throws {Failure} `Blocked` `Missing` `HarnessFault`
   */
  run(stage: Stage): Promise<void>;
}

/** A case as it is written: without what follows from its group. */
export type CaseSpec = Omit<Case, "id" | "group" | "attacks"> & {
  /** The second part of the id. Stable. */
  readonly slug: string;
  readonly attacks?: readonly string[];
};

/** Makes the cases of a group. */
export function define(group: Group, specs: readonly CaseSpec[]): readonly Case[] {
  return specs.map(({ slug, attacks = [], ...rest }) => ({
    id: `${group}/${slug}`,
    group,
    attacks,
    ...rest,
  }));
}
