/**
 * How a case says that something is wrong. A case that returns has passed.
 * @module
 */
import type { Need } from "./needs.ts";

/** The implementation does not do what is expected. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly expected: string;
  readonly found: string;
  /** Where a case searched for it: the shortest sequence of steps that fails. */
  readonly story: readonly string[] | undefined;
  constructor(expected: string, found: string, story?: readonly string[]) {
    super(`expected ${expected}; found ${found}`);
    this.expected = expected;
    this.found = found;
    this.story = story;
  }
}

/**
 * The check would mean nothing: the same request without the flaw under test does not work either, or
 * the model cannot predict it.
 */
export class Blocked extends Error {
  override readonly name = "Blocked";
}

/** The harness failed where the protocol says that it works. The product was not judged. */
export class HarnessFault extends Error {
  override readonly name = "HarnessFault";
}

/** What the case needs is not offered. */
export class Missing extends Error {
  override readonly name = "Missing";
  readonly need: Need;
  constructor(need: Need) {
    super(`needs ${need}`);
    this.need = need;
  }
}

/** Fails unless the condition holds. What was found is a sentence, or a value to be shown. */
export function check(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds) throw new Failure(expected, typeof found === "string" ? found || '""' : show(found));
}

/** Fails unless the two are the same text, number or null. */
export function equal(found: unknown, expected: unknown, what: string): void {
  check(found === expected, `${what} ${show(expected)}`, show(found));
}

/** Fails unless the two scopes hold the same tokens, in whatever order. */
export function equalScope(found: unknown, expected: string, what = "scope"): void {
  check(sortScope(String(found)) === sortScope(expected), `${what} "${expected}"`, show(found));
}

/** A scope with its tokens in one order. */
export function sortScope(scope: string): string {
  return scope.split(" ").sort().join(" ");
}

/** Runs the positive twin of a check: where it fails, the check is blocked, not failed. */
export async function control<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Blocked(`${what} does not work either: ${error.message}`);
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

/** A value as it reads in a report. */
export function show(value: unknown): string {
  if (typeof value === "string" && !/^[\x20-\x7e]*$/.test(value)) return JSON.stringify(value);
  if (typeof value === "string") return value.includes(" ") || value === "" ? `"${value}"` : value;
  return value === undefined ? "nothing" : JSON.stringify(value);
}
