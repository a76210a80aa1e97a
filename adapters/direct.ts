/**
 * The service as an embedder calls it: no server, no GraphQL, no HTTP.
 * @module
 */
import type { Decision, Reason, TokenGrant } from "../core/decision.ts";
import type { Consent } from "../core/consent.ts";
import { MESSAGES } from "../core/message.ts";
import type { Client, ClientId } from "../core/model.ts";
import { liveSecrets, MAX_SECRETS } from "../core/registry.ts";
import { type Arguments, select } from "../core/request.ts";
import { NO_SCOPE, readScope, writeScope } from "../core/scope.ts";
import { readSettings, type SettingsInput } from "../core/settings.ts";
import { horizonAt } from "../core/sweep.ts";
import type { LiveToken } from "../core/use.ts";
import { createBelief } from "./belief.ts";
import { sameDigest, sha256 } from "./entropy.ts";
import { createManagement, type Management } from "./manage.ts";
import type { CallContext, Ports, SealedTokens } from "./ports.ts";
import { createShell, type Shell } from "./shell.ts";

/** Why no tokens were issued (G4). */
export type UserErrorCode = "INVALID_TOKEN" | "NO_CONSENT" | "NO_USER";

/** `FetchTokensForUserUserError` (G3). */
export interface UserError {
  readonly code: UserErrorCode;
  readonly field: readonly string[];
  readonly message: string;
}

/** Either all six token fields, or one user error (G5). */
export interface FetchTokensForUserPayload {
  /** Secret. */
  readonly accessToken: string | null;
  /** Seconds, at least 1. */
  readonly expiresIn: number | null;
  readonly publicId: string | null;
  /** Secret. */
  readonly refreshToken: string | null;
  /** Space-delimited and sorted, as issued (RFC 6749 §3.3). */
  readonly scope: string | null;
  readonly tokenType: "Bearer" | null;
  readonly userErrors: readonly UserError[];
}

/** A refresh request. */
export interface RefreshRequest {
  /** Secret. */
  readonly refreshToken: string;
  /** Space-delimited; `""` or absent requests the full scope (T6). */
  readonly scope?: string | undefined;
}

/** A refreshed token pair (RFC 6749 §5.1). */
export interface RefreshGranted {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly scope: string;
  readonly tokenType: "Bearer";
}

/** Why a refresh was refused (RFC 6749 §5.2). */
export interface RefreshRefused {
  readonly error: "invalid_grant" | "invalid_scope";
  readonly message: string;
}

/** Neither or both of the inputs, or one that is not a string (E2). An error of the caller. */
export class InputError extends Error {
  override readonly name = "InputError";
  /** As in `extensions.code`. */
  readonly code = "BAD_USER_INPUT";
}

/** No enabled client has this id (G8). */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** RFC 6749 §5.2. */
  readonly code = "invalid_client";
}

/** The service. Every call accepts a context for its audit events. */
export interface Service extends Management {
  /**
   * The mutation: exchanges exactly one of `publicId` and `consentToken` for a token pair.
   * @param client the authenticated client
   * @throws {InputError} if both or neither are provided (E2)
   * @throws {ClientError} if the client is unknown or disabled
   */
  fetchTokensForUser(
    client: ClientId,
    args: Arguments,
    call?: CallContext,
  ): Promise<FetchTokensForUserPayload>;
  /** Exchanges a refresh token for a new token pair (T4–T6). */
  refresh(
    client: ClientId,
    request: RefreshRequest,
    call?: CallContext,
  ): Promise<RefreshGranted | RefreshRefused>;
  /**
   * Ends the family of a token if the token is genuine and belongs to this client (RFC 7009);
   * otherwise does nothing.
   */
  revokeToken(client: ClientId, token: string, call?: CallContext): Promise<void>;
  /** Introspects a token for this client (RFC 7662); `null` means "not active", for any reason. */
  introspect(caller: ClientId, token: string, call?: CallContext): Promise<LiveToken | null>;
  /** Returns what the bearer of an access token may do now, or `null` if the token is not live. */
  authorize(accessToken: string, call?: CallContext): Promise<LiveToken | null>;
  /**
   * Returns the enabled client with this id and secret, or `null`. Every failure takes the same
   * work (G8).
   */
  authenticate(id: string, secret: string, call?: CallContext): Promise<Client | null>;
  /**
   * Removes up to `limit` dead rows (R5) and resolves to the number removed. After the clock jumps
   * ahead, nothing newly expired is removed until the clock has advanced steadily for an hour (A5).
   * Call this every minute.
   */
  sweep(limit?: number): Promise<number>;
  /** Finishes pending work and closes the store. */
  close(): Promise<void>;
}

