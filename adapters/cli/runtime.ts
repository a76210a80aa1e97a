/**
 * From options to a service: opens the database, reads keys and issuers. Shared by all commands that
 * work on a server's data.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import type { TrustedIssuer } from "../../core/settings.ts";
import { type ConsentIssuer, createConsentVerifier } from "../consent/verifier.ts";
import { DEMO_AUDIENCE, DEMO_ISSUER, DEMO_ISSUER_KEY } from "../dev/demo.ts";
import { createService, type Service } from "../direct.ts";
import { systemClock } from "../entropy.ts";
import { createTrustRegister, type TrustRegister } from "../dev/harness.ts";
import type { Jwks } from "../jws/jwk.ts";
import { publicJwk } from "../jws/private-jwk.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import type { AuditLog, Clock, Store, TokenSealer } from "../ports.ts";
import { createMemoryStore } from "../store/memory.ts";
import { openSqliteStore, type SqliteStore } from "../store/sqlite.ts";
import { createJwtTokens } from "../tokens/jwt/at-jwt.ts";
import { loadOrCreateSigningKeys, newSigningKeys, publicJwks } from "../tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../tokens/opaque.ts";
import { generateTokenKeys, loadOrCreateTokenKeys } from "../tokens/token-keys.ts";
import { type Option, readNumbers, SETTING_OPTIONS, UsageError, type Values } from "./options.ts";

/** How often a running server looks whether its files have changed. */
export const RELOAD_MILLISECONDS = 2_000;

/** The options that say which data a command works on, and by which rules. */
export const RUNTIME_OPTIONS: readonly Option[] = [
  {
    name: "db",
    value: "PATH",
    env: "FTFU_DB",
    text: "The SQLite file, created where there is none; memory: keeps nothing. Default: " +
      ".fetch-tokens-for-user/store.sqlite, with --dev .fetch-tokens-for-user/dev.sqlite.",
  },
  {
    name: "keys",
    value: "PATH",
    env: "FTFU_KEYS",
    text:
      "The file of token keys, created where there is none. Default: the database's path with " +
      ".token-keys.json.",
  },
  {
    name: "signing-keys",
    value: "PATH",
    env: "FTFU_SIGNING_KEYS",
    text:
      "The file of signing keys for JWT access tokens, created where there is none. Default: the " +
      "database's path with .signing-keys.json.",
  },
  {
    name: "access-tokens",
    value: "FORM",
    env: "FTFU_ACCESS_TOKENS",
    default: "opaque",
    text: "opaque or jwt (RFC 9068).",
  },
  {
    name: "issuers",
    value: "PATH",
    env: "FTFU_ISSUERS",
    text:
      'The trusted issuers of consent tokens, as JSON: [{"issuer", "merchants": "all" or ids, ' +
      '"jwks" or "jwksUri"}]. Without it, every consent token is refused.',
  },
  {
    name: "public-url",
    value: "URL",
    env: "FTFU_PUBLIC_URL",
    text:
      "The origin by which clients reach the server: issuer of its metadata and JWTs. Default: " +
      "where it listens.",
  },
  {
    name: "audience",
    value: "ID",
    env: "FTFU_AUDIENCE",
    text: "This server's identifier: what consent tokens must carry as aud. Default: --public-url.",
  },
  {
    name: "dev",
    env: "FTFU_DEV",
    text: "Demo data, with credentials that everybody knows. Never for real users.",
  },
  ...SETTING_OPTIONS,
];

/** What stands between a command and the data. */
export interface Runtime {
  readonly store: Store;
  readonly clock: Clock;
  readonly dev: boolean;
  /** Where state is kept, for people. */
  readonly database: string;
  /** The files whose change calls for {@link Runtime.configure} again. */
  readonly files: readonly string[];
  /** Reads keys and issuers as they are now, and builds a service by them on the same store. */
  configure(options?: ConfigureOptions): Promise<Configured>;
  /** A service for what needs no keys: management and sweeping. */
  keyless(audit?: AuditLog): Service;
}

/** What only some commands care for. */
export interface ConfigureOptions {
  readonly origin?: string;
  readonly audit?: AuditLog;
  /** Issuers that come and go while the server runs. */
  readonly trust?: TrustRegister;
}

/** A service with the keys it publishes. */
export interface Configured {
  readonly service: Service;
  readonly audience: string;
  readonly publicUrl: string;
  /** What the JWKS endpoint shows now. */
  jwks(): Jwks;
}

