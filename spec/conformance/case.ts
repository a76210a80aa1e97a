/**
 * What a conformance case is, and how a group of them is written down.
 * @module
 */
import { requirement } from "../requirements/mod.ts";
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
  /** The parts of these rules that the case stands for: `G6.1`, where a rule has several of its level. */
  readonly parts: readonly string[];
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
  /** Ids of cases whose failure explains a failure of this one, besides those that follow from `needs`. */
  readonly dependsOn?: readonly string[];
  /**
   * Runs the check against an implementation.
   * @throws {Failure} `Blocked` `Missing` `HarnessFault`
   */
  run(stage: Stage): Promise<void>;
}

/**
 * A case as it is written: without what follows from its group. A requirement may name one part of
 * a rule: `G6.1` is the first part of G6.
 */
export type CaseSpec = Omit<Case, "id" | "group" | "attacks" | "parts"> & {
  /** The second part of the id. Stable. */
  readonly slug: string;
  readonly attacks?: readonly string[];
};

/** Makes the cases of a group. */
export function define(group: Group, specs: readonly CaseSpec[]): readonly Case[] {
  return specs.map(({ slug, attacks = [], requirements, ...rest }) => ({
    id: `${group}/${slug}`,
    group,
    attacks,
    requirements: [...new Set(requirements.map(ruleOf))],
    parts: requirements.flatMap((cited) => partsOf(cited, rest.level)),
    ...rest,
  }));
}

/** `G6.1` → `G6`. */
function ruleOf(cited: string): string {
  return cited.split(".")[0] ?? cited;
}

/** The part that is cited; for a whole rule, its only part of this level. */
function partsOf(cited: string, level: Level): readonly string[] {
  if (cited.includes(".")) return [cited];
  const parts = requirement(cited)?.parts ?? [];
  const fits = parts.flatMap((part, index) =>
    part.level === level ? [`${cited}.${index + 1}`] : []
  );
  return fits.length === 1 ? fits : [];
}
