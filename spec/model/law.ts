/**
 * What the rules say, computed from raw rows: the invariants' own reckoning. Nothing here calls the
 * core, and nothing is written the way the core writes it: the core intersects scopes along a chain,
 * this asks of each scope token whether every link permits it.
 * @module
 */
import type { Consent } from "../../core/consent.ts";
import type { State } from "../../core/evolve.ts";
import type {
  ActiveConnection,
  ClientId,
  ConnectionId,
  ConsentUse,
  PublicId,
  Seconds,
  TokenFamily,
} from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import type { Settings } from "../../core/settings.ts";
import type { Moment } from "./moment.ts";

/** Whether one scope token may be exercised through a connection now (P4, R1, R4). */
export function permits(state: State, id: ConnectionId, token: string): boolean {
  const connection = state.connections.get(id);
  if (connection?.status !== "active" || !connection.scope.includes(token)) return false;
  if (state.users.get(connection.user)?.status !== "active") return false;
  const client = state.clients.get(connection.client);
  if (client?.status !== "enabled" || !client.scope.includes(token)) return false;
  if (connection.source === null) return true;
  return state.connections.get(connection.source)?.source === null &&
    permits(state, connection.source, token);
}

/** What a connection is worth now; sorted because `scopes` is. */
export function worth({ cast, state }: Moment, id: ConnectionId): Scope {
  return cast.scopes.filter((token) => permits(state, id, token));
}

/** Whether a family has not ended by age: neither idle too long nor too old (T1). */
export function inTime(family: TokenFamily, now: Seconds, settings: Settings): boolean {
  const idle = now - family.generationStartedAt;
  const age = now - family.startedAt;
  return idle < settings.refreshIdleSeconds && age < settings.refreshAbsoluteSeconds;
}

/** What a family's tokens are worth now, were they current: its scope as far as it is permitted. */
export function familyWorth({ cast, state }: Moment, family: TokenFamily): Scope {
  return cast.scopes.filter((token) =>
    family.scope.includes(token) && permits(state, family.connection, token)
  );
}

/** Whether a family is alive: in time, and worth something. */
export function isAlive(moment: Moment, family: TokenFamily): boolean {
  return inTime(family, moment.now, moment.cast.settings) &&
    familyWorth(moment, family).length > 0;
}

/** The connections of a user with a client that are active, whatever they are worth. */
export function activeConnections(
  state: State,
  user: PublicId,
  client: ClientId,
): readonly ActiveConnection[] {
  const found: ActiveConnection[] = [];
  for (const connection of state.connections.values()) {
    if (connection.user !== user || connection.client !== client) continue;
    if (connection.status === "active") found.push(connection);
  }
  return found;
}

/** The connection that serves a public id now (P3), or `null`. */
export function servingConnection(
  moment: Moment,
  user: PublicId,
  client: ClientId,
): ActiveConnection | null {
  let best: ActiveConnection | null = null;
  for (const connection of activeConnections(moment.state, user, client)) {
    if (worth(moment, connection.id).length === 0) continue;
    if (connection.source === null) return connection;
    const later = best === null || connection.consentedAt > best.consentedAt ||
      (connection.consentedAt === best.consentedAt && connection.id < best.id);
    if (later) best = connection;
  }
  return best;
}

/** Whether a consent token must be refused as such, whoever the user is (C4, C5). */
export function isFlawed(
  consent: Consent,
  caller: ClientId,
  now: Seconds,
  settings: Settings,
): boolean {
  const { issuedAt: iat, expiresAt: exp } = consent;
  const nbf = consent.notBefore ?? iat;
  const latest = now + settings.consentSkewSeconds;
  const lifetime = settings.consentMaxLifetimeSeconds;
  const mayBe = consent.audience === settings.audience && consent.client === caller &&
    consent.merchant !== caller && maySpeakFor(consent, settings) &&
    iat < exp && nbf < exp && now - exp < settings.consentSkewSeconds &&
    iat <= latest && nbf <= latest && exp <= iat + lifetime && exp <= latest + lifetime;
  return !mayBe ||
    settings.lostTimes.some(({ until }) => iat - until <= settings.consentSkewSeconds);
}

