/**
 * One door to every command: `step = decide(command, factsOf(state, keysOf(command)), context)`,
 * then `evolve(state, changes)`. Adapters, explorer and oracle all go through it.
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
import type { ActiveConnection, Client } from "./model.ts";
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
  tokenKeys,
  type Use,
} from "./use.ts";

/** Everything that can be asked of the state machine. */
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

/** From where the facts of a command are loaded. */
export function keysOf(command: Command): Keys {
  switch (command.type) {
    case "fetch":
      return fetchKeys(command);
    case "refresh":
      return refreshKeys(command);
    case "use":
    case "revoke-token":
      return tokenKeys(command);
    case "connect":
    case "narrow":
    case "revoke-connection":
    case "disconnect":
      return connectionKeys(command);
    case "register-client":
    case "set-client-scope":
    case "set-client-status":
    case "rotate-secret":
      return clientKeys(command);
    case "register-user":
    case "set-user-status":
    case "delete-user":
      return userKeys(command);
  }
}

/** Decides any command: pure, total, and dependent on nothing but its arguments (A1). */
export function decide<C extends Command>(
  command: C,
  facts: Facts,
  context: Context,
): Decision<GrantOf<C>> {
  return decideAny(command, facts, context) as Decision<GrantOf<C>>;
}

function decideAny(command: Command, facts: Facts, context: Context): Decision<unknown> {
  switch (command.type) {
    case "fetch":
      return decideFetch(command, facts, context);
    case "refresh":
      return decideRefresh(command, facts, context);
    case "use":
      return decideUse(command, facts, context);
    case "revoke-token":
      return decideRevokeToken(command, facts, context);
    case "connect":
      return decideConnect(command, facts, context);
    case "narrow":
      return decideNarrow(command, facts, context);
    case "revoke-connection":
      return decideRevokeConnection(command, facts, context);
    case "disconnect":
      return decideDisconnect(command, facts, context);
    case "register-client":
    case "set-client-scope":
    case "set-client-status":
    case "rotate-secret":
      return decideClient(command, facts, context);
    case "register-user":
    case "set-user-status":
    case "delete-user":
      return decideUser(command, facts, context);
  }
}
