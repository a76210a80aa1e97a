/**
 * Builds a service from options: database, keys and issuers.
 * @module
 */
import { createConsentVerifier } from "../consent/verifier.ts";
import { createService, type Service } from "../direct.ts";
import { systemClock } from "../entropy.ts";
import type { Jwks } from "../jws/jwk.ts";
import type { AuditLog, Clock, Store, TokenSealer } from "../ports.ts";
import { readOnly } from "../store/read-only.ts";
import { createJwtTokens } from "../tokens/jwt/at-jwt.ts";
import { publicJwks } from "../tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../tokens/opaque.ts";
import type { Warn } from "../tokens/key-file.ts";
import { readLostTimes } from "../restore.ts";
import { DATA_OPTIONS, databaseOf, isInMemory, openOrCreateStore } from "./data.ts";
import { type Issuer, readIssuers } from "./issuers.ts";
import { createKeyCustody } from "./key-custody.ts";
import {
  type Option,
  readNumbers,
  settingOptions,
  SETTINGS,
  UsageError,
  type Values,
} from "./options.ts";

/** The options for a server's data, trusted issuers and settings. */
export const RUNTIME_OPTIONS: readonly Option[] = [
  ...DATA_OPTIONS,
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
      "The origin by which clients reach the server: issuer of its metadata and JWTs. Required, except " +
      "with --dev, where it defaults to the address it listens on.",
  },
  {
    name: "audience",
    value: "ID",
    env: "FTFU_AUDIENCE",
    text: "This server's identifier: the aud of consent tokens. Default: --public-url.",
  },
  ...settingOptions(SETTINGS),
];

/** The resources of a server. */
export interface Runtime {
  readonly store: Store;
  readonly clock: Clock;
  /** A description of the database, for people. */
  readonly database: string;
  /** The files whose change calls for {@link Runtime.configure} again. */
  readonly files: readonly string[];
  /** What is wrong with the keys in use, if anything. To be called now and then. */
  check(): Promise<string | null>;
  /** Reads keys and issuers as they are now, and builds a service with them on the same store. */
  configure(options: ConfigureOptions): Promise<Configured>;
}

/** What is known only once the server listens. */
export interface ConfigureOptions {
  /** The public URL, if none is given. */
  readonly origin: string;
  /** The audience, if none is given. Default: the public URL. */
  readonly audience?: string;
  readonly audit?: AuditLog;
  /** Trusted besides those of the issuers file, whose entries of the same name they replace. */
  readonly issuers?: readonly Issuer[];
}

/** A service with the keys it publishes. */
export interface Configured {
  readonly service: Service;
  readonly audience: string;
  readonly publicUrl: string;
  readonly issuers: readonly Issuer[];
  /** The same service, except that nothing it does is kept. For tools that explain. */
  rehearse(audit: AuditLog): Service;
  /** What the JWKS endpoint shows now. */
  jwks(): Jwks;
}

/** Opens the resources named by the options; creates the database if absent. */
export async function openRuntime(
  values: Values,
  clock: Clock = systemClock,
  warn: Warn = () => {},
): Promise<Runtime> {
  const form = values["access-tokens"];
  if (form !== "opaque" && form !== "jwt") {
    throw new UsageError(`--access-tokens must be opaque or jwt, found ${JSON.stringify(form)}`);
  }
  const now = () => Math.floor(clock.now() / 1000);
  const database = databaseOf(values);
  const store = await openOrCreateStore(values, () => {
    if (values["dev"] === true || isInMemory(values)) return;
    warn(
      `Created the new database ${database}. If you expected an existing one, stop the server, delete ` +
        "what was created and correct --data or --db",
    );
  });
  const custody = createKeyCustody({ store, values, warn, now });
  let missing: ReadonlySet<string> = new Set();
  const issuersFile = values["issuers"] === undefined ? null : String(values["issuers"]);

  return {
    store,
    clock,
    database,
    files: [...custody.files, ...(issuersFile === null ? [] : [issuersFile])],
    async check() {
      const { ids, problem } = await custody.check();
      missing = ids;
      return problem;
    },
    async configure({ origin, audit, issuers: added = [], ...preset }) {
      const publicUrl = String(values["public-url"] ?? origin);
      const audience = String(values["audience"] ?? preset.audience ?? publicUrl);
      const listed = issuersFile === null ? [] : await readIssuers(issuersFile);
      const issuers = [
        ...listed.filter(({ issuer }) => !added.some((other) => other.issuer === issuer)),
        ...added,
      ];
      if (issuers.length === 0) warn("No issuer is trusted: every consent token will be refused");
      const consents = await createConsentVerifier(issuers, { clock });
      const { token: keys, signing } = await custody.load();
      const opaque = createOpaqueTokens({ serverId: audience, keys, missing: () => missing });
      const tokens: TokenSealer = signing === null ? opaque : await createJwtTokens({
        issuer: publicUrl,
        audience: `${publicUrl}/api/users`,
        keys: signing,
        opaque,
        missing: () => missing,
      });
      const lostTimes = await readLostTimes(store);
      const settings = { ...readNumbers(values), audience, issuers, lostTimes };
      const ports = { store, tokens, consents, clock };
      const service = createService({ ...ports, ...(audit && { audit }) }, settings);
      const jwks = () => signing === null ? { keys: [] } : publicJwks(signing, now());
      const rehearse = (heard: AuditLog) =>
        createService({ ...ports, store: readOnly(store), audit: heard }, settings);
      return { service, audience, publicUrl, issuers, jwks, rehearse };
    },
  };
}
