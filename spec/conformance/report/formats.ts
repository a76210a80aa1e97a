/**
 * All formats of a report.
 * @module
 */
import type { Report } from "../results.ts";
import { htmlReport } from "./html.ts";
import { junitReport } from "./junit.ts";
import { badge } from "./badge.ts";
import { tapReport } from "./tap.ts";
import { type TextOptions, textReport } from "./text.ts";

/** The name of a format. */
export type ReportFormat = "text" | "tap" | "junit" | "json" | "html" | "badge";

/** All names. */
export const formats: readonly ReportFormat[] = ["text", "tap", "junit", "json", "html", "badge"];

/** Writes a report. */
export function writeReport(
  report: Report,
  format: ReportFormat,
  options: TextOptions = {},
): string {
  switch (format) {
    case "text":
      return textReport(report, options);
    case "tap":
      return tapReport(report);
    case "junit":
      return junitReport(report).trimStart();
    case "json":
      return JSON.stringify(report, null, 2) + "\n";
    case "html":
      return htmlReport(report).trimStart();
    case "badge":
      return badge(report);
  }
}
