/**
 * Faults as wrong verifiers of consent tokens: each function returns options for a reference server.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import type { JWK } from "jose";
import { sha256 } from "../../../../adapters/entropy.ts";
import type { ConsentVerifier } from "../../../../adapters/ports.ts";
import { type Consent, readConsent } from "../../../../core/consent.ts";
import type { Reason } from "../../../../core/decision.ts";
import type { ReferenceOptions, TrustedKeys } from "../../../tests/support/reference.ts";

/** Any JSON object. */
export type Members = Readonly<Record<string, unknown>>;

/** A consent token as a careless reader sees it. */
export interface LooseToken {
  readonly text: string;
  readonly segments: readonly string[];
  readonly header: Members;
  readonly claims: Members;
  /** Header and claims as text, with invalid UTF-8 replaced and a byte order mark kept. */
  readonly decoded: string;
  /** Whether every segment is spelled as base64url demands. */
  readonly canonical: boolean;
  /** The issuer's key that `kid` names. */
  readonly key: JWK | null;
}

type Verify = ConsentVerifier["verify"];

/** Replaces the verification of consent tokens. */
export function verifying(
  change: (strict: Verify, issuers: TrustedKeys, now: () => number) => Verify,
): ReferenceOptions {
  return {
    ports: (ports, clock, issuers) => {
      const { consents } = ports;
      if (consents === undefined) return ports;
      const now = () => Math.floor(clock.now() / 1000);
      return { ...ports, consents: { verify: change(consents.verify, issuers, now) } };
    },
  };
}

/** Accepts some of the tokens that the verifier rejects: those of which `accept` returns claims. */
export function accepting(
  accept: (token: LooseToken, reason: Reason, issuers: TrustedKeys) =>
    | Members
    | null
    | Promise<Members | null>,
): ReferenceOptions {
  return verifying((strict, issuers) => async (text) => {
    const result = await strict(text);
    const token = "rejected" in result ? readLoosely(text, issuers) : null;
    if (token === null || !("rejected" in result)) return result;
    const claims = await accept(token, result.rejected, issuers);
    return claims === null ? result : readConsent(claims, sha256(text)) ?? result;
  });
}

/** Accepts tokens that are rejected for one of these reasons, if `holds`. */
export function acceptingIf(
  reasons: readonly Reason[],
  holds: (token: LooseToken) => boolean,
): ReferenceOptions {
  return accepting((token, reason) =>
    reasons.includes(reason) && holds(token) ? token.claims : null
  );
}

/** Rejects some of the tokens that the verifier accepts. */
export function rejecting(
  rejects: (token: LooseToken) => boolean,
  reason: Reason,
): ReferenceOptions {
  return verifying((strict, issuers) => async (text) => {
    const result = await strict(text);
    const token = readLoosely(text, issuers);
    return token !== null && !("rejected" in result) && rejects(token)
      ? { rejected: reason }
      : result;
  });
}

/** Changes the claims of tokens whose signature is valid, before their shape is checked. */
export function claiming(change: (claims: Members, token: LooseToken) => object): ReferenceOptions {
  return verifying((strict, issuers) => async (text) => {
    const result = await strict(text);
    const token = readLoosely(text, issuers);
    if (token === null || ("rejected" in result && result.rejected !== "consent_claims")) {
      return result;
    }
    const claims = { ...token.claims, ...change(token.claims, token) };
    return readConsent(claims, sha256(text)) ?? { rejected: "consent_claims" };
  });
}

/** Changes consents before they are judged; `now` is in whole Unix seconds. */
export function consenting(
  change: (consent: Consent, now: number) => Partial<Consent>,
): ReferenceOptions {
  return verifying((strict, _issuers, now) => async (text) => {
    const result = await strict(text);
    return "rejected" in result ? result : { ...result, ...change(result, now()) };
  });
}

/** Reads what there is of a token; `null` if header or claims are not JSON objects. */
export function readLoosely(text: string, issuers: TrustedKeys): LooseToken | null {
  const segments = text.split(".");
  const [header, claims] = segments.slice(0, 2).map(readSegment);
  if (!header || !claims) return null;
  const keys = issuers.get(String(claims.members["iss"])) ?? [];
  return {
    text,
    segments,
    header: header.members,
    claims: claims.members,
    decoded: header.text + claims.text,
    canonical: segments.every((one) => Buffer.from(one, "base64url").toString("base64url") === one),
    key: keys.find(({ kid }) => kid === header.members["kid"]) ?? null,
  };
}

function readSegment(segment: string) {
  const text = Buffer.from(segment, "base64url").toString();
  try {
    const members = JSON.parse(text.replace(/^\ufeff/, ""));
    return typeof members === "object" && members !== null
      ? { text, members: members as Members }
      : null;
  } catch {
    return null;
  }
}

/** Whether a key signed the first three segments, by what the key is, whatever the header says. */
export function isSigned(token: LooseToken, jwk: JWK | null = token.key): boolean {
  if (!jwk) return false;
  const key = publicKey(jwk);
  if (key.asymmetricKeyType === "ed25519") {
    return verify(null, signed(token), key, signature(token));
  }
  const options = key.asymmetricKeyType === "ec"
    ? { key, dsaEncoding: "ieee-p1363" as const }
    : key;
  return verify("sha256", signed(token), options, signature(token));
}

/** What is signed. */
export function signed({ segments }: LooseToken): Buffer {
  return Buffer.from(segments.slice(0, 2).join("."));
}

/** The third segment. */
export function signature({ segments }: LooseToken): Buffer {
  return Buffer.from(segments[2] ?? "", "base64url");
}

/** Whether the token has an HS256 signature under this secret. */
export function isHmac(token: LooseToken, secret: string | Buffer): boolean {
  const digest = createHmac("sha256", secret).update(signed(token)).digest();
  return token.header["alg"] === "HS256" && digest.equals(signature(token));
}

/** A JWK as a key of node:crypto. */
export function publicKey(jwk: JWK): KeyObject {
  return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
}
