/**
 * Consent tokens that differ from an ordinary one in a single way: refused, or accepted all the same.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import { type Part, type Sign, signWith } from "../../base/jws.ts";
import type { CaseSpec } from "../../case.ts";
import type { Need } from "../../needs.ts";
import { ATTACKER } from "../../stage/attacker.ts";
import {
  controlConsent,
  type Draft,
  draft,
  flawedConsent,
  sign,
  signAnything,
} from "../../stage/consents.ts";
import { granted, hideConsent, redeem, refused } from "../../stage/product.ts";
import { actor, type Stage, user } from "../../stage/stage.ts";
import type { FlawName } from "../../target/subjects.ts";

type Members = Readonly<Record<string, unknown>>;

/** Members to add or replace; `undefined` removes one. */
export type Change = Members | ((good: Draft, stage: Stage) => Members);

/** How a token differs from an ordinary one. Applied in this order. */
export interface Variation {
  readonly header?: Change;
  readonly claims?: Change;
  /** What to sign instead of JSON objects. */
  readonly raw?: (good: Draft) => { readonly header: Part; readonly payload: Part };
  /** Who signs, if not the issuer with the key of the algorithm. */
  readonly by?: (stage: Stage) => Sign | Promise<Sign>;
  /** Changes the signed token. */
  readonly spell?: (token: string, good: Draft) => string;
}

/** Makes the token. */
export async function vary(
  stage: Stage,
  good: Draft,
  { header, claims, raw, by, spell }: Variation,
): Promise<string> {
  const varied = {
    header: { ...good.header, ...resolve(header, good, stage) },
    claims: { ...good.claims, ...resolve(claims, good, stage) },
  };
  const parts = raw?.(varied) ?? { header: varied.header, payload: varied.claims };
  const token = by === undefined
    ? await sign(stage, varied)
    : await signAnything(stage, parts.header, parts.payload, await by(stage));
  if (spell === undefined) return token;
  const spelled = spell(token, good);
  if (spelled.length > 16) hideConsent(stage, spelled);
  return spelled;
}

function resolve(change: Change | undefined, good: Draft, stage: Stage): Members {
  return typeof change === "function" ? change(good, stage) : change ?? {};
}

/** Signed with a key that nobody trusts, under a header that may name a trusted one. */
export const FORGED: Variation = { header: { alg: "ES256" }, by: () => signWith(ATTACKER) };

/** A change of the segments of a compact JWS, given the ordinary token as drafted. */
export function segments(
  change: (header: string, claims: string, signature: string, good: Draft) => readonly string[],
): (token: string, good: Draft) => string {
  return (token, good) => {
    const [header = "", claims = "", signature = ""] = token.split(".");
    return change(header, claims, signature, good).join(".");
  };
}

/** What all cases about one variation have. */
interface Row extends Variation {
  readonly slug: string;
  readonly level: Level;
  readonly requirements: readonly string[];
  readonly attacks?: readonly string[];
  readonly remedy: string;
  /** In addition to a client, a merchant and a trusted issuer. */
  readonly needs?: readonly Need[];
}

/** A variation that must be refused. */
export interface Flaw extends Row {
  /** Completes the sentence "A consent token … is refused". */
  readonly what: string;
  /** Default INVALID_TOKEN. */
  readonly code?: "NO_CONSENT" | "NO_USER";
  /** The ready token to use if the suite cannot sign one. */
  readonly ready?: FlawName;
}

const NEEDS: readonly Need[] = ["client", "merchant-user", "sign"];

/**
 * A case that expects a refusal. It first redeems a token without the flaw, so that a refusal for
 * another reason never passes.
 */
export function flawed(flaw: Flaw): CaseSpec {
  const { slug, level, requirements, attacks = [], what, remedy, needs = [], ready } = flaw;
  const code = flaw.code ?? "INVALID_TOKEN";
  return {
    slug,
    level,
    requirements: code === "INVALID_TOKEN" ? [...new Set(["C1", ...requirements])] : requirements,
    attacks,
    title: `A consent token ${what} is refused with ${code}.`,
    remedy,
    needs: ready === undefined ? [...NEEDS, ...needs] : ["client"],
    run: async (stage) => {
      const given = ready === undefined ? null : flawedConsent(stage, ready);
      if (given !== null) return refused(await redeem(stage, given), code);
      await controlConsent(stage);
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      refused(await redeem(stage, await vary(stage, good, flaw)), code);
    },
  };
}

/** A variation that changes nothing. */
export interface Equivalent extends Row {
  readonly title: string;
}

/** A case that expects tokens. */
export function accepted(row: Equivalent): CaseSpec {
  const { slug, level, requirements, attacks = [], title, remedy, needs = [] } = row;
  return {
    slug,
    level,
    requirements,
    attacks,
    title,
    remedy,
    needs: [...NEEDS, ...needs],
    run: async (stage) => {
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      granted(await redeem(stage, await vary(stage, good, row)));
    },
  };
}
