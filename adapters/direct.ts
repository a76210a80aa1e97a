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
import { readScope, writeScope } from "../core/scope.ts";
import { readSettings, type SettingsInput } from "../core/settings.ts";
import { horizonAt } from "../core/sweep.ts";
import type { LiveToken } from "../core/use.ts";
import { sameDigest, sha256 } from "./entropy.ts";
import { createManagement, type Management } from "./manage.ts";
import type { Ports, SealedTokens } from "./ports.ts";
import { createShell, type Shell } from "./shell.ts";

/** Why a user did not get tokens (G4). */
export type UserErrorCode = "INVALID_TOKEN" | "NO_CONSENT" | "NO_USER";

/** `FetchTokensForUserUserError` (G3). */
export interface UserError {
  readonly code: UserErrorCode;
  readonly field: readonly string[];
  readonly message: string;
}

/** All six token fields, or none and one user error (G5). */
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

/** Neither or both of the two inputs, or one that is no string (E2). The caller is at fault. */
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

/** Everything that can be asked of the service. */
export interface Service extends Management {
  /**
   * The mutation: exactly one of `publicId` and `consentToken` for a token pair.
   * @param client the authenticated client
   * @throws {InputError} both or neither (E2)
   * @throws {ClientError} the client is unknown or disabled
   */
  fetchTokensForUser(client: ClientId, args: Arguments): Promise<FetchTokensForUserPayload>;
  /** Swaps a refresh token for a new access token (T4–T6). `scope` `""` or absent asks for all there is. */
  refresh(
    client: ClientId,
    request: { readonly refreshToken: string; readonly scope?: string | undefined },
  ): Promise<RefreshGranted | RefreshRefused>;
  /** Ends the family of a token, if it is genuine and this client's (RFC 7009); else does nothing. */
  revokeToken(client: ClientId, token: string): Promise<void>;
  /** What a token is worth now to this client (RFC 7662); `null` is "not active", whatever the reason. */
  introspect(caller: Client, token: string): Promise<LiveToken | null>;
  /** What the bearer of an access token may do now; `null` where it may do nothing. */
  authorize(accessToken: string): Promise<LiveToken | null>;
  /** The enabled client with this id and secret, else `null`, with the same work for every failure (G8). */
  authenticate(id: string, secret: string): Promise<Client | null>;
  /** Removes up to `limit` rows that can never live again (R5); resolves to how many went. */
  sweep(limit?: number): Promise<number>;
  /** Finishes what is under way and closes the store. */
  close(): Promise<void>;
}

/**
 * Builds a service.
 * @throws {RangeError} when a setting is out of its range.
 */
export function createService(ports: Ports, settings: SettingsInput): Service {
  const shell = createShell(ports, readSettings(settings));
  return {
    ...createManagement(shell),
    fetchTokensForUser: (client, args) => fetchTokensForUser(shell, client, args),
    refresh: (client, request) => refresh(shell, client, request),
    revokeToken: (client, token) => revokeToken(shell, client, token),
    introspect: (caller, token) => judge(shell, caller, token),
    authorize: (token) => judge(shell, null, token),
    authenticate: (id, secret) => authenticate(shell, id, secret),
    sweep: (limit = 1000) => ports.store.sweep(horizonAt(shell.now(), shell.settings), limit),
    close: () => ports.store.close(),
  };
}

async function fetchTokensForUser(
  shell: Shell,
  client: ClientId,
  args: Arguments,
): Promise<FetchTokensForUserPayload> {
  for (const [name, value] of Object.entries(args)) {
    if (value != null && typeof value !== "string") {
      throw new InputError(`${name} must be a string.`);
    }
  }
  const selected = select({ stage: "received", args });
  if (selected.stage === "refused") {
    const { code, reason } = selected;
    shell.record({ action: "fetch", outcome: "refused", client, code, reason });
    throw new InputError(MESSAGES.BAD_USER_INPUT);
  }
  if (selected.by === "publicId") {
    const { publicId } = selected;
    return present(
      shell,
      "publicId",
      await shell.run({ type: "fetch", by: "publicId", client, publicId }),
    );
  }
  const consent = await verifyConsentToken(shell, selected.consentToken);
  if ("rejected" in consent) {
    return await rejectConsent(shell, client, consent.rejected);
  }
  return present(
    shell,
    "consentToken",
    await shell.run({ type: "fetch", by: "consentToken", client, consent }),
  );
}

function verifyConsentToken(
  { ports }: Shell,
  token: string,
): Promise<Consent | { readonly rejected: Reason }> {
  return ports.consents?.verify(token) ?? Promise.resolve({ rejected: "consent_issuer" });
}

