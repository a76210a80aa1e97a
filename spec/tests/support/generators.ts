/**
 * What properties are tried on: odd strings, scopes, times, claims; and how often, with which seed.
 * @module
 */
import process from "node:process";
import fc from "fast-check";
import type { Seconds } from "../../../core/model.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Numbers } from "../../../core/settings.ts";
import { scopeOf, START } from "./machine.ts";

/** How often a property is tried, and from where: `FC_SEED` sets another seed than the usual one. */
export function runs(numRuns: number): { readonly seed: number; readonly numRuns: number } {
  return { seed: Number(process.env["FC_SEED"] ?? 20_260_801), numRuns };
}

/** Strings that trip code up: prototype members, lone surrogates, controls, blanks, the longest ids. */
export const oddStrings: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "null",
    "undefined",
    "NaN",
    "0",
    "\ud800",
    "\udc00x",
    "a\u0000b",
    "ann\n",
    "ann ",
    "Ann",
    "a b",
    "é",
    "\u202eann",
    "😀",
    "~".repeat(255),
    "~".repeat(256),
    "$&",
    "' OR 1=1 --",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ maxLength: 300 }),
);

/** Numbers that trip code up, and a few ordinary moments. */
export const oddNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e300),
  fc.constantFrom(START - 31, START - 1, START, START + 30, START + 300, START + 331),
  fc.double(),
  fc.integer(),
);

/** The scope tokens of the small worlds that histories are played in. */
export const SCOPE_TOKENS: readonly string[] = ["email", "orders", "profile"];

/** A well-formed scope over {@link SCOPE_TOKENS}, no scope at all included. */
export const scopes: fc.Arbitrary<Scope> = fc.subarray([...SCOPE_TOKENS])
  .map((tokens) => scopeOf(tokens.join(" ")));

/** Settings of any small size: every boundary is met within seconds. */
export const numbers: fc.Arbitrary<Numbers> = fc.record({
  accessTokenSeconds: fc.integer({ min: 1, max: 20 }),
  refreshIdleSeconds: fc.integer({ min: 1, max: 60 }),
  refreshAbsoluteSeconds: fc.integer({ min: 1, max: 90 }),
  refreshDuplicateSeconds: fc.integer({ min: 0, max: 5 }),
  maxFamilies: fc.integer({ min: 1, max: 5 }),
  consentSkewSeconds: fc.integer({ min: 0, max: 5 }),
  consentMaxLifetimeSeconds: fc.integer({ min: 1, max: 60 }),
  consentRetrySeconds: fc.integer({ min: 0, max: 10 }),
  secretOverlapSeconds: fc.integer({ min: 0, max: 20 }),
});

/** A well-formed scope of any tokens whatever. */
export const anyScopes: fc.Arbitrary<Scope> = fc.array(scopeToken(), { maxLength: 8 })
  .map((tokens) => scopeOf(tokens.join(" ")));

/** One scope token (RFC 6749 §3.3). */
export function scopeToken(): fc.Arbitrary<string> {
  const character = fc.integer({ min: 0x21, max: 0x7e }).filter((code) =>
    code !== 0x22 && code !== 0x5c
  ).map((code) => String.fromCharCode(code));
  return fc.oneof(
    fc.constantFrom("__proto__", "constructor", ...SCOPE_TOKENS),
    fc.string({ unit: character, minLength: 1, maxLength: 6 }),
  );
}

/** Anything that JSON can say, and a little more. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }),
  oddStrings,
  oddNumbers,
  fc.constantFrom(undefined, null, true, false),
);

/** Claims of a token as they might come: good ones, of which some were replaced, dropped or added. */
export const claims: fc.Arbitrary<Record<string, unknown>> = fc.tuple(
  fc.record({
    iss: fc.constant("https://consent.example"),
    aud: fc.constantFrom("https://tokens.example", ["https://tokens.example"]),
    sub: fc.constantFrom("ann", "bob", "eve"),
    client_id: fc.constantFrom("partner", "rival"),
    azp: fc.constantFrom("shop", "store", "partner"),
    scope: scopes.map((scope) => scope.join(" ")),
    iat: times(START),
    exp: times(START + 300),
    jti: fc.constantFrom("jti-1", "jti-2", "__proto__"),
  }),
  fc.dictionary(
    fc.constantFrom("iss", "aud", "sub", "client_id", "azp", "scope", "iat", "exp", "nbf", "jti"),
    anything,
    { maxKeys: 2, noNullPrototype: true },
  ),
).map(([good, replaced]) => ({ ...good, ...replaced }));

/** Moments around one, boundaries first. */
export function times(around: Seconds): fc.Arbitrary<Seconds> {
  return fc.oneof(
    fc.constantFrom(-331, -330, -31, -30, -1, 0, 1, 29, 30, 31, 300, 330, 331),
    fc.integer({ min: -400, max: 400 }),
  ).map((offset) => around + offset);
}
