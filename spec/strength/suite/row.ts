/**
 * One row of the matrix: a server, and what the suite said of it.
 * @module
 */
import {
  type Case,
  type CaseResult,
  cases,
  type Level,
  type Summary,
} from "../../conformance/mod.ts";
import { examine, isCaught } from "./examine.ts";
import type { Fault, Planted, Variant } from "./fault.ts";
import { FAULTS } from "./faults/all.ts";
import { VARIANTS } from "./variants.ts";

/** A case that did not pass. */
export interface Told {
  readonly id: string;
  readonly level: Level;
  readonly outcome: CaseResult["outcome"];
  readonly reason: string;
}

/** What came of one server. */
export interface Row {
  readonly id: string;
  readonly seconds: number;
  /** `null` where the run came to no end. */
  readonly summary: Summary | null;
  /** The cases that found it wrong. */
  readonly told: readonly Told[];
  /** Why the run came to no end, or what went wrong within the suite itself. */
  readonly problem: string | null;
}

/** Every server, faulty ones first. */
export const PLANTED: readonly Planted[] = [...FAULTS, ...VARIANTS];

/** Whether a server is meant to be caught. */
export function isFault(planted: Planted): planted is Fault {
  return "caughtBy" in planted;
}

/** Whether a server is meant to pass. */
export function isVariant(planted: Planted): planted is Variant {
  return !isFault(planted);
}

/**
 * Runs the suite against one server: all cases, but for random histories where none of them is named, as
 * they take long to say what other cases say at once.
 */
export async function makeRow(planted: Planted): Promise<Row> {
  const { summary, seconds, cases: results } = await examine(
    planted,
    casesFor(planted),
    isFault(planted) ? planted.histories : undefined,
  );
  const broken = results.find(({ reason }) => reason?.startsWith("the suite failed"));
  return {
    id: planted.id,
    seconds,
    summary,
    told: results.filter(isCaught).map(({ id, level, outcome, reason = "" }) => ({
      id,
      level,
      outcome,
      reason,
    })),
    problem: broken === undefined ? null : `${broken.id}: ${broken.reason}`,
  };
}

function casesFor(planted: Planted): readonly Case[] {
  if (isVariant(planted)) return cases;
  const named = isFault(planted) ? planted.caughtBy : [];
  return cases.filter(({ id, group }) => group !== "histories" || named.includes(id));
}

/** Why a row is not as it should be; empty where it is. */
export function complaints(planted: Planted, { told, problem, summary }: Row): readonly string[] {
  const said = summary === null ? [`no result: ${problem}`] : [];
  if (isFault(planted)) {
    const missing = planted.caughtBy.filter((id) => !told.some((found) => found.id === id));
    if (told.length === 0) return [...said, "no case caught it"];
    return [...said, ...missing.map((id) => `not caught by ${id}`)];
  }
  const failed = told.filter(({ level, outcome }) => level === "MUST" || outcome === "failed");
  return [...said, ...failed.map(({ id, level, reason }) => `${level} ${id}: ${reason}`)];
}
