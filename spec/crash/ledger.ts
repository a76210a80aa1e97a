/**
 * What clients were told. A story is one user and all that was done for them, one request at a time, so
 * at most one outcome of a story is unknown when the server dies.
 * @module
 */

/** A consent token and when it was minted, in Unix seconds. */
export interface Consent {
  readonly token: string;
  readonly mintedAt: number;
}

/** What its holder was told about a token family. */
export interface Family {
  /** What it was started with; `null` for a public id. */
  readonly consent: Consent | null;
  /** The refresh tokens, one per generation, oldest first. Never empty. */
  readonly tokens: string[];
  /** The newest access token. */
  access: string;
  revoked: boolean;
}

/** How a story ends: the connection to the partner or to the merchant is revoked, or the user deleted. */
export type Ending = "disconnect" | "withdraw" | "delete";

/** A request that was sent and not answered. */
export type Unknown =
  | { readonly act: "begin" }
  | { readonly act: "redeem"; readonly consent: Consent }
  | { readonly act: "refresh"; readonly family: Family }
  | { readonly act: "revoke"; readonly family: Family }
  | { readonly act: "narrow" }
  | { readonly act: "end"; readonly ending: Ending };

/** A user, and what is known of their tokens. */
export interface Story {
  readonly user: string;
  readonly families: Family[];
  /** Minted at the beginning; presented only once the story has ended, when it must be refused (C14). */
  readonly spare: Consent;
  /** The effective scope of every family. */
  scope: string;
  begun: boolean;
  ended: Ending | null;
  unknown: Unknown | null;
  /** It contradicted the ledger, or never began: not looked at again. */
  dropped: boolean;
}

/** The secret of a client that rotates it. */
export interface Rotation {
  /** The newest one that the server confirmed. */
  told: string;
  unknown: string | null;
}

/** Something that the server told and then did not stand by. */
export interface Finding {
  /** An acknowledged effect is gone, or an unanswered request was carried out in part. */
  readonly kind: "lost" | "halfDone";
  readonly text: string;
}

/** Everything that clients were told. */
export interface Ledger {
  readonly stories: Story[];
  /** Stories with requests since they were last checked. */
  readonly touched: Set<Story>;
  readonly rotation: Rotation;
  readonly findings: Finding[];
  /** Answered requests that changed something. */
  acknowledged: number;
}

/** A server did not stand by what it told. */
export class Contradiction extends Error {
  override readonly name = "Contradiction";
}

/** @throws {Contradiction} with the text, unless the condition holds. */
export function expect(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Contradiction(text);
}

/** The last token of a family, the one that its holder presents next. */
export function newest({ tokens }: Family): string {
  return tokens.at(-1) ?? "";
}

/** Whether a family must still serve. */
export function isAlive(story: Story, family: Family): boolean {
  return story.ended === null && !family.revoked;
}
