/**
 * How a case reports that something is wrong. A case that returns has passed.
 * @module
 */
import type { Need } from "./needs.ts";

/** The implementation does not behave as expected. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly expected: string;
  readonly found: string;
  /** The shortest failing sequence of steps, if the case searched for one. */
  readonly story: readonly string[] | undefined;
  constructor(expected: string, found: string, story?: readonly string[]) {
    super(`expected ${expected}; found ${found}`);
    this.expected = expected;
    this.found = found;
    this.story = story;
  }
}

/**
 * The check would prove nothing: the same request without the flaw fails as well, or the model cannot
 * predict the answer.
 */
export class Blocked extends Error {
  override readonly name = "Blocked";
}

/** The harness failed where the protocol requires it to work. The product was not judged. */
export class HarnessFault extends Error {
  override readonly name = "HarnessFault";
}

/** The implementation does not provide what the case needs. */
export class Missing extends Error {
  override readonly name = "Missing";
  readonly need: Need;
  constructor(need: Need) {
    super(`needs ${need}`);
    this.need = need;
  }
}

/** Fails unless the condition holds. What was found is a text, or a value to show. */
export function check(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds) throw new Failure(expected, typeof found === "string" ? found || '""' : show(found));
}

/** Fails unless the two are the same text, number or null. */
export function equal(found: unknown, expected: unknown, what: string): void {
  check(found === expected, `${what} ${show(expected)}`, show(found));
}

/** Fails unless the two scopes hold the same tokens, in any order. */
export function equalScope(found: unknown, expected: string, what = "scope"): void {
  check(sortScope(String(found)) === sortScope(expected), `${what} "${expected}"`, show(found));
}

/** A scope with its tokens in one order. */
export function sortScope(scope: string): string {
  return scope.split(" ").sort().join(" ");
}

/** Runs the positive twin of a check: if it fails, the check is blocked, not failed. */
export async function control<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Blocked(`${what} fails as well: ${error.message}`);
  }
}

/** Sends a harness command that the harness may refuse. */
export async function mayFail(command: () => Promise<unknown>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof HarnessFault)) throw error;
  }
}

/** A value as reports show it. */
export function show(value: unknown): string {
  if (typeof value === "string" && !/^[\x20-\x7e]*$/.test(value)) return JSON.stringify(value);
  if (typeof value === "string") return value.includes(" ") || value === "" ? `"${value}"` : value;
  return value === undefined ? "nothing" : JSON.stringify(value);
}
