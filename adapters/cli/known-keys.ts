/**
 * Key ids and key digests that a database remembers, to notice if a key file is missing or is another
 * one (A3). A digest reveals nothing about its key.
 * @module
 */
import type { Seconds } from "../../core/model.ts";
import type { Store } from "../ports.ts";
import { sha256 } from "../entropy.ts";
import type { SigningKeys } from "../tokens/jwt/signing-keys.ts";
import { allKeys } from "../tokens/jwt/signing-keys.ts";
import type { TokenKeys } from "../tokens/token-keys.ts";

/** The two sets of keys. The database stores what it remembers under these names. */
export type KeyKind = "token-keys" | "signing-keys";

/** A key that rows or live tokens may name. */
export interface KnownKey {
  /** SHA-256. */
  readonly digest: string;
  /** When the last token of this key expires; `null` if unknown. */
  readonly until: Seconds | null;
}

/** Known keys by id. */
export type KnownKeys = Readonly<Record<string, KnownKey>>;

/** The digests of a set of keys. */
export interface Fingerprint {
  /** SHA-256 of every key, by id. */
  readonly digests: Readonly<Record<string, string>>;
  /** The keys that live tokens may have been made with, as far as the set shows. */
  readonly used: KnownKeys;
}

/** The fingerprint of token keys. Only the active key makes tokens. */
export function fingerprintOfTokenKeys({ active, keys }: TokenKeys): Fingerprint {
  const digests = Object.fromEntries(
    keys.map(({ id, secret }) => [id, sha256(`fetch-tokens-for-user token key ${secret}`)]),
  );
  return { digests, used: { [active]: { digest: digests[active] ?? "", until: null } } };
}

/** The fingerprint of signing keys. Only the active key signs; tokens of retired ones may still be live. */
export function fingerprintOfSigningKeys(keys: SigningKeys): Fingerprint {
  const digests = Object.fromEntries(
    allKeys(keys).map(({ kid = "", kty, crv, x, y, n, e }) =>
      [kid, sha256(JSON.stringify([kty, crv, x, y, n, e]))] as const
    ),
  );
  const ends = [
    [keys.active.kid ?? "", null] as const,
    ...keys.retired.map(({ jwk, keepUntil }) => [jwk.kid ?? "", keepUntil] as const),
  ];
  const used = ends.map(([kid, until]) => [kid, { digest: digests[kid] ?? "", until }] as const);
  return { digests, used: Object.fromEntries(used) };
}

/** The keys that a database remembers; `null` if it never had any. */
export async function readKnownKeys(store: Store, kind: KeyKind): Promise<KnownKeys | null> {
  return parseKnownKeys(await store.readMeta(kind));
}

function parseKnownKeys(text: string | null): KnownKeys | null {
  return text === null ? null : JSON.parse(text);
}

/**
 * Adds the keys of a set that are used now. Call it before the first token is made with them. If the
 * set lacks known keys, it resolves to their ids and adds nothing.
 * @param mayLack whether to add them even then
 */
export async function rememberKeys(
  store: Store,
  kind: KeyKind,
  fingerprint: Fingerprint,
  now: Seconds,
  mayLack = false,
): Promise<readonly string[]> {
  let missing: readonly string[] = [];
  // Two servers may start at once, with different key files.
  await store.updateMeta(kind, (text) => {
    const known = parseKnownKeys(text);
    missing = mayLack ? [] : missingKeys(known, fingerprint, now);
    if (text !== null && missing.length > 0) return text;
    const next = Object.entries({ ...known, ...fingerprint.used })
      .filter(([, { until }]) => until === null || now < until);
    return JSON.stringify(Object.fromEntries(next));
  });
  return missing;
}

/** Forgets one key, or all of a kind. */
export async function forgetKeys(store: Store, kind: KeyKind, id?: string): Promise<void> {
  await store.updateMeta(kind, (text) => {
    const kept = Object.entries(parseKnownKeys(text) ?? {})
      .filter(([known]) => id !== undefined && known !== id);
    return JSON.stringify(Object.fromEntries(kept));
  });
}

/** The ids of known keys that a set lacks or has with different contents. */
export function missingKeys(
  known: KnownKeys | null,
  { digests }: Fingerprint,
  now: Seconds,
): readonly string[] {
  return Object.entries(known ?? {})
    .filter(([id, { digest, until }]) => digests[id] !== digest && (until === null || now < until))
    .map(([id]) => id);
}
