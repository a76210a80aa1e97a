/**
 * The ports of the service. Each is small enough for an embedder to implement.
 * @module
 */
import type { Consent } from "../core/consent.ts";
import type { Decision, Facts, Keys, Reason, RefusalCode, TokenGrant } from "../core/decision.ts";
import type {
  Client,
  Connection,
  ConnectionId,
  PublicId,
  TokenFamily,
  User,
} from "../core/model.ts";
import type { Horizon } from "../core/sweep.ts";
import type { GenuineToken } from "../core/use.ts";

/** Rows to list: all clients or users, the connections of a user, or the families of a connection. */
export type Listing =
  | { readonly of: "clients" }
  | { readonly of: "users" }
  | { readonly of: "connections"; readonly user: PublicId }
  | { readonly of: "families"; readonly connection: ConnectionId };

/** The rows of each listing. */
export interface Listed {
  readonly clients: Client;
  readonly users: User;
  readonly connections: Connection;
  readonly families: TokenFamily;
}

/** A page of a listing. Rows are in ascending order of their ids. */
export interface Page {
  /** Only rows with a greater id; absent starts at the first row. */
  readonly after?: string;
  /** At most this many rows. */
  readonly limit: number;
}

/** The state: one read, one atomic write, listing, sweeping, and a few values about the store itself. */
export interface Store {
  /**
   * Loads facts as one snapshot of the primary, without a lock. It includes every change committed
   * before the call (R2). A read of a client takes the same work whether the client exists or not
   * (G8): a cache, for example, must not serve known clients only.
   */
  read(keys: Keys): Promise<Facts>;
  /**
   * Loads facts, calls `decide`, applies its changes atomically, and resolves once they are
   * durable. On a conflict with another writer, `decide` is called again with newer facts, so it
   * must be pure. If `decide` throws, nothing is written and only this call rejects.
   * @throws {StoreFault} if the store is unavailable; the caller may retry.
   */
  transact<Grant>(
    keys: Keys,
    decide: (facts: Facts) => Decision<Grant>,
  ): Promise<Decision<Grant>>;
  /** Lists rows for people and tools, not for decisions. */
  list<L extends Listing>(listing: L, page: Page): Promise<readonly Listed[L["of"]][]>;
  /** A value written by {@link Store.updateMeta}, or `null`. */
  readMeta(key: string): Promise<string | null>;
  /**
   * Replaces a value about this store by what `update` makes of it, atomically and durably; resolves to
   * the new value. `update` is pure and may be called more than once; if it throws, nothing is written.
   */
  updateMeta(key: string, update: (value: string | null) => string): Promise<string>;
  /** Removes about `limit` dead rows at most (R5); resolves to the number removed. */
  sweep(horizon: Horizon, limit: number): Promise<number>;
  /** Finishes pending work and releases all resources. */
  close(): Promise<void>;
}

/**
 * The store failed, and a retry may succeed (A3). Nothing was written, unless the connection to a
 * database was lost during a commit: then nobody knows, and only the caller may retry (C11, T5).
 */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  /** Stable code of this class. */
  readonly code = "SERVICE_UNAVAILABLE";
}

/** Turns grants into token strings and opens genuine token strings (T2, T3). */
export interface TokenSealer {
  /** The id of the key that new generations are derived with. */
  readonly activeKeyId: string;
  /**
   * The token strings of a grant: a new access token, and the same refresh token for the same
   * generation. `null` if the key of that generation was removed, which only a repeated answer
   * (C11, T5) can encounter.
   */
  seal(grant: TokenGrant): Promise<SealedTokens | null> | SealedTokens | null;
  /** The content of a genuine access or refresh token, expired or not; `null` for anything else. */
  open(token: string): Promise<GenuineToken | null> | GenuineToken | null;
}

/** Two bearer strings. Secret. */
export interface SealedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Verifies the signature of a consent token and reads its claims (C2–C5). */
export interface ConsentVerifier {
  /**
   * Returns the claims of a token that a trusted issuer signed, or why it is refused.
   * @throws {KeysUnavailable} if the issuer's keys are unavailable (C7).
   */
  verify(token: string): Promise<Consent | RejectedConsent>;
}

/** A consent token that is refused before its claims are checked. */
export interface RejectedConsent {
  readonly rejected: Reason;
}

/** The keys of an issuer are unavailable; a retry may succeed (C7). */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
  /** Stable code of this class. */
  readonly code = "SERVICE_UNAVAILABLE";
}

/** A clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A cryptographic source of randomness. */
export interface Entropy {
  /** Returns `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** The context of a call to the service. */
export interface CallContext {
  /** Recorded in the audit event, the request log and the masked fault of the same request. */
  readonly requestId?: string;
}

/** Receives audit events (A4). Must not throw or block. */
export interface AuditLog {
  /** Records a state change or a refusal. */
  record(event: AuditEvent): void;
  /** Counts a successful use of a token (introspection, Users API); not meant for logging. */
  used?(event: AuditEvent): void;
}

/**
 * One state change or refusal: who, what, outcome, internal reason, ids. Never contains a secret
 * (A4, G9).
 */
export interface AuditEvent {
  /** Whole Unix seconds. */
  readonly at: number;
  /** See {@link CallContext}. */
  readonly requestId?: string;
  /** The command: `fetch`, `refresh`, `connect` … */
  readonly action: string;
  readonly outcome: "granted" | "repeated" | "refused";
  readonly client?: string;
  readonly user?: string;
  readonly connection?: string;
  readonly family?: string;
  /** The public code that the caller received. */
  readonly code?: RefusalCode | "BAD_USER_INPUT";
  /** The internal reason, for operators only. */
  readonly reason?: Reason | "both_inputs" | "no_input" | "token_key_removed";
  /** The type of each change, with its cause if it has one. */
  readonly changes?: readonly string[];
  /** Families evicted to make room for a new one (P5). */
  readonly evicted?: readonly string[];
}

/** All ports of a service. Optional ones have defaults. */
export interface Ports {
  readonly store: Store;
  readonly tokens: TokenSealer;
  /** Without it, every consent token is refused: embedders that only use public ids need no keys. */
  readonly consents?: ConsentVerifier;
  readonly audit?: AuditLog;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
}
