/**
 * Steps with real ids and token strings.
 * @module
 */
import type { Play } from "./scene.ts";
import { type PartyRole, type Role, scopeText, type Step } from "./steps.ts";
import type { Action, World } from "./world.ts";

/** The step with real ids and strings; `null` if it refers to something that does not exist. */
export function resolve(play: Play, step: Step): Action | null {
  const client = (role: PartyRole) => play.parties[role]?.id ?? "";
  const user = (role: Role) => play.users[role] ?? "";
  const via = (role: Role | null) => role === null ? null : client((role + 2) as PartyRole);
  const scope = (bits: number) => scopeText(bits, play.stage.target.scopes);
  switch (step.do) {
    case "fetch":
      return { do: "fetch", client: client(step.client), publicId: user(step.user) };
    case "redeem": {
      const minted = play.minted.get(step.minted);
      return minted === undefined ? null : { do: "redeem", client: client(step.client), ...minted };
    }
    case "refresh": {
      const token = play.issued.get(step.issued)?.refreshToken;
      const asked = step.scope === null ? null : scope(step.scope);
      return token === undefined
        ? null
        : { do: "refresh", client: client(step.client), token, scope: asked };
    }
    case "introspect": {
      const bearer = play.stage.target.endpoints.introspection === undefined;
      const token = tokenOf(play, step);
      if (token === undefined || (bearer && step.kind === "refresh")) return null;
      return { do: "introspect", client: bearer ? null : client(step.client), token };
    }
    case "revoke-token": {
      const token = tokenOf(play, step);
      const offered = play.stage.target.endpoints.revocation !== undefined;
      return token === undefined || !offered
        ? null
        : { do: "revoke-token", client: client(step.client), token };
    }
    case "connect": {
      const { users, clients } = (play.worlds[0] as World).state;
      const able = users.get(user(step.user))?.status === "active" &&
        clients.get(client(step.party))?.status === "enabled";
      return able
        ? {
          do: "connect",
          user: user(step.user),
          client: client(step.party),
          scope: scope(step.scope),
        }
        : null;
    }
    case "narrow":
      return {
        do: "narrow",
        user: user(step.user),
        client: client(step.party),
        via: via(step.via),
        scope: scope(step.scope),
      };
    case "revoke":
      return {
        do: "revoke",
        user: user(step.user),
        client: client(step.party),
        via: via(step.via),
      };
    case "disconnect":
      return { do: "disconnect", user: user(step.user), client: client(step.party) };
    case "user-status":
      return { do: "user-status", user: user(step.user), status: step.status };
    case "client-status":
      return { do: "client-status", client: client(step.party), status: step.status };
    case "client-scope":
      return { do: "client-scope", client: client(step.party), scope: scope(step.scope) };
    case "advance":
      return { do: "advance", seconds: step.seconds };
    case "mint":
    case "at-once":
      return null;
  }
}

function tokenOf(play: Play, { issued, kind }: { issued: number; kind: "access" | "refresh" }) {
  const tokens = play.issued.get(issued);
  return kind === "access" ? tokens?.accessToken : tokens?.refreshToken;
}
