/**
 * The keys of a server: loaded from files, created only together with a database, and never exchanged
 * for others behind the back of the database that names them (A3).
 * @module
 */
import type { Seconds } from "../../core/model.ts";
import type { Store } from "../ports.ts";
import {
  loadOrCreateSigningKeys,
  loadSigningKeys,
  newSigningKeys,
  type SigningKeys,
} from "../tokens/jwt/signing-keys.ts";
import { KeyFileError, type Warn } from "../tokens/key-file.ts";
import {
  generateTokenKeys,
  loadOrCreateTokenKeys,
  loadTokenKeys,
  type TokenKeys,
} from "../tokens/token-keys.ts";
import { databaseOf, type KeyFile, keyFile } from "./data.ts";
import {
  type Fingerprint,
  fingerprintOfSigningKeys,
  fingerprintOfTokenKeys,
  type KeyKind,
  missingKeys,
  readKnownKeys,
  rememberKeys,
} from "./known-keys.ts";
import { UsageError, type Values } from "./options.ts";

/** The keys that a server works with. */
export interface LoadedKeys {
  readonly token: TokenKeys;
  /** `null` where access tokens are opaque. */
  readonly signing: SigningKeys | null;
}

/** Watches over the keys of one database. */
export interface KeyCustody {
  /** The files that they are in. */
  readonly files: readonly string[];
  /**
   * Loads the keys from the files. If the database is new, missing files are created.
   * @throws {KeyFileError} where a file is missing, damaged, or lacks a key that the database names
   */
  load(): Promise<LoadedKeys>;
  /** Looks whether the database names a token key that was not loaded; resolves to the ids. */
  check(): Promise<ReadonlySet<string>>;
}

/** One file of keys. */
interface Kind<Keys> {
  readonly kind: KeyKind;
  readonly option: KeyFile;
  readonly load: (path: string, warn: Warn) => Promise<Keys | null>;
  readonly create: (path: string) => Promise<Keys>;
  /** Keys for a database that ends with the process. */
  readonly generate: () => Promise<Keys> | Keys;
  readonly fingerprint: (keys: Keys) => Fingerprint;
  /** Whether the database may have rows that name such keys, though it remembers none. */
  readonly isNamed: (store: Store) => Promise<boolean>;
}

const TOKEN_KEYS: Kind<TokenKeys> = {
  kind: "token-keys",
  option: "keys",
  load: loadTokenKeys,
  create: loadOrCreateTokenKeys,
  generate: generateTokenKeys,
  fingerprint: fingerprintOfTokenKeys,
  // Databases of earlier versions remember nothing. Without users there is nobody whose tokens could end.
  isNamed: async (store) => (await store.list({ of: "users" }, { limit: 1 })).length > 0,
};

const SIGNING_KEYS: Kind<SigningKeys> = {
  kind: "signing-keys",
  option: "signing-keys",
  load: loadSigningKeys,
  create: loadOrCreateSigningKeys,
  generate: newSigningKeys,
  fingerprint: fingerprintOfSigningKeys,
  isNamed: () => Promise.resolve(false), // rows never name a signing key
};

/** What the keys of a server depend on. */
export interface CustodyOptions {
  readonly store: Store;
  readonly values: Values;
  readonly warn: Warn;
  readonly now: () => Seconds;
}

/** Takes charge of the keys. Nothing is read or created yet. */
export function createKeyCustody(given: CustodyOptions): KeyCustody {
  const { store, values, now } = given;
  const options = { ...given, warn: once(given.warn) };
  const tokens = createLoader(TOKEN_KEYS, options);
  const signing = values["access-tokens"] === "jwt" ? createLoader(SIGNING_KEYS, options) : null;
  let loaded: TokenKeys | null = null;
  return {
    files: [tokens, signing].flatMap((loader) => loader?.path ?? []),
    async load() {
      loaded = await tokens.load();
      return { token: loaded, signing: signing === null ? null : await signing.load() };
    },
    async check() {
      if (loaded === null || databaseOf(values) === "memory:") return new Set();
      const known = await readKnownKeys(store, TOKEN_KEYS.kind);
      return new Set(missingKeys(known, fingerprintOfTokenKeys(loaded), now()));
    },
  };
}

/** Keys are loaded again and again; a warning is worth one line. */
function once(warn: Warn): Warn {
  const given = new Set<string>();
  return (message) => {
    if (!given.has(message)) warn(message);
    given.add(message);
  };
}

function createLoader<Keys>(
  kind: Kind<Keys>,
  { store, values, warn, now }: CustodyOptions,
): { readonly path: string | null; load(): Promise<Keys> } {
  const database = databaseOf(values);
  const inMemory = database === "memory:";
  if (inMemory && values[kind.option] === undefined) {
    let keys: Promise<Keys> | Keys | null = null;
    return { path: null, load: async () => await (keys ??= kind.generate()) };
  }
  const path = keyFile(values, kind.option);
  return {
    path,
    async load() {
      const known = await readKnownKeys(store, kind.kind);
      const keys = await kind.load(path, warn);
      if (keys === null) {
        if (known !== null || await kind.isNamed(store)) {
          throw new KeyFileError(
            describeMissingFile(kind.kind, path, database, Object.keys(known ?? {})),
          );
        }
        const created = await kind.create(path);
        await rememberKeys(store, kind.kind, kind.fingerprint(created), now());
        return created;
      }
      const fingerprint = kind.fingerprint(keys);
      // What is only in memory names no key for longer than this process lives.
      const missing = inMemory ? [] : missingKeys(known, fingerprint, now());
      if (missing.length > 0) {
        throw new KeyFileError(describeMissingKeys(kind.kind, path, database, missing));
      }
      await rememberKeys(store, kind.kind, fingerprint, now());
      return keys;
    },
  };
}

function describeMissingFile(
  kind: KeyKind,
  path: string,
  database: string,
  ids: readonly string[],
): string {
  const keys = ids.length === 0 ? "its keys" : `its keys (${ids.join(", ")})`;
  return `The key file ${path} is missing, and tokens of the database ${database} need ${keys}. ` +
    "Restore it from its backup, or correct the path. If it is lost, run " +
    `"keys create-${kind}": it creates a new key, and every token of the lost ones ends`;
}

/** Says which keys a file lacks, and what to do. */
export function describeMissingKeys(
  kind: KeyKind,
  path: string,
  database: string,
  ids: readonly string[],
): string {
  const action = kind === "token-keys" ? "remove-token-key" : "remove-signing-key";
  return `The key file ${path} lacks ${
    ids.join(", ")
  }, or has another key of that name, and tokens of ` +
    `the database ${database} need it. Restore the file from its backup, or correct the path. If the ` +
    `key is lost, run "keys ${action} ${ids[0]}": every token of it ends`;
}

/**
 * The keys of a file that must be there.
 * @throws {UsageError} where it is not
 */
export async function loadExisting<Keys>(
  load: (path: string) => Promise<Keys | null>,
  path: string,
): Promise<Keys> {
  const keys = await load(path);
  if (keys !== null) return keys;
  throw new UsageError(
    `there is no key file ${path}: give the path as the server has it, or create the database and ` +
      'its keys with "init"',
  );
}
