/**
 * The code of a moment: equal codes, same future. Ids are replaced by places (which connection of the
 * user, which family of the connection), because nothing but their order within a connection or a user
 * can matter; so a world with endlessly many ids has finitely many states.
 * @module
 */
import type { State } from "../../core/evolve.ts";
import type { Client, Connection, PublicId, TokenFamily } from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import { type Cast, connectionsOf, digestOf, type Moment, type Past } from "./moment.ts";

/** Codes of one character: absent, or a number from 0. */
const ABSENT = 0;
const FIRST = 1;

/** Codes a moment. Every field that the core can read is in it. */
export function encode(moment: Moment): string {
  const { cast, now, state, unswept, past } = moment;
  const head: number[] = [FIRST + now];
  if (past.latest !== now) head.push(FIRST + past.latest);
  for (const id of cast.clients) pushClient(head, cast, state.clients.get(id));
  const users = cast.users.map((user) => {
    const codes: number[] = [];
    const places = pushUser(codes, cast, state, user);
    if (unswept !== null) pushUser(codes, cast, unswept, user);
    pushPast(codes, cast, past, user, places);
    return String.fromCharCode(...codes);
  });
  if (cast.usersAlike) users.sort();
  pushActors(head, state, past);
  return String.fromCharCode(...head) + users.join("\uffff");
}

function pushClient(codes: number[], cast: Cast, client: Client | undefined): void {
  if (client === undefined) {
    codes.push(ABSENT);
    return;
  }
  codes.push(FIRST + (client.status === "enabled" ? 1 : 0), mask(cast, client.scope));
  for (const { digest, expiresAt } of client.secrets) codes.push(last(digest), time(expiresAt));
  codes.push(ABSENT);
}

/** Codes all that is stored of a user, and returns the place of each family. */
function pushUser(
  codes: number[],
  cast: Cast,
  state: State,
  publicId: PublicId,
): ReadonlyMap<string, number> {
  const user = state.users.get(publicId);
  codes.push(
    user === undefined ? ABSENT : user.status === "active" ? 1 : 2,
    state.retired.size > 0 && state.retired.has(digestOf(publicId)) ? 1 : 0,
  );
  for (const client of cast.clients) {
    const withdrawal = state.withdrawals.get(`${publicId} ${client}`);
    if (withdrawal === undefined) codes.push(ABSENT);
    else codes.push(FIRST + withdrawal.at, time(withdrawal.directAt));
  }
  const places = new Map<string, number>();
  const connections = connectionsOf(state, publicId);
  for (const id of connections) {
    pushConnection(codes, cast, state.connections.get(id) as Connection, connections);
    for (const family of state.families.values()) {
      if (family.connection !== id) continue;
      places.set(family.id, places.size);
      pushFamily(codes, cast, family);
    }
    codes.push(ABSENT);
  }
  codes.push(ABSENT);
  for (const key of cast.jtis.get(publicId) ?? []) {
    const use = state.consentUses.get(key);
    if (use === undefined) {
      codes.push(ABSENT);
      continue;
    }
    codes.push(
      FIRST + (cast.digests.get(publicId) ?? []).indexOf(use.digest),
      FIRST + (places.get(use.family) ?? 99),
      FIRST + use.redeemedAt,
    );
  }
  return places;
}

function pushConnection(
  codes: number[],
  cast: Cast,
  connection: Connection,
  all: readonly string[],
): void {
  codes.push(
    FIRST + cast.clients.indexOf(connection.client),
    connection.source === null ? ABSENT : FIRST + 1 + all.indexOf(connection.source),
  );
  if (connection.status === "revoked") codes.push(ABSENT, FIRST + connection.revokedAt);
  else codes.push(FIRST + mask(cast, connection.scope), FIRST + connection.consentedAt);
}

/** The salt is not coded: that all salts differ is an invariant, and nothing else of them can matter. */
function pushFamily(codes: number[], cast: Cast, family: TokenFamily): void {
  codes.push(
    FIRST + mask(cast, family.scope),
    family.generation,
    family.startedAt,
    family.generationStartedAt,
    family.previousGenerationStartedAt,
    last(family.keyId),
  );
}

function pushPast(
  codes: number[],
  cast: Cast,
  past: Past,
  user: PublicId,
  places: ReadonlyMap<string, number>,
): void {
  let dead = 0;
  for (const tokens of past.dead) {
    // Tokens of a family that is gone are all alike: no look-up finds anything.
    if (tokens.user === user) dead |= 1 << (places.get(tokens.family) ?? 15);
  }
  codes.push(dead);
  for (const key of cast.jtis.get(user) ?? []) codes.push(past.started.includes(key) ? 1 : 0);
  for (const withdrawal of past.withdrawals) {
    if (withdrawal.user !== user) continue;
    codes.push(
      FIRST + cast.clients.indexOf(withdrawal.client),
      time(withdrawal.directAt),
      withdrawal.at,
    );
  }
}

function pushActors(codes: number[], state: State, { actors }: Past): void {
  for (const { held, inFlight } of actors) {
    for (const tokens of [held, inFlight]) {
      if (tokens === null) {
        codes.push(ABSENT);
        continue;
      }
      const family = state.families.get(tokens.family);
      codes.push(
        FIRST + [...state.families.keys()].indexOf(tokens.family) + 1,
        tokens.generation,
        family?.salt === tokens.salt ? 1 : 0,
      );
    }
  }
}

function mask({ scopes }: Cast, scope: Scope): number {
  let bits = 0;
  for (const token of scope) bits |= 1 << scopes.indexOf(token);
  return bits;
}

/** Digests and key ids of the worlds differ in their last character. */
function last(name: string): number {
  return name.charCodeAt(name.length - 1);
}

function time(seconds: number | null): number {
  return seconds === null ? ABSENT : FIRST + seconds;
}
