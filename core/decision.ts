/**
 * What a decision reads (facts), what it may write (changes), and its outcome. This is the whole
 * vocabulary shared by the core and the stores.
 * @module
 */
import type {
  ActiveConnection,
  Client,
  ClientId,
  Connection,
  ConnectionId,
  ConsentUse,
  FamilyAge,
  FamilyId,
  PublicId,
  RevokedConnection,
  Seconds,
  TokenFamily,
  User,
  Withdrawal,
} from "./model.ts";
import type { Scope } from "./scope.ts";
import type { Settings } from "./settings.ts";

/** The keys from which a store loads {@link Facts}; it then follows the fixed references. */
export interface Keys {
  readonly client?: ClientId;
  readonly user?: PublicId;
  /** SHA-256 of a public id, hexadecimal, to check whether the id is retired. */
  readonly userDigest?: string;
  /**
   * How many families a connection may have (P5). Asks, for each connection between `user` and
   * `client`, which families might have to go so that it has room for one more.
   */
  readonly maxFamilies?: number;
  readonly merchant?: ClientId;
  readonly consent?: { readonly issuer: string; readonly jti: string };
  readonly family?: FamilyId;
  readonly connection?: ConnectionId;
}

/** A connection with everything its effective scope is computed from (R1). */
export interface Standing {
  readonly connection: Connection;
  /** The client that holds the connection. */
  readonly client: Client | null;
  readonly user: User | null;
  /** `connection.source`, loaded; `null` for a direct connection or a source that no longer exists. */
  readonly source: Connection | null;
  /** The client of the source. */
  readonly merchant: Client | null;
}

/** The families of a connection, as far as issuing one more needs them (P5). */
export interface Families {
  /** How many there are, live or expired. */
  readonly count: number;
  /**
   * If `n` of them have to go: at least the `n` least recently issued or rotated and the `n` that
   * started first, ties broken by id, in any order. More of them would change no decision.
   */
  readonly evictable: readonly FamilyAge[];
}

/** Those of a connection without families, and of any if `keys.maxFamilies` is absent. */
export const NO_FAMILIES: Families = { count: 0, evictable: [] };

/** An active connection from which tokens might be issued. */
export interface Candidate extends Standing {
  readonly connection: ActiveConnection;
  readonly families: Families;
}

/** A snapshot of everything a decision may read. What the keys did not ask for is `null` or empty. */
export interface Facts {
  /** `keys.client` */
  readonly client: Client | null;
  /** `keys.user` */
  readonly user: User | null;
  /** Whether `keys.userDigest` belongs to a deleted user. */
  readonly userRetired: boolean;
  /** Every active connection between `keys.user` and `keys.client`. */
  readonly candidates: readonly Candidate[];
  /** `keys.merchant` */
  readonly merchant: Client | null;
  /** The active direct connection between `keys.user` and `keys.merchant`. */
  readonly source: ActiveConnection | null;
  /** Last withdrawal of `keys.user` from `keys.client`. */
  readonly clientWithdrawal: Withdrawal | null;
  /** Last withdrawal of `keys.user` from `keys.merchant`. */
  readonly merchantWithdrawal: Withdrawal | null;
  /** The redemption of `keys.consent`. */
  readonly consentUse: ConsentUse | null;
  /** `keys.family`, otherwise the family of `consentUse`. */
  readonly family: TokenFamily | null;
  /** The connection of that family, otherwise `keys.connection`. */
  readonly standing: Standing | null;
}

/** Ids and salts for whatever a decision creates, generated beforehand (A1). Unused ones are discarded. */
export interface Fresh {
  readonly connection: ConnectionId;
  readonly family: FamilyId;
  /** 128 bits, hexadecimal: 11 digits of time in milliseconds, then random ones. */
  readonly salt: string;
  /** The active token key. */
  readonly keyId: string;
}

/** Everything a decision depends on besides its command and the facts (A1). */
export interface Context {
  readonly now: Seconds;
  readonly fresh: Fresh;
  readonly settings: Settings;
}

/**
 * Whether a moment is less than `seconds` away from now, in either direction: setting the clock
 * back does not keep a window open (A5), and a node whose clock is slightly ahead does not close
 * it.
 */
export function isRecent(moment: Seconds, seconds: number, { now }: Context): boolean {
  return Math.abs(now - moment) < seconds;
}

/** A client was registered or changed; holds the whole row. */
export interface ClientWritten {
  readonly type: "client-written";
  readonly client: Client;
}
/** A user was registered or changed; holds the whole row. */
export interface UserWritten {
  readonly type: "user-written";
  readonly user: User;
}
/**
 * A user was deleted, with connections, families and withdrawals; a digest remains so that the id
 * is never reused.
 */
