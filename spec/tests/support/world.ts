/**
 * The world that tests live in: a service on a memory store, a few clients and users, an issuer of
 * consent tokens, a clock that stands still and entropy that repeats. No test runner in here.
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { JWK } from "jose";
import type { Defect } from "../../../adapters/dev/defects.ts";
import type { MintRequest } from "../../../adapters/dev/draft.ts";
import { mintConsentToken } from "../../../adapters/dev/mint.ts";
import { createConsentVerifier } from "../../../adapters/consent/verifier.ts";
import { createService, type Service } from "../../../adapters/direct.ts";
import { generatePrivateJwk, publicJwk, signJws } from "../../../adapters/jws/private-jwk.ts";
import type { Credentials } from "../../../adapters/manage.ts";
import type {
  AuditEvent,
  AuditLog,
  Clock,
  ConsentVerifier,
  Entropy,
  Ports,
  SealedTokens,
  Store,
  TokenSealer,
} from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { createJwtTokens } from "../../../adapters/tokens/jwt/at-jwt.ts";
import { newSigningKeys, type SigningKeys } from "../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import { generateTokenKey, type TokenKeys } from "../../../adapters/tokens/token-keys.ts";
import type { TokenGrant } from "../../../core/decision.ts";
import type { PublicId, Seconds } from "../../../core/model.ts";
import type { SettingsInput } from "../../../core/settings.ts";

/** When every world begins, unless told otherwise. */
export const START: Seconds = 1_800_000_000;
/** `aud` of consent tokens. */
export const AUDIENCE = "https://partners.example";
/** `iss` and `aud` of JWT access tokens. */
export const SERVER_ID = "https://accounts.example";
/** The resource that access tokens are for. */
export const USERS_API = "https://users.example";
/** `iss` of consent tokens. */
export const ISSUER = "https://consent.example";
/** What every client of a world is registered for. */
export const SCOPE = "email openid orders profile";

/** A clock that moves when it is told to. */
export interface TestClock extends Clock {
  /** Whole Unix seconds; `now()` is milliseconds, as in the port. */
  seconds(): Seconds;
  set(seconds: Seconds): void;
  advance(seconds: number): void;
}

/** The three kinds of key that an issuer may have. */
export type IssuerAlgorithm = "ES256" | "RS256" | "EdDSA";

/** Says what a minted token differs in from the world's ordinary one. */
export interface MintOverrides extends Partial<MintRequest> {
  readonly alg?: IssuerAlgorithm;
  readonly defect?: Defect;
}

/** The issuer of consent tokens. */
export interface TestIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Its private keys. */
  readonly keys: Readonly<Record<IssuerAlgorithm, JWK>>;
  /** Its public keys. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** A good consent token for `merchantOnly`, `partner`, `merchant` and the whole scope, from now on. */
  mint(overrides?: MintOverrides): Promise<string>;
  /** Any header over any claims, signed with one of its keys (default ES256). */
  sign(header: object | string, claims: object | string, alg?: IssuerAlgorithm): Promise<string>;
}

/** What a world holds. */
export interface World {
  readonly service: Service;
  readonly ports:
    & Ports
    & { readonly consents: ConsentVerifier; readonly clock: TestClock; readonly entropy: Entropy };
  readonly settings: SettingsInput;
  readonly clock: TestClock;
  /** Everything recorded since the world was made. Emptied with `events.length = 0`. */
  readonly events: AuditEvent[];
  readonly issuer: TestIssuer;
  readonly tokenKeys: TokenKeys;
  readonly signingKeys: SigningKeys;
  readonly partner: Credentials;
  readonly otherPartner: Credentials;
  readonly merchant: Credentials;
  /** A resource server: may introspect every token. */
  readonly usersApi: Credentials;
  readonly users: {
    /** Directly connected to `partner` and to `merchant`. */
    readonly connected: PublicId;
    /** Directly connected to `merchant` alone. */
    readonly merchantOnly: PublicId;
    /** Not connected to anybody. */
    readonly unconnected: PublicId;
  };
}

/** How a world may differ from the ordinary one. */
export interface WorldOptions {
  /** An empty store; default: in memory. */
  readonly store?: Store;
  readonly settings?: Partial<SettingsInput>;
  readonly start?: Seconds;
  /** JWT access tokens instead of opaque ones. */
  readonly jwt?: boolean;
}

