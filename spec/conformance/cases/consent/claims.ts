/**
 * Claims that are missing, or not of the type and form that they should have (C4, C5, G10).
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import type { CaseSpec } from "../../case.ts";
import { now } from "../../stage/stage.ts";
import { someScope } from "../../target/target.ts";
import { accepted, type Change, flawed } from "./flaw.ts";

const REQUIRED =
  "Require iss, aud, sub, client_id, azp, iat, exp and jti, each of its own type, before any look-up.";
const NUMERIC_DATE = "A NumericDate is a JSON number (RFC 7519 §2).";
const SAME = "Accept it: it means the same.";

const MISSING: readonly CaseSpec[] = ([
  { name: "iss", level: "MUST" },
  { name: "aud", level: "MUST", attacks: ["CT-14"] },
  { name: "sub", level: "SHOULD" },
  { name: "client_id", level: "SHOULD" },
  { name: "azp", level: "MAY" },
  { name: "iat", level: "MAY" },
  { name: "exp", level: "SHOULD" },
  { name: "jti", level: "SHOULD" },
] as const).map(({ name, ...row }) =>
  flawed({
    ...row,
    slug: `${name.replace("_", "-")}-missing`,
    requirements: ["C4"],
    what: `without ${name}`,
    claims: { [name]: undefined },
    remedy: REQUIRED,
  })
);

const IDENTIFIERS: readonly CaseSpec[] = ["sub", "client_id", "azp", "jti"].flatMap((name) =>
  [
    { ending: "number", what: `whose ${name} is a number`, value: 1 },
    { ending: "empty", what: `whose ${name} is empty`, value: "" },
  ].map(({ ending, what, value }) =>
    flawed({
      slug: `${name.replace("_", "-")}-${ending}`,
      level: "SHOULD",
      requirements: ["C4", "G10"],
      what,
      claims: { [name]: value },
      remedy: REQUIRED,
    })
  )
);

/** A time that is not a NumericDate, or not one that can be. */
interface Time {
  readonly slug: string;
  readonly level: Level;
  readonly what: string;
  readonly claims: Change;
  readonly remedy?: string;
  readonly requirements?: readonly string[];
  readonly attacks?: readonly string[];
}

const TIMES: readonly Time[] = [
  {
    slug: "exp-text",
    level: "MUST",
    what: "whose exp is a string",
    claims: ({ claims }) => ({ exp: `${claims["exp"]}` }),
  },
  { slug: "exp-null", level: "MUST", what: "whose exp is null", claims: { exp: null } },
  {
    slug: "exp-fraction",
    level: "MAY",
    what: "whose exp is a fraction",
    claims: ({ claims }) => ({ exp: Number(claims["exp"]) - 0.5 }),
    requirements: ["C4"],
    remedy: "Times are whole seconds.",
  },
  {
    slug: "exp-negative",
    level: "MUST",
    what: "whose exp is negative",
    claims: { exp: -1 },
    remedy: "It expired before 1970.",
  },
  {
    slug: "exp-huge",
    level: "SHOULD",
    what: "whose exp is 1e300",
    claims: { exp: 1e300 },
    remedy: "Limit lifetimes, and accept only safe integers.",
  },
  {
    slug: "iat-text",
    level: "MUST",
    what: "whose iat is a string",
    claims: ({ claims }) => ({ iat: `${claims["iat"]}` }),
  },
  {
    slug: "iat-negative",
    level: "SHOULD",
    what: "whose iat is negative",
    claims: { iat: -1 },
    remedy: "Its lifetime exceeds any limit.",
  },
  {
    slug: "nbf-text",
    level: "MUST",
    what: "whose nbf is a string",
    claims: ({ claims }) => ({ nbf: `${claims["iat"]}` }),
    attacks: ["CT-19"],
  },
  {
    slug: "nbf-null",
    level: "MUST",
    what: "whose nbf is null",
    claims: { nbf: null },
    attacks: ["CT-19"],
  },
];