/**
 * Builds a service.
 * @throws {RangeError} if a setting is out of range.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const { id, secret } = await service.registerClient({ scope: "openid" });
 * const partner = await service.authenticate(id, secret);
 * console.assert(partner?.id === id);
 * ```
 */
export function createService(ports: Ports, settings: SettingsInput): Service {
  const shell = createShell(ports, readSettings(settings));
  const belief = createBelief(ports.store);
  return {
    ...createManagement(shell),
    fetchTokensForUser: (client, args, call) => fetchTokensForUser(shell, client, args, call),
    refresh: (client, request, call) => refresh(shell, client, request, call),
    revokeToken: (client, token, call) => revokeToken(shell, client, token, call),
    introspect: (caller, token, call) => judge(shell, caller, token, call),
    authorize: (token, call) => judge(shell, null, token, call),
    authenticate: (id, secret, call) => authenticate(shell, id, secret, call),
    async sweep(limit = 1000) {
      const now = await belief.observe(shell.now());
      return ports.store.sweep(horizonAt(now, shell.settings), limit);
    },
    close: () => ports.store.close(),
  };
}

/** A service that forwards every call to the current one: for servers whose keys or issuers change. */
export function followService(current: () => Service): Service {
  const names = Object.keys(current()) as (keyof Service)[];
  const forward = (name: keyof Service) => (...args: unknown[]) =>
    (current()[name] as (...args: unknown[]) => unknown)(...args);
  return Object.fromEntries(names.map((name) => [name, forward(name)])) as unknown as Service;
}

async function fetchTokensForUser(
  shell: Shell,
  client: ClientId,
  args: Arguments,
  call: CallContext | undefined,
): Promise<FetchTokensForUserPayload> {
  for (const [name, value] of Object.entries(args)) {
    if (value != null && typeof value !== "string") {
      throw new InputError(`${name} must be a string.`);
    }
  }
  const selected = select(args);
  if (selected.outcome === "refused") {
    const { code, reason } = selected;
    shell.record({ action: "fetch", outcome: "refused", client, code, reason }, call);
    throw new InputError(MESSAGES.BAD_USER_INPUT);
  }
  const { by } = selected;
  if (by === "publicId") {
    const { publicId } = selected;
    return present(shell, by, await shell.run({ type: "fetch", by, client, publicId }, call), call);
  }
  const consent = await verifyConsentToken(shell, selected.consentToken);
  if ("rejected" in consent) return await rejectConsent(shell, client, consent.rejected, call);
  return present(shell, by, await shell.run({ type: "fetch", by, client, consent }, call), call);
}

function verifyConsentToken(
  { ports }: Shell,
  token: string,
): Promise<Consent | { readonly rejected: Reason }> {
  return ports.consents?.verify(token) ?? Promise.resolve({ rejected: "consent_issuer" });
}

/** A refusal before any decision. An unknown or disabled client takes precedence (G8). */
async function rejectConsent(
  shell: Shell,
  client: ClientId,
  reason: Reason,
  call: CallContext | undefined,
): Promise<FetchTokensForUserPayload> {
  const facts = await shell.ports.store.read({ client });
  if (facts.client?.status !== "enabled") throw new ClientError(MESSAGES.invalid_client);
  const code = "INVALID_TOKEN";
  shell.record({ action: "fetch", outcome: "refused", client, code, reason }, call);
  return refused("consentToken", "INVALID_TOKEN");
}

/** The payload for a decision. Tokens are derived only after the commit (T2). */
async function present(
  shell: Shell,
  field: "publicId" | "consentToken",
  decision: Decision<TokenGrant>,
  call: CallContext | undefined,
): Promise<FetchTokensForUserPayload> {
  if (decision.outcome === "refused") {
    const { code } = decision;
    if (code === "INVALID_TOKEN" || code === "NO_CONSENT" || code === "NO_USER") {
      return refused(field, code);
    }
    throw new ClientError(MESSAGES.invalid_client);
  }
  const { grant } = decision;
  const tokens = await seal(shell, "fetch", "INVALID_TOKEN", grant, call);
  if (tokens === null) return refused(field, "INVALID_TOKEN");
  return {
    ...tokens,
    expiresIn: grant.accessExpiresAt - grant.issuedAt,
    publicId: grant.user,
    scope: writeScope(grant.scope),
    tokenType: "Bearer",
    userErrors: [],
  };
}

/**
 * The token strings of a grant; `null` if their key was removed, which means they cannot be derived
 * again.
 */
