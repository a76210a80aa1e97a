/**
 * Which check cites which rule or attack: tests by their titles, the cases of the conformance suite and
 * the invariants of the model by what they say themselves.
 * @module
 */
import { cases } from "../conformance/cases/all.ts";
import { INVARIANTS } from "../model/invariants.ts";
import { clauses } from "../store-contract/mod.ts";
import { attackById, ATTACKS } from "../requirements/attacks.ts";
import { requirement, REQUIREMENTS } from "../requirements/mod.ts";
import { type Level, strongest } from "../requirements/model.ts";
import { ATTACK_ROWS } from "../attacks/all.ts";
import { listSources, readText } from "./source.ts";
import { readTitles, type Title } from "./titles.ts";

/** Every id of a rule or an attack, in the order in which they are read. */
export const IDS: readonly string[] = [...REQUIREMENTS, ...ATTACKS].map(({ id }) => id);

/** Something that cites rules and attacks. */
export interface Check {
  /** `path:line "title"` of a test; `path "id"` of a case or an invariant. */
  readonly name: string;
  readonly ids: readonly string[];
  /** How strict a case is. */
  readonly level?: Level;
  /** May be skipped, so it proves nothing. */
  readonly skippable?: boolean;
}

/** The tests that run a table: each of its rows is a check. */
const TABLES: Readonly<Record<string, readonly Check[]>> = {
  "spec/tests/support/store-contract.ts": clauses.map(({ id, requirements }) => ({
    name: `clause "${id}"`,
    ids: requirements,
  })),
  "spec/tests/conformance/reference.test.ts": cases.map(
    ({ id, requirements, attacks, level }) => ({
      name: `case "${id}"`,
      ids: [...requirements, ...attacks],
      level,
    }),
  ),
  "spec/tests/attacks/attacks.test.ts": ATTACK_ROWS.map(({ ids, name }) => ({
    name: `attack "${name}"`,
    ids,
  })),
  "spec/tests/model/worlds.test.ts": INVARIANTS.map(({ id, rules }) => ({
    name: `invariant "${id}"`,
    ids: rules,
  })),
};

/** Every test of `spec/`, wherever it is written. */
export const TITLES: readonly Title[] = listSources("spec/")
  .flatMap((path) => readTitles(path, readText(path)));

/** Every check. The rows of a table count only where a test is made from them. */
export function checksOf(titles: readonly Title[]): readonly Check[] {
  const tests = titles.filter(({ ids }) => ids.length > 0)
    .map(({ path, line, text, ids, skippable }) => ({
      name: `${path}:${line} "${text}"`,
      ids,
      skippable,
    }));
  const rows = Object.entries(TABLES).filter(([runner]) =>
    titles.some(({ path, kind, skippable }) => path === runner && kind === "data" && !skippable)
  );
  return [...tests, ...rows.flatMap(([, checks]) => checks)];
}

/** The tests that do not say what they check. What a fault breaks, the cases that catch it say. */
export function silentTests(titles: readonly Title[]): readonly string[] {
  const mayUseData = (path: string) => path in TABLES || path.startsWith("spec/strength/");
  return titles
    .filter(({ kind, path }) => kind === "none" || (kind === "data" && !mayUseData(path)))
    .map(({ path, line, text }) => `${path}:${line} "${text}"`);
}

/** Citations of ids that do not exist. */
export function unknownIds(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(({ name, ids }) =>
    ids.filter((id) => !IDS.includes(id)).map((id) => `${name} cites ${id}`)
  );
}

/** Ids without a check that always runs. */
export function uncheckedIds(checks: readonly Check[]): readonly string[] {
  const checked = new Set(checks.flatMap(({ ids, skippable }) => skippable ? [] : ids));
  return IDS.filter((id) => !checked.has(id));
}

/** Cases that demand more of an implementation than the rules they cite. */
export function overstrictCases(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(({ name, ids, level }) => {
    const permitted = strongest(ids.flatMap(levelsOf));
    return level === undefined || strongest([level, permitted]) === permitted
      ? []
      : [`${name} is a ${level}, its rules are a ${permitted}`];
  });
}

/** The levels of a rule, or of the rules that answer an attack. */
function levelsOf(id: string): readonly Level[] {
  const rules = attackById(id)?.rules ?? [id];
  return rules.map((rule) => requirement(rule)?.level ?? "MAY");
}
