/**
 * Environment variables of ours that nothing reads: a mistyped name would be ignored in silence.
 * @module
 */
import { type Environment, UsageError } from "./options.ts";

const PREFIX = "FTFU_";

/**
 * Checks the names of all variables that begin like ours.
 * @param known the names that some command reads
 * @throws {UsageError} naming the unknown one, the closest known one and all others
 */
export function checkEnvironment(environment: Environment, known: readonly string[]): void {
  const unknown = Object.keys(environment)
    .find((name) => name.startsWith(PREFIX) && !known.includes(name));
  if (unknown === undefined) return;
  const [closest, ...others] = [...new Set(known)]
    .sort((a, b) => distance(unknown, a) - distance(unknown, b));
  throw new UsageError(
    `unknown environment variable ${unknown}: did you mean ${closest}? The others are ` +
      others.sort().join(", "),
  );
}

/** How many characters to insert, drop or replace (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= to.length; at++) {
      const [left = 0, above = 0, corner = 0] = [next[at - 1], row[at], row[at - 1]];
      next.push(Math.min(left + 1, above + 1, corner + (to[at - 1] === letter ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
