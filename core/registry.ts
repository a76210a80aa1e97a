/**
 * Clients and users, as managed by an operator or embedder. Suspending and disabling are
 * reversible; deletion is final, and ids are never reused (R1).
 * @module
 */
import {
  type Change,
  type Context,
  type Decision,
  type Facts,
  grant,
  type Keys,
  refuse,
} from "./decision.ts";
import {
  type Client,
  type ClientId,
  type ClientSecret,
  isClientId,
  isIdentifier,
  type PublicId,
  type Seconds,
  type User,
} from "./model.ts";
import type { Scope } from "./scope.ts";

/** Registers a client. */
export interface RegisterClient {
  readonly type: "register-client";
  readonly client: ClientId;
  readonly role: Client["role"];
  readonly scope: Scope;
  /** SHA-256 of its secret, hexadecimal. */
  readonly secretDigest: string;
}

/** Replaces the registered scope of a client; existing tokens are affected at their next use. */
export interface SetClientScope {
  readonly type: "set-client-scope";
  readonly client: ClientId;
  readonly scope: Scope;
}

/** Disables or enables a client. */
export interface SetClientStatus {
  readonly type: "set-client-status";
  readonly client: ClientId;
  readonly status: Client["status"];
}

/** Gives a client a new secret. The old ones keep working for at most one overlap period from now. */
export interface RotateSecret {
  readonly type: "rotate-secret";
  readonly client: ClientId;
  readonly secretDigest: string;
}

/**
 * Invalidates every secret of a client except the current one immediately, for example after a leak
 * (CA-09).
 */
export interface EndOldSecrets {
  readonly type: "end-old-secrets";
  readonly client: ClientId;
}

/** Registers a user. */
export interface RegisterUser {
  readonly type: "register-user";
  readonly user: PublicId;
  /** SHA-256 of the public id, hexadecimal. */
  readonly digest: string;
}

/** Suspends or resumes a user. */
export interface SetUserStatus {
  readonly type: "set-user-status";
  readonly user: PublicId;
  readonly status: User["status"];
}

/** Deletes a user and all their data. */
export interface DeleteUser {
  readonly type: "delete-user";
  readonly user: PublicId;
  readonly digest: string;
}

/** A command about a client. */
export type ClientCommand =
  | RegisterClient
  | SetClientScope
  | SetClientStatus
  | RotateSecret
  | EndOldSecrets;
/** A command about a user. */
export type UserCommand = RegisterUser | SetUserStatus | DeleteUser;

/** The facts that the commands about clients need. */
export function clientKeys({ client }: ClientCommand): Keys {
  return { client };
}

/** The facts that the commands about users need. */
export function userKeys(command: UserCommand): Keys {
  return command.type === "register-user"
    ? { user: command.user, userDigest: command.digest }
    : { user: command.user };
}

/** Maximum secrets per client: the current one and earlier ones that have not expired. */
export const MAX_SECRETS = 4;

/** Decides a command about a client. */
export function decideClient(
  command: ClientCommand,
  { client }: Facts,
  { now, settings }: Context,
): Decision<Client> {
  if (command.type === "register-client") return registerClient(command, client);
  if (client === null) return refuse("UNKNOWN_CLIENT", "client_unknown");
  switch (command.type) {
    case "set-client-scope":
      return write(client, { scope: command.scope });
    case "set-client-status":
      return client.status === command.status
        ? grant(client, [])
        : write(client, { status: command.status });
    case "rotate-secret": {
      const end = now + settings.secretOverlapSeconds;
      const old = liveSecrets(client, now).slice(0, MAX_SECRETS - 1)
        .map(({ digest, expiresAt }) => ({ digest, expiresAt: Math.min(expiresAt ?? end, end) }));
      return write(client, {
        secrets: [{ digest: command.secretDigest, expiresAt: null }, ...old],
      });
    }
    case "end-old-secrets":
      return write(client, {
        secrets: client.secrets.filter(({ expiresAt }) => expiresAt === null),
      });
  }
}

/** The secrets with which a client can authenticate now (CA-09). */
export function liveSecrets(client: Client, now: Seconds): readonly ClientSecret[] {
  return client.secrets.filter(({ expiresAt }) => expiresAt === null || now < expiresAt);
}

function registerClient(
  { client: id, role, scope, secretDigest }: RegisterClient,
  existing: Client | null,
): Decision<Client> {
  if (!isClientId(id)) return refuse("INVALID_ARGUMENT", "id_malformed");
  if (existing !== null) return refuse("ALREADY_EXISTS", "client_exists");
  const secrets = [{ digest: secretDigest, expiresAt: null }];
  const client: Client = { id, role, status: "enabled", scope, secrets };
  return grant(client, [{ type: "client-written", client }]);
}

function write(client: Client, part: Partial<Client>): Decision<Client> {
  const written = { ...client, ...part };
  return grant(written, [{ type: "client-written", client: written }]);
}

/** Decides a command about a user. */
export function decideUser(
  command: UserCommand,
  { user, userRetired }: Facts,
  _context: Context,
): Decision<null> {
  const { user: publicId } = command;
  switch (command.type) {
    case "register-user":
      if (!isIdentifier(publicId)) return refuse("INVALID_ARGUMENT", "id_malformed");
      if (user !== null) return refuse("ALREADY_EXISTS", "user_exists");
      if (userRetired) return refuse("ALREADY_EXISTS", "user_id_retired");
      return grant(null, [{ type: "user-written", user: { publicId, status: "active" } }]);
    case "set-user-status": {
      if (user === null) return refuse("UNKNOWN_USER", "user_unknown");
      const changes: Change[] = user.status === command.status
        ? []
        : [{ type: "user-written", user: { publicId, status: command.status } }];
      return grant(null, changes);
    }
    case "delete-user":
      if (user === null) return refuse("UNKNOWN_USER", "user_unknown");
      return grant(null, [{ type: "user-deleted", publicId, digest: command.digest }]);
  }
}
