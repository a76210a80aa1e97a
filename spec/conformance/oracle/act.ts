/**
 * What a user or operator does, taken into a world. It is the harness's part and never judged.
 * @module
 */
import type { State } from "../../../core/evolve.ts";
import type { Connection } from "../../../core/model.ts";
import { readScope } from "../../../core/scope.ts";
import { type Action, run, type TokenAction, type World } from "./world.ts";

/** An action without an answer. */
export type Act = Exclude<Action, TokenAction | { readonly do: "introspect" | "revoke-token" }>;

/** The world after an act. */
export function apply(world: World, action: Act): World {
  switch (action.do) {
    case "advance":
      return { ...world, now: world.now + action.seconds };
    case "register-client": {
      const { client, scope } = action;
      const command = { type: "register-client", client, role: "app", secretDigest: "" } as const;
      return run(world, { ...command, scope: readScope(scope) ?? [] })[1];
    }
    case "register-user":
      return run(world, { type: "register-user", user: action.user, digest: action.user })[1];
    case "connect":
      return run(world, { ...action, type: "connect", scope: readScope(action.scope) ?? [] })[1];
    case "disconnect":
      return run(world, { ...action, type: "disconnect" })[1];
    case "user-status":
      return run(world, { ...action, type: "set-user-status" })[1];
    case "client-status":
      return run(world, { ...action, type: "set-client-status" })[1];
    case "client-scope":
      return run(world, {
        ...action,
        type: "set-client-scope",
        scope: readScope(action.scope) ?? [],
      })[1];
    case "narrow": {
      const found = find(world.state, action);
      if (found === null) return world;
      const scope = readScope(action.scope) ?? [];
      return run(world, { type: "narrow", connection: found.id, scope })[1];
    }
    case "revoke": {
      const found = find(world.state, action);
      return found === null
        ? world
        : run(world, { type: "revoke-connection", connection: found.id })[1];
    }
  }
}

/** The active connection of this name: direct, or resting on the user's active direct one with `via`. */
function find(
  { connections }: State,
  { user, client, via }: {
    readonly user: string;
    readonly client: string;
    readonly via: string | null;
  },
): Connection | null {
  const active = [...connections.values()].filter((found) =>
    found.status === "active" && found.user === user
  );
  const direct = (of: string) =>
    active.find((found) => found.client === of && found.source === null);
  if (via === null) return direct(client) ?? null;
  const source = direct(via);
  if (source === undefined) return null;
  return active.find((found) => found.client === client && found.source === source.id) ?? null;
}
