/**
 * What the twin (twin.ts) makes of the commands by which authority begins and ends.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { Fresh } from "../../../core/decision.ts";
import { chainOf, type Edge, edgesOf, meet, type Sets } from "./twin-sets.ts";

type Managing = Exclude<Command, { type: "fetch" | "refresh" | "use" }>;

/** Carries a command out; says `ok` or the code it is refused with. */
export function manage(sets: Sets, command: Managing, now: number, fresh: Fresh): string {
  switch (command.type) {
    case "register-client":
    case "set-client-status":
    case "set-client-scope":
    case "rotate-secret":
      return manageClient(sets, command);
    case "register-user":
    case "set-user-status":
    case "delete-user":
      return manageUser(sets, command);
    case "connect":
      return connect(sets, command, now, fresh);
    case "disconnect":
      return disconnect(sets, command, now);
    case "narrow":
    case "revoke-connection":
      return endConnection(sets, command, now);
    case "revoke-token": {
      const chain = chainOf(sets, command.family);
      if (chain?.edge.client === command.client) chain.ended = true;
      return "ok";
    }
  }
}

function manageClient(
  { apps }: Sets,
  command: Managing & {
    type: "register-client" | "set-client-status" | "set-client-scope" | "rotate-secret";
  },
): string {
  const app = apps.get(command.client);
  if (command.type === "register-client") {
    if (app !== undefined) return "ALREADY_EXISTS";
    apps.set(command.client, { on: true, may: new Set(command.scope) });
    return "ok";
  }
  if (app === undefined) return "UNKNOWN_CLIENT";
  if (command.type === "set-client-status") app.on = command.status === "enabled";
  if (command.type === "set-client-scope") app.may = new Set(command.scope);
  return "ok";
}

function manageUser(
  { users }: Sets,
  command: Managing & { type: "register-user" | "set-user-status" | "delete-user" },
): string {
  if (command.type === "register-user") {
    if (users.has(command.user)) return "ALREADY_EXISTS";
    users.set(command.user, "active");
    return "ok";
  }
  if ((users.get(command.user) ?? "deleted") === "deleted") return "UNKNOWN_USER";
  users.set(command.user, command.type === "delete-user" ? "deleted" : command.status);
  return "ok";
}

function connect(
  sets: Sets,
  { user, client, scope: asked }: Managing & { type: "connect" },
  now: number,
  fresh: Fresh,
): string {
  if (!sets.apps.get(client)?.on) return "UNKNOWN_CLIENT";
  if (sets.users.get(user) !== "active") return "UNKNOWN_USER";
  if (asked.length === 0) return "INVALID_ARGUMENT";
  const scope = new Set(asked);
  const direct = edgesOf(sets, user, client).find(({ via }) => via === null);
  if (direct !== undefined) Object.assign(direct, { scope, at: now });
  else {sets.edges.push({
      id: fresh.connection,
      user,
      client,
      via: null,
      scope,
      at: now,
      gone: false,
    });}
  return "ok";
}

function disconnect(
  sets: Sets,
  { user, client }: Managing & { type: "disconnect" },
  now: number,
): string {
  if (!sets.apps.has(client)) return "UNKNOWN_CLIENT";
  if ((sets.users.get(user) ?? "deleted") === "deleted") return "UNKNOWN_USER";
  for (const edge of edgesOf(sets, user, client)) part(sets, edge, now);
  sets.partings.push({ user, client, direct: true, at: now });
  return "ok";
}

function endConnection(
  sets: Sets,
  command: Managing & { type: "narrow" | "revoke-connection" },
  now: number,
): string {
  const edge = sets.edges.find(({ id }) => id === command.connection);
  if (edge === undefined || sets.users.get(edge.user) === "deleted") return "UNKNOWN_CONNECTION";
  if (command.type === "revoke-connection") {
    if (!edge.gone) part(sets, edge, now);
    return "ok";
  }
  if (edge.gone) return "UNKNOWN_CONNECTION";
  edge.scope = meet(edge.scope, new Set(command.scope));
  edge.at = Math.max(edge.at, now);
  return "ok";
}

function part({ partings }: Sets, edge: Edge, now: number): void {
  edge.gone = true;
  partings.push({ user: edge.user, client: edge.client, direct: edge.via === null, at: now });
}
