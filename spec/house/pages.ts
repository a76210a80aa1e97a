/**
 * Every page that is printed from data, so that it cannot drift from it.
 * @module
 */
import {
  CHART_PATH,
  PERFORMANCE_PATH,
  renderPerformance,
  renderPerformanceChart,
  RESULTS_PATH,
} from "../bench/page.ts";
import { CLI_REFERENCE_PATH, renderCliReference } from "./cli-reference.ts";
import { REFERENCE_PATH, renderReference } from "./reference.ts";
import { readText } from "./source.ts";

/** A page and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Prints every page. */
export async function renderPages(): Promise<readonly Page[]> {
  const results = JSON.parse(readText(RESULTS_PATH));
  return [
    { path: PERFORMANCE_PATH, text: renderPerformance(results) },
    { path: CHART_PATH, text: renderPerformanceChart(results) },
    { path: REFERENCE_PATH, text: renderReference() },
    { path: CLI_REFERENCE_PATH, text: await renderCliReference() },
  ];
}
