/**
 * What a database remembers of the keys that its rows name, so that it never meets other keys by a slip
 * (A3): key ids with a digest of each key, which reveals nothing of it.
 * @module
 */
import type { Seconds } from "../../core/model.ts";
import type { Store } from "../ports.ts";
import { sha256 } from "../entropy.ts";
import type { SigningKeys } from "../tokens/jwt/signing-keys.ts";
import { allKeys } from "../tokens/jwt/signing-keys.ts";
import type { TokenKeys } from "../tokens/token-keys.ts";

/** The two sets of keys, by the names that the database has for them. */
export type KeyKind = "token-keys" | "signing-keys";

/** A key that rows or living tokens may name. */
export interface KnownKey {
  /** SHA-256. */
  readonly digest: string;
  /** From this moment on no living token is of this key; `null` while it is not known. */
  readonly until: Seconds | null;
}

/** Known keys by id. */
export type KnownKeys = Readonly<Record<string, KnownKey>>;

/** What there is to know of a set of keys. */
export interface Fingerprint {
  /** Every key of the set: SHA-256 by id. */
  readonly digests: Readonly<Record<string, string>>;
  /** Those that tokens are made with, now or lately. */
  readonly used: KnownKeys;
}

/** Of token keys, the active one makes tokens; others did so before, or will. */
export function fingerprintOfTokenKeys({ active, keys }: TokenKeys): Fingerprint {
  const digests = Object.fromEntries(
    keys.map(({ id, secret }) => [id, sha256(`fetch-tokens-for-user token key ${secret}`)]),
  );
  return { digests, used: { [active]: { digest: digests[active] ?? "", until: null } } };
}

/** Of signing keys, the active one signs, and tokens of retired ones live for a while. */
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

/** The keys that a database names; `null` where it never had one. */
export async function readKnownKeys(store: Store, kind: KeyKind): Promise<KnownKeys | null> {
  const text = await store.readMeta(kind);
  return text === null ? null : JSON.parse(text);
}

/** Writes the keys that a database names. */
export async function writeKnownKeys(store: Store, kind: KeyKind, keys: KnownKeys): Promise<void> {
  await store.writeMeta(kind, JSON.stringify(keys));
}

/** Adds the keys that are used now, before the first token is made with them. */
export async function rememberKeys(
  store: Store,
  kind: KeyKind,
  { used }: Fingerprint,
  now: Seconds,
): Promise<void> {
  const known = await readKnownKeys(store, kind);
  const next = Object.fromEntries(
    Object.entries({ ...known, ...used }).filter(([, { until }]) => until === null || now < until),
  );
  if (JSON.stringify(next) !== JSON.stringify(known)) await writeKnownKeys(store, kind, next);
}

/** Forgets a key; resolves to whether it was known. */
export async function forgetKey(store: Store, kind: KeyKind, id: string): Promise<boolean> {
  const { [id]: key, ...rest } = await readKnownKeys(store, kind) ?? {};
  if (key !== undefined) await writeKnownKeys(store, kind, rest);
  return key !== undefined;
}

/** The ids of known keys that a set lacks, or has with another content. */
export function missingKeys(
  known: KnownKeys | null,
  { digests }: Fingerprint,
  now: Seconds,
): readonly string[] {
  return Object.entries(known ?? {})
    .filter(([id, { digest, until }]) => digests[id] !== digest && (until === null || now < until))
    .map(([id]) => id);
}
