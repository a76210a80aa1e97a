/**
 * Management by embedders and operators: clients, users and connections (R1–R3).
 * @module
 */
import type { Command, GrantOf } from "../core/decide.ts";
import type { ManagementCode, Reason } from "../core/decision.ts";
import { MESSAGES } from "../core/message.ts";
import {
  type ActiveConnection,
  type Client,
  type ClientId,
  type Connection,
  type ConnectionId,
  isClientId,
  type PublicId,
  type TokenFamily,
  type User,
} from "../core/model.ts";
import { readScope, type Scope } from "../core/scope.ts";
import { hex, newSecret, sha256 } from "./entropy.ts";
import type { CallContext, Listed, Listing } from "./ports.ts";
import type { Shell } from "./shell.ts";

/** A management command was refused. Nothing changed. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  /** Stable. */
  readonly code: ManagementCode;
  /** The specific reason. */
  readonly reason: Reason;
  /** @internal */
  constructor(code: ManagementCode, reason: Reason, detail = "") {
    super(detail || `${MESSAGES[code]} (${reason})`);
    this.code = code;
    this.reason = reason;
  }
}

/** Credentials; the secret is shown only once and stored as a digest. */
export interface Credentials {
  readonly id: ClientId;
  /** Secret. */
  readonly secret: string;
}

/** How to register a client. Id and secret are generated if absent. */
export interface ClientRegistration {
  readonly id?: ClientId;
  /** 32 to 255 RFC 3986 unreserved characters (G10) of high entropy; generated if absent. */
  readonly secret?: string;
  /** Accepts a shorter secret. For demo data and tests only: a short secret can be guessed. */
  readonly weakSecret?: boolean;
  /** Registered scope, space-delimited: the maximum the client can be granted. */
  readonly scope: string;
  readonly role?: Client["role"];
}

/** Options for rotating a client secret. */
export interface SecretRotation extends Pick<ClientRegistration, "secret" | "weakSecret"> {
  /** Invalidates every other secret immediately, for example after a leak. */
  readonly now?: boolean;
}

/** The functions that grant and revoke access. They reject with {@link ManagementError}. */
export interface Management {
  /** Registers a client and returns its credentials. */
  registerClient(registration: ClientRegistration, call?: CallContext): Promise<Credentials>;
  /** Registers a user; the public id is generated if absent. Ids of deleted users are refused. */
  registerUser(
    registration?: { readonly publicId?: PublicId },
    call?: CallContext,
  ): Promise<{ readonly publicId: PublicId }>;
  /**
   * Records that a user consented to a scope at a client: the direct connection. A later consent
   * replaces it.
   */
  connect(
    user: PublicId,
    client: ClientId,
    scope: string,
    call?: CallContext,
  ): Promise<ActiveConnection>;
  /** Reduces the scope of a connection to its intersection with `scope`. */
  narrow(connection: ConnectionId, scope: string, call?: CallContext): Promise<ActiveConnection>;
  /** Revokes one connection, forever. */
  revokeConnection(connection: ConnectionId, call?: CallContext): Promise<void>;
  /** Revokes every connection between a user and a client in one step. */
  disconnect(user: PublicId, client: ClientId, call?: CallContext): Promise<void>;
  /** Suspends a user: none of their tokens works until they are resumed. */
  suspendUser(user: PublicId, call?: CallContext): Promise<void>;
  /** Resumes a suspended user. */
  resumeUser(user: PublicId, call?: CallContext): Promise<void>;
  /** Deletes a user and all their data. Irreversible. */
  deleteUser(user: PublicId, call?: CallContext): Promise<void>;
  /** Disables a client: it cannot authenticate, and none of its tokens works. */
  disableClient(client: ClientId, call?: CallContext): Promise<void>;
  /** Enables a client again. */
  enableClient(client: ClientId, call?: CallContext): Promise<void>;
  /** Replaces the registered scope of a client. */
  setClientScope(client: ClientId, scope: string, call?: CallContext): Promise<void>;
  /** Gives a client a new secret; the old one works until `secretOverlapSeconds` have passed. */
  rotateClientSecret(
    client: ClientId,
    rotation?: SecretRotation,
    call?: CallContext,
  ): Promise<Credentials>;
  /** Invalidates every secret of a client except the current one immediately, for example after a leak. */
  endOldClientSecrets(client: ClientId, call?: CallContext): Promise<void>;
  /** A registered client, or `null`. */
  findClient(client: ClientId): Promise<ListedClient | null>;
  /** A user who is not deleted, or `null`. */
  findUser(publicId: PublicId): Promise<User | null>;
  /** Registered clients, by id, without their secrets. */
  listClients(page?: PageRequest): Promise<Paged<ListedClient>>;
  /** Users who are not deleted, by public id. */
  listUsers(page?: PageRequest): Promise<Paged<User>>;
  /** The connections of a user by id: active ones, and revoked ones that have not been swept yet. */
  listConnections(user: PublicId, page?: PageRequest): Promise<Paged<Connection>>;
  /** The token families of a connection, by id. */
  listFamilies(connection: ConnectionId, page?: PageRequest): Promise<Paged<TokenFamily>>;
}

/** A client in a listing, without its secrets. */
export type ListedClient = Omit<Client, "secrets">;

/** Which part of a list to return. */
export interface PageRequest {
  /** `next` of the previous page; absent for the first page. */
  readonly after?: string;
  /** 1 to 1000 rows; default 100. */
  readonly limit?: number;
}

/** One page of a list. */
export interface Paged<Row> {
  readonly rows: readonly Row[];
  /** `after` for the next page; `null` on the last page. */
  readonly next: string | null;
}

