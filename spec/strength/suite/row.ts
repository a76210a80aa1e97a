/**
 * One row of the results: a server, and what the suite said about it.
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
import type { Fault, Planted } from "./fault.ts";
import { FAULTS } from "./faults/all.ts";
import { VARIANTS } from "./variants.ts";

/** A case that failed or warned. */
export interface FailedCase {
  readonly id: string;
  readonly level: Level;
  readonly outcome: CaseResult["outcome"];
  readonly reason: string;
}

/** The result of one server. */
export interface Row {
  readonly id: string;
  readonly seconds: number;
  /** `null` if the run did not finish. */
  readonly summary: Summary | null;
  /** The cases that found it wrong. */
  readonly failed: readonly FailedCase[];
  /** Why the run did not finish, or what went wrong within the suite itself. */
  readonly problem: string | null;
}

/** Every server, faulty ones first. */
export const PLANTED: readonly Planted[] = [...FAULTS, ...VARIANTS];

/** Whether a server must be caught. */
export function isFault(planted: Planted): planted is Fault {
  return "caughtBy" in planted;
}

/**
 * Runs the suite against one server: all cases, except random histories unless they are named for it,
 * because they take long to say what other cases say at once.
 * @param named only the cases that must catch the fault
 */
export async function makeRow(planted: Planted, named: boolean): Promise<Row> {
  const report = await examine(
    planted,
    casesFor(planted, named),
    isFault(planted) ? planted.histories : undefined,
  );
  const broken = report.cases.find(({ reason }) => reason?.startsWith("the suite failed"));
  return {
    id: planted.id,
    seconds: report.seconds,
    summary: report.summary,
    failed: report.cases.filter(isCaught)
      .map(({ id, level, outcome, reason = "" }) => ({ id, level, outcome, reason })),
    problem: broken === undefined ? null : `${broken.id}: ${broken.reason}`,
  };
}

function casesFor(planted: Planted, named: boolean): readonly Case[] {
  if (!isFault(planted)) return cases;
  if (named) return cases.filter(({ id }) => planted.caughtBy.includes(id));
  return cases.filter(({ id, group }) => group !== "histories" || planted.caughtBy.includes(id));
}

/** Why a row is not as it should be; empty if it is. */
export function complaints(planted: Planted, { failed, problem, summary }: Row): readonly string[] {
  const unfinished = summary === null ? [`no result: ${problem}`] : [];
  if (isFault(planted)) {
    if (failed.length === 0) return [...unfinished, "no case caught it"];
    const missing = planted.caughtBy.filter((id) => !failed.some((found) => found.id === id));
    return [...unfinished, ...missing.map((id) => `not caught by ${id}`)];
  }
  const wrong = failed.filter(({ level, outcome }) => level === "MUST" || outcome === "failed");
  return [...unfinished, ...wrong.map(({ id, level, reason }) => `${level} ${id}: ${reason}`)];
}