async function seal(
  { ports, record }: Shell,
  action: "fetch" | "refresh",
  code: "INVALID_TOKEN" | "invalid_grant",
  grant: TokenGrant,
  call: CallContext | undefined,
): Promise<SealedTokens | null> {
  const tokens = await ports.tokens.seal(grant);
  if (tokens === null) {
    const { client, user, connection, family } = grant;
    const reason = "token_key_removed";
    record({ action, outcome: "refused", client, user, connection, family, code, reason }, call);
  }
  return tokens;
}

function refused(
  field: "publicId" | "consentToken",
  code: UserErrorCode,
): FetchTokensForUserPayload {
  return {
    accessToken: null,
    expiresIn: null,
    publicId: null,
    refreshToken: null,
    scope: null,
    tokenType: null,
    userErrors: [{ code, field: [field], message: MESSAGES[code] }],
  };
}

async function refresh(
  shell: Shell,
  client: ClientId,
  request: RefreshRequest,
  call: CallContext | undefined,
): Promise<RefreshGranted | RefreshRefused> {
  const refuse = (error: RefreshRefused["error"]) => ({ error, message: MESSAGES[error] });
  const token = await shell.ports.tokens.open(request.refreshToken);
  if (token?.kind !== "refresh") {
    const refusal = { code: "invalid_grant", reason: "token_malformed" } as const;
    shell.record({ action: "refresh", outcome: "refused", client, ...refusal }, call);
    return refuse("invalid_grant");
  }
  // A malformed scope is treated like one that was never granted: checked after owner and reuse (T4, T5).
  const scope = request.scope ? readScope(request.scope) ?? [request.scope] : null;
  const { family, generation, salt } = token;
  const command = { type: "refresh", client, family, generation, salt, scope } as const;
  const decision = await shell.run(command, call);
  if (decision.outcome === "refused") {
    return refuse(decision.code === "invalid_scope" ? "invalid_scope" : "invalid_grant");
  }
  const { grant } = decision;
  const tokens = await seal(shell, "refresh", "invalid_grant", grant, call);
  if (tokens === null) return refuse("invalid_grant");
  return {
    ...tokens,
    expiresIn: grant.accessExpiresAt - grant.issuedAt,
    scope: writeScope(grant.scope),
    tokenType: "Bearer",
  };
}

async function revokeToken(
  shell: Shell,
  client: ClientId,
  token: string,
  call: CallContext | undefined,
): Promise<void> {
  const genuine = await shell.ports.tokens.open(token);
  if (genuine === null) return;
  await shell.run({ type: "revoke-token", client, family: genuine.family }, call);
}

async function judge(
  shell: Shell,
  caller: ClientId | null,
  token: string,
  call: CallContext | undefined,
): Promise<LiveToken | null> {
  const genuine = await shell.ports.tokens.open(token);
  // The Users API takes access tokens only; introspection takes both kinds (RF-12, T7).
  if (genuine === null || (caller === null && genuine.kind !== "access")) {
    const client = caller === null ? {} : { client: caller };
    const refusal = { code: "invalid_token", reason: "token_malformed" } as const;
    shell.record({ action: "use", outcome: "refused", ...client, ...refusal }, call);
    return null;
  }
  const decision = await shell.ask({ type: "use", caller, token: genuine }, call);
  return decision.outcome === "granted" ? decision.grant : null;
}

const NO_DIGEST = sha256("");

/** Stands in for a client that does not exist, so that the same work is done (G8). */
const NOBODY: Client = {
  id: "",
  role: "app",
  status: "enabled",
  scope: NO_SCOPE,
  secrets: [{ digest: NO_DIGEST, expiresAt: null }],
};

async function authenticate(
  shell: Shell,
  id: string,
  secret: string,
  call: CallContext | undefined,
): Promise<Client | null> {
  const { client: found } = await shell.ports.store.read({ client: id });
  const client = found ?? NOBODY;
  const digest = sha256(secret);
  const secrets = liveSecrets(client, shell.now());
  // Constant number of comparisons: a missing secret is compared with a digest that matches none.
  let matches = 0;
  for (let index = 0; index < MAX_SECRETS; index++) {
    matches += Number(sameDigest(secrets[index]?.digest ?? NO_DIGEST, digest));
  }
  const known = matches > 0 && secret !== "";
  if (known && client.status === "enabled") return client;
  const reason = found === null ? "client_unknown" : known ? "client_disabled" : "secret_wrong";
  // An unknown id is not logged: it could be anything, even a misplaced secret.
  const who = found === null ? {} : { client: found.id };
  const refusal = { outcome: "refused", code: "invalid_client", reason } as const;
  shell.record({ action: "authenticate", ...who, ...refusal }, call);
  return null;
}
