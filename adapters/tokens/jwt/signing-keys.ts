/**
 * The keys that sign JWT access tokens, and their lifecycle: next (published before use) → active →
 * retired (published until its last token has expired) → removed. Stored as JSON in a separate file
 * with mode 0600:
 *
 * ```json
 * { "active": JWK, "next": { "jwk": JWK, "publishedAt": seconds } or null,
 *   "retired": [{ "jwk": JWK, "keepUntil": seconds }] }
 * ```
 *
 * Every JWK is private and has a `kid`. Every function here is pure, except those that take a path.
 * @module
 */
import { createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from "node:crypto";
import type { JWK } from "jose";
import { isIdentifier, type Seconds } from "../../../core/model.ts";
import { CLOCK_MARGIN_SECONDS } from "../../../core/settings.ts";
import { decodeBase64url } from "../../jws/base64url.ts";
import { algorithmOf, type Jwks } from "../../jws/jwk.ts";
import { generatePrivateJwk, publicJwk } from "../../jws/private-jwk.ts";
import { isJsonObject, parseStrictJson } from "../../strict-json.ts";
import { createKeyFile, readKeyFile, saveFile, type Warn } from "../key-file.ts";

/** The algorithms for access tokens; RSA keys have 2048 bits. */
export type SigningAlgorithm = "ES256" | "EdDSA" | "RS256";

/** A published key that does not sign yet, so that every cache has it before its first token. */
export interface NextSigningKey {
  /** Secret. */
  readonly jwk: JWK;
  readonly publishedAt: Seconds;
}

/** A key that no longer signs, published while one of its tokens may be live. */
export interface RetiredSigningKey {
  /** Secret. */
  readonly jwk: JWK;
  /** By this time, all its tokens have expired. */
  readonly keepUntil: Seconds;
}

/** All signing keys of a server. */
export interface SigningKeys {
  /** The key that signs. Secret. */
  readonly active: JWK;
  readonly next: NextSigningKey | null;
  readonly retired: readonly RetiredSigningKey[];
}

/** How long a key must be published before it may sign: longer than usual JWKS caches. */
export const PUBLISH_SECONDS = 900;

/** A key set with one new, active key. */
export async function newSigningKeys(algorithm: SigningAlgorithm = "ES256"): Promise<SigningKeys> {
  return { active: await generatePrivateJwk(algorithm), next: null, retired: [] };
}

/**
 * First step of a rotation: publishes the next key.
 * @throws {RangeError} if there already is a next key, or the key is invalid.
 */
export function publishNextSigningKey(keys: SigningKeys, jwk: JWK, now: Seconds): SigningKeys {
  if (keys.next !== null) throw new RangeError("Cannot publish a next signing key: one exists");
  return checkSigningKeys({ ...keys, next: { jwk, publishedAt: now } });
}

/**
 * Second step of a rotation: the next key becomes active, the active one retires.
 * @param accessTokenSeconds the longest lifetime of a token signed by the retiring key
 * @throws {RangeError} if there is no next key, or it was published less than {@link
 * PUBLISH_SECONDS} ago.
 */
export function activateNextSigningKey(
  { active, next, retired }: SigningKeys,
  now: Seconds,
  accessTokenSeconds: Seconds,
): SigningKeys {
  if (next === null) {
    throw new RangeError("Cannot activate the next signing key: publish one first");
  }
  const waitSeconds = next.publishedAt + PUBLISH_SECONDS - now;
  if (waitSeconds > 0) {
    throw new RangeError(`Cannot activate the next signing key yet: wait ${waitSeconds} seconds`);
  }
  // The margin covers processes that see the rotation a little later, and clock skew.
  const keepUntil = now + accessTokenSeconds + CLOCK_MARGIN_SECONDS;
  return { active: next.jwk, next: null, retired: [...retired, { jwk: active, keepUntil }] };
}

/** Last step of a rotation: removes retired keys whose last token has expired. */
export function dropRetiredSigningKeys(keys: SigningKeys, now: Seconds): SigningKeys {
  return { ...keys, retired: keys.retired.filter(({ keepUntil }) => now < keepUntil) };
}

/**
 * Removes a compromised key: this server rejects its tokens immediately. If it is the active key,
 * the next key replaces it without waiting.
 * @throws {RangeError} if there is no such key, or no key to replace it.
 */
export function removeSigningKey(keys: SigningKeys, kid: string): SigningKeys {
  const { active, next, retired } = keys;
  if (active.kid === kid) {
    if (next === null) throw new RangeError(`Cannot remove key "${kid}": publish a next key first`);
    return { ...keys, active: next.jwk, next: null };
  }
  if (next?.jwk.kid === kid) return { ...keys, next: null };
  const rest = retired.filter(({ jwk }) => jwk.kid !== kid);
  if (rest.length < retired.length) return { ...keys, retired: rest };
  throw new RangeError(`Cannot remove signing key "${kid}": there is no such key`);
}

/** The JWKS to publish: the public parts of next, active and retired keys. */
export function publicJwks(keys: SigningKeys, now: Seconds): Jwks {
  return { keys: allKeys(dropRetiredSigningKeys(keys, now)).map(publicJwk) };
}

/** Every private key of a set. */
export function allKeys({ active, next, retired }: SigningKeys): readonly JWK[] {
  return [active, ...(next === null ? [] : [next.jwk]), ...retired.map(({ jwk }) => jwk)];
}

/**
 * Checks an untrusted key set.
 * @throws {RangeError} naming the problem, never key material.
 */
export function checkSigningKeys(value: unknown): SigningKeys {
  const { active, next, retired } = isJsonObject(value) ? value : {};
  const nextIsGood = next === null || (isJsonObject(next) && isSeconds(next["publishedAt"]));
  const retiredIsGood = Array.isArray(retired) &&
    retired.every((entry) => isJsonObject(entry) && isSeconds(entry["keepUntil"]));
  if (!isJsonObject(active) || !nextIsGood || !retiredIsGood) {
    throw new RangeError(
      'Cannot use signing keys: give {"active": JWK, "next": {"jwk", "publishedAt"} or null, ' +
        '"retired": [{"jwk", "keepUntil"}]}',
    );
  }
  const keys = { active, next, retired } as SigningKeys;
  const all = allKeys(keys);
  all.forEach(checkPrivateJwk);
  if (new Set(all.map(({ kid }) => kid)).size < all.length) {
    throw new RangeError("Cannot use signing keys: two keys have the same kid");
  }
  return keys;
}

/** Reads a set from JSON. @throws {RangeError | SyntaxError} never containing key material. */
export function readSigningKeys(json: string): SigningKeys {
  return checkSigningKeys(parseStrictJson(json));
}

/** Writes a set as JSON. The text is secret. */
export function writeSigningKeys(keys: SigningKeys): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

/**
 * Loads the set from a file; `null` where there is no such file.
 * @throws {KeyFileError} naming the file, the reason and the cure
 */
export function loadSigningKeys(path: string, warn?: Warn): Promise<SigningKeys | null> {
  return readKeyFile(path, readSigningKeys, warn);
}

/**
 * Loads the set from a file, or creates the file with one new key (mode 0600).
 * @throws {KeyFileError} naming the file, the reason and the cure
 */
export async function loadOrCreateSigningKeys(
  path: string,
  algorithm: SigningAlgorithm = "ES256",
): Promise<SigningKeys> {
  const existing = await loadSigningKeys(path);
  if (existing !== null) return existing;
  const created = await newSigningKeys(algorithm);
  await createKeyFile(path, writeSigningKeys(created));
  return await loadSigningKeys(path) ?? created;
}

/** Replaces the key file atomically. */
export async function saveSigningKeys(path: string, keys: SigningKeys): Promise<void> {
  await saveFile(path, writeSigningKeys(checkSigningKeys(keys)));
}

function checkPrivateJwk(jwk: unknown): void {
  const { kid, d } = isJsonObject(jwk) ? jwk : {};
  if (typeof kid !== "string" || !isIdentifier(kid)) {
    throw new RangeError('Cannot use a signing key: "kid" must be 1 to 255 printable characters');
  }
  if (typeof d !== "string" || algorithmOf(jwk as JWK) === null) {
    throw new RangeError(
      `Cannot use signing key "${kid}": give an ES256, EdDSA or RS256 private key`,
    );
  }
  const refuse = (why: string) => new RangeError(`Cannot use signing key "${kid}": ${why}`);
  const operations = (jwk as JWK).key_ops as unknown;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("sign"))) {
    throw refuse('"key_ops" must include "sign"');
  }
  if (!canSign(jwk as JWK)) throw refuse("its parameters do not form a valid key");
}

const KEY_MEMBERS = ["d", "x", "y", "n", "e", "p", "q", "dp", "dq", "qi"] as const;

/** Whether a signature of this key verifies. Runtimes differ in what they import, so it is tried. */
function canSign(jwk: JWK): boolean {
  const bytes = new Map(KEY_MEMBERS.map((name) => [name, decodeBase64url(jwk[name] ?? "")]));
  if ([...bytes.values()].includes(null)) return false;
  if (jwk.kty !== "RSA" && bytes.get("d")?.length !== 32) return false;
  const key = { key: jwk as JsonWebKey, format: "jwk" } as const;
  const digest = jwk.kty === "OKP" ? null : "sha256";
  const data = new Uint8Array(32);
  try {
    return verify(digest, data, createPublicKey(key), sign(digest, data, createPrivateKey(key)));
  } catch {
    return false; // the cause may quote key material
  }
}

function isSeconds(value: unknown): value is Seconds {
  return Number.isSafeInteger(value);
}
