/**
 * Opaque tokens: derived, never stored (T2). A token is a prefix and, in base64url, a version byte,
 * the framed fields and an HMAC-SHA-256 over purpose, server id and these fields. The database is
 * not enough to derive one, and a refresh token can be returned again without being stored.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from "node:crypto";
import type { TokenGrant } from "../../core/decision.ts";
import { readScope, writeScope } from "../../core/scope.ts";
import type { AccessToken, GenuineToken, RefreshToken } from "../../core/use.ts";
import { hex, systemEntropy } from "../entropy.ts";
import { decodeBase64url, encodeBase64url } from "../jws/base64url.ts";
import { type Entropy, KeysUnavailable, type TokenSealer } from "../ports.ts";
import { checkTokenKeys, type TokenKeys } from "./token-keys.ts";

/** The prefix of each kind of token, by which secret scanners recognize a leak. */
export const TOKEN_PREFIXES: Readonly<Record<GenuineToken["kind"], string>> = {
  access: "ftfu_at_",
  refresh: "ftfu_rt_",
};

/** Options for opaque tokens. */
export interface OpaqueTokensOptions {
  /** This server's identifier: servers never accept each other's tokens, even with the same keys. */
  readonly serverId: string;
  readonly keys: TokenKeys;
  readonly entropy?: Entropy;
  /**
   * The ids of keys that other servers of the same store use and this one lacks. Calls with their
   * tokens reject with {@link KeysUnavailable} (A3). Default: none.
   */
  readonly missing?: () => ReadonlySet<string>;
}

const VERSION = 1;
const MAC_BYTES = 32;
const ID = /^[0-9a-f]{32}$/;
/** Maximum token length, for opening and sealing. */
const MAX_LENGTH = 16_384;

/** The MAC function of one key for one purpose. */
type Mac = (fields: Uint8Array) => Uint8Array;
type Macs = Readonly<Record<GenuineToken["kind"], Mac>>;
/** The MACs of the key with this id. */
type FindMacs = (keyId: string) => Macs | undefined;

const NONE: ReadonlySet<string> = new Set();

/**
 * Creates the sealer of opaque access and refresh tokens. An access token is sealed with the active
 * key and is always unique; a refresh token is a function of its grant's family, generation, salt
 * and key.
 * @throws {RangeError} if the keys are invalid.
 *
 * @example
 * ```ts
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const keys = generateTokenKeys(); // keep them: loadOrCreateTokenKeys("keys.json")
 * const tokens = createOpaqueTokens({ serverId: "https://shop.example", keys });
 * console.assert((await tokens.open("not one of ours")) === null);
 * ```
 */
export function createOpaqueTokens(
  { serverId, keys, entropy = systemEntropy, missing = () => NONE }: OpaqueTokensOptions,
): TokenSealer {
  const checked = checkTokenKeys(keys);
  const known = new Map(checked.keys.map(({ id, secret }) => [id, deriveMacs(secret, serverId)]));
  const macs: FindMacs = (id) => {
    if (missing().has(id)) throw new KeysUnavailable(`This server lacks the token key ${id}`);
    return known.get(id);
  };
  return {
    activeKeyId: checked.active,
    seal(grant) {
      const refreshToken = write("refresh", grant.keyId, refreshFields(grant), macs);
      const accessToken = write("access", checked.active, accessFields(grant, entropy), macs);
      return refreshToken === null || accessToken === null ? null : { accessToken, refreshToken };
    },
    open(token) {
      const access = read("access", token, macs);
      if (access !== null) return accessToken(access);
      const refresh = read("refresh", token, macs);
      return refresh === null ? null : refreshToken(refresh);
    },
  };
}

function accessFields(
  { family, issuedAt, accessExpiresAt, scope }: TokenGrant,
  entropy: Entropy,
): Uint8Array[] {
  const text = Buffer.from(writeScope(scope));
  return [idField(family), uint48(issuedAt), uint48(accessExpiresAt), text, entropy.bytes(16)];
}

function refreshFields({ family, generation, salt }: TokenGrant): Uint8Array[] {
  return [idField(family), uint48(generation), idField(salt)];
}

