/**
 * The location of a server's data: folder, database and key files. Shared by the server and the
 * commands that work alongside it.
 * @module
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createService, type Service } from "../direct.ts";
import { systemClock } from "../entropy.ts";
import type { AuditLog, Store } from "../ports.ts";
import { createMemoryStore } from "../store/memory.ts";
import { openPostgresStore, planPostgresMigration } from "../store/postgres/open.ts";
import { isPostgresUrl, readPostgresUrl } from "../store/postgres/url.ts";
import { openSqliteStore, planSqliteMigration } from "../store/sqlite.ts";
import { createOpaqueTokens } from "../tokens/opaque.ts";
import { generateTokenKeys } from "../tokens/token-keys.ts";
import { type Option, readNumbers, UsageError, type Values } from "./options.ts";

/** How often a running server checks whether its files have changed. */
export const RELOAD_MILLISECONDS = 2_000;

const FOLDER_OPTIONS: readonly Option[] = [
  {
    name: "data",
    value: "FOLDER",
    env: "FTFU_DATA",
    text: "The folder of the database and the key files. Default: .fetch-tokens-for-user, with " +
      "--dev .fetch-tokens-for-user/dev.",
  },
  {
    name: "dev",
    env: "FTFU_DEV",
    text: "Use demo data with publicly known credentials. Never for real users.",
  },
];

const DATABASE_OPTION: Option = {
  name: "db",
  value: "DATABASE",
  env: "FTFU_DB",
  text: "An SQLite file, a postgres:// URL, or memory:, which persists nothing. serve and init " +
    "create the file or the tables if absent. Default: store.sqlite in --data.",
};

const KEY_FILE_OPTIONS: readonly Option[] = [
  {
    name: "keys",
    value: "PATH",
    env: "FTFU_KEYS",
    text:
      "The file of token keys, created together with the database. Default: token-keys.json in " +
      "--data.",
  },
  {
    name: "signing-keys",
    value: "PATH",
    env: "FTFU_SIGNING_KEYS",
    text: "The file of signing keys for JWT access tokens, created when first needed. Default: " +
      "signing-keys.json in --data.",
  },
  {
    name: "access-tokens",
    value: "FORM",
    env: "FTFU_ACCESS_TOKENS",
    default: "opaque",
    text: "opaque or jwt (RFC 9068).",
  },
];

/** The options of commands that work on a database. */
export const STORE_OPTIONS: readonly Option[] = [...FOLDER_OPTIONS, DATABASE_OPTION];

/** The options of commands that work on key files too. */
export const DATA_OPTIONS: readonly Option[] = [...STORE_OPTIONS, ...KEY_FILE_OPTIONS];

/** The options that name a key file. */
export type KeyFile = "keys" | "signing-keys";

/** Where a key file is: as given, or in the data folder. */
export function keyFile(values: Values, name: KeyFile): string {
  const preset = name === "keys" ? "token-keys.json" : "signing-keys.json";
  return String(values[name] ?? join(folderOf(values), preset));
}

/** The database as given, or in the data folder. A URL may hold a password. */
function locationOf(values: Values): string {
  return String(values["db"] ?? join(folderOf(values), "store.sqlite"));
}

/** Whether the database ends with the process. */
export function isInMemory(values: Values): boolean {
  return locationOf(values) === "memory:";
}

/** The path of the SQLite database, or `null` if it is of another kind. */
export function sqliteFileOf(values: Values): string | null {
  const location = locationOf(values);
  return isInMemory(values) || isPostgresUrl(location) ? null : location;
}

/** The database, for people: a path, or a URL without its password. */
export function databaseOf(values: Values): string {
  const location = locationOf(values);
  return isPostgresUrl(location) ? readPostgresUrl(location).description : location;
}

function folderOf(values: Values): string {
  const preset = values["dev"] === true ? ".fetch-tokens-for-user/dev" : ".fetch-tokens-for-user";
  return String(values["data"] ?? preset);
}

/** A fingerprint of the key files and issuers, to detect changes. */
export async function stateOfFiles(files: readonly string[]): Promise<string> {
  const times = await Promise.all(
    files.map((file) => stat(file).then(({ mtimeMs, ino }) => `${ino}@${mtimeMs}`, () => "absent")),
  );
  return times.join(" ");
}

/**
 * Opens a database that exists. Demo credentials are public, so a demo database is marked and never
 * serves real users, and vice versa.
 * @throws {UsageError} if there is none, or one of the other kind
 */
export async function openStore(values: Values): Promise<Store> {
  await planUpgrade(values);
  return await openOrCreateStore(values);
}

/**
 * The schema that a database has, and the one that opening it would bring it to.
 * @throws {UsageError} if there is none
 */
export async function planUpgrade(
  values: Values,
): Promise<{ readonly from: number; readonly to: number }> {
  if (isInMemory(values)) {
    throw new UsageError(
      "--db memory: is private to one server: give the path of a file or a postgres:// URL",
    );
  }
  const location = locationOf(values);
  const plan = isPostgresUrl(location)
    ? await planPostgresMigration(location)
    : await stat(location).then(({ size }) => size > 0, () => false)
    ? await planSqliteMigration(location)
    : null;
  if (plan !== null) return plan;
  throw new UsageError(
    `there is no database ${databaseOf(values)}: give --data or --db as the server has it, or ` +
      'create it with "init" or "serve"',
  );
}

/**
 * Opens a database, and creates it if absent.
 * @param onCreated called if it is new
 * @throws {UsageError} if it is of the other kind
 */
export async function openOrCreateStore(
  values: Values,
  onCreated: () => void = () => {},
): Promise<Store> {
  const location = locationOf(values);
  const store = isInMemory(values)
    ? createMemoryStore()
    : isPostgresUrl(location)
    ? await openPostgresStore(location)
    : await openSqliteStore(location);
  const dev = values["dev"] === true;
  const purpose = dev ? "demo" : "service";
  let created = false;
  const marked = await store.updateMeta("purpose", (mark) => {
    created = mark === null;
    return mark ?? purpose;
  });
  if (created) onCreated();
  if (marked !== purpose) {
    await store.close();
    throw new UsageError(
      dev
        ? `${databaseOf(values)} is not a demo database: omit --dev, or give another --db`
        : `${
          databaseOf(values)
        } holds demo data with public credentials: add --dev, or give another --db`,
    );
  }
  return store;
}

/** A service that runs alongside a server, for management and sweeping, which need no keys. */
export async function openOffline(values: Values, audit?: AuditLog): Promise<Service> {
  return createOffline(await openStore(values), values, audit);
}

/** The same on a store that is open. */
export function createOffline(store: Store, values: Values, audit?: AuditLog): Service {
  const tokens = createOpaqueTokens({ serverId: "none", keys: generateTokenKeys() });
  const ports = { store, tokens, clock: systemClock, ...(audit && { audit }) };
  return createService(ports, { ...readNumbers(values), audience: "none", issuers: [] });
}
