/**
 * Comparisons whose errors say what was expected and what was seen.
 * @module
 */
import type { Decision } from "../../core/decision.ts";
import { ContractError } from "./contract.ts";

/** Requires that two values consist of the same data. */
export function expectEqual(what: string, seen: unknown, expected: unknown): void {
  const found = difference(seen, expected, "");
  if (found !== null) throw new ContractError(`${what}: ${found}`);
}

/** Requires a condition. */
export function expect(what: string, holds: boolean): asserts holds {
  if (!holds) throw new ContractError(what);
}

/** Requires that a promise rejects with an error of this name, and returns the error. */
export async function expectRejection(
  what: string,
  name: string,
  promise: Promise<unknown>,
): Promise<Error> {
  const [result] = await Promise.allSettled([promise]);
  if (result?.status !== "rejected") {
    throw new ContractError(`${what}: expected a rejection, saw ${show(result?.value)}`);
  }
  const error = result.reason as Error;
  if (name !== "" && error.name !== name) {
    throw new ContractError(`${what}: expected a ${name}, saw ${error.name}: ${error.message}`);
  }
  return error;
}

/** The grant of a decision that must be one. */
export function granted<Grant>(decision: Decision<Grant>): Grant {
  if (decision.outcome === "granted") return decision.grant;
  throw new ContractError(
    `expected a decision that grants, saw ${decision.code} (${decision.reason})`,
  );
}

/** Where two values differ first, or `null`. */
function difference(seen: unknown, expected: unknown, path: string): string | null {
  if (Object.is(seen, expected)) return null;
  if (!isObject(seen) || !isObject(expected) || Array.isArray(seen) !== Array.isArray(expected)) {
    const at = path === "" ? "" : `at ${path}: `;
    return `${at}expected ${show(expected)}, saw ${show(seen)}`;
  }
  const names = new Set([...Object.keys(expected), ...Object.keys(seen)]);
  for (const name of names) {
    const found = difference(seen[name], expected[name], path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 300 ? text : `${text.slice(0, 299)}…`;
}
