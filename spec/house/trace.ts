/**
 * Which check cites which rule or attack, over all of `spec`.
 * @module
 */
import { attackById, ATTACKS } from "../requirements/attacks.ts";
import { requirement, REQUIREMENTS } from "../requirements/mod.ts";
import { type Level, strongest } from "../requirements/model.ts";
import { reach } from "./imports.ts";
import { listSources, readText } from "./source.ts";
import { type Citation, readTitles, type Uncited } from "./titles.ts";

/** Every id there is, in the order in which they are read. */
export const IDS: readonly string[] = [...REQUIREMENTS, ...ATTACKS].map(({ id }) => id);

const SOURCES = listSources("spec/");

/** What cites what. */
export interface Trace {
  /** Tests, and entries of tables that a test imports. */
  readonly citations: readonly Citation[];
  readonly uncited: readonly Uncited[];
}

/** The path of a test file, and whether it is one. */
export function isTestFile(path: string): boolean {
  return path.startsWith("spec/") && path.endsWith(".test.ts");
}

/** Reads every test, and every table that a test reaches. */
export function readTrace(): Trace {
  const citations: Citation[] = [];
  const uncited: Uncited[] = [];
  const tests = SOURCES.filter(isTestFile);
  const tables = new Set<string>();
  for (const path of tests) {
    const titles = readTitles(path, readText(path));
    citations.push(...titles.citations);
    uncited.push(...titles.uncited);
    const reached = modulesReached(path);
    for (const module of reached) tables.add(module);
    const hasEntries = [path, ...reached].some((module) => entriesOf(module).length > 0);
    if (titles.fromTable && !hasEntries) {
      uncited.push({ path, line: 1, name: "titles from a table, but no table is imported" });
    }
  }
  for (const path of tables) citations.push(...entriesOf(path));
  return { citations, uncited };
}

/** The citations of each id, in the order of {@link IDS}. */
export function citationsById({ citations }: Trace): ReadonlyMap<string, readonly Citation[]> {
  return new Map(IDS.map((id) => [id, citations.filter(({ ids }) => ids.includes(id))]));
}

/** Citations of ids that there are not. */
export function unknownIds({ citations }: Trace): readonly string[] {
  return citations.flatMap(({ ids, ...citation }) =>
    ids.filter((id) => !IDS.includes(id)).map((id) => `${describeCitation(citation)} cites ${id}`)
  );
}

/** Ids that no check cites that always runs. */
export function uncoveredIds(trace: Trace): readonly string[] {
  return [...citationsById(trace)]
    .filter(([, citations]) => !citations.some(({ unconditional }) => unconditional))
    .map(([id]) => id);
}

/** Cases that ask more of an implementation than the rules they cite. */
export function overstrictCases({ citations }: Trace): readonly string[] {
  return citations.flatMap(({ ids, level, ...citation }) => {
    const permitted = strongest(ids.flatMap(levelsOf));
    return level === null || strongest([level, permitted]) === permitted
      ? []
      : [`${describeCitation(citation)} is a ${level}, its rules are a ${permitted}`];
  });
}

/** A citation's place and name, for messages. */
export function describeCitation({ path, line, name }: Omit<Citation, "ids" | "level">): string {
  return `${path}:${line} "${name}"`;
}

/** The levels of a rule, or of the rules that answer an attack. */
function levelsOf(id: string): readonly Level[] {
  const rules = attackById(id)?.rules ?? [id];
  return rules.map((rule) => requirement(rule)?.level ?? "MAY");
}

function modulesReached(path: string): readonly string[] {
  const reached = reach([path], ({ typeOnly }) => !typeOnly).map(({ target }) => target);
  return SOURCES.filter((source) => reached.includes(source))
    .filter((source) => !isTestFile(source) && !isData(source));
}

/** The attacks name the rules that answer them: that is no check. */
function isData(path: string): boolean {
  return path.startsWith("spec/requirements/");
}

const ENTRIES = new Map<string, readonly Citation[]>();

function entriesOf(path: string): readonly Citation[] {
  const known = ENTRIES.get(path) ?? readTitles(path, readText(path)).citations
    .filter(({ kind }) => kind === "entry");
  ENTRIES.set(path, known);
  return known;
}