function accessToken(fields: readonly Uint8Array[]): AccessToken | null {
  const [family, issuedAt, expiresAt, text] = fields;
  if (!family || !issuedAt || !expiresAt || !text) return null;
  const scope = readScope(Buffer.from(text).toString());
  if (scope === null) return null;
  return {
    kind: "access",
    family: hex(family),
    scope,
    issuedAt: fromUint48(issuedAt),
    expiresAt: fromUint48(expiresAt),
  };
}

function refreshToken(fields: readonly Uint8Array[]): RefreshToken | null {
  const [family, generation, salt] = fields;
  if (!family || !generation || !salt) return null;
  const number = fromUint48(generation);
  return { kind: "refresh", family: hex(family), generation: number, salt: hex(salt) };
}

/** Seals fields for one purpose; `null` if the key was removed. */
function write(
  kind: GenuineToken["kind"],
  keyId: string,
  fields: readonly Uint8Array[],
  macs: FindMacs,
): string | null {
  const mac = macs(keyId)?.[kind];
  if (mac === undefined) return null;
  const framed = frame([Buffer.from(keyId), ...fields]);
  const bytes = Buffer.concat([Uint8Array.of(VERSION), framed, mac(framed)]);
  const token = TOKEN_PREFIXES[kind] + encodeBase64url(bytes);
  if (token.length > MAX_LENGTH) throw new RangeError("Cannot seal a token: its scope is too long");
  return token;
}

/** The fields of a genuine token of one purpose, without its key id; `null` for anything else. */
function read(
  kind: GenuineToken["kind"],
  token: string,
  macs: FindMacs,
): readonly Uint8Array[] | null {
  const prefix = TOKEN_PREFIXES[kind];
  if (token.length > MAX_LENGTH || !token.startsWith(prefix)) return null;
  const bytes = decodeBase64url(token.slice(prefix.length));
  if (bytes === null || bytes[0] !== VERSION) return null;
  const framed = bytes.subarray(1, -MAC_BYTES);
  const [keyId, ...fields] = unframe(framed) ?? [];
  const mac = keyId && macs(Buffer.from(keyId).toString())?.[kind];
  if (!mac || !timingSafeEqual(mac(framed), bytes.subarray(-MAC_BYTES))) return null;
  return fields;
}

/** Separate keys for each purpose and server, derived once (RFC 5869). */
function deriveMacs(secret: string, serverId: string): Macs {
  const derive = (kind: GenuineToken["kind"]): Mac => {
    const context = frame(
      ["fetch-tokens-for-user", `${VERSION}`, kind, serverId].map((text) => Buffer.from(text)),
    );
    // A KeyObject: Node 24 finds out what a Buffer is by throwing, each time.
    const key = createSecretKey(Buffer.from(
      hkdfSync("sha256", Buffer.from(secret, "base64url"), new Uint8Array(0), context, 32),
    ));
    return (fields) => createHmac("sha256", key).update(context).update(fields).digest();
  };
  return { access: derive("access"), refresh: derive("refresh") };
}

/** Prefixes each field with its length in two bytes, so that different lists never give the same bytes. */
function frame(fields: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.alloc(fields.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const field of fields) {
    at = bytes.writeUInt16BE(field.length, at);
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** The MAC decides whether the lengths are genuine. */
function unframe(bytes: Uint8Array): readonly Uint8Array[] | null {
  const fields: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const [high, low] = bytes.subarray(at, at + 2);
    if (high === undefined || low === undefined) return null;
    const end = at + 2 + high * 256 + low;
    fields.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return fields;
}

/** 128 bits from hexadecimal. Checked, because Buffer silently truncates invalid input. */
function idField(id: string): Uint8Array {
  if (!ID.test(id)) {
    throw new RangeError("Cannot seal a token: ids and salts are 32 hexadecimal digits");
  }
  return Buffer.from(id, "hex");
}

function uint48(value: number): Uint8Array {
  if (!Number.isInteger(value)) {
    throw new RangeError("Cannot seal a token: times are whole seconds");
  }
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}

function fromUint48(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUIntBE(0, 6);
}
