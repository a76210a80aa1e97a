/**
 * One state of a world: the core's state, the time, and what has to be remembered of the past so that
 * "never again" can be asked.
 * @module
 */
import type { Consent } from "../../core/consent.ts";
import type { Fresh } from "../../core/decision.ts";
import type { State } from "../../core/evolve.ts";
import type {
  ClientId,
  ConnectionId,
  FamilyId,
  PublicId,
  Seconds,
  Withdrawal,
} from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import type { Settings } from "../../core/settings.ts";
import type { Machine } from "./machine.ts";

/** The digest of a public id, as the worlds have it. */
export function digestOf(publicId: PublicId): string {
  return `digest of ${publicId}`;
}

/** A consent token of the story: the string that is presented is its name. */
export interface ConsentToken {
  readonly name: string;
  /** What a verifier reads in it; `null` where a required claim is missing or malformed. */
  readonly consent: Consent | null;
}

/** Who and what there is in a world; the same in all its states. */
export interface Cast {
  readonly machine: Machine;
  readonly settings: Settings;
  readonly clients: readonly ClientId[];
  readonly users: readonly PublicId[];
  /** Every scope token that can occur. */
  readonly scopes: Scope;
  readonly tokens: readonly ConsentToken[];
  /** `issuer jti` of the tokens about each user, each once. */
  readonly jtis: ReadonlyMap<PublicId, readonly string[]>;
  /** The digests of the tokens about each user. */
  readonly digests: ReadonlyMap<PublicId, readonly string[]>;
  /** The seconds at which anything can happen, ascending. */
  readonly times: readonly Seconds[];
  /** The ids and the salt with this number, and the token key that is active now (T2). */
  fresh(number: number, now: Seconds): Fresh;
  /** Tokens of ended families are remembered, and asked after in every later state. */
  readonly remembersDead: boolean;
  /** Users can change places without anyone noticing. */
  readonly usersAlike: boolean;
}

/** Tokens that were told to be dead: a revoke, a deletion, an eviction or a reuse ended their family. */
export interface DeadTokens {
  readonly family: FamilyId;
  readonly client: ClientId;
  readonly user: PublicId;
  readonly scope: Scope;
  readonly generation: number;
  readonly salt: string;
}

/** The refresh token that an actor last received an answer with. */
export interface Held {
  readonly family: FamilyId;
  readonly generation: number;
  readonly salt: string;
}

/** One of several concurrent holders of credentials. */
export interface Actor {
  readonly name: string;
  readonly client: ClientId;
  readonly held: Held | null;
  /** An answer that was decided and has not arrived; it may never do. */
  readonly inFlight: Held | null;
}

/** What is remembered of the past beside the core's own state. */
export interface Past {
  readonly dead: readonly DeadTokens[];
  /** `issuer jti` of every consent token that has started a family. */
  readonly started: readonly string[];
  /** The last withdrawals as the users made them, whatever the core still knows of them. */
  readonly withdrawals: readonly Withdrawal[];
  /** The latest moment so far: clocks can step back. */
  readonly latest: Seconds;
  readonly actors: readonly Actor[];
}

/** A state of a world. */
export interface Moment {
  readonly cast: Cast;
  readonly now: Seconds;
  readonly state: State;
  /** The same history without any sweep; `null` in worlds that do not sweep. */
  readonly unswept: State | null;
  readonly past: Past;
  /** The number of the next id. Ids have no meaning but order, so two moments that differ in it alone are the same. */
  readonly next: number;
}

/** The connections of a user, in the order in which they were made. */
export function connectionsOf(state: State, user: PublicId): ConnectionId[] {
  const found: ConnectionId[] = [];
  for (const { id, user: owner } of state.connections.values()) if (owner === user) found.push(id);
  return found;
}