/** Makes a world. The same options give the same world, but for the keys, which are new in each process. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createTestClock(options.start ?? START);
  const entropy = createTestEntropy("world");
  const issuer = await createTestIssuer(clock, entropy);
  const { tokenKeys, signingKeys } = await keysOfProcess();
  const opaque = createOpaqueTokens({ serverId: SERVER_ID, keys: tokenKeys, entropy });
  const tokens = options.jwt
    ? await createJwtTokens({
      issuer: SERVER_ID,
      audience: USERS_API,
      keys: signingKeys,
      opaque,
      entropy,
    })
    : opaque;
  const events: AuditEvent[] = [];
  const audit: AuditLog = { record: (event) => events.push(event) };
  const consents = await createConsentVerifier([{ issuer: ISSUER, jwks: issuer.jwks }]);
  const store = options.store ?? createMemoryStore();
  const ports = { store, tokens, consents, audit, clock, entropy };
  const settings: SettingsInput = {
    audience: AUDIENCE,
    issuers: [{ issuer: ISSUER, merchants: "all" }],
    ...options.settings,
  };
  const service = createService(ports, settings);
  const population = await populate(service);
  events.length = 0;
  return {
    service,
    ports,
    settings,
    clock,
    events,
    issuer,
    tokenKeys,
    signingKeys,
    ...population,
  };
}

/** Seals a grant whose key there is. */
export async function seal(sealer: TokenSealer, grant: TokenGrant): Promise<SealedTokens> {
  const tokens = await sealer.seal(grant);
  assert.ok(tokens !== null);
  return tokens;
}

/** A clock that begins at this second. */
export function createTestClock(start: Seconds): TestClock {
  let milliseconds = start * 1000;
  return {
    now: () => milliseconds,
    seconds: () => Math.floor(milliseconds / 1000),
    set: (seconds) => void (milliseconds = seconds * 1000),
    advance: (seconds) => void (milliseconds += seconds * 1000),
  };
}

/** Bytes that are the same for the same seed, and never twice the same within one. */
export function createTestEntropy(seed: string): Entropy {
  let drawn = 0;
  return {
    bytes(count) {
      const bytes = createHash("shake256", { outputLength: count }).update(`${seed} ${drawn++}`);
      return new Uint8Array(bytes.digest());
    },
  };
}

async function populate(
  service: Service,
): Promise<Pick<World, "partner" | "otherPartner" | "merchant" | "usersApi" | "users">> {
  const register = (id: string, role: "app" | "resource-server" = "app") =>
    service.registerClient({ id, role, scope: SCOPE });
  const partner = await register("partner");
  const otherPartner = await register("other-partner");
  const merchant = await register("merchant");
  const usersApi = await register("users-api", "resource-server");
  const users = {
    connected: "user-connected",
    merchantOnly: "user-merchant-only",
    unconnected: "user-unconnected",
  };
  for (const publicId of Object.values(users)) await service.registerUser({ publicId });
  await service.connect(users.connected, partner.id, SCOPE);
  await service.connect(users.connected, merchant.id, SCOPE);
  await service.connect(users.merchantOnly, merchant.id, SCOPE);
  return { partner, otherPartner, merchant, usersApi, users };
}

async function createTestIssuer(clock: TestClock, entropy: Entropy): Promise<TestIssuer> {
  const { issuerKeys: keys } = await keysOfProcess();
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    keys,
    jwks: { keys: Object.values(keys).map(publicJwk) },
    mint: ({ alg = "ES256", defect, ...overrides } = {}) =>
      mintConsentToken({
        key: keys[alg],
        issuer: ISSUER,
        audience: AUDIENCE,
        user: "user-merchant-only",
        client: "partner",
        merchant: "merchant",
        scope: SCOPE,
        now: clock.seconds(),
        entropy,
        ...overrides,
      }, defect),
    sign: (header, claims, alg = "ES256") => signJws(header, claims, keys[alg]),
  };
}

interface ProcessKeys {
  readonly issuerKeys: TestIssuer["keys"];
  readonly tokenKeys: TokenKeys;
  readonly signingKeys: SigningKeys;
}

let keys: Promise<ProcessKeys> | undefined;

/** Made once in a process: an RSA key takes a tenth of a second. */
function keysOfProcess(): Promise<ProcessKeys> {
  return keys ??= (async () => {
    const [ES256, RS256, EdDSA] = await Promise.all([
      generatePrivateJwk("ES256", "es"),
      generatePrivateJwk("RS256", "rs"),
      generatePrivateJwk("EdDSA", "ed"),
    ]);
    const tokenKey = generateTokenKey(createTestEntropy("token keys"), "k1");
    return {
      issuerKeys: { ES256, RS256, EdDSA },
      tokenKeys: { active: tokenKey.id, keys: [tokenKey] },
      signingKeys: await newSigningKeys("ES256"),
    };
  })();
}
