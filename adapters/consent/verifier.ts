/**
 * Verifies consent tokens: form, algorithm, issuer's key, signature, shapes (C2–C4). The core
 * checks the values of the claims.
 * @module
 */
import { readConsent } from "../../core/consent.ts";
import type { Reason } from "../../core/decision.ts";
import { isIdentifier, quote } from "../../core/model.ts";
import { sha256, systemClock } from "../entropy.ts";
import { importJwks, type Jwks, type VerificationKey } from "../jws/jwk.ts";
import { readCompactJws } from "../jws/jws.ts";
import type { ConsentVerifier } from "../ports.ts";
import { createRemoteKeys, type RemoteKeysOptions } from "./remote-keys.ts";

/** A trusted issuer of consent tokens with local public keys. */
export interface LocalIssuer {
  /** Compared byte for byte with `iss`. */
  readonly issuer: string;
  readonly jwks: Jwks;
}

/** A trusted issuer of consent tokens whose public keys are fetched (C7). */
export interface RemoteIssuer {
  /** Compared byte for byte with `iss`. */
  readonly issuer: string;
  /** An https URL. */
  readonly jwksUri: string;
}

/** A trusted issuer of consent tokens. */
export type ConsentIssuer = LocalIssuer | RemoteIssuer;

/** The source of an issuer's keys. */
interface KeySource {
  /**
   * The key with this id, or `null`.
   * @throws {KeysUnavailable} if the keys are unavailable (C7).
   */
  find(kid: string): VerificationKey | null | Promise<VerificationKey | null>;
}

/** Header parameters that change what is signed or supply a key; all are refused (C2, CT-04, CT-06). */
const FORBIDDEN_PARAMETERS = ["crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"];
const ALGORITHMS: readonly unknown[] = ["ES256", "RS256", "EdDSA", "Ed25519"];
const TYPE = /^(?:application\/)?consent\+jwt$/i;

/**
 * Creates the verifier. Local keys are checked and imported once, here.
 * @throws {RangeError} if an issuer or key is invalid; the message names it
 *
 * @example
 * ```ts
 * import { createConsentVerifier } from "fetch-tokens-for-user/consent";
 * import { mintConsentToken } from "fetch-tokens-for-user/dev";
 * import { exportJWK, generateKeyPair } from "jose";
 *
 * const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
 * const named = { kid: "key-1", alg: "ES256" };
 * const issuer = "https://consents.example";
 * const jwks = { keys: [{ ...await exportJWK(publicKey), ...named }] };
 * const verifier = await createConsentVerifier([{ issuer, jwks }]);
 *
 * const token = await mintConsentToken({
 *   key: { ...await exportJWK(privateKey), ...named },
 *   issuer,
 *   audience: "https://shop.example",
 *   user: "some-user",
 *   client: "some-partner",
 *   merchant: "some-storefront",
 *   scope: "openid",
 *   now: Math.floor(Date.now() / 1000),
 * });
 * console.assert((await verifier.verify(token)) !== null);
 * ```
 */
export async function createConsentVerifier(
  issuers: readonly ConsentIssuer[],
  options: RemoteKeysOptions = { clock: systemClock },
): Promise<ConsentVerifier> {
  const sources = new Map<string, KeySource>();
  for (const entry of issuers) {
    const { issuer } = entry;
    if (typeof issuer !== "string" || !isIdentifier(issuer)) {
      throw new RangeError(
        `Cannot trust issuer ${quote(issuer)}: it must be 1 to 255 printable ASCII characters`,
      );
    }
    if (sources.has(issuer)) throw new RangeError(`Cannot trust issuer "${issuer}" twice`);
    if ("jwksUri" in entry) sources.set(issuer, createRemoteKeys(entry.jwksUri, options));
    else {
      const keys = await importJwks(entry.jwks, `issuer "${issuer}"`);
      sources.set(issuer, { find: (kid) => keys.get(kid) ?? null });
    }
  }
  return {
    async verify(token) {
      const read = readCompactJws(token);
      if (typeof read === "string") return { rejected: `consent_${read}` };
      const { header, claims } = read;
      const flaw = judgeHeader(header);
      if (flaw !== null) return { rejected: flaw };
      const { iss } = claims;
      const source = typeof iss === "string" ? sources.get(iss) : undefined;
      if (source === undefined) return { rejected: "consent_issuer" };
      const key = await source.find(header["kid"] as string);
      if (key === null) return { rejected: "consent_key" };
      if (key.alg !== header["alg"]) return { rejected: "consent_algorithm" };
      if (!await key.isSigned(token)) return { rejected: "consent_signature" };
      return readConsent(claims, sha256(token)) ?? { rejected: "consent_claims" };
    },
  };
}

/** Checks a header before any key lookup (C2, C3). */
function judgeHeader(header: Readonly<Record<string, unknown>>): Reason | null {
  const { alg, typ, kid } = header;
  if (FORBIDDEN_PARAMETERS.some((name) => name in header)) return "consent_header";
  if (typeof kid !== "string" || !isIdentifier(kid)) return "consent_header";
  if (!ALGORITHMS.includes(alg)) return "consent_algorithm";
  if (typeof typ !== "string" || !TYPE.test(typ)) return "consent_type";
  return null;
}
