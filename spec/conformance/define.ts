/**
 * Short ways to write cases down.
 * @module
 */
import type { Case, Group } from "./types.ts";

/** A case as it is written: what follows from the group is left out. */
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
