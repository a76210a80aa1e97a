/**
 * What the outside must give the service. Every port is small enough to be written by an embedder.
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

/** A part of a listing: rows are in ascending order of their ids. */
export interface Page {
  /** Only rows whose id is greater; from the first row if absent. */
  readonly after?: string;
  /** At most this many rows. */
  readonly limit: number;
}

/** Where state lives: one read, one atomic write, listing, sweeping, and a few values about itself. */
export interface Store {
  /**
   * Loads facts as one snapshot of the primary, without a lock: every change that was committed before
   * the call is in it (R2).
   */
  read(keys: Keys): Promise<Facts>;
  /**
   * Loads facts, calls `decide`, applies its changes atomically, and resolves once they are durable. On
   * a conflict with another writer `decide` is called again with newer facts, so it must be pure. A
   * `decide` that throws writes nothing and rejects this call alone.
   * @throws {StoreFault} when the store cannot be used now; the caller may try again.
   */
  transact<Grant>(
    keys: Keys,
    decide: (facts: Facts) => Decision<Grant>,
  ): Promise<Decision<Grant>>;
  /** Lists rows for people and tools, never for a decision. */
  list<L extends Listing>(listing: L, page: Page): Promise<readonly Listed[L["of"]][]>;
  /** A value that was written about this store by {@link Store.writeMeta}, or `null`. */
  readMeta(key: string): Promise<string | null>;
  /** Writes a value about this store, durably; replaces an earlier one. */
  writeMeta(key: string, value: string): Promise<void>;
  /** Removes at most about `limit` rows that can never live again (R5); resolves to how many went. */
  sweep(horizon: Horizon, limit: number): Promise<number>;
  /** Finishes what is under way and lets go of everything. */
  close(): Promise<void>;
}

/** The store could not do its work; nothing was written, and the same call may succeed later (A3). */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  /** Stable code of this class. */
  readonly code = "SERVICE_UNAVAILABLE";
}

/** Turns grants into token strings and genuine strings back into what they say (T2, T3). */
export interface TokenSealer {
  /** The id of the key that new generations are derived with. */
  readonly activeKeyId: string;
  /**
   * The strings of a grant: a new access token; the same refresh token for the same generation.
   * `null` where the key of that generation has been removed: only an answer that is repeated (C11,
   * T5) can meet that, and nothing can repeat it any more.
   */
  seal(grant: TokenGrant): Promise<SealedTokens | null> | SealedTokens | null;
  /** What a genuine access or refresh token says, expired or not; `null` for anything else. */
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
   * @throws {KeysUnavailable} when the issuer's keys cannot be had now (C7).
   */
  verify(token: string): Promise<Consent | RejectedConsent>;
}

/** A consent token that is refused before its claims are judged. */
export interface RejectedConsent {
  readonly rejected: Reason;
}

/** The keys of an issuer cannot be had now; a retry may succeed (C7). */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
  /** Stable code of this class. */
  readonly code = "SERVICE_UNAVAILABLE";
}

/** Tells the time. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** Gives randomness from a cryptographic source. */
export interface Entropy {
  /** This many random bytes. */
  bytes(count: number): Uint8Array;
}

/** What a call to the service belongs to. */
export interface CallContext {
  /** Appears in the audit event, the request log and the masked fault of the same request. */
  readonly requestId?: string;
}

/** Where audit events go (A4). Must not throw, must not block. */
export interface AuditLog {
  /** Takes one event: a state change or a refusal. */
  record(event: AuditEvent): void;
  /** Takes a successful use of a token (introspection, Users API): counted, not logged. */
  used?(event: AuditEvent): void;
}

/** One state change or refusal: who, what, outcome, internal reason, ids. Never a secret (A4, G9). */
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
  /** What the caller was told. */
  readonly code?: RefusalCode | "BAD_USER_INPUT";
  /** Why; for operators only. */
  readonly reason?: Reason | "both_inputs" | "no_input" | "token_key_removed";
  /** What changed: the type of each change, with the cause where it has one. */
  readonly changes?: readonly string[];
  /** Families that ended to make room for a new one (P5). */
  readonly evicted?: readonly string[];
}

/** All ports of a service. What is optional has a default. */
export interface Ports {
  readonly store: Store;
  readonly tokens: TokenSealer;
  /** Without it every consent token is refused: embedders that use public ids alone need no keys. */
  readonly consents?: ConsentVerifier;
  readonly audit?: AuditLog;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
}