/** Whether a refresh token, by the time in its salt, is from a time that a restore took back (T5). */
export function isTakenBack(salt: string, settings: Settings): boolean {
  const [time] = /^[0-9a-f]{11}/.exec(salt) ?? [];
  if (time === undefined) return false;
  const second = Number((BigInt(`0x${time}`) / 1000n).toString());
  const { lostTimes, consentSkewSeconds: skew } = settings;
  return lostTimes.some(({ from, until }) => from - second <= skew && second - until <= skew);
}

function maySpeakFor({ issuer, merchant }: Consent, { issuers }: Settings): boolean {
  return issuers.some((trusted) =>
    trusted.issuer === issuer &&
    (trusted.merchants === "all" || trusted.merchants.includes(merchant))
  );
}

/** The buyer connection that a consent token delegates from (C8), or `null`. */
export function sourceOf({ state }: Moment, { user, merchant }: Consent): ActiveConnection | null {
  if (state.clients.get(merchant)?.status !== "enabled") return null;
  return activeConnections(state, user, merchant).find(({ source }) => source === null) ?? null;
}

/** The delegated connection that a consent token would re-establish (C10), or `null`. */
export function delegationOf(moment: Moment, consent: Consent): ActiveConnection | null {
  const source = sourceOf(moment, consent);
  return activeConnections(moment.state, consent.user, consent.client)
    .find((connection) => source !== null && connection.source === source.id) ?? null;
}

/** What a consent token delegates now (C8): what it says, its source permits and its partner may have. */
export function delegatedScope(moment: Moment, consent: Consent): Scope {
  const source = sourceOf(moment, consent);
  const partner = moment.state.clients.get(consent.client);
  if (source === null || partner === undefined) return [];
  return moment.cast.scopes.filter((token) =>
    consent.scope.includes(token) && partner.scope.includes(token) &&
    permits(moment.state, source.id, token)
  );
}

/** Whether the user may have withdrawn since this consent was minted (C14): clocks differ by the skew. */
export function isWithdrawn({ past, cast }: Moment, consent: Consent): boolean {
  const mintedAfter = (at: Seconds) => consent.issuedAt - cast.settings.consentSkewSeconds > at;
  return past.withdrawals.some(({ user, client, directAt, at }) =>
    user === consent.user &&
    ((client === consent.client && !mintedAfter(at)) ||
      (client === consent.merchant && directAt !== null && !mintedAfter(directAt)))
  );
}

/** What the first redemption of a consent token must give now: a code, or the scope of the family. */
export function firstRedemption(
  moment: Moment,
  consent: Consent,
  caller: ClientId,
): Scope | "invalid_client" | "INVALID_TOKEN" | "NO_USER" | "NO_CONSENT" {
  const { cast, now, state } = moment;
  if (state.clients.get(caller)?.status !== "enabled") return "invalid_client";
  if (isFlawed(consent, caller, now, cast.settings)) return "INVALID_TOKEN";
  if (state.users.get(consent.user)?.status !== "active") return "NO_USER";
  if (sourceOf(moment, consent) === null || isWithdrawn(moment, consent)) return "NO_CONSENT";
  const delegated = delegatedScope(moment, consent);
  const there = delegationOf(moment, consent);
  const governs = there === null || there.consentedAt <= consent.issuedAt;
  const scope = delegated.filter((token) => governs || there.scope.includes(token));
  return scope.length === 0 ? "NO_CONSENT" : scope;
}

/** The family that a used consent token may be answered with again (C11), or `null`. */
export function repeatable(
  moment: Moment,
  consent: Consent,
  caller: ClientId,
  use: ConsentUse,
): TokenFamily | null {
  const { cast, now, state } = moment;
  if (typeof firstRedemption(moment, consent, caller) === "string") return null;
  if (use.client !== caller || use.digest !== consent.digest) return null;
  if (Math.abs(now - use.redeemedAt) >= cast.settings.consentRetrySeconds) return null;
  const family = state.families.get(use.family);
  return family?.generation === 0 && isAlive(moment, family) ? family : null;
}
