/**
 * Explains a token, rule by rule: decodes it, and says what holds and what does not. The verdict is the
 * service's own, of a rehearsal that changes nothing.
 * @module
 */
import { type Consent, readConsent } from "../../core/consent.ts";
import type { Reason } from "../../core/decision.ts";
import type { ClientId, Seconds } from "../../core/model.ts";
import type { Numbers, TrustedIssuer } from "../../core/settings.ts";
import type { LiveToken } from "../../core/use.ts";
import type { Service } from "../direct.ts";
import { readCompactJws } from "../jws/jws.ts";
import type { AuditEvent, AuditLog } from "../ports.ts";
import { type DecodedJws, decodeJws } from "./ledger.ts";

/** Who would present the token, and to which server. */
export interface InspectOptions {
  /** The partner that would redeem a consent token. */
  readonly client: ClientId;
  /** A client that may introspect every token. */
  readonly resourceServer: ClientId;
  readonly audience: string;
  readonly issuers: readonly TrustedIssuer[];
  readonly policy: Numbers;
  readonly now: Seconds;
  /** Leaves out the rules about users, connections and earlier redemptions, which are not known. */
  readonly stateless?: boolean;
  /** A service that keeps nothing of what it does. */
  rehearse(audit: AuditLog): Service;
}

/** One rule and whether it holds. */
export interface RuleFinding {
  /** As in the list of requirements. */
  readonly rule: string;
  readonly text: string;
  /** `null`: an earlier rule fails, so this one was not looked at. */
  readonly holds: boolean | null;
  /** The claims that it looks at. */
  readonly found?: Readonly<Record<string, unknown>>;
}

/** What is to be said about a token. */
export interface Inspection {
  readonly kind: "consent token" | "access or refresh token";
  /** `null` if it is opaque, or no JWS. */
  readonly header: Readonly<Record<string, unknown>> | null;
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** What a live access or refresh token may do. */
  readonly live?: LiveToken;
  /** The answer that it would get now. */
  readonly answer: "granted" | "repeated" | "active" | NonNullable<AuditEvent["code"]>;
  /** Why it is refused; no client sees it. */
  readonly reason: AuditEvent["reason"] | null;
  readonly rules: readonly RuleFinding[];
}

/** A rule: the reasons of its refusals, and a look at the token itself where that is enough. */
interface Rule {
  readonly rule: string;
  readonly text: string;
  readonly reasons: readonly Reason[];
  readonly check?: (token: Decoded, options: InspectOptions) => boolean | null;
  readonly claims?: readonly string[];
}

/** A token that is well-formed at least. */
interface Decoded {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
  /** `null` if a claim is missing or malformed. */
  readonly consent: Consent | null;
}

/** In the order in which the server looks at them. */
const CONSENT_RULES: readonly Rule[] = [
  {
    rule: "C2",
    text: "It is a compact JWS of at most 16 KiB, in strict base64url and JSON.",
    reasons: ["consent_too_large", "consent_malformed"],
    check: () => true,
  },
  {
    rule: "C2",
    text: "Its header has a kid, and nothing that brings a key along or changes what is signed.",
    reasons: ["consent_header"],
  },
  {
    rule: "C2",
    text: "alg is ES256, RS256 or EdDSA, as is the key's.",
    reasons: ["consent_algorithm"],
  },
  {
    rule: "C3",
    text: "typ is consent+jwt.",
    reasons: ["consent_type"],
    check: ({ header }) => /^(?:application\/)?consent\+jwt$/i.test(String(header["typ"])),
  },
  {
    rule: "C4",
    text: "iss is a trusted issuer.",
    reasons: ["consent_issuer"],
    check: ({ claims }, { issuers }) => issuers.some(({ issuer }) => issuer === claims["iss"]),
    claims: ["iss"],
  },
  { rule: "C2", text: "The issuer has a key of this kid.", reasons: ["consent_key"] },
  { rule: "C2", text: "The issuer's key signed it.", reasons: ["consent_signature"] },
  {
    rule: "C4",
    text: "Every required claim is there and well-formed, and iat is before exp.",
    reasons: ["consent_claims"],
    check: ({ consent }) =>
      consent !== null && Math.max(consent.issuedAt, consent.notBefore ?? 0) < consent.expiresAt,
  },
  {
    rule: "C4",
    text: "aud is this server.",
    reasons: ["consent_audience"],
    check: ({ claims: { aud } }, { audience }) => [aud].flat().every((one) => one === audience),
    claims: ["aud"],
  },
  {
    rule: "C4",
    text: "client_id is the partner that redeems it.",
    reasons: ["consent_other_client"],
    check: ({ claims }, { client }) => claims["client_id"] === client,
    claims: ["client_id"],
  },
  {
    rule: "C4",
    text: "azp is a merchant that the issuer may speak for, and not the partner itself.",
    reasons: ["consent_merchant"],
    check: ({ claims: { iss, azp } }, { issuers, client }) => {
      const merchants = issuers.find(({ issuer }) => issuer === iss)?.merchants ?? [];
      return azp !== client && (merchants === "all" || merchants.includes(String(azp)));
    },
    claims: ["azp"],
  },
  {
    rule: "C5",
    text: "It has not expired.",
    reasons: ["consent_expired"],
    check: ({ consent }, { now, policy }) =>
      consent && now < consent.expiresAt + policy.consentSkewSeconds,
    claims: ["exp"],
  },
  {
    rule: "C5",
    text: "It is valid already.",
    reasons: ["consent_not_yet_valid"],
    check: ({ consent }, { now, policy }) =>
      consent &&
      Math.max(consent.issuedAt, consent.notBefore ?? 0) <= now + policy.consentSkewSeconds,
    claims: ["iat", "nbf"],
  },
  {
    rule: "C5",
    text: "It does not live longer than consent tokens may.",
    reasons: ["consent_lifetime"],
    check: ({ consent }, { policy }) =>
      consent && consent.expiresAt - consent.issuedAt <= policy.consentMaxLifetimeSeconds,
  },
  {
    rule: "C11",
    text: "It was not redeemed before, or the retry window is open.",
    reasons: ["consent_redeemed"],
  },
  {
    rule: "C8",
    text: "sub is an active user.",
    reasons: ["user_unknown", "user_suspended"],
    claims: ["sub"],
  },
  {
    rule: "C8",
    text: "The merchant is an enabled client.",
    reasons: ["merchant_unknown", "merchant_disabled"],
    claims: ["azp"],
  },
  {
    rule: "C8",
    text: "The user is connected to the merchant.",
    reasons: ["no_source_connection"],
  },
  {
    rule: "C14",
    text: "The user has not withdrawn since.",
    reasons: ["withdrawn_after_consent"],
    claims: ["iat"],
  },
  {
    rule: "C8",
    text: "Something is left of its scope.",
    reasons: ["no_effective_scope"],
    claims: ["scope"],
  },
];

