/**
 * Public keys as JWKs (RFC 7517), each bound to a single algorithm (C2).
 * @module
 */
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { importJWK, type JWK } from "jose";
import { isIdentifier } from "../../core/model.ts";
import { hex } from "../entropy.ts";
import { decodeBase64url } from "./base64url.ts";
import { isRocaModulus } from "./roca.ts";
import { createSignatureCheck, type SignatureAlgorithm, type SignatureCheck } from "./signature.ts";
import { isJsonObject } from "../strict-json.ts";

/** A set of public keys (RFC 7517 §5). */
export interface Jwks {
  readonly keys: readonly JWK[];
}

/** A checked and imported public key. */
export interface VerificationKey {
  readonly kid: string;
  /** The only `alg` this key may verify. */
  readonly alg: SignatureAlgorithm;
  readonly isSigned: SignatureCheck;
}

/** The maximum bounds the cost of a verification. */
const RSA_BITS = { min: 2048, max: 16_384 };
/** Members that only private or symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2). */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * Checks and imports every key of a set.
 * @param owner whose keys they are; named in errors
 * @throws {RangeError} if there are no keys, a `kid` is missing, malformed or duplicate, or a key
 * is private, symmetric, weak or unsuitable. The message names the owner, the key id and the
 * problem, never key material.
 */
export async function importJwks(
  jwks: Jwks,
  owner: string,
): Promise<ReadonlyMap<string, VerificationKey>> {
  if (!isJsonObject(jwks) || !Array.isArray(jwks.keys) || jwks.keys.length === 0) {
    throw new RangeError(`Cannot use the JWKS of ${owner}: give {"keys": [...]} with public keys`);
  }
  const keys = new Map<string, VerificationKey>();
  for (const jwk of jwks.keys) {
    const key = await importPublicJwk(jwk, owner);
    if (keys.has(key.kid)) {
      throw new RangeError(`Cannot use the JWKS of ${owner}: two keys have the kid "${key.kid}"`);
    }
    keys.set(key.kid, key);
  }
  return keys;
}

/** The algorithm of a key: its `alg`, or the one implied by its type; `null` for any other key. */
export function algorithmOf({ kty, crv, alg }: JWK): SignatureAlgorithm | null {
  if (kty === "EC" && crv === "P-256") return (alg ?? "ES256") === "ES256" ? "ES256" : null;
  if (kty === "RSA") return (alg ?? "RS256") === "RS256" ? "RS256" : null;
  if (kty !== "OKP" || crv !== "Ed25519") return null;
  if (alg === "Ed25519") return "Ed25519";
  return (alg ?? "EdDSA") === "EdDSA" ? "EdDSA" : null;
}

async function importPublicJwk(jwk: JWK, owner: string): Promise<VerificationKey> {
  const { kid } = isJsonObject(jwk) ? jwk : {};
  if (typeof kid !== "string" || !isIdentifier(kid)) {
    throw new RangeError(
      `Cannot use a key of ${owner}: "kid" must be 1 to 255 printable ASCII characters, no spaces`,
    );
  }
  const refuse = (why: string) => new RangeError(`Cannot use key "${kid}" of ${owner}: ${why}`);
  if (SECRET_MEMBERS.some((member) => member in jwk)) {
    throw refuse("it is private or symmetric; give only the public key");
  }
  const alg = algorithmOf(jwk);
  if (alg === null) throw refuse("only ES256 (P-256), RS256 and EdDSA (Ed25519) keys work");
  if (jwk.use !== undefined && jwk.use !== "sig") throw refuse('"use" must be "sig"');
  const operations: unknown = jwk.key_ops;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    throw refuse('"key_ops" must include "verify"');
  }
  const key = await importKey(jwk, alg);
  if (key === null) throw refuse("its parameters do not form a valid key");
  if (alg === "RS256" && isRocaModulus(integerOf(jwk.n))) {
    throw refuse(
      "it can be factored (ROCA, CVE-2017-15361); generate a new key with other software",
    );
  }
  const bits = modulusBits(key);
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) {
    throw refuse(`RSA keys must have ${RSA_BITS.min} to ${RSA_BITS.max} bits`);
  }
  return { kid, alg, isSigned: createSignatureCheck(key, alg) };
}

/** Returns `null` if the parameters do not form a safe key. Runtimes differ in what they accept. */
async function importKey(jwk: JWK, alg: SignatureAlgorithm): Promise<CryptoKey | null> {
  // Only the members that define the key: runtimes treat `ext`, `key_ops` and the like differently.
  const { kty, crv, x, y, n, e } = jwk;
  const numbers = kty === "RSA" ? { n, e } : kty === "EC" ? { x, y } : { x };
  if (Object.values(numbers).some((number) => bytesOf(number) === null)) return null;
  if (kty === "RSA" && !isSafeExponent(integerOf(e))) return null;
  const bare = { kty, crv, ...numbers } as JWK;
  try {
    // Deno's importKey accepts a point that is not on the curve; its node:crypto does not.
    if (kty === "EC") createPublicKey({ key: bare as JsonWebKey, format: "jwk" });
    return await importCryptoKey(bare, alg);
  } catch {
    return null;
  }
}

/** Imports an asymmetric key. jose's own key type is empty under Deno's type library. */
export async function importCryptoKey(jwk: JWK, alg: SignatureAlgorithm): Promise<CryptoKey> {
  return await importJWK(jwk, alg) as unknown as CryptoKey;
}

/** Odd and greater than 1: with an exponent of 1 anyone can sign. */
function isSafeExponent(exponent: bigint): boolean {
  return exponent > 1n && exponent % 2n === 1n;
}

function integerOf(member: unknown): bigint {
  return BigInt(`0x0${hex(bytesOf(member) ?? new Uint8Array())}`);
}

function bytesOf(member: unknown): Uint8Array | null {
  return typeof member === "string" ? decodeBase64url(member) : null;
}

/** In range for keys other than RSA, whose strength follows from their type. */
function modulusBits({ algorithm }: CryptoKey): number {
  return (algorithm as { readonly modulusLength?: number }).modulusLength ?? RSA_BITS.min;
}
