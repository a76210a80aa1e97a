/**
 * The oracle: the real core beside an implementation. The core decides each action; an answer of the
 * implementation is accepted if it says the same, and binds its token strings to the core's families and
 * generations.
 * @module
 */
import type { Decision, TokenGrant } from "../../../core/decision.ts";
import { writeScope } from "../../../core/scope.ts";
import type { AccessToken, RefreshToken } from "../../../core/use.ts";
import { apply } from "./act.ts";
import { decideTokens } from "./possible.ts";
import {
  type Action,
  type Answer,
  isDisabled,
  run,
  type TokenAction,
  type World,
} from "./world.ts";

/**
 * What came of comparing: the worlds after the action, or what the core would have answered. There is
 * more than one where the core goes by ids of its own: an implementation has other ids.
 */
export type Match = { readonly worlds: readonly World[] } | { readonly expected: string };

/** Decides an action and compares the answer. */
export function match(world: World, action: Action, answer: Answer): Match {
  switch (action.do) {
    case "fetch":
    case "redeem":
    case "refresh":
      return matchTokens(world, action, answer);
    case "introspect": {
      const live = introspect(world, action);
      if (answer.said === "inactive" && live === null) return { worlds: [world] };
      const same = answer.said === "active" && live !== null &&
        (answer.scope === null || sameScope(answer.scope, live));
      return same
        ? { worlds: [world] }
        : { expected: live === null ? "inactive" : `active with scope "${live}"` };
    }
    case "revoke-token":
      if (isDisabled(world, action.client)) {
        return answer.said === "refused" ? { worlds: [world] } : { expected: "invalid_client" };
      }
      return answer.said === "done"
        ? { worlds: [revokeToken(world, action.client, action.token)] }
        : { expected: "status 200" };
    default:
      return { worlds: [apply(world, action)] };
  }
}

function matchTokens(world: World, action: TokenAction, answer: Answer): Match {
  const worlds: World[] = [];
  const expected = new Set<string>();
  for (const { decision, next } of decideTokens(world, action)) {
    const wish = compare(world, decision, answer);
    if (wish !== null) expected.add(wish);
    else if (decision.outcome === "refused" || answer.said !== "tokens") worlds.push(next);
    else worlds.push(bind(next, decision.grant, answer.accessToken, answer.refreshToken));
  }
  return worlds.length > 0 ? { worlds } : { expected: [...expected].join(", or ") };
}

/** Whether an answer says what was decided: `null`, or what it should have said. */
function compare(world: World, decision: Decision<TokenGrant>, answer: Answer): string | null {
  if (decision.outcome === "refused") {
    const same = answer.said === "refused" && answer.code === decision.code;
    return same ? null : `${decision.code} (${decision.reason})`;
  }
  const { grant } = decision;
  const expiresIn = grant.accessExpiresAt - grant.issuedAt;
  const bound = world.strings.get(`${grant.family} ${grant.generation}`);
  const scope = writeScope(grant.scope);
  const same = answer.said === "tokens" &&
    sameScope(answer.scope, scope) && answer.expiresIn === expiresIn &&
    (answer.publicId === null || answer.publicId === grant.user) &&
    (bound === undefined
      ? !world.tokens.has(answer.refreshToken)
      : bound === answer.refreshToken) &&
    !world.tokens.has(answer.accessToken);
  const what = bound === undefined
    ? "a new refresh token"
    : "the refresh token of this generation again";
  return same ? null : `tokens with scope "${scope}", ${expiresIn} s, ${what}`;
}

function sameScope(a: string, b: string): boolean {
  return a.split(" ").sort().join(" ") === b.split(" ").sort().join(" ");
}

function bind(world: World, grant: TokenGrant, accessToken: string, refreshToken: string): World {
  const { family, generation, salt, scope, issuedAt, accessExpiresAt } = grant;
  const access: AccessToken = {
    kind: "access",
    family,
    scope,
    issuedAt,
    expiresAt: accessExpiresAt,
  };
  const refresh: RefreshToken = { kind: "refresh", family, generation, salt };
  return {
    ...world,
    tokens: new Map([...world.tokens, [accessToken, access], [refreshToken, refresh]]),
    strings: new Map([...world.strings, [`${family} ${generation}`, refreshToken]]),
  };
}

/** The scope of a live token; `null` where it is not. A disabled client can ask for nothing. */
function introspect(
  world: World,
  { client, token: string }: { readonly client: string | null; readonly token: string },
): string | null {
  const token = world.tokens.get(string);
  const caller = client === null ? null : world.state.clients.get(client);
  if (token === undefined || caller === undefined || caller?.status === "disabled") return null;
  const [decision] = run(world, { type: "use", caller: client, token });
  return decision.outcome === "granted" ? writeScope(decision.grant.scope) : null;
}

function revokeToken(world: World, client: string, string: string): World {
  const token = world.tokens.get(string);
  if (token === undefined) return world;
  return run(world, { type: "revoke-token", client, family: token.family })[1];
}