/** Builds the management functions. */
export function createManagement(shell: Shell): Management {
  const { entropy } = shell;
  return {
    async registerClient({ id = hex(entropy.bytes(16)), scope, role = "app", ...given }, call) {
      const secret = readSecret(given) ?? newSecret(entropy);
      const secretDigest = sha256(secret);
      const command = { type: "register-client", client: id, role, secretDigest } as const;
      await manage(shell, { ...command, scope: parseScope(scope) }, call);
      return { id, secret };
    },
    async registerUser({ publicId = hex(entropy.bytes(16)) } = {}, call) {
      const digest = sha256(publicId);
      await manage(shell, { type: "register-user", user: publicId, digest }, call);
      return { publicId };
    },
    connect: async (user, client, scope, call) =>
      await manage(shell, { type: "connect", user, client, scope: parseScope(scope) }, call),
    narrow: async (connection, scope, call) =>
      await manage(shell, { type: "narrow", connection, scope: parseScope(scope) }, call),
    revokeConnection: async (connection, call) => {
      await manage(shell, { type: "revoke-connection", connection }, call);
    },
    disconnect: async (user, client, call) => {
      await manage(shell, { type: "disconnect", user, client }, call);
    },
    suspendUser: async (user, call) => {
      await manage(shell, { type: "set-user-status", user, status: "suspended" }, call);
    },
    resumeUser: async (user, call) => {
      await manage(shell, { type: "set-user-status", user, status: "active" }, call);
    },
    deleteUser: async (user, call) => {
      await manage(shell, { type: "delete-user", user, digest: sha256(user) }, call);
    },
    disableClient: async (client, call) => {
      await manage(shell, { type: "set-client-status", client, status: "disabled" }, call);
    },
    enableClient: async (client, call) => {
      await manage(shell, { type: "set-client-status", client, status: "enabled" }, call);
    },
    setClientScope: async (client, scope, call) => {
      await manage(shell, { type: "set-client-scope", client, scope: parseScope(scope) }, call);
    },
    async rotateClientSecret(client, { now = false, ...given } = {}, call) {
      const secret = readSecret(given) ?? newSecret(entropy);
      const secretDigest = sha256(secret);
      await manage(shell, { type: "rotate-secret", client, secretDigest }, call);
      if (now) await manage(shell, { type: "end-old-secrets", client }, call);
      return { id: client, secret };
    },
    endOldClientSecrets: async (client, call) => {
      await manage(shell, { type: "end-old-secrets", client }, call);
    },
    findClient: async (id) => {
      const { client } = await shell.ports.store.read({ client: id });
      return client === null ? null : withoutSecrets(client);
    },
    findUser: async (publicId) => (await shell.ports.store.read({ user: publicId })).user,
    listClients: async (page) => {
      const { rows, next } = await list(shell, { of: "clients" }, page, ({ id }) => id);
      return { rows: rows.map(withoutSecrets), next };
    },
    listUsers: (page) => list(shell, { of: "users" }, page, ({ publicId }) => publicId),
    listConnections: (user, page) => list(shell, { of: "connections", user }, page, ({ id }) => id),
    listFamilies: (connection, page) =>
      list(shell, { of: "families", connection }, page, ({ id }) => id),
  };
}

function withoutSecrets({ secrets: _secrets, ...client }: Client): ListedClient {
  return client;
}

const MAX_ROWS = 1000;

async function list<L extends Listing>(
  { ports }: Shell,
  listing: L,
  { after, limit = 100 }: PageRequest = {},
  idOf: (row: Listed[L["of"]]) => string,
): Promise<Paged<Listed[L["of"]]>> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_ROWS) {
    throw new RangeError(`limit must be a whole number from 1 to ${MAX_ROWS}, found ${limit}`);
  }
  const page = { limit: limit + 1, ...(after !== undefined && { after }) };
  const found = await ports.store.list(listing, page); // one extra row shows whether there is a next page
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? idOf(last) : null };
}

async function manage<C extends Command>(
  shell: Shell,
  command: C,
  call: CallContext | undefined,
): Promise<GrantOf<C>> {
  const decision = await shell.run(command, call);
  if (decision.outcome === "granted") return decision.grant;
  throw new ManagementError(decision.code as ManagementCode, decision.reason);
}

/** A longer scope does not fit into a token. */
const MAX_SCOPE_LENGTH = 4096;

function parseScope(text: string): Scope {
  const scope = text.length <= MAX_SCOPE_LENGTH ? readScope(text) : null;
  if (scope !== null) return scope;
  const detail = text.length <= MAX_SCOPE_LENGTH
    ? `Cannot read scope "${text}": give tokens separated by single spaces`
    : `Cannot use a scope of ${text.length} characters: at most ${MAX_SCOPE_LENGTH}`;
  throw new ManagementError("INVALID_ARGUMENT", "scope_malformed", detail);
}

/** The correct secret is never throttled (A2), so it must be too long to guess. */
const MIN_SECRET_LENGTH = 32;

function readSecret({ secret, weakSecret = false }: SecretRotation): string | undefined {
  if (secret === undefined) return undefined;
  const least = weakSecret ? 1 : MIN_SECRET_LENGTH;
  if (isClientId(secret) && secret.length >= least) return secret;
  const detail =
    `Cannot use this client secret: it must have ${least} to 255 letters, digits, '-', ` +
    "'.', '_' or '~'. Omit it to generate one";
  throw new ManagementError("INVALID_ARGUMENT", "id_malformed", detail);
}
