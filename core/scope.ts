/**
 * Scope (RFC 6749 §3.3) as a sorted list of distinct tokens, so that equal scopes are equal lists.
 * @module
 */

/** A set of scope tokens: sorted by code unit, without duplicates. The empty list permits nothing. */
export type Scope = readonly string[];

/** The empty scope; it permits nothing. */
export const NO_SCOPE: Scope = [];

/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ). */
const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Reads a space-delimited scope; `""` is {@link NO_SCOPE}. Returns `null` if it violates RFC 6749 §3.3. */
export function readScope(text: string): Scope | null {
  if (text === "") return NO_SCOPE;
  const tokens = text.split(" ");
  return tokens.every((token) => TOKEN.test(token)) ? [...new Set(tokens)].sort() : null;
}

/** Writes a scope as one space-delimited, sorted string (G6). */
export function writeScope(scope: Scope): string {
  return scope.join(" ");
}

/** The tokens in both scopes. */
export function intersect(a: Scope, b: Scope): Scope {
  return a.filter((token) => b.includes(token));
}

/** Whether every token of `part` is in `whole`. */
export function isWithin(part: Scope, whole: Scope): boolean {
  return part.every((token) => whole.includes(token));
}
