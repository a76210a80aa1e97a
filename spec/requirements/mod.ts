/**
 * Every rule, as data. A check in `house/` ensures that each has a test that cites it; the
 * conformance suite explains its results with it; `docs/reference/requirements.md` is printed from it.
 * @module
 */
import { ALWAYS, ENDS } from "./authority.ts";
import { CONTRACT, INPUT } from "./contract.ts";
import { CONSENT_TOKEN, PUBLIC_ID } from "./issuing.ts";
import type { Level, Part, Requirement, Section, Source } from "./model.ts";
import { TOKENS } from "./tokens.ts";

/** The titles of the sections, in reading order. */
export const SECTIONS: Readonly<Record<Section, string>> = {
  G: "The contract",
  E: "Exactly one input",
  P: "Tokens by public id",
  C: "Tokens by consent token",
  T: "Tokens and refresh",
  R: "Ends of authority",
  A: "Always",
};

/** The words that the rules use. */
export const WORDS: Readonly<Record<string, string>> = {
  "User":
    "A person with a public id: a global, long-lived, opaque id that is not secret. Knowing it" +
    " grants nothing; a connection does.",
  "Client": "An app with a client id and a secret, registered for a scope. A *partner* calls the " +
    "mutation; a *merchant* is a storefront where a buyer signed in.",
  "Connection":
    "A user's link to a client, with a consented scope. *Direct*: the user signed in to the " +
    "client. *Delegated*: established by a consent token, based on the user's direct " +
    "connection to a merchant, its *source*.",
  "Consent token":
    "A signed, short-lived JWT: this user, through this merchant's buyer connection, " +
    "grants this scope to this partner. It reaches the partner through a browser.",
  "Effective scope":
    "The scope that a connection grants now; empty if anything it depends on has ended.",
  "Token family":
    "One issuance and everything refreshed from it: a chain of *generations* of refresh " +
    "tokens, of which one is current.",
};

/** Every rule, section by section. */
export const REQUIREMENTS: readonly Requirement[] = [
  ...CONTRACT,
  ...INPUT,
  ...PUBLIC_ID,
  ...CONSENT_TOKEN,
  ...TOKENS,
  ...ENDS,
  ...ALWAYS,
];

const BY_ID: ReadonlyMap<string, Requirement> = new Map(
  REQUIREMENTS.map((rule) => [rule.id, rule]),
);

/** The rule with this id, or `undefined`. */
export function requirement(id: string): Requirement | undefined {
  return BY_ID.get(id);
}

/** A part of a rule by its place: `G6.1` is the first part of G6. `undefined` if there is none. */
export function partOf(id: string): Part | undefined {
  const [rule = "", place] = id.split(".");
  return requirement(rule)?.parts[Number(place) - 1];
}

/** The ids of all parts of a level, in the order of the rules. */
export function partsOfLevel(level: Level): readonly string[] {
  return REQUIREMENTS.flatMap(({ id, parts }) =>
    parts.flatMap((part, index) => part.level === level ? [`${id}.${index + 1}`] : [])
  );
}

/** A source in words: who says so. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case "doc":
      return `documented by the vendor (${source.page})`;
    case "rfc":
      return source.rfc.startsWith("RFC")
        ? `${source.rfc} §${source.section}`
        : `${source.rfc}, “${source.section}”`;
    case "ours":
      return "our decision";
  }
}