/** A refusal before any decision: recorded, unless the client itself is no good, which comes first (G8). */
async function rejectConsent(
  shell: Shell,
  client: ClientId,
  reason: Reason,
): Promise<FetchTokensForUserPayload> {
  const facts = await shell.ports.store.read({ client });
  if (facts.client?.status !== "enabled") throw new ClientError(MESSAGES.invalid_client);
  shell.record({ action: "fetch", outcome: "refused", client, code: "INVALID_TOKEN", reason });
  return refused("consentToken", "INVALID_TOKEN");
}

/** The payload of a decision; tokens are derived only now that it is committed (T2). */
async function present(
  shell: Shell,
  field: "publicId" | "consentToken",
  decision: Decision<TokenGrant>,
): Promise<FetchTokensForUserPayload> {
  if (decision.outcome === "refused") {
    const { code } = decision;
    if (code === "INVALID_TOKEN" || code === "NO_CONSENT" || code === "NO_USER") {
      return refused(field, code);
    }
    throw new ClientError(MESSAGES.invalid_client);
  }
  const { grant } = decision;
  const tokens = await seal(shell, "fetch", "INVALID_TOKEN", grant);
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

/** The strings of a grant; `null`, and recorded, where their key is gone: not even a retry gets them again. */
async function seal(
  { ports, record }: Shell,
  action: "fetch" | "refresh",
  code: "INVALID_TOKEN" | "invalid_grant",
  grant: TokenGrant,
): Promise<SealedTokens | null> {
  const tokens = await ports.tokens.seal(grant);
  if (tokens === null) {
    const { client, user, connection, family } = grant;
    const reason = "token_key_removed";
    record({ action, outcome: "refused", client, user, connection, family, code, reason });
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
  request: { readonly refreshToken: string; readonly scope?: string | undefined },
): Promise<RefreshGranted | RefreshRefused> {
  const refuse = (error: RefreshRefused["error"]) => ({ error, message: MESSAGES[error] });
  const token = await shell.ports.tokens.open(request.refreshToken);
  if (token?.kind !== "refresh") {
    const reason = "token_malformed";
    shell.record({ action: "refresh", outcome: "refused", client, code: "invalid_grant", reason });
    return refuse("invalid_grant");
  }
  // A text that is no scope is judged as one that nobody was granted: after owner and reuse (T4, T5).
  const scope = request.scope ? readScope(request.scope) ?? [request.scope] : null;
  const { family, generation, salt } = token;
  const decision = await shell.run({ type: "refresh", client, family, generation, salt, scope });
  if (decision.outcome === "refused") {
    return refuse(decision.code === "invalid_scope" ? "invalid_scope" : "invalid_grant");
  }
  const { grant } = decision;
  const tokens = await seal(shell, "refresh", "invalid_grant", grant);
  if (tokens === null) return refuse("invalid_grant");
  return {
    ...tokens,
    expiresIn: grant.accessExpiresAt - grant.issuedAt,
    scope: writeScope(grant.scope),
    tokenType: "Bearer",
  };
}

async function revokeToken(shell: Shell, client: ClientId, token: string): Promise<void> {
  const genuine = await shell.ports.tokens.open(token);
  if (genuine === null) return;
  await shell.run({ type: "revoke-token", client, family: genuine.family });
}

async function judge(
  shell: Shell,
  caller: Client | null,
  token: string,
): Promise<LiveToken | null> {
  const genuine = await shell.ports.tokens.open(token);
  // The Users API takes access tokens only; introspection takes both kinds (RF-12, T7).
  if (genuine === null || (caller === null && genuine.kind !== "access")) {
    const client = caller === null ? {} : { client: caller.id };
    const refusal = { code: "invalid_token", reason: "token_malformed" } as const;
    shell.record({ action: "use", outcome: "refused", ...client, ...refusal });
    return null;
  }
  const decision = await shell.ask({ type: "use", caller, token: genuine });
  return decision.outcome === "granted" ? decision.grant : null;
}

const NO_DIGEST = sha256("");

async function authenticate(shell: Shell, id: string, secret: string): Promise<Client | null> {
  const { client } = await shell.ports.store.read({ client: id });
  const digest = sha256(secret);
  const secrets = client === null ? [] : liveSecrets(client, shell.now());
  // As many comparisons whoever asks: what is missing is compared with a digest that no secret has.
  const matches = Array.from(
    { length: MAX_SECRETS },
    (_, index) => sameDigest(secrets[index]?.digest ?? NO_DIGEST, digest),
  );
  const known = matches.includes(true) && secret !== "";
  if (known && client?.status === "enabled") return client;
  const reason = client === null ? "client_unknown" : known ? "client_disabled" : "secret_wrong";
  // An id that is nobody's may be anything, a secret in the wrong place too: it is not written down.
  const who = client === null ? {} : { client: client.id };
  shell.record({
    action: "authenticate",
    outcome: "refused",
    ...who,
    code: "invalid_client",
    reason,
  });
  return null;
}
