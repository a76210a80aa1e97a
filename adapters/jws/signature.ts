/**
 * Checks the signature of a compact JWS (RFC 7515 §5.2) with one key and its one algorithm.
 * @module
 */
import { Buffer } from "node:buffer";
import { KeyObject, verify } from "node:crypto";
import { compactVerify, errors } from "jose";

/** The accepted signature algorithms. `Ed25519` is RFC 9864's name for EdDSA with this curve. */
export type SignatureAlgorithm = "ES256" | "RS256" | "EdDSA" | "Ed25519";

/** Whether a compact JWS, whose form was checked before, has a valid signature of this key. */
export type SignatureCheck = (token: string) => boolean | Promise<boolean>;

/**
 * Binds a public key. Where node:crypto is OpenSSL, it verifies at once: jose, by way of WebCrypto, takes a
 * third more CPU time for the same, most of it to reach the thread pool and come back. Deno's node:crypto
 * takes ten times as long as its WebCrypto, so there jose verifies.
 */
export function createSignatureCheck(key: CryptoKey, alg: SignatureAlgorithm): SignatureCheck {
  return "Deno" in globalThis ? byJose(key, alg) : atOnce(KeyObject.from(key), alg);
}

/** R and S of 32 bytes each (RFC 7518 §3.4). */
const ES256_BYTES = 64;

function atOnce(key: KeyObject, alg: SignatureAlgorithm): SignatureCheck {
  const digest = alg === "ES256" || alg === "RS256" ? "sha256" : null;
  const options = { key, dsaEncoding: "ieee-p1363" } as const;
  return (token) => {
    const dot = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(dot + 1), "base64url");
    if (alg === "ES256" && signature.length !== ES256_BYTES) return false;
    return verify(digest, Buffer.from(token.slice(0, dot), "latin1"), options, signature);
  };
}

function byJose(key: CryptoKey, alg: SignatureAlgorithm): SignatureCheck {
  return async (token) => {
    try {
      await compactVerify(token, key, { algorithms: [alg] });
      return true;
    } catch (error) {
      if (error instanceof errors.JOSEError) return false;
      throw error;
    }
  };
}
