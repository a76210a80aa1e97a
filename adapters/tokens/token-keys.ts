/**
 * The keys from which opaque tokens are derived. They are stored outside the database (T2), as
 * JSON:
 *
 * ```json
 * { "active": "k2", "keys": [{ "id": "k1", "secret": "…" }, { "id": "k2", "secret": "…" }] }
 * ```
 *
 * A secret is 32 or more random bytes in base64url. The active key seals new tokens; the others
 * still open theirs until they are removed. To rotate, add a key everywhere, activate it, and
 * remove the old one once its last refresh token has been used or has expired.
 * @module
 */
import { hex, systemEntropy } from "../entropy.ts";
import { decodeBase64url, encodeBase64url } from "../jws/base64url.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import type { Entropy } from "../ports.ts";
import { createKeyFile, readKeyFile, saveFile, type Warn } from "./key-file.ts";

/** One key. */
export interface TokenKey {
  /** 1 to 64 RFC 3986 unreserved characters. Part of every token, so not confidential. */
  readonly id: string;
  /** 32 or more bytes, base64url. Secret. */
  readonly secret: string;
}

/** All keys that open tokens, and the one that seals. */
export interface TokenKeys {
  /** The id of the key that seals new tokens. */
  readonly active: string;
  readonly keys: readonly TokenKey[];
}

const MIN_SECRET_BYTES = 32;

/** Generates a key of 256 bits. */
export function generateTokenKey(
  entropy: Entropy = systemEntropy,
  id: string = hex(entropy.bytes(4)),
): TokenKey {
  return { id, secret: encodeBase64url(entropy.bytes(MIN_SECRET_BYTES)) };
}

/**
 * Generates a key set with one new, active key.
 *
 * @example
 * ```ts
 * import { checkTokenKeys, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const keys = checkTokenKeys(JSON.parse(JSON.stringify(generateTokenKeys())));
 * console.assert(keys.keys.length === 1 && keys.active === keys.keys[0]?.id);
 * ```
 */
export function generateTokenKeys(entropy: Entropy = systemEntropy): TokenKeys {
  const key = generateTokenKey(entropy);
  return { active: key.id, keys: [key] };
}

/**
 * Checks an untrusted key set.
 * @throws {RangeError} naming the problem and the key id, never a secret.
 */
export function checkTokenKeys(value: unknown): TokenKeys {
  if (!isJsonObject(value) || !Array.isArray(value["keys"])) {
    throw new RangeError('Cannot use token keys: give {"active": id, "keys": [{"id", "secret"}]}');
  }
  const keys = value["keys"].map(checkTokenKey);
  const { active } = value;
  if (new Set(keys.map(({ id }) => id)).size < keys.length) {
    throw new RangeError("Cannot use token keys: two keys have the same id");
  }
  if (typeof active !== "string" || !keys.some(({ id }) => id === active)) {
    throw new RangeError('Cannot use token keys: "active" must be the id of one of them');
  }
  return { active, keys };
}

/** Reads a key set from JSON. @throws {RangeError | SyntaxError} never containing a secret. */
export function readTokenKeys(json: string): TokenKeys {
  return checkTokenKeys(parseStrictJson(json));
}

/** Writes a key set as JSON. The text is secret. */
export function writeTokenKeys(keys: TokenKeys): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

/**
 * Adds a key that opens tokens but does not seal yet. Every process should have it before it is
 * activated.
 */
export function addTokenKey(keys: TokenKeys, key: TokenKey): TokenKeys {
  return checkTokenKeys({ ...keys, keys: [...keys.keys, key] });
}

/** Activates a key. Tokens of the other keys stay valid. */
export function activateTokenKey(keys: TokenKeys, id: string): TokenKeys {
  return checkTokenKeys({ ...keys, active: id });
}

/**
 * Removes a key, which immediately invalidates its access and refresh tokens (T2).
 * @throws {RangeError} for the active key and for an unknown key.
 */
export function removeTokenKey(keys: TokenKeys, id: string): TokenKeys {
  if (id === keys.active) {
    throw new RangeError(`Cannot remove token key "${id}": make another key active first`);
  }
  const rest = keys.keys.filter((key) => key.id !== id);
  if (rest.length === keys.keys.length) {
    throw new RangeError(`Cannot remove token key "${id}": there is no such key`);
  }
  return { ...keys, keys: rest };
}

/**
 * Loads the key set from a file; `null` where there is no such file.
 * @throws {KeyFileError} naming the file, the reason and the cure
 */
export function loadTokenKeys(path: string, warn?: Warn): Promise<TokenKeys | null> {
  return readKeyFile(path, readTokenKeys, warn);
}

/**
 * Loads the key set from a file, or creates the file with one new key (mode 0600). For a new database
 * only: where an old one meets a new key, all its tokens have ended.
 * @throws {KeyFileError} naming the file, the reason and the cure
 */
export async function loadOrCreateTokenKeys(
  path: string,
  entropy: Entropy = systemEntropy,
): Promise<TokenKeys> {
  const existing = await loadTokenKeys(path);
  if (existing !== null) return existing;
  const created = generateTokenKeys(entropy);
  await createKeyFile(path, writeTokenKeys(created));
  return await loadTokenKeys(path) ?? created;
}

/** Replaces the key file atomically. */
export async function saveTokenKeys(path: string, keys: TokenKeys): Promise<void> {
  await saveFile(path, writeTokenKeys(checkTokenKeys(keys)));
}

function checkTokenKey(value: unknown, index: number): TokenKey {
  const { id, secret } = isJsonObject(value) ? value : {};
  if (typeof id !== "string" || !/^[A-Za-z0-9._~-]{1,64}$/.test(id)) {
    throw new RangeError(
      `Cannot use token key ${index}: "id" must be 1 to 64 letters, digits, '-', '.', '_' or '~'`,
    );
  }
  const bytes = typeof secret === "string" ? decodeBase64url(secret) : null;
  if (bytes === null || bytes.length < MIN_SECRET_BYTES) {
    throw new RangeError(
      `Cannot use token key ${index}: "secret" must be ${MIN_SECRET_BYTES} or more bytes in base64url`,
    );
  }
  return { id, secret: secret as string };
}
