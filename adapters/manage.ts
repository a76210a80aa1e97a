/**
 * What an embedder or operator does: clients, users, consents and their ends (R1–R3).
 * @module
 */
import type { Command, GrantOf } from "../core/decide.ts";
import type { ManagementCode, Reason } from "../core/decision.ts";
import { MESSAGES } from "../core/message.ts";
import {
  type ActiveConnection,
  type Client,
  type ClientId,
  type ConnectionId,
  isClientId,
  type PublicId,
} from "../core/model.ts";
import { readScope, type Scope } from "../core/scope.ts";
import { hex, newSecret, sha256 } from "./entropy.ts";
import type { Shell } from "./shell.ts";

/** A command of an operator was refused. Nothing changed. */
export class ManagementError extends Error {
  override readonly name = "ManagementError";
  /** Stable. */
  readonly code: ManagementCode;
  /** What exactly was wrong. */
  readonly reason: Reason;
  /** @internal */
  constructor(code: ManagementCode, reason: Reason, detail = "") {
    super(detail || `${MESSAGES[code]} (${reason})`);
    this.code = code;
    this.reason = reason;
  }
}

/** Credentials; the secret is shown this once and kept as a digest. */
export interface Credentials {
  readonly id: ClientId;
  /** Secret. */
  readonly secret: string;
}

/** How a client is registered. Id and secret are drawn where they are not given. */
export interface ClientRegistration {
  readonly id?: ClientId;
  /** 1 to 255 RFC 3986 unreserved characters (G10). Give one of high entropy, or none. */
  readonly secret?: string;
  /** Registered scope, space-delimited: the most the client can be given. */
  readonly scope: string;
  readonly role?: Client["role"];
}

/** The functions by which authority begins and ends. Each rejects with {@link ManagementError}. */
export interface Management {
  /** Registers a client and returns its credentials. */
  registerClient(registration: ClientRegistration): Promise<Credentials>;
  /** Registers a user; the public id is drawn where none is given. Ids of deleted users are refused. */
  registerUser(
    registration?: { readonly publicId?: PublicId },
  ): Promise<{ readonly publicId: PublicId }>;
  /** Records that a user consented to a scope at a client: the direct connection. A later one replaces it. */
  connect(user: PublicId, client: ClientId, scope: string): Promise<ActiveConnection>;
  /** Takes scope back from a connection, down to what `scope` still allows. */
  narrow(connection: ConnectionId, scope: string): Promise<ActiveConnection>;
  /** Ends one connection for ever. */
  revokeConnection(connection: ConnectionId): Promise<void>;
  /** Ends every connection between a user and a client, in one step. */
  disconnect(user: PublicId, client: ClientId): Promise<void>;
  /** Suspends a user: nothing of theirs works until they are resumed. */
  suspendUser(user: PublicId): Promise<void>;
  /** Ends a suspension. */
  resumeUser(user: PublicId): Promise<void>;
  /** Deletes a user and all that is known of them. Final. */
  deleteUser(user: PublicId): Promise<void>;
  /** Disables a client: it cannot authenticate, and none of its tokens works. */
  disableClient(client: ClientId): Promise<void>;
  /** Enables a client again. */
  enableClient(client: ClientId): Promise<void>;
  /** Replaces the registered scope of a client. */
  setClientScope(client: ClientId, scope: string): Promise<void>;
  /** Gives a client a new secret; the one before works until `secretOverlapSeconds` have passed. */
  rotateClientSecret(client: ClientId, secret?: string): Promise<Credentials>;
}

/** Builds the management functions. */
export function createManagement(shell: Shell): Management {
  const { entropy } = shell;
  return {
    async registerClient({ id = hex(entropy.bytes(16)), secret, scope, role = "app" }) {
      const chosen = readSecret(secret ?? newSecret(entropy));
      const secretDigest = sha256(chosen);
      const command = { type: "register-client", client: id, role, secretDigest } as const;
      await manage(shell, { ...command, scope: parseScope(scope) });
      return { id, secret: chosen };
    },
    async registerUser({ publicId = hex(entropy.bytes(16)) } = {}) {
      await manage(shell, { type: "register-user", user: publicId, digest: sha256(publicId) });
      return { publicId };
    },
    connect: async (user, client, scope) =>
      await manage(shell, { type: "connect", user, client, scope: parseScope(scope) }),
    narrow: async (connection, scope) =>
      await manage(shell, { type: "narrow", connection, scope: parseScope(scope) }),
    revokeConnection: async (connection) => {
      await manage(shell, { type: "revoke-connection", connection });
    },
    disconnect: async (user, client) => {
      await manage(shell, { type: "disconnect", user, client });
    },
    suspendUser: async (user) => {
      await manage(shell, { type: "set-user-status", user, status: "suspended" });
    },
    resumeUser: async (user) => {
      await manage(shell, { type: "set-user-status", user, status: "active" });
    },
    deleteUser: async (user) => {
      await manage(shell, { type: "delete-user", user, digest: sha256(user) });
    },
    disableClient: async (client) => {
      await manage(shell, { type: "set-client-status", client, status: "disabled" });
    },
    enableClient: async (client) => {
      await manage(shell, { type: "set-client-status", client, status: "enabled" });
    },
    setClientScope: async (client, scope) => {
      await manage(shell, { type: "set-client-scope", client, scope: parseScope(scope) });
    },
    async rotateClientSecret(client, secret) {
      const chosen = readSecret(secret ?? newSecret(entropy));
      await manage(shell, { type: "rotate-secret", client, secretDigest: sha256(chosen) });
      return { id: client, secret: chosen };
    },
  };
}

async function manage<C extends Command>(shell: Shell, command: C): Promise<GrantOf<C>> {
  const decision = await shell.run(command);
  if (decision.outcome === "granted") return decision.grant;
  throw new ManagementError(decision.code as ManagementCode, decision.reason);
}

/** What is longer would not fit into a token. */
const MAX_SCOPE_LENGTH = 4096;

function parseScope(text: string): Scope {
  const scope = text.length <= MAX_SCOPE_LENGTH ? readScope(text) : null;
  if (scope !== null) return scope;
  const detail = text.length <= MAX_SCOPE_LENGTH
    ? `Cannot read scope "${text}": give tokens separated by single spaces`
    : `Cannot use a scope of ${text.length} characters: at most ${MAX_SCOPE_LENGTH}`;
  throw new ManagementError("INVALID_ARGUMENT", "scope_malformed", detail);
}

function readSecret(secret: string): string {
  if (isClientId(secret)) return secret;
  const detail =
    "Cannot use this client secret: give 1 to 255 letters, digits, '-', '.', '_' or '~'";
  throw new ManagementError("INVALID_ARGUMENT", "id_malformed", detail);
}
