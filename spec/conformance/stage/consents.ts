/**
 * Drafts and signs consent tokens.
 * @module
 */
import { hex } from "../base/encoding.ts";
import { randomBytes } from "../base/ambient.ts";
import {
  type Algorithm,
  compact,
  type Part,
  type Sign,
  type SigningKey,
  signWith,
} from "../base/jws.ts";
import { granted, hideConsent, redeem, type Tokens } from "./product.ts";
import { actor, harness, now, type Stage, user } from "./stage.ts";
import type { FlawName } from "../target/subjects.ts";
import { type Issuer, offered, type Party, wholeScope } from "../target/target.ts";
import { control, Missing } from "../verdict.ts";

/** A consent token before it is signed. */
export interface Draft {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** How a consent token differs from an ordinary one. */
export interface DraftOptions {
  readonly user: string;
  readonly client?: Party;
  readonly merchant?: Party;
  readonly scope?: string;
  readonly issuer?: Issuer;
  readonly issuedAt?: number;
  readonly lifetimeSeconds?: number;
  /** Claims to add or replace; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header parameters to add or replace; `undefined` removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Short enough for implementations with strict limits. */
const LIFETIME_SECONDS = 60;

/** Drafts a token that is valid except for what the options change. */
export function draft(stage: Stage, options: DraftOptions): Draft {
  const { target } = stage;
  const issuer = options.issuer ?? offered(target.issuer, "sign");
  // While the clock runs, leave a second of slack: iat must not be in the future by mistake.
  const iat = options.issuedAt ?? now(stage) - (stage.frozenAt === null ? 1 : 0);
  const lifetime = options.lifetimeSeconds ?? lifetimeOf(stage);
  const claims = {
    iss: issuer.issuer,
    aud: target.audience,
    sub: options.user,
    client_id: (options.client ?? actor(stage, "partner")).id,
    azp: (options.merchant ?? actor(stage, "merchant")).id,
    scope: options.scope ?? wholeScope(target),
    iat,
    exp: iat + lifetime,
    jti: hex(randomBytes(16)),
  };
  const header = { alg: issuer.alg, kid: issuer.kid, typ: "consent+jwt" };
  return {
    header: { ...header, ...options.header },
    claims: { ...claims, ...options.claims },
  };
}

/** The lifetime of an ordinary token, in seconds. */
export function lifetimeOf({ target }: Stage): number {
  return Math.min(LIFETIME_SECONDS, target.policy.consentMaxLifetimeSeconds ?? LIFETIME_SECONDS);
}

/** Signs a draft for a trusted issuer, with its key or through the harness. */
export async function sign(
  stage: Stage,
  { header, claims }: Draft,
  issuer: Issuer = offered(stage.target.issuer, "sign"),
): Promise<string> {
  const key = issuer.keys.find(({ kid }) => kid === header["kid"]) ?? issuer.keys[0];
  if (key !== undefined) return await signAnything(stage, header, claims, signWith(key));
  const { token } = await harness(stage, "mint", { header, claims });
  if (typeof token !== "string") throw new Missing("sign");
  hideConsent(stage, token);
  return token;
}

/** Makes a compact JWS from anything, signed by anyone. */
export async function signAnything(
  stage: Stage,
  header: Part,
  payload: Part,
  by: Sign,
): Promise<string> {
  const token = await compact(header, payload, by);
  hideConsent(stage, token);
  return token;
}

/** The issuer's own key for an algorithm, if the suite has it. */
export function issuerKey(stage: Stage, alg?: Algorithm): SigningKey {
  const { keys } = offered(stage.target.issuer, "issuer-key");
  return offered(keys.find((key) => alg === undefined || key.alg === alg), alg ?? "issuer-key");
}

/** A valid consent token for a user. */
export async function consent(stage: Stage, options: DraftOptions): Promise<string> {
  return await sign(stage, draft(stage, options), options.issuer);
}

/** A valid consent token: a new one, or a ready one from the subjects, which is then used up. */
export async function anyConsent(stage: Stage): Promise<string> {
  if (stage.target.issuer !== null) {
    return await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
  }
  const token = offered(stage.session.readyTokens.shift(), "consent-token");
  hideConsent(stage, token);
  return token;
}

/** A ready token with a flaw, if the suite cannot sign one itself. */
export function flawedConsent(stage: Stage, flaw: FlawName): string | null {
  if (stage.target.issuer !== null) return null;
  const token = offered(stage.target.subjects.consentTokens.flawed[flaw], "sign");
  hideConsent(stage, token);
  return token;
}

/** The positive twin of a refusal: redeems a token without a flaw, for a user of its own. */
export async function controlConsent(
  stage: Stage,
  options: Partial<DraftOptions> = {},
): Promise<void> {
  await control("the same token without the flaw", async () => {
    const subject = await user(stage, options.merchant ?? actor(stage, "merchant"));
    granted(await redeem(stage, await consent(stage, { ...options, user: subject })));
  });
}

/** Redeems a new token of a user: establishes a delegated connection and gets its tokens. */
export async function delegate(stage: Stage, options: DraftOptions): Promise<Tokens> {
  return granted(await redeem(stage, await consent(stage, options), options.client));
}
