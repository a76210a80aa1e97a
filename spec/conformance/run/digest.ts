/**
 * A short digest of the cases, so that reports of different suites are not compared by mistake.
 * @module
 */
import { deriveSeed } from "../base/random.ts";
import type { Case } from "../case.ts";

/** Eight hexadecimal digits that change with any id, level or expectation of a case. */
export function digestOf(cases: readonly Case[]): string {
  const text = cases.map(({ id, level, title, expects }) => `${id} ${level} ${expects ?? title}`)
    .join("\n");
  return deriveSeed(0, text).toString(16).padStart(8, "0");
}
