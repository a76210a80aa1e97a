/**
 * Private keys as JWKs: generation, and signing of any header and payload.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { encodeBase64url } from "./base64url.ts";
import { algorithmOf, importCryptoKey } from "./jwk.ts";
import type { SignatureAlgorithm } from "./signature.ts";

/**
 * Generates a private key (RSA: 2048 bits). Secret.
 * @param kid default: the thumbprint of the public key (RFC 7638)
 */
export async function generatePrivateJwk(alg: SignatureAlgorithm, kid?: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: kid ?? await calculateJwkThumbprint(jwk), alg };
}

/** The public part of a private key, as published in a JWKS. */
export function publicJwk(key: JWK): JWK {
  const { kty, crv, x, y, n, e, kid } = key;
  const members = { kty, crv, x, y, n, e, kid, alg: algorithmOf(key), use: "sig" };
  return JSON.parse(JSON.stringify(members)); // drops undefined members
}

/**
 * Signs any header and payload. The header is not checked; the algorithm is the key's own (HS256
 * for a symmetric key, an empty signature for `null`). Objects are serialized as JSON, strings are
 * used unchanged.
 * @throws {RangeError} if the key cannot sign
 */
export async function signJws(
  header: object | string,
  payload: object | string,
  key: JWK | null,
): Promise<string> {
  const input = [header, payload].map((part) =>
    encodeBase64url(Buffer.from(typeof part === "string" ? part : JSON.stringify(part)))
  ).join(".");
  return `${input}.${encodeBase64url(await signatureOf(Buffer.from(input), key))}`;
}

async function signatureOf(bytes: Uint8Array<ArrayBuffer>, key: JWK | null): Promise<Uint8Array> {
  if (key === null) return new Uint8Array(0);
  if (key.kty === "oct") {
    return createHmac("sha256", Buffer.from(key.k ?? "", "base64url")).update(bytes).digest();
  }
  const alg = algorithmOf(key);
  if (alg === null || key.d === undefined) {
    throw new RangeError("Cannot sign: give an ES256, RS256 or EdDSA private key");
  }
  const imported = await importCryptoKey(key, alg);
  const algorithm = alg === "ES256" ? { name: "ECDSA", hash: "SHA-256" } : imported.algorithm.name;
  return new Uint8Array(await crypto.subtle.sign(algorithm, imported, bytes));
}