/** Opens what the options name. */
export async function openRuntime(values: Values, clock: Clock = systemClock): Promise<Runtime> {
  const dev = values["dev"] === true;
  const database = databaseOf(values);
  const form = values["access-tokens"];
  if (form !== "opaque" && form !== "jwt") {
    throw new UsageError(`--access-tokens takes opaque or jwt, found ${JSON.stringify(form)}`);
  }
  const inMemory = database === "memory:";
  const fileOf = (name: KeyFile) =>
    inMemory && values[name] === undefined ? null : keyFile(values, name);
  const store = inMemory ? createMemoryStore() : await openMarked(database, dev);
  const keysFile = fileOf("keys");
  const tokenKeys = keysFile === null ? generateTokenKeys() : null;
  const signingFile = form === "jwt" ? fileOf("signing-keys") : null;
  const signingKeys = form === "jwt" && signingFile === null ? await newSigningKeys() : null;
  const issuersFile = values["issuers"] === undefined ? null : String(values["issuers"]);

  return {
    store,
    clock,
    dev,
    database,
    files: [keysFile, signingFile, issuersFile].filter((file) => file !== null),
    async configure({ origin = "http://127.0.0.1", audit, trust = createTrustRegister() } = {}) {
      const publicUrl = String(values["public-url"] ?? origin);
      const audience = String(values["audience"] ?? (dev ? DEMO_AUDIENCE : publicUrl));
      const issuers = [
        ...(issuersFile === null ? [] : await readIssuers(issuersFile)),
        ...(dev ? [DEMO_TRUST] : []),
      ];
      const keys = tokenKeys ?? await loadOrCreateTokenKeys(keysFile ?? "");
      const opaque = createOpaqueTokens({ serverId: audience, keys });
      const signing = form === "opaque"
        ? null
        : signingKeys ?? await loadOrCreateSigningKeys(signingFile ?? "");
      const tokens: TokenSealer = signing === null ? opaque : await createJwtTokens({
        issuer: publicUrl,
        audience: `${publicUrl}/api/users`,
        keys: signing,
        opaque,
      });
      const consents = trust.extend(await createConsentVerifier(issuers, { clock }));
      const service = createService(
        { store, tokens, consents, clock, ...(audit && { audit }) },
        { ...readNumbers(values), audience, issuers: trust.list(issuers) },
      );
      const jwks = () =>
        signing === null ? { keys: [] } : publicJwks(signing, Math.floor(clock.now() / 1000));
      return { service, audience, publicUrl, jwks };
    },
    keyless(audit) {
      const tokens = createOpaqueTokens({ serverId: "none", keys: generateTokenKeys() });
      const ports = { store, tokens, clock, ...(audit && { audit }) };
      return createService(ports, { ...readNumbers(values), audience: "none", issuers: [] });
    },
  };
}

/** The options that name a file of keys. */
export type KeyFile = "keys" | "signing-keys";

/** Where a file of keys is: as given, or beside the database. */
export function keyFile(values: Values, name: KeyFile): string {
  if (values[name] !== undefined) return String(values[name]);
  const database = databaseOf(values);
  if (database === "memory:") throw new UsageError(`give --${name}: memory: has no files`);
  const suffix = name === "keys" ? "token-keys" : name;
  return `${database.replace(/\.sqlite$/, "")}.${suffix}.json`;
}

function databaseOf(values: Values): string {
  const preset = values["dev"] === true ? "dev" : "store";
  return String(values["db"] ?? `.fetch-tokens-for-user/${preset}.sqlite`);
}

/** When the files were last changed, as one comparable text. */
export async function stateOfFiles(files: readonly string[]): Promise<string> {
  const times = await Promise.all(
    files.map((file) => stat(file).then(({ mtimeMs, ino }) => `${ino}@${mtimeMs}`, () => "absent")),
  );
  return times.join(" ");
}

const DEMO_TRUST: ConsentIssuer & TrustedIssuer = {
  issuer: DEMO_ISSUER,
  merchants: ["demo-merchant"],
  jwks: { keys: [publicJwk(DEMO_ISSUER_KEY)] },
};

/** The demo's credentials are public: its database never serves for real, nor the other way round. */
async function openMarked(path: string, dev: boolean): Promise<SqliteStore> {
  const store = await openSqliteStore(path);
  const purpose = dev ? "demo" : "service";
  const marked = await store.readMeta("purpose");
  if (marked === null) await store.writeMeta("purpose", purpose);
  else if (marked !== purpose) {
    await store.close();
    throw new UsageError(
      dev
        ? `${path} is no demo database: leave --dev out, or give --db another path`
        : `${path} holds demo data with public credentials: add --dev, or give --db another path`,
    );
  }
  return store;
}

async function readIssuers(path: string): Promise<readonly (ConsentIssuer & TrustedIssuer)[]> {
  let value: unknown;
  try {
    value = parseStrictJson(await readFile(path, "utf8"));
  } catch (error) {
    throw new UsageError(`cannot read issuers from ${path}: ${(error as Error).message}`);
  }
  const good = Array.isArray(value) &&
    value.every((entry) =>
      isJsonObject(entry) && typeof entry["issuer"] === "string" &&
      (isJsonObject(entry["jwks"]) || typeof entry["jwksUri"] === "string") &&
      (entry["merchants"] === "all" ||
        (Array.isArray(entry["merchants"]) &&
          entry["merchants"].every((id) => typeof id === "string")))
    );
  if (!good) {
    throw new UsageError(
      `cannot read issuers from ${path}: give [{"issuer": URL, "merchants": "all" or [CLIENT_ID, ` +
        `...], "jwks": {"keys": [JWK, ...]} or "jwksUri": URL}]`,
    );
  }
  return value as readonly (ConsentIssuer & TrustedIssuer)[];
}
