/**
 * The keys of a server. They are loaded from files and created only together with a database. If a file
 * lacks a key that the database remembers, nothing is loaded (A3).
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
import { databaseOf, isInMemory, type KeyFile, keyFile } from "./data.ts";
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

/** The keys of a server. */
export interface LoadedKeys {
  readonly token: TokenKeys;
  /** `null` if access tokens are opaque. */
  readonly signing: SigningKeys | null;
}

/** Keys that the database remembers but that are not loaded. */
export interface MissingKeys {
  readonly ids: ReadonlySet<string>;
  /** What is wrong and what to do; `null` if no key is missing. */
  readonly problem: string | null;
}

/** Loads the keys of one database. */
export interface KeyCustody {
  /** The key files. */
  readonly files: readonly string[];
  /**
   * Loads the keys from the files. If the database is new, missing files are created.
   * @throws {KeyFileError} if a file is missing or damaged, or lacks a key that the database remembers
   */
  load(): Promise<LoadedKeys>;
  /** Checks whether the database remembers a key that is not loaded: another server may have added it. */
  check(): Promise<MissingKeys>;
}

/** How to handle one kind of key file. */
interface Kind<Keys> {
  readonly kind: KeyKind;
  readonly option: KeyFile;
  readonly load: (path: string, warn: Warn) => Promise<Keys | null>;
  readonly create: (path: string) => Promise<Keys>;
  /** Creates keys for a database in memory. */
  readonly generate: () => Promise<Keys> | Keys;
  readonly fingerprint: (keys: Keys) => Fingerprint;
  /** Whether the database may have rows that name such keys although it remembers none. */
  readonly isNamed: (store: Store) => Promise<boolean>;
}

const TOKEN_KEYS: Kind<TokenKeys> = {
  kind: "token-keys",
  option: "keys",
  load: loadTokenKeys,
  create: loadOrCreateTokenKeys,
  generate: generateTokenKeys,
  fingerprint: fingerprintOfTokenKeys,
  // A database of an earlier version remembers no keys. Without users, it has no tokens either.
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

/** Creates the custody. It reads and creates nothing until it is asked to. */
export function createKeyCustody(given: CustodyOptions): KeyCustody {
  const options = { ...given, warn: once(given.warn) };
  const tokens = createLoader(TOKEN_KEYS, options);
  const signing = given.values["access-tokens"] === "jwt"
    ? createLoader(SIGNING_KEYS, options)
    : null;
  const loaders = [tokens, ...(signing === null ? [] : [signing])];
  return {
    files: loaders.flatMap(({ path }) => path ?? []),
    async load() {
      const token = await tokens.load();
      return { token, signing: signing === null ? null : await signing.load() };
    },
    async check() {
      const found = await Promise.all(loaders.map((loader) => loader.check()));
      const problems = found.flatMap(({ problem }) => problem ?? []);
      return {
        ids: new Set(found.flatMap(({ ids }) => [...ids])),
        problem: problems.length === 0 ? null : problems.join(". "),
      };
    },
  };
}

/** Gives each warning once: keys are reloaded many times. */
function once(warn: Warn): Warn {
  const given = new Set<string>();
  return (message) => {
    if (!given.has(message)) warn(message);
    given.add(message);
  };
}

/** Loads one kind of keys. */
interface Loader<Keys> {
  /** `null` for keys that are only in memory. */
  readonly path: string | null;
  load(): Promise<Keys>;
  check(): Promise<MissingKeys>;
}

const NOTHING_MISSING: MissingKeys = { ids: new Set(), problem: null };

function createLoader<Keys>(
  kind: Kind<Keys>,
  { store, values, warn, now }: CustodyOptions,
): Loader<Keys> {
  const database = databaseOf(values);
  const inMemory = isInMemory(values);
  const check = () => Promise.resolve(NOTHING_MISSING);
  if (inMemory && values[kind.option] === undefined) {
    let keys: Promise<Keys> | Keys | null = null;
    return { path: null, load: async () => await (keys ??= kind.generate()), check };
  }
  const path = keyFile(values, kind.option);
  let loaded: Fingerprint | null = null;
  return {
    path,
    async load() {
      let keys = await kind.load(path, warn);
      if (keys === null) {
        const known = await readKnownKeys(store, kind.kind);
        if (known !== null || await kind.isNamed(store)) {
          throw new KeyFileError(
            describeMissingFile(kind.kind, path, database, Object.keys(known ?? {})),
          );
        }
        keys = await kind.create(path);
      }
      const fingerprint = kind.fingerprint(keys);
      const missing = await rememberKeys(store, kind.kind, fingerprint, now(), inMemory);
      if (missing.length > 0) {
        throw new KeyFileError(describeMissingKeys(kind.kind, path, database, missing));
      }
      loaded = fingerprint;
      return keys;
    },
    check: inMemory ? check : async () => {
      if (loaded === null) return NOTHING_MISSING;
      const ids = missingKeys(await readKnownKeys(store, kind.kind), loaded, now());
      const problem = ids.length === 0 ? null : describeMissingKeys(kind.kind, path, database, ids);
      return { ids: new Set(ids), problem };
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

function describeMissingKeys(
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
 * Loads the keys of a file that must exist.
 * @throws {UsageError} if it does not
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
