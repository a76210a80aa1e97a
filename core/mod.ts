/**
 * The pure core: the mutation `fetchTokensForUser` as a state machine over connections and tokens.
 * It imports nothing and reads no clock, no randomness and no environment. For authors of stores,
 * oracles and models: call `decide` with a command and the facts, then apply its changes with
 * `evolve`.
 *
 * @example
 * ```ts
 * import { decide, evolve, factsOf, initialState } from "fetch-tokens-for-user/core";
 * import { keysOf, readSettings } from "fetch-tokens-for-user/core";
 *
 * const command = { type: "register-user", user: "user-1", digest: "00".repeat(32) } as const;
 * const fresh = { connection: "connection-1", family: "family-1", salt: "00".repeat(16), keyId: "k" };
 * const context = { now: 0, fresh, settings: readSettings({ audience: "https://shop.example" }) };
 *
 * const before = initialState();
 * const facts = factsOf(before, keysOf(command, context.settings));
 * const decision = decide(command, facts, context);
 * const after = evolve(before, decision.changes);
 * console.assert(after.users.has("user-1") && !before.users.has("user-1"));
 * ```
 * @module
 */
export type { Consent } from "./consent.ts";
export { readConsent } from "./consent.ts";
export type {
  Connect,
  ConnectionCommand,
  Disconnect,
  Narrow,
  RevokeConnection,
} from "./connection.ts";
export { type Command, decide, type GrantOf, keysOf, type Subject, subjectOf } from "./decide.ts";
export type {
  Candidate,
  Change,
  ClientWritten,
  ConnectionChanged,
  ConnectionEstablished,
  ConnectionRevoked,
  ConsentRedeemed,
  Context,
  Decision,
  Facts,
  Families,
  FamilyEnded,
  FamilyRotated,
  FamilyStarted,
  Fresh,
  Granted,
  Keys,
  ManagementCode,
  Reason,
  RefusalCode,
  Refused,
  Standing,
  TokenGrant,
  UserDeleted,
  UserWritten,
  Withdrawn,
} from "./decision.ts";
export {
  applyChange,
  evolve,
  factsOf,
  initialState,
  removeConnection,
  removeFamily,
  type State,
} from "./evolve.ts";
export { countSurplus, selectEvictable } from "./family.ts";
export type { Fetch, FetchByConsent, FetchByPublicId } from "./fetch.ts";
export { MESSAGES } from "./message.ts";
export {
  type ActiveConnection,
  type Client,
  type ClientId,
  type ClientSecret,
  type Connection,
  type ConnectionId,
  type ConsentUse,
  type FamilyAge,
  type FamilyId,
  isClientId,
  isIdentifier,
  type PublicId,
  type RevokedConnection,
  type Seconds,
  type TokenFamily,
  type User,
  type Withdrawal,
} from "./model.ts";
export type { Refresh } from "./refresh.ts";
export type {
  ClientCommand,
  DeleteUser,
  EndOldSecrets,
  RegisterClient,
  RegisterUser,
  RotateSecret,
  SetClientScope,
  SetClientStatus,
  SetUserStatus,
  UserCommand,
} from "./registry.ts";
export { liveSecrets } from "./registry.ts";
export {
  type Arguments,
  type NotExactlyOne,
  select,
  type Selected,
  type SelectedByConsentToken,
  type SelectedByPublicId,
} from "./request.ts";
export { NO_SCOPE, readScope, type Scope, writeScope } from "./scope.ts";
export {
  type LostTime,
  type Numbers,
  type NumericSetting,
  RANGES,
  readSettings,
  type SettingRange,
  type Settings,
  type SettingsInput,
  type TrustedIssuer,
} from "./settings.ts";
export { type Horizon, horizonAt } from "./sweep.ts";
export type {
  AccessToken,
  GenuineToken,
  LiveToken,
  RefreshToken,
  RevokeToken,
  Use,
} from "./use.ts";
