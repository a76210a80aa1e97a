/**
 * The single entry point for every command: `decide(command, facts, context)` with
 * `factsOf(state, keysOf(command, settings))`, then `evolve(state, changes)`. Adapters, explorer and oracle all go through it.
 * @module
 */
import {
  type Connect,
  type ConnectionCommand,
  connectionKeys,
  decideConnect,
  decideDisconnect,
  decideNarrow,
  decideRevokeConnection,
  type Narrow,
} from "./connection.ts";
import type { Context, Decision, Facts, Keys, TokenGrant } from "./decision.ts";
import { decideFetch, type Fetch, fetchKeys } from "./fetch.ts";
import type {
  ActiveConnection,
  Client,
  ClientId,
  ConnectionId,
  FamilyId,
  PublicId,
} from "./model.ts";
import { decideRefresh, type Refresh, refreshKeys } from "./refresh.ts";
import {
  type ClientCommand,
  clientKeys,
  decideClient,
  decideUser,
  type UserCommand,
  userKeys,
} from "./registry.ts";
import {
  decideRevokeToken,
  decideUse,
  type LiveToken,
  type RevokeToken,
  revokeTokenKeys,
  type Use,
  useKeys,
} from "./use.ts";
import type { Settings } from "./settings.ts";

/** Every command of the state machine. */
export type Command =
  | Fetch
  | Refresh
  | Use
  | RevokeToken
  | ConnectionCommand
  | ClientCommand
  | UserCommand;

/** What each command grants. */
export type GrantOf<C extends Command> = C extends Fetch | Refresh ? TokenGrant
  : C extends Use ? LiveToken
  : C extends Connect | Narrow ? ActiveConnection
  : C extends ClientCommand ? Client
  : null;

/** The ids a command names, for audit events. They may not exist. */
export interface Subject {
  readonly client?: ClientId;
  readonly user?: PublicId;
  readonly connection?: ConnectionId;
  readonly family?: FamilyId;
}

/** How one kind of command is handled. */
interface Handling<C extends Command> {
  /** The keys from which its facts are loaded. */
  readonly keys: (command: C, settings: Settings) => Keys;
  readonly decide: (command: C, facts: Facts, context: Context) => Decision<GrantOf<C>>;
  readonly subject: (command: C) => Subject;
}

type CommandOf<Type extends Command["type"]> = Extract<Command, { readonly type: Type }>;

const ofClient: Handling<ClientCommand> = {
  keys: clientKeys,
  decide: decideClient,
  subject: ({ client }) => ({ client }),
};

const ofUser: Handling<UserCommand> = {
  keys: userKeys,
  decide: decideUser,
  subject: ({ user }) => ({ user }),
};

const COMMANDS: { readonly [Type in Command["type"]]: Handling<CommandOf<Type>> } = {
  fetch: {
    keys: fetchKeys,
    decide: decideFetch,
    subject: (command) => ({
      client: command.client,
      user: command.by === "publicId" ? command.publicId : command.consent.user,
    }),
  },
  refresh: {
    keys: refreshKeys,
    decide: decideRefresh,
    subject: ({ client, family }) => ({ client, family }),
  },
  use: {
    keys: useKeys,
    decide: decideUse,
    subject: ({ caller, token }) => ({
      family: token.family,
      ...(caller !== null && { client: caller }),
    }),
  },
  "revoke-token": {
    keys: revokeTokenKeys,
    decide: decideRevokeToken,
    subject: ({ client, family }) => ({ client, family }),
  },
  connect: {
    keys: connectionKeys,
    decide: decideConnect,
    subject: ({ client, user }) => ({ client, user }),
  },
  narrow: {
    keys: connectionKeys,
    decide: decideNarrow,
    subject: ({ connection }) => ({ connection }),
  },
  "revoke-connection": {
    keys: connectionKeys,
    decide: decideRevokeConnection,
    subject: ({ connection }) => ({ connection }),
  },
  disconnect: {
    keys: connectionKeys,
    decide: decideDisconnect,
    subject: ({ client, user }) => ({ client, user }),
  },
  "register-client": ofClient,
  "set-client-scope": ofClient,
  "set-client-status": ofClient,
  "rotate-secret": ofClient,
  "end-old-secrets": ofClient,
  "register-user": ofUser,
  "set-user-status": ofUser,
  "delete-user": ofUser,
};

function handlingOf<C extends Command>({ type }: C): Handling<C> {
  return COMMANDS[type] as unknown as Handling<C>;
}

/** The keys from which the facts of a command are loaded. */
export function keysOf(command: Command, settings: Settings): Keys {
  return handlingOf(command).keys(command, settings);
}

/**
 * Decides any command. Pure and total; depends only on its arguments (A1).
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
 */
export function decide<C extends Command>(
  command: C,
  facts: Facts,
  context: Context,
): Decision<GrantOf<C>> {
  return handlingOf(command).decide(command, facts, context);
}

/** The ids a command names. */
export function subjectOf(command: Command): Subject {
  return handlingOf(command).subject(command);
}
