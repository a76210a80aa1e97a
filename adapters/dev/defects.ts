/**
 * The defects of consent tokens, by name: flags of `mint`, and test cases.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Reason } from "../../core/decision.ts";
import { decodeBase64url, encodeBase64url } from "../jws/base64url.ts";
import { algorithmOf } from "../jws/jwk.ts";
import { generatePrivateJwk, publicJwk, signJws } from "../jws/private-jwk.ts";
import type { Draft, MintRequest } from "./draft.ts";

/** The answer to a defective token. */
export interface DefectAnswer {
  /** The code of the user error. */
  readonly outcome: "INVALID_TOKEN" | "NO_USER" | "NO_CONSENT";
  /** The reason in the audit event (C1). */
  readonly reason: Reason;
}

/** One defect, and the answer it gets. */
export interface DefectEntry extends DefectAnswer {
  /** One line for the help text. */
  readonly text: string;
  /** The answer if the server lists the issuer's merchants instead of trusting it for all (C4). */
  readonly ifMerchantsListed?: DefectAnswer;
  /** Applies the defect and signs the draft. */
  readonly mint: (draft: Draft, request: MintRequest) => Promise<string>;
}

type Mint = DefectEntry["mint"];
/** Members to set; `undefined` leaves one out. */
type Members = Record<string, unknown>;

const HOUR = 3600;

/** The name of a defect. */
export type Defect =
  | "expired"
  | "not-yet-valid"
  | "too-long-lived"
  | "exp-before-iat"
  | "no-exp"
  | "wrong-audience"
  | "two-audiences"
  | "no-audience"
  | "for-other-client"
  | "merchant-is-partner"
  | "unknown-merchant"
  | "unknown-user"
  | "unknown-issuer"
  | "no-scope"
  | "no-jti"
  | "no-kid"
  | "unknown-key"
  | "wrong-typ"
  | "wrong-alg"
  | "alg-none"
  | "hmac"
  | "bad-signature"
  | "forged"
  | "altered"
  | "embedded-jwk"
  | "jku"
  | "crit"
  | "zip"
  | "duplicate-claim"
  | "padded"
  | "four-segments"
  | "too-large";

