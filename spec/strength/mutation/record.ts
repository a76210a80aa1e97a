/**
 * The results of a run, and why each survivor is equivalent: both kept as files, so that a test can compare
 * them.
 * @module
 */
import { existsSync } from "node:fs";
import { readText, ROOT } from "../../house/source.ts";

/** Where the results are kept. */
export const RESULTS_PATH = "spec/strength/mutation/results.json";
/** Where the survivors are explained. */
export const SURVIVORS_PATH = "spec/strength/mutation/survivors.json";

/** A change of a file's meaning. Lines move; the text of the line does not. */
export interface Change {
  /** The line that it begins in, trimmed. */
  readonly within: string;
  /** Stryker's name for this kind of change. */
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

/** The results for the mutants of one file. */
export interface FileResult {
  readonly mutants: number;
  /** How many each stage killed, by its name. */
  readonly killed: Readonly<Record<string, number>>;
  readonly timeouts: number;
  readonly seconds: number;
  readonly survivors: readonly Change[];
}

/** The results of every file, by its path. */
export type Results = Readonly<Record<string, FileResult>>;

/** A survivor, and why it is equivalent to the original. */
export interface Explanation extends Change {
  readonly file: string;
  readonly why: string;
}

/** Reads the results of the last run. */
export function readResults(): Results {
  return existsSync(ROOT + RESULTS_PATH) ? JSON.parse(readText(RESULTS_PATH)) : {};
}

/** Reads the explanations. */
export function readExplanations(): readonly Explanation[] {
  return existsSync(ROOT + SURVIVORS_PATH) ? JSON.parse(readText(SURVIVORS_PATH)) : [];
}

/** Names a change; equal changes of one line share it. */
export function nameOf(file: string, change: Change): string {
  const { within, mutator, original, replacement } = change;
  return JSON.stringify([file, mutator, within, original, replacement]);
}

/** Adds up the results of some files. */
export function addUp(
  results: readonly FileResult[],
): Record<"mutants" | "killed" | "timeouts" | "survived" | "seconds", number> {
  const sum = (count: (result: FileResult) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    mutants: sum(({ mutants }) => mutants),
    killed: sum(({ killed }) => Object.values(killed).reduce((a, b) => a + b, 0)),
    timeouts: sum(({ timeouts }) => timeouts),
    survived: sum(({ survivors }) => survivors.length),
    seconds: Math.round(sum(({ seconds }) => seconds)),
  };
}

/** The share of mutants that were killed, in percent; 100 where there are none. */
export function scoreOf(results: readonly FileResult[]): number {
  const { mutants, survived } = addUp(results);
  return mutants === 0 ? 100 : 100 * (1 - survived / mutants);
}
