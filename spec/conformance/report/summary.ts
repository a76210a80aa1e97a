/**
 * The number of cases per outcome.
 * @module
 */
import type { CaseResult, Outcome, Summary } from "../results.ts";

/** Counts outcomes. */
export function summaryOf(results: readonly CaseResult[]): Summary {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    warned: count("warned"),
    skipped: count("skipped"),
    expected: count("expected"),
  };
}