/** What each defect does and its expected outcome (C1–C5, C8). */
export const DEFECTS: Readonly<Record<Defect, DefectEntry>> = {
  "expired": invalid(
    "Expired an hour ago.",
    "consent_expired",
    withClaims(({ iat, exp }, { now }) => ({
      iat: now - HOUR - (Number(exp) - Number(iat)),
      exp: now - HOUR,
    })),
  ),
  "not-yet-valid": invalid(
    "Issued an hour in the future.",
    "consent_not_yet_valid",
    withClaims(({ iat, exp }) => ({ iat: Number(iat) + HOUR, exp: Number(exp) + HOUR })),
  ),
  "too-long-lived": invalid(
    "Lives ten years.",
    "consent_lifetime",
    withClaims((_, { now }) => ({ exp: now + 10 * 365 * 24 * HOUR })),
  ),
  "exp-before-iat": invalid(
    "Expires before it was issued.",
    "consent_claims",
    withClaims((_, { now }) => ({ iat: now + 1, exp: now })),
  ),
  "no-exp": invalid("Without exp.", "consent_claims", withClaims(() => ({ exp: undefined }))),
  "wrong-audience": invalid(
    "Meant for another server.",
    "consent_audience",
    withClaims(({ aud }) => ({ aud: `${aud}-not` })),
  ),
  "two-audiences": invalid(
    "Meant for this server and another one.",
    "consent_claims",
    withClaims(({ aud }) => ({ aud: [aud, `${aud}-not`] })),
  ),
  "no-audience": invalid(
    "Without aud.",
    "consent_claims",
    withClaims(() => ({ aud: undefined })),
  ),
  "for-other-client": invalid(
    "Meant for another partner.",
    "consent_other_client",
    withClaims(({ client_id }) => ({ client_id: `${client_id}-not` })),
  ),
  "merchant-is-partner": invalid(
    "Names the partner itself as the merchant.",
    "consent_merchant",
    withClaims(({ client_id }) => ({ azp: client_id })),
  ),
  "unknown-merchant": {
    text: "Names an unknown merchant.",
    outcome: "NO_CONSENT",
    reason: "merchant_unknown",
    ifMerchantsListed: { outcome: "INVALID_TOKEN", reason: "consent_merchant" },
    mint: withClaims(({ azp }) => ({ azp: `${azp}-not` })),
  },
  "unknown-user": {
    text: "Names an unknown user.",
    outcome: "NO_USER",
    reason: "user_unknown",
    mint: withClaims(({ sub }) => ({ sub: `${sub}-not` })),
  },
  "unknown-issuer": invalid(
    "Issued by an untrusted issuer.",
    "consent_issuer",
    withClaims(({ iss }) => ({ iss: `${iss}/` })),
  ),
  "no-scope": {
    text: "Without scope, which means the empty scope.",
    outcome: "NO_CONSENT",
    reason: "no_effective_scope",
    mint: withClaims(() => ({ scope: undefined })),
  },
  "no-jti": invalid("Without jti.", "consent_claims", withClaims(() => ({ jti: undefined }))),
  "no-kid": invalid("Without kid.", "consent_header", withHeader(() => ({ kid: undefined }))),
  "unknown-key": invalid(
    "Names a key that the issuer does not have.",
    "consent_key",
    withHeader(({ kid }) => ({ kid: `${kid}-not` })),
  ),
  "wrong-typ": invalid(
    "Typed as an access token.",
    "consent_type",
    withHeader(() => ({ typ: "at+jwt" })),
  ),
  "wrong-alg": invalid(
    "Names an algorithm that does not match the key.",
    "consent_algorithm",
    withHeader(({ alg }) => ({ alg: alg === "RS256" ? "ES256" : "RS256" })),
  ),
  "alg-none": invalid(
    "alg none and no signature.",
    "consent_algorithm",
    ({ header, claims }) => signJws({ ...header, alg: "none" }, claims, null),
  ),
  "hmac": invalid(
    "HS256, keyed with the issuer's public key.",
    "consent_algorithm",
    ({ header, claims }, { key }) => {
      const k = encodeBase64url(Buffer.from(JSON.stringify(publicJwk(key))));
      return signJws({ ...header, alg: "HS256" }, claims, { kty: "oct", k });
    },
  ),
  "bad-signature": invalid(
    "One bit of the signature is flipped.",
    "consent_signature",
    async ({ header, claims }, { key }) => flipLastBit(await signJws(header, claims, key)),
  ),
  "forged": invalid(
    "Signed with another key under the issuer's kid.",
    "consent_signature",
    async ({ header, claims }, request) =>
      await signJws(header, claims, await strangersKey(request)),
  ),
  "altered": invalid(
    "A claim was changed after signing.",
    "consent_signature",
    async ({ header, claims }, { key }) => {
      const signature = (await signJws(header, claims, key)).split(".")[2];
      return await signJws(header, { ...claims, note: "altered" }, null) + signature;
    },
  ),
  "embedded-jwk": invalid(
    "Contains its own key and is signed with it.",
    "consent_header",
    async ({ header, claims }, request) => {
      const key = await strangersKey(request);
      return await signJws({ ...header, jwk: publicJwk(key) }, claims, key);
    },
  ),
  "jku": invalid(
    "Contains a URL to fetch its key from.",
    "consent_header",
    withHeader(() => ({ jku: "http://127.0.0.1:9/jwks.json" })),
  ),
  "crit": invalid(
    "Has a critical header parameter.",
    "consent_header",
    withHeader(() => ({ crit: ["consent"], consent: true })),
  ),
  "zip": invalid(
    "Claims a compressed payload.",
    "consent_header",
    withHeader(() => ({ zip: "DEF" })),
  ),
  "duplicate-claim": invalid(
    "Has sub twice.",
    "consent_malformed",
    ({ header, claims }, { key }) =>
      signJws(header, `{"sub":"somebody-else",${JSON.stringify(claims).slice(1)}`, key),
  ),
  "padded": invalid(
    "Ends in base64 padding.",
    "consent_malformed",
    async ({ header, claims }, { key }) => `${await signJws(header, claims, key)}==`,
  ),
  "four-segments": invalid(
    "Has a fourth segment.",
    "consent_malformed",
    async ({ header, claims }, { key }) => `${await signJws(header, claims, key)}.e30`,
  ),
  "too-large": invalid(
    "Is larger than 16 KiB.",
    "consent_too_large",
    withClaims(() => ({ note: "x".repeat(16_384) })),
  ),
};

/** The answer of a server that lists the issuer's merchants, as the demo server does (C4). */
export function answerOf(defect: Defect): DefectAnswer {
  const { outcome, reason, ifMerchantsListed } = DEFECTS[defect];
  return ifMerchantsListed ?? { outcome, reason };
}

/** Whether a text is the name of a defect. */
export function isDefect(name: string): name is Defect {
  return Object.hasOwn(DEFECTS, name);
}

function invalid(text: string, reason: Reason, mint: Mint): DefectEntry {
  return { text, outcome: "INVALID_TOKEN", reason, mint };
}

/** Signed by the issuer, with other claims. */
function withClaims(members: (claims: Draft["claims"], request: MintRequest) => Members): Mint {
  return ({ header, claims }, request) =>
    signJws(header, { ...claims, ...members(claims, request) }, request.key);
}

/** Signed by the issuer, with another header. */
function withHeader(members: (header: Draft["header"]) => Members): Mint {
  return ({ header, claims }, { key }) => signJws({ ...header, ...members(header) }, claims, key);
}

/** A key that looks like the issuer's but is not. */
async function strangersKey({ key }: MintRequest): Promise<MintRequest["key"]> {
  return await generatePrivateJwk(algorithmOf(key) ?? "ES256", key.kid);
}

function flipLastBit(token: string): string {
  const cut = token.lastIndexOf(".") + 1;
  const signature = Buffer.from(decodeBase64url(token.slice(cut)) ?? []);
  signature[signature.length - 1]! ^= 1;
  return token.slice(0, cut) + encodeBase64url(signature);
}