export interface UserDeleted {
  readonly type: "user-deleted";
  readonly publicId: PublicId;
  readonly digest: string;
}
/** Absent → active. */
export interface ConnectionEstablished {
  readonly type: "connection-established";
  readonly connection: ActiveConnection;
}
/** Active → active, with a new scope and consent time. */
export interface ConnectionChanged {
  readonly type: "connection-changed";
  readonly cause: "consented" | "narrowed";
  readonly connection: ActiveConnection;
}
/** Active → revoked. */
export interface ConnectionRevoked {
  readonly type: "connection-revoked";
  readonly connection: RevokedConnection;
}
/** A withdrawal to record; of two, the later moments are kept (C14). */
export interface Withdrawn {
  readonly type: "withdrawn";
  readonly withdrawal: Withdrawal;
}
/** Unseen → redeemed. */
export interface ConsentRedeemed {
  readonly type: "consent-redeemed";
  readonly use: ConsentUse;
}
/** A family began at generation 0. */
export interface FamilyStarted {
  readonly type: "family-started";
  readonly family: TokenFamily;
}
/** A family moved to its next generation. */
export interface FamilyRotated {
  readonly type: "family-rotated";
  readonly family: TokenFamily;
}
/** A family ended, and with it all its tokens. */
export interface FamilyEnded {
  readonly type: "family-ended";
  readonly family: FamilyId;
  readonly connection: ConnectionId;
  readonly cause: "evicted" | "reused" | "revoked";
}

/** One write. A store applies all changes of a decision in one atomic, durable step, or none. */
export type Change =
  | ClientWritten
  | UserWritten
  | UserDeleted
  | ConnectionEstablished
  | ConnectionChanged
  | ConnectionRevoked
  | Withdrawn
  | ConsentRedeemed
  | FamilyStarted
  | FamilyRotated
  | FamilyEnded;

/**
 * The codes a caller can see. The first three are from the vendor (G4), the others from RFC 6749
 * and RFC 6750.
 */
export type RefusalCode =
  | "INVALID_TOKEN"
  | "NO_CONSENT"
  | "NO_USER"
  | "invalid_client"
  | "invalid_grant"
  | "invalid_scope"
  | "invalid_token"
  | ManagementCode;

/** Why an operator's command was refused. */
export type ManagementCode =
  | "INVALID_ARGUMENT"
  | "ALREADY_EXISTS"
  | "UNKNOWN_CLIENT"
  | "UNKNOWN_USER"
  | "UNKNOWN_CONNECTION";

/** The internal reason, for the audit event only (C1, A4). */
export type Reason =
  | "client_unknown"
  | "client_disabled"
  | "secret_wrong"
  | "client_exists"
  | "id_malformed"
  | "scope_malformed"
  | "scope_empty"
  | "user_unknown"
  | "user_suspended"
  | "user_exists"
  | "user_id_retired"
  | "connection_unknown"
  | "connection_revoked"
  | "no_connection"
  | "no_effective_scope"
  | "merchant_unknown"
  | "merchant_disabled"
  | "no_source_connection"
  | "withdrawn_after_consent"
  | "consent_too_large"
  | "consent_malformed"
  | "consent_header"
  | "consent_algorithm"
  | "consent_type"
  | "consent_issuer"
  | "consent_key"
  | "consent_signature"
  | "consent_claims"
  | "consent_audience"
  | "consent_other_client"
  | "consent_merchant"
  | "consent_expired"
  | "consent_not_yet_valid"
  | "consent_lifetime"
  | "consent_before_restore"
  | "consent_redeemed"
  | "token_malformed"
  | "token_expired"
  | "family_unknown"
  | "family_expired"
  | "foreign_client"
  | "reused"
  | "ahead_of_store"
  | "not_current"
  | "scope_widened"
  | "scope_not_effective";

/** The command succeeded. */
export interface Granted<Grant> {
  readonly outcome: "granted";
  readonly grant: Grant;
  readonly changes: readonly Change[];
}

/** The command was refused. Nothing changes, except that reuse of a refresh token ends its family (T5). */
export interface Refused {
  readonly outcome: "refused";
  readonly code: RefusalCode;
  readonly reason: Reason;
  readonly changes: readonly Change[];
}

/** The outcome of a command. A refusal is a value; only faults throw. */
export type Decision<Grant> = Granted<Grant> | Refused;

/** The tokens that were granted, as ids and generations; adapters derive the strings (T2). */
export interface TokenGrant {
  readonly user: PublicId;
  readonly client: ClientId;
  readonly connection: ConnectionId;
  readonly family: FamilyId;
  readonly generation: number;
  readonly salt: string;
  readonly keyId: string;
  /** The scope of the access token. */
  readonly scope: Scope;
  readonly issuedAt: Seconds;
  readonly accessExpiresAt: Seconds;
  /** Whether an earlier answer is repeated: a new access token, nothing stored (C11, T5). */
  readonly repeated: boolean;
}

/** Builds a refusal that changes nothing. */
export function refuse(code: RefusalCode, reason: Reason): Refused {
  return { outcome: "refused", code, reason, changes: [] };
}

/** Builds a grant. */
export function grant<Grant>(value: Grant, changes: readonly Change[]): Granted<Grant> {
  return { outcome: "granted", grant: value, changes };
}
