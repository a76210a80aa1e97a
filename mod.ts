/**
 * `fetchTokensForUser` in your own process: the service, its ports, its errors, and an in-memory
 * store. No npm packages are needed. Durable stores, token keys, consent token verification and the
 * pure core have their own entry points.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const service = createService({
 *   store: createMemoryStore(),
 *   tokens: createOpaqueTokens({ serverId: "https://shop.example", keys: generateTokenKeys() }),
 * }, { audience: "https://shop.example" });
 *
 * const { id: partner } = await service.registerClient({ scope: "openid profile" });
 * const { publicId } = await service.registerUser();
 * await service.connect(publicId, partner, "openid");
 * const payload = await service.fetchTokensForUser(partner, { publicId });
 * console.assert(payload.scope === "openid");
 * ```
 * @module
 */
export {
  ClientError,
  createService,
  type FetchTokensForUserPayload,
  InputError,
  type RefreshGranted,
  type RefreshRefused,
  type RefreshRequest,
  type Service,
  type UserError,
  type UserErrorCode,
} from "./adapters/direct.ts";
export {
  type ClientRegistration,
  type Credentials,
  type ListedClient,
  type Management,
  ManagementError,
  type Paged,
  type PageRequest,
  type SecretRotation,
} from "./adapters/manage.ts";
export {
  type AuditEvent,
  type AuditLog,
  type CallContext,
  type Clock,
  type ConsentVerifier,
  type Entropy,
  KeysUnavailable,
  type Listed,
  type Listing,
  type Page,
  type Ports,
  type RejectedConsent,
  type SealedTokens,
  type Store,
  StoreFault,
  type TokenSealer,
} from "./adapters/ports.ts";
export { markRestored, readLostTimes } from "./adapters/restore.ts";
export { createMemoryStore } from "./adapters/store/memory.ts";
export { systemClock, systemEntropy } from "./adapters/entropy.ts";
export type {
  ActiveConnection,
  Client,
  ClientId,
  Connection,
  ConnectionId,
  FamilyId,
  PublicId,
  Seconds,
  TokenFamily,
  User,
} from "./core/model.ts";
export type { ManagementCode, Reason, RefusalCode } from "./core/decision.ts";
export type { Arguments } from "./core/request.ts";
export type { Scope } from "./core/scope.ts";
export type {
  LostTime,
  Numbers,
  NumericSetting,
  SettingsInput,
  TrustedIssuer,
} from "./core/settings.ts";
export type { LiveToken } from "./core/use.ts";
