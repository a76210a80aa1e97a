/**
 * What the model remembers: the connections and withdrawals of the users that a step is about.
 * @module
 */
import type { ActiveConnection, Withdrawal } from "../../../core/model.ts";
import { writeScope } from "../../../core/scope.ts";
import type { Action, World } from "./world.ts";

/** One line per user that the actions are about. `nameOf` names users and clients by their ids. */
export function remembered(
  world: World,
  actions: readonly Action[],
  nameOf: (id: string) => string,
): readonly string[] {
  const users = new Set(actions.flatMap((action) => userOf(world, action) ?? []));
  return [...users].map((user) => {
    const { connections, withdrawals } = world.state;
    const active = [...connections.values()].flatMap((found) =>
      found.status === "active" && found.user === user ? connectionText(world, found, nameOf) : []
    );
    const withdrawn = [...withdrawals.values()].flatMap((found) =>
      found.user === user ? withdrawalText(world, found, nameOf) : []
    );
    const known = [...active, ...withdrawn].join("; ") || "nothing";
    return `   the model remembers about ${nameOf(user)}: ${known}`;
  });
}

/** The user that an action is about; `undefined` if the model does not know its token. */
function userOf({ tokens, state }: World, action: Action): string | undefined {
  switch (action.do) {
    case "fetch":
      return action.publicId;
    case "redeem":
      return String(action.claims["sub"]);
    case "refresh":
    case "introspect":
    case "revoke-token": {
      const family = state.families.get(tokens.get(action.token)?.family ?? "");
      return state.connections.get(family?.connection ?? "")?.user;
    }
    default:
      return undefined;
  }
}

function connectionText(
  { state, now }: World,
  { client, source, scope, consentedAt }: ActiveConnection,
  nameOf: (id: string) => string,
): string {
  const rests = source === null ? undefined : state.connections.get(source);
  const how = source === null
    ? "directly"
    : `through ${nameOf(rests?.client ?? "")}${rests?.status === "active" ? "" : " (revoked)"}`;
  const when = `${now - consentedAt} s ago`;
  return `${nameOf(client)} ${how} with "${writeScope(scope)}", consented ${when}`;
}

function withdrawalText(
  { now }: World,
  { client, directAt, at }: Withdrawal,
  nameOf: (id: string) => string,
): string {
  const direct = directAt === null ? "never directly" : `directly ${now - directAt} s ago`;
  return `withdrew from ${nameOf(client)} ${now - at} s ago, ${direct}`;
}
