/**
 * The report for a terminal: failures first, what explains most at the top; counts last.
 * @module
 */
import { summaryOf } from "./summary.ts";
import type { CaseResult, Report } from "../results.ts";
import {
  byGroup,
  byReason,
  countsOf,
  rootFailures,
  roots,
  sourcesOf,
  verdictOf,
  withOutcome,
} from "./gather.ts";

/** The appearance of the text. */
export interface TextOptions {
  /** With ANSI colours. */
  readonly color?: boolean;
}

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
type Paint = (text: string, style: keyof typeof CODES) => string;

/** Writes the report as text. */
export function textReport(report: Report, { color = false }: TextOptions = {}): string {
  const paint: Paint = (text, style) => color ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
  const { target, depth, seed, summary, seconds, requests } = report;
  const name = [target.name, target.version].filter((part) => part !== null).join(" ");
  const about = [target.endpoint, name, `depth ${depth}`, `seed ${seed}`].filter(Boolean);
  const counts = countsOf(summary, ["passed", "failed", "warned", "skipped"]);
  const blocks = [
    paint(about.join(" · "), "dim"),
    ...rootFailures(report).map(({ root, followers }) => caseLines(root, paint, followers)),
    ...roots(report, "warned").map((result) => caseLines(result, paint)),
    ...withOutcome(report, "expected").map(({ id, reason }) =>
      `${paint("EXPECTED", "dim")} ${id}\n  ${reason ?? ""}`
    ),
    ...withOutcome(report, "skipped").length > 0 ? [skippedLines(report, paint)] : [],
    groupLines(report, paint),
    `${paint(verdictOf(report) + ".", "bold")}\n` +
    `${paint(counts, summary.failed > 0 ? "red" : "green")} in ${seconds} s (${requests} requests)`,
  ];
  return blocks.join("\n\n") + "\n";
}

function groupLines(report: Report, paint: Paint): string {
  return [...byGroup(report)].map(([group, results]) => {
    const summary = summaryOf(results);
    const style = summary.failed > 0 ? "red" : summary.warned > 0 ? "yellow" : "green";
    return `${paint(group.padEnd(22), style)} ${countsOf(summary)}`;
  }).join("\n");
}

function skippedLines(report: Report, paint: Paint): string {
  const lines = [...byReason(report)].map(([reason, results]) => {
    const shown = results.slice(0, 4).map(({ id }) => id).join(", ");
    const more = results.length > 4 ? ` and ${results.length - 4} more` : "";
    return `  ${reason}\n    ${paint(shown + more, "dim")}`;
  });
  return `${paint("SKIPPED", "yellow")}\n${lines.join("\n")}`;
}

function caseLines(
  result: CaseResult,
  paint: Paint,
  followers: readonly CaseResult[] = [],
): string {
  const failed = result.outcome === "failed";
  const head = paint(failed ? "FAILED" : "WARNED", failed ? "red" : "yellow");
  const lines = [
    `${head} ${paint(result.id, "bold")} (${result.level}; ${sourcesOf(result)})`,
    ...result.expected === undefined
      ? [`  ${result.reason ?? ""}`]
      : [`  found     ${result.found ?? ""}`, `  expected  ${result.expected}`],
    ...(result.story ?? []).map((step) => `    ${step}`),
    `  check     ${result.title}`,
    paint(`  fix       ${result.remedy}`, "dim"),
    ...followers.length === 0 ? [] : [
      `  ${followers.length} more ${
        followers.length === 1 ? "problem follows" : "problems follow"
      }:`,
      paint(`    ${followers.map(({ id }) => id).join(", ")}`, "dim"),
    ],
  ];
  return lines.join("\n");
}
