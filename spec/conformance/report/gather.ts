/**
 * Results grouped and counted in the ways that reports show them.
 * @module
 */
import { describeSource, partOf } from "../../requirements/mod.ts";
import type { CaseResult, Group, Outcome, Report, Summary } from "../results.ts";

/** The outcomes, most severe first. */
export const OUTCOMES: readonly Outcome[] = ["failed", "warned", "expected", "skipped", "passed"];

/** The results with an outcome. */
export function withOutcome({ cases }: Report, outcome: Outcome): readonly CaseResult[] {
  return cases.filter((result) => result.outcome === outcome);
}

/** The results with an outcome that follow from no other failure. */
export function roots(report: Report, outcome: Outcome): readonly CaseResult[] {
  return withOutcome(report, outcome).filter(({ because }) => because === undefined);
}

/** A failure, and the failures and warnings that follow from it. */
export interface RootFailure {
  readonly root: CaseResult;
  readonly followers: readonly CaseResult[];
}

/** The failures that follow from no other, those that explain most first. */
export function rootFailures(report: Report): readonly RootFailure[] {
  return roots(report, "failed")
    .map((root) => ({ root, followers: report.cases.filter(({ because }) => because === root.id) }))
    .sort((a, b) => b.followers.length - a.followers.length);
}

/** What a case stands for, and who says so: `G6.1, documented by the vendor (payload)`. */
export function sourcesOf({ parts, requirements }: CaseResult): string {
  const whole = requirements.filter((id) => !parts.some((part) => part.startsWith(`${id}.`)));
  const named = parts.map((id) => {
    const part = partOf(id);
    return part === undefined ? id : `${id}, ${describeSource(part.source)}`;
  });
  return [...named, ...whole].join("; ");
}

/** The results of each group, in the order of the groups. */
export function byGroup({ cases }: Report): ReadonlyMap<Group, readonly CaseResult[]> {
  return gather(cases, ({ group }) => [group]);
}

/** The results that cite each rule, in the order of the rules' ids. */
export function byRequirement({ cases }: Report): ReadonlyMap<string, readonly CaseResult[]> {
  const found = gather(cases, ({ requirements }) => requirements);
  return new Map([...found].sort(([a], [b]) => order(a) - order(b)));
}

/** The skipped cases by the reason. */
export function byReason(report: Report): ReadonlyMap<string, readonly CaseResult[]> {
  return gather(withOutcome(report, "skipped"), ({ reason }) => [reason ?? ""]);
}

/** The outcome of a run in one sentence. */
export function verdictOf(report: Report): string {
  const { summary } = report;
  const { passed, failed, warned, skipped } = summary;
  if (failed > 0) {
    const reasons = roots(report, "failed").length;
    return `${count(failed, "case")} failed` +
      (reasons < failed ? `, for ${count(reasons, "reason")}` : "");
  }
  if (passed === 0) return "Nothing could be checked";
  const total = passed + warned + skipped + summary.expected;
  const parts = [
    warned > 0 ? `${count(warned, "recommendation")} not followed` : "",
    skipped > 0
      ? `${count(skipped, "case")} not checked (${Math.ceil(100 * skipped / total)} %)`
      : "",
  ].filter((part) => part !== "");
  return ["Everything that was checked passed", ...parts].join(", ");
}

/** The counts in words, without the outcomes that did not occur: `12 passed, 1 failed`. */
export function countsOf(summary: Summary, least: readonly Outcome[] = []): string {
  const order: readonly Outcome[] = ["passed", "failed", "warned", "skipped", "expected"];
  return order.filter((outcome) => summary[outcome] > 0 || least.includes(outcome))
    .map((outcome) =>
      `${summary[outcome]} ${outcome === "expected" ? "failed as expected" : outcome}`
    )
    .join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function gather<Key>(
  results: readonly CaseResult[],
  keysOf: (result: CaseResult) => readonly Key[],
): ReadonlyMap<Key, readonly CaseResult[]> {
  const found = new Map<Key, CaseResult[]>();
  for (const result of results) {
    for (const key of keysOf(result)) {
      const list = found.get(key);
      if (list === undefined) found.set(key, [result]);
      else list.push(result);
    }
  }
  return found;
}

function order(id: string): number {
  const [, letter = "", number = "0"] = /^([A-Z])(\d+)$/.exec(id) ?? [];
  return "GEPCTRA".indexOf(letter) * 100 + Number(number);
}
