/**
 * The report as JUnit XML: one suite per group, one test case per case. A recommendation that is not
 * followed passes, with the warning in its output.
 * @module
 */
import { summaryOf } from "./summary.ts";
import type { CaseResult, Report } from "../results.ts";
import { byGroup } from "./gather.ts";
import { type Markup, markup, type Part } from "./markup.ts";

/** Writes the report as JUnit XML. */
export function junitReport(report: Report): string {
  const { cases, seconds, startedAt, summary } = report;
  const suites = [...byGroup(report)].map(([group, results]) => {
    const { failed, skipped } = summaryOf(results);
    return element("testsuite", {
      name: group,
      tests: results.length,
      failures: failed,
      errors: 0,
      skipped,
      time: timeOf(results),
      timestamp: startedAt,
    }, results.map(testcase));
  });
  const root = element("testsuites", {
    name: "fetch-tokens-for-user",
    tests: cases.length,
    failures: summary.failed,
    errors: 0,
    skipped: summary.skipped,
    time: seconds,
  }, suites);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.safe}`;
}

function testcase(result: CaseResult): Markup {
  const { id, group, level, title, milliseconds, requirements } = result;
  const values = { level, requirements: requirements.join(" "), title };
  const properties = Object.entries(values).map(([name, value]) =>
    element("property", { name, value }, [])
  );
  return element("testcase", { classname: group, name: id, time: milliseconds / 1000 }, [
    element("properties", {}, properties),
    ...resultOf(result),
  ]);
}

function resultOf(
  { outcome, level, reason = "", remedy, story = [] }: CaseResult,
): readonly Markup[] {
  const text = [reason, ...story, `Fix: ${remedy}`].join("\n");
  switch (outcome) {
    case "passed":
      return [];
    case "failed":
      return [element("failure", { type: level, message: reason }, text)];
    case "skipped":
      return [element("skipped", { message: reason }, [])];
    case "warned":
      return [element("system-out", {}, `Warning: ${text}`)];
    case "expected":
      return [element("system-out", {}, `Expected failure: ${text}`)];
  }
}

function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: Part,
): Markup {
  const written = Object.entries(attributes).map(([key, value]) => markup` ${key}="${value}"`);
  return markup`<${name}${written}>${content}</${name}>
`;
}

function timeOf(results: readonly CaseResult[]): number {
  return Math.round(results.reduce((sum, { milliseconds }) => sum + milliseconds, 0)) / 1000;
}