const FORMS: readonly CaseSpec[] = [
  flawed({
    slug: "sub-list",
    level: "SHOULD",
    requirements: ["C4", "G10"],
    what: "whose sub is a list with one item",
    claims: ({ claims }) => ({ sub: [claims["sub"]] }),
    remedy: REQUIRED,
  }),
  flawed({
    slug: "sub-space",
    level: "SHOULD",
    requirements: ["G10"],
    what: "whose sub ends with a space",
    claims: ({ claims }) => ({ sub: `${claims["sub"]} ` }),
    remedy: "If a claim cannot be a public id, the token is invalid. No look-up is needed.",
  }),
  flawed({
    slug: "jti-long",
    level: "SHOULD",
    requirements: ["G10"],
    what: "whose jti has 256 characters",
    claims: { jti: "j".repeat(256) },
    remedy: "An identifier has at most 255 characters.",
  }),
  flawed({
    slug: "jti-space",
    level: "SHOULD",
    requirements: ["G10"],
    what: "whose jti contains a space",
    claims: { jti: "a b" },
    remedy: "An identifier contains no spaces.",
  }),
  flawed({
    slug: "scope-list",
    level: "SHOULD",
    requirements: ["C4", "G6"],
    what: "whose scope is a list",
    claims: ({ claims }) => ({ scope: String(claims["scope"]).split(" ") }),
    remedy: "scope is a single string (RFC 6749 §3.3).",
  }),
  flawed({
    slug: "scope-double-space",
    level: "SHOULD",
    requirements: ["G6"],
    what: "whose scope contains two spaces in a row",
    claims: (_, { target }) => ({ scope: someScope(target, 0, 1).replace(" ", "  ") }),
    remedy: "Scope tokens are separated by single spaces (RFC 6749 §3.3).",
  }),
  flawed({
    slug: "scope-quote",
    level: "SHOULD",
    requirements: ["G6"],
    what: "whose scope contains a quotation mark",
    claims: (_, { target }) => ({ scope: `${someScope(target, 0)} "all"` }),
    remedy: "A scope token contains no quotation marks (RFC 6749 §3.3).",
  }),
];

const EQUIVALENT: readonly CaseSpec[] = [
  accepted({
    slug: "unknown-claim",
    level: "MUST",
    requirements: ["C4"],
    title: "Unknown claims are ignored.",
    claims: { note: "ignored", "https://example.com/claim": { a: [1, null, "ü"] } },
    remedy: "Ignore claims that you do not know (RFC 7519 §4).",
  }),
  accepted({
    slug: "aud-list-of-one",
    level: "MAY",
    requirements: ["C4"],
    title: "aud may be a list with one item.",
    claims: ({ claims }) => ({ aud: [claims["aud"]] }),
    remedy: SAME,
  }),
  accepted({
    slug: "nbf",
    level: "SHOULD",
    requirements: ["C5"],
    title: "A consent token whose nbf has passed is accepted.",
    claims: (_, stage) => ({ nbf: now(stage) - 5 }),
    remedy: SAME,
  }),
  accepted({
    slug: "scope-order",
    level: "SHOULD",
    requirements: ["C8"],
    title: "The order of scope tokens has no meaning.",
    claims: (_, { target }) => ({ scope: [...target.scopes].reverse().join(" ") }),
    remedy: SAME,
  }),
  accepted({
    slug: "jti-longest",
    level: "MAY",
    requirements: ["G10"],
    title: "A jti may have 255 printable characters.",
    claims: (_, stage) => {
      const filler = Math.abs(stage.random.below(1e9)).toString(36);
      return { jti: `${now(stage)}!#$%&'()*+,-./:;<=>?@[]^_{|}~`.padEnd(255, filler) };
    },
    remedy: SAME,
  }),
];

/** Cases about single claims. */
export const CLAIMS: readonly CaseSpec[] = [
  ...EQUIVALENT,
  ...MISSING,
  ...IDENTIFIERS,
  ...FORMS,
  ...TIMES.map((row) => flawed({ requirements: ["C5"], remedy: NUMERIC_DATE, ...row })),
];