/** Those that need no users, connections or earlier redemptions. */
const OF_TOKEN_ALONE = CONSENT_RULES.slice(
  0,
  CONSENT_RULES.findIndex(({ reasons }) => reasons.includes("consent_redeemed")),
);

const TOKEN_RULES: readonly Rule[] = [
  { rule: "T2", text: "It is a token of this server.", reasons: ["token_malformed"] },
  {
    rule: "T7",
    text: "Its family lives: it was not revoked, evicted, ended by reuse, or swept.",
    reasons: ["family_unknown", "foreign_client"],
  },
  { rule: "T1", text: "It has not expired.", reasons: ["token_expired", "family_expired"] },
  { rule: "T5", text: "A refresh token is the current one.", reasons: ["not_current"] },
  {
    rule: "R1",
    text: "Client, user, connection and source are alive, and some scope is left.",
    reasons: ["no_effective_scope"],
  },
];

/**
 * Inspects a consent token, access token or refresh token.
 * @throws {ClientError} if the client is unknown or disabled
 */
export async function inspectToken(token: string, options: InspectOptions): Promise<Inspection> {
  const decoded = decodeJws(token);
  const shown = { header: decoded?.header ?? null, claims: decoded?.claims ?? null };
  const events: AuditEvent[] = [];
  const record = (event: AuditEvent) => void events.push(event);
  const service = options.rehearse({ record, used: record });
  if (isOfServer(token, decoded)) {
    const live = await service.introspect(options.resourceServer, token);
    const [event] = events;
    return {
      kind: "access or refresh token",
      ...shown,
      ...(live !== null && { live }),
      answer: live !== null ? "active" : event?.code ?? "invalid_token",
      reason: event?.reason ?? null,
      rules: judge(TOKEN_RULES, event, null, options),
    };
  }
  await service.fetchTokensForUser(options.client, { consentToken: token });
  const [event] = events;
  const read = readCompactJws(token);
  const known = typeof read === "string"
    ? null
    : { ...read, consent: readConsent(read.claims, "") };
  return {
    kind: "consent token",
    ...shown,
    answer: event?.code ?? (event?.outcome === "repeated" ? "repeated" : "granted"),
    reason: event?.reason ?? null,
    rules: judge(options.stateless ? OF_TOKEN_ALONE : CONSENT_RULES, event, known, options),
  };
}

/** Whether it is meant to be a token that this kind of server issues. Consent tokens name a merchant. */
function isOfServer(token: string, decoded: DecodedJws | null): boolean {
  if (decoded === null) return !/^ey[^.]*\.[^.]*\./.test(token);
  return /at\+jwt$/i.test(String(decoded.header["typ"])) && !("azp" in decoded.claims);
}

function judge(
  rules: readonly Rule[],
  event: AuditEvent | undefined,
  token: Decoded | null,
  options: InspectOptions,
): readonly RuleFinding[] {
  const failing = rules.findIndex(({ reasons }) => reasons.some((one) => one === event?.reason));
  return rules.map(({ rule, text, check, claims = [] }, index) => {
    const seen = token === null ? null : check?.(token, options) ?? null;
    const holds = index === failing
      ? false
      : event?.outcome !== "refused" || index < failing || seen;
    const found = token === null || claims.length === 0
      ? {}
      : { found: Object.fromEntries(claims.map((name) => [name, token.claims[name] ?? null])) };
    return { rule, text, holds, ...found };
  });
}
