/**
 * What a requirement is: a rule in parts, each part with its own level and its own source, so that
 * what the vendor documents is never mixed up with what was decided here.
 * @module
 */

/**
 * What is asked of any implementation. MUST: the vendor documents it, or a standard demands it of an
 * endpoint that is offered. SHOULD: a decision of this project that others do well to share. MAY: a
 * choice where others are just as good.
 */
export type Level = "MUST" | "SHOULD" | "MAY";

/** The vendor's published pages, by the short names that sources use. */
export const PAGES: Readonly<Record<Page, string>> = {
  mutation: "https://shopify.dev/docs/api/shop-partners/latest/mutations/fetchTokensForUser",
  payload: "https://shopify.dev/docs/api/shop-partners/latest/payloads/FetchTokensForUserPayload",
  error: "https://shopify.dev/docs/api/shop-partners/latest/objects/FetchTokensForUserUserError",
  codes:
    "https://shopify.dev/docs/api/shop-partners/latest/enums/FetchTokensForUserUserErrorErrorCode",
  "Partners API": "https://shopify.dev/docs/api/shop-partners/latest",
  "Users API": "https://shopify.dev/docs/api/shop-users/latest",
};

/** The short name of a page of the vendor's. */
export type Page =
  | "mutation"
  | "payload"
  | "error"
  | "codes"
  | "Partners API"
  | "Users API";

/** The vendor's published reference says so. */
export interface Documented {
  readonly kind: "doc";
  readonly page: Page;
}

/** A published standard says so. */
export interface Standard {
  readonly kind: "rfc";
  /** `RFC 6749`, or the name of a specification that is not an RFC. */
  readonly rfc: string;
  readonly section: string;
}

/** The published text leaves it open, and this project decided. */
export interface Decided {
  readonly kind: "ours";
}

/** Where a part of a rule comes from. */
export type Source = Documented | Standard | Decided;

/** One demand with one source. */
export interface Part {
  readonly level: Level;
  readonly text: string;
  readonly source: Source;
}

/** The letter that the ids of a section begin with. */
export type Section = "G" | "E" | "P" | "C" | "T" | "R" | "A";

/** One rule. */
export interface Requirement {
  /** `C6`: the section's letter and a number. Stable: never used again for another rule. */
  readonly id: string;
  readonly section: Section;
  /** The strongest level of its parts. */
  readonly level: Level;
  readonly title: string;
  readonly parts: readonly Part[];
}

/** A part that the vendor documents. */
export function documented(page: Page, text: string): Part {
  return { level: "MUST", text, source: { kind: "doc", page } };
}

/** A part that a published standard demands, at the level that the standard gives it. */
export function standard(level: Level, rfc: string, section: string, text: string): Part {
  return { level, text, source: { kind: "rfc", rfc, section } };
}

/** A part that was decided here: never a MUST for others. */
export function decided(level: "SHOULD" | "MAY", text: string): Part {
  return { level, text, source: { kind: "ours" } };
}

/** The strongest of some levels. */
export function strongest(levels: readonly Level[]): Level {
  return (["MUST", "SHOULD"] as const).find((level) => levels.includes(level)) ?? "MAY";
}

/** Builds a rule from its parts. */
export function rule(id: string, title: string, ...parts: readonly Part[]): Requirement {
  const level = strongest(parts.map((part) => part.level));
  return { id, section: id.charAt(0) as Section, level, title, parts };
}
