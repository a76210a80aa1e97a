/**
 * What a decision reads (facts), what it may change (changes), and what it answers. The only words in
 * which core and stores talk to each other.
 * @module
 */
import type {
  ActiveConnection,
  Client,
  ClientId,
  Connection,
  ConnectionId,
  ConsentUse,
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

/** Entry points from which a store loads {@link Facts}; from there it follows the fixed references. */
export interface Keys {
  readonly client?: ClientId;
  readonly user?: PublicId;
  /** SHA-256 of a public id, hexadecimal: is it retired? */
  readonly userDigest?: string;
  readonly merchant?: ClientId;
  readonly consent?: { readonly issuer: string; readonly jti: string };
  readonly family?: FamilyId;
  readonly connection?: ConnectionId;
}

/** A connection with everything its authority is computed from (R1). */
export interface Standing {
  readonly connection: Connection;
  /** The client that holds the connection. */
  readonly client: Client | null;
  readonly user: User | null;
  /** `connection.source`, loaded; `null` for a direct connection or a source that is gone. */
  readonly source: Connection | null;
  /** The client of the source. */
  readonly merchant: Client | null;
}

/** An active connection that tokens might be issued from, with its live and expired families. */
export interface Candidate extends Standing {
  readonly connection: ActiveConnection;
  readonly families: readonly TokenFamily[];
}

/** One snapshot of all that a decision may look at. What no key asked for is `null` or empty. */
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
  /** `keys.family`, or else the family of `consentUse`. */
  readonly family: TokenFamily | null;
  /** The standing of that family's connection, or of `keys.connection`. */
  readonly standing: Standing | null;
}

/** Ids and salts for what a decision may create, drawn before it is made (A1). Unused ones are dropped. */
export interface Fresh {
  readonly connection: ConnectionId;
  readonly family: FamilyId;
  /** 128 random bits, hexadecimal. */
  readonly salt: string;
  /** The active token key. */
  readonly keyId: string;
}

/** All that a decision depends on besides its command and the facts (A1). */
export interface Context {
  readonly now: Seconds;
  readonly fresh: Fresh;
  readonly settings: Settings;
}

/**
 * Whether less than `seconds` lie between a moment and now, in either direction: a clock that was set back
 * does not keep a window open (A5), and a node whose clock is a little ahead does not close it.
 */
export function isRecent(moment: Seconds, seconds: number, { now }: Context): boolean {
  return Math.abs(now - moment) < seconds;
}

/** A client was registered or changed; the whole row. */
export interface ClientWritten {
  readonly type: "client-written";
  readonly client: Client;
}
/** A user was registered or changed; the whole row. */
export interface UserWritten {
  readonly type: "user-written";
  readonly user: User;
}
/** A user is gone, with connections, families and withdrawals; only a digest keeps the id from reuse. */
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
/** Active → active: another scope, another consent time. */
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
/** A withdrawal to remember; merged with an earlier one by the later moment (C14). */
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
/** A family went from one generation to the next. */
export interface FamilyRotated {
  readonly type: "family-rotated";
  readonly family: TokenFamily;
}
/** A family ended, and with it every token of it. */
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

/** What a caller can be told. The first three are the vendor's (G4), the next RFC 6749's and RFC 6750's. */
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

/** Why, for the audit event only (C1, A4). */
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

/** The command was carried out. */
export interface Granted<Grant> {
  readonly outcome: "granted";
  readonly grant: Grant;
  readonly changes: readonly Change[];
}

/** The command was refused. Nothing changes, but that a reused refresh token ends its family (T5). */
export interface Refused {
  readonly outcome: "refused";
  readonly code: RefusalCode;
  readonly reason: Reason;
  readonly changes: readonly Change[];
}

/** What came of a command. A refusal is a value; only a fault throws. */
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
  /** An earlier answer given again: a new access token, nothing stored (C11, T5). */
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
