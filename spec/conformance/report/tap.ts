/**
 * The report as TAP 14. A recommendation that is not followed is `not ok … # TODO`, which consumers do
 * not count as a failure.
 * @module
 */
import type { CaseResult, Report } from "../results.ts";

/** Writes the report as TAP. */
export function tapReport({ cases, target, seed }: Report): string {
  const lines = cases.map((result, index) => {
    const ok = result.outcome === "passed" || result.outcome === "skipped" ? "ok" : "not ok";
    const name = escapeHash(`${result.id} ${result.level}: ${result.title}`);
    return `${ok} ${index + 1} - ${name}${directive(result)}${details(result)}`;
  });
  const about = `# ${escapeHash(target.endpoint)} seed ${seed}`;
  return ["TAP version 14", about, `1..${cases.length}`, ...lines, ""].join("\n");
}

function directive({ outcome, reason = "" }: CaseResult): string {
  const text = reason.replaceAll(/\s+/g, " ");
  switch (outcome) {
    case "skipped":
      return ` # SKIP ${text}`;
    case "warned":
      return " # TODO a recommendation";
    case "expected":
      return " # TODO an expected failure";
    case "passed":
    case "failed":
      return "";
  }
}

/** A YAML block; JSON strings are YAML strings. */
function details(result: CaseResult): string {
  if (result.outcome === "passed" || result.outcome === "skipped") return "";
  const { level, requirements, attacks, reason, expected, found, story, remedy } = result;
  const members = { level, requirements, attacks, reason, expected, found, story, remedy };
  const lines = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  return ["", "  ---", ...lines, "  ..."].join("\n");
}

/** TAP 14: a `#` in a name is escaped, and so is the backslash. */
function escapeHash(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("#", "\\#").replaceAll(/\s+/g, " ");
}
