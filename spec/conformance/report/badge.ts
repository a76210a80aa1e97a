/**
 * The outcome as a badge.
 * @module
 */
import type { Report } from "../results.ts";
import { countsOf } from "./gather.ts";

/** Writes the JSON that an endpoint badge of shields.io reads; `counts` is for other readers. */
export function badge({ summary, depth, suite }: Report): string {
  const { passed, failed, skipped } = summary;
  const message = passed + failed === 0 ? "not checked" : countsOf(summary);
  const color = failed > 0
    ? "red"
    : passed === 0
    ? "lightgrey"
    : skipped > passed
    ? "yellow"
    : "green";
  const fields = { schemaVersion: 1, label: "fetchTokensForUser", message, color };
  return JSON.stringify({ ...fields, counts: summary, depth, suite: suite.digest }, null, 2) + "\n";
}
