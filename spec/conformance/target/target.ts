/**
 * What the suite knows about the implementation under test, and the clients that it may act as. Fixed
 * before the first case.
 * @module
 */
import type { NumericSetting } from "../../../core/settings.ts";
import { base64, utf8 } from "../base/encoding.ts";
import { type Algorithm, ALGORITHMS, type SigningKey } from "../base/jws.ts";
import type { Endpoints } from "./description.ts";
import type { HarnessAddress, SeedClient } from "../wire/protocol.ts";
import type { Secrets } from "../wire/secrets.ts";
import type { Subjects } from "./subjects.ts";
import type { Need } from "../needs.ts";
import { Missing } from "../verdict.ts";

/** A client that the suite may act as. */
export interface Party {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
  /** Registered scope, as far as the suite knows. */
  readonly scope: string;
}

/** The clients of a run. `null` for those that are not available. */
export interface Cast {
  readonly partner: Party | null;
  readonly otherPartner: Party | null;
  readonly merchant: Party | null;
  readonly otherMerchant: Party | null;
  readonly resourceServer: Party | null;
}

/** An issuer of consent tokens that the implementation trusts. */
export interface Issuer {
  /** `iss` */
  readonly issuer: string;
  /** The algorithm and key id of an ordinary token. */
  readonly alg: Algorithm;
  readonly kid: string;
  /** The keys that the suite holds itself; empty where the harness signs. */
  readonly keys: readonly SigningKey[];
  /** The public keys, as far as they are known. */
  readonly publicJwks: readonly Readonly<Record<string, unknown>>[];
}

/** The implementation under test. */
export interface Target {
  readonly endpoint: string;
  readonly endpoints: Endpoints;
  readonly name: string | null;
  readonly version: string | null;
  readonly has: ReadonlySet<Need>;
  readonly policy: Partial<Readonly<Record<NumericSetting, number>>>;
  /** Three or more scope tokens. */
  readonly scopes: readonly string[];
  readonly audience: string | null;
  readonly algorithms: readonly Algorithm[];
  readonly cast: Cast;
  /** The trusted issuer, and a second one that may speak for `otherMerchant` only. */
  readonly issuer: Issuer | null;
  readonly otherIssuer: Issuer | null;
  readonly harness: HarnessAddress | null;
  readonly subjects: Subjects;
  /** RFC 8414 metadata, where offered. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** The schema as introspected, where allowed. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  /** How far its clock is ahead of this machine's, in milliseconds. */
  readonly clockOffset: number;
}

/** The whole scope of ordinary clients and consents. */
export function wholeScope({ scopes }: Pick<Target, "scopes">): string {
  return scopes.join(" ");
}

/** Some tokens of the scope, by their place. */
export function someScope(
  { scopes }: Pick<Target, "scopes">,
  ...places: readonly number[]
): string {
  return places.map((place) => scopes[place]).join(" ");
}

/** The value, or {@link Missing} if there is none. */
export function offered<T>(value: T | null | undefined, need: Need): T {
  if (value === null || value === undefined) throw new Missing(need);
  return value;
}

/** The facts that determine which needs are met. */
export type Offer = Omit<Target, "has"> & {
  readonly commands: ReadonlySet<string>;
  /** Random histories of each kind. */
  readonly histories: number;
};

/** The needs that this target meets. */
export function capabilities(offer: Offer): ReadonlySet<Need> {
  const { cast, commands, endpoints, issuer, policy, subjects } = offer;
  const { users, consentTokens } = subjects;
  const seed = commands.has("seed");
  const has: Readonly<Partial<Record<Need, boolean>>> = {
    "client": cast.partner !== null,
    "second-client": cast.otherPartner !== null,
    "connected-user": seed || users.connected !== undefined,
    "merchant-user": seed || users.merchantOnly !== undefined,
    "unconnected-user": seed || users.unconnected !== undefined,
    "consent-token": issuer !== null || consentTokens.valid.length > 0,
    "sign": issuer !== null,
    "issuer-key": issuer !== null && issuer.keys.length > 0,
    "issuers": offer.otherIssuer !== null,
    "token-endpoint": endpoints.token !== undefined,
    "revocation-endpoint": endpoints.revocation !== undefined,
    "introspection-endpoint": endpoints.introspection !== undefined,
    "users-endpoint": endpoints.users !== undefined,
    "probe": endpoints.introspection !== undefined || endpoints.users !== undefined,
    "metadata": offer.metadata !== null,
    "schema": offer.schema !== null,
    "retry": policy.consentRetrySeconds !== 0,
    "loopback": isLoopback(offer.endpoint),
    "histories": offer.histories > 0,
  };
  return new Set<Need>([
    ...(Object.keys(has) as Need[]).filter((need) => has[need]),
    ...CONTROLS.filter((need) => commands.has(need)),
    ...ALGORITHMS.filter((alg) => issuer?.keys.some((key) => key.alg === alg)),
    ...(Object.keys(policy) as NumericSetting[]).map((name) => `policy:${name}` as const),
  ]);
}

/** The needs that are harness commands by the same name. */
const CONTROLS = [
  "seed",
  "clock",
  "revoke",
  "narrow",
  "disconnect",
  "user-status",
  "client-status",
  "client-scope",
  "client-secret",
] as const;

/** Whether a URL leads to this machine. */
export function isLoopback(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

/** A client to be registered, as the cast has it. */
export function partyOf({ id, secret, scope }: SeedClient): Party {
  return { id, secret, scope };
}

/** Keeps a client's secret out of reports, in every form in which it is sent (RFC 7617, RFC 6749 §2.3.1). */
export function hideParty(
  secrets: Secrets,
  name: string,
  { id, secret }: Pick<Party, "id" | "secret">,
): void {
  const encode = (text: string) => new URLSearchParams({ v: text }).toString().slice(2);
  secrets.add(secret, `secret of ${name}`);
  secrets.add(base64(utf8(`${id}:${secret}`)), `credentials of ${name}`);
  secrets.add(base64(utf8(`${encode(id)}:${encode(secret)}`)), `credentials of ${name}`);
}
