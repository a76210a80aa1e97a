/**
 * The oracle: the real core beside an implementation. Each action is decided by the core; an answer of
 * the implementation is accepted if it says the same, and binds its token strings to the core's families
 * and generations.
 * @module
 */
import { type Command, decide, type GrantOf, keysOf } from "../../../core/decide.ts";
import { readConsent } from "../../../core/consent.ts";
import type { Change, Context, Decision, TokenGrant } from "../../../core/decision.ts";
import { evolve, factsOf, initialState, type State } from "../../../core/evolve.ts";
import type { FetchByPublicId } from "../../../core/fetch.ts";
import type { ActiveConnection, Connection } from "../../../core/model.ts";
import { readScope, writeScope } from "../../../core/scope.ts";
import type { Settings } from "../../../core/settings.ts";
import type { AccessToken, GenuineToken, RefreshToken } from "../../../core/use.ts";

/** What is asked of both sides, with real ids and strings. */
export type Action =
  | { readonly do: "fetch"; readonly client: string; readonly publicId: string }
  | {
    readonly do: "redeem";
    readonly client: string;
    readonly token: string;
    readonly claims: Readonly<Record<string, unknown>>;
  }
  | {
    readonly do: "refresh";
    readonly client: string;
    readonly token: string;
    readonly scope: string | null;
  }
  | {
    readonly do: "introspect";
    /** `null` where the bearer uses the token. */
    readonly client: string | null;
    readonly token: string;
  }
  | { readonly do: "revoke-token"; readonly client: string; readonly token: string }
  | {
    readonly do: "connect";
    readonly user: string;
    readonly client: string;
    readonly scope: string;
  }
  | {
    readonly do: "narrow";
    readonly user: string;
    readonly client: string;
    readonly via: string | null;
    readonly scope: string;
  }
  | {
    readonly do: "revoke";
    readonly user: string;
    readonly client: string;
    readonly via: string | null;
  }
  | { readonly do: "disconnect"; readonly user: string; readonly client: string }
  | { readonly do: "user-status"; readonly user: string; readonly status: "active" | "suspended" }
  | {
    readonly do: "client-status";
    readonly client: string;
    readonly status: "enabled" | "disabled";
  }
  | { readonly do: "client-scope"; readonly client: string; readonly scope: string }
  | { readonly do: "register-client"; readonly client: string; readonly scope: string }
  | { readonly do: "register-user"; readonly user: string }
  | { readonly do: "advance"; readonly seconds: number };

/** What a client saw. */
export type Answer =
  | {
    readonly said: "tokens";
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly scope: string;
    readonly expiresIn: number;
    /** `null` where the answer does not name the user. */
    readonly publicId: string | null;
  }
  | { readonly said: "refused"; readonly code: string }
  | { readonly said: "active"; readonly scope: string | null }
  | { readonly said: "inactive" }
  | { readonly said: "done" };

/** One way in which all answers so far can be explained. */
export interface World {
  readonly settings: Settings;
  readonly state: State;
  readonly now: number;
  readonly drawn: number;
  /** What each token string of the implementation is to the core. */
  readonly tokens: ReadonlyMap<string, GenuineToken>;
  /** The refresh token string of each generation of each family. */
  readonly strings: ReadonlyMap<string, string>;
}

/** Nothing has happened yet. */
export function initialWorld(settings: Settings, now: number): World {
  return { settings, state: initialState(), now, drawn: 0, tokens: new Map(), strings: new Map() };
}

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

type TokenAction = Extract<Action, { readonly do: "fetch" | "redeem" | "refresh" }>;

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

/** Runs one command of the core. */
function run<C extends Command>(world: World, command: C): readonly [Decision<GrantOf<C>>, World] {
  const facts = factsOf(world.state, keysOf(command));
  const decision = decide(command, facts, contextOf(world));
  return [decision, after(world, decision.changes)];
}

function contextOf({ now, settings, drawn }: World): Context {
  const id = (letter: string) => letter + drawn.toString(16).padStart(31, "0");
  const fresh = { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k" };
  return { now, settings, fresh };
}

function after(world: World, changes: readonly Change[]): World {
  return { ...world, state: evolve(world.state, changes), drawn: world.drawn + 1 };
}

/** One decision that the core could have taken, had its ids been others. */
interface Possible {
  readonly decision: Decision<TokenGrant>;
  readonly next: World;
}

function decideTokens(world: World, action: TokenAction): readonly Possible[] {
  const { client } = action;
  const refused = (decision: Decision<TokenGrant>) => [{ decision, next: world }];
  if (isDisabled(world, client)) return refused(refusal("invalid_client", "client_disabled"));
  if (action.do === "fetch") {
    return decideFetchAnyOrder(world, {
      type: "fetch",
      by: "publicId",
      client,
      publicId: action.publicId,
    });
  }
  if (action.do === "redeem") {
    const consent = readConsent(action.claims, action.token);
    if (consent === null) return refused(refusal("INVALID_TOKEN", "consent_claims"));
    return possible(world, run(world, { type: "fetch", by: "consentToken", client, consent })[0]);
  }
  const token = world.tokens.get(action.token);
  if (token?.kind !== "refresh") return refused(refusal("invalid_grant", "token_malformed"));
  const { family, generation, salt } = token;
  const scope = action.scope === null ? null : readScope(action.scope);
  const [decision] = run(world, { type: "refresh", client, family, generation, salt, scope });
  return possible(world, decision);
}

/** P3: of delegated connections with the same consent time the lower id serves, so any of them may. */
function decideFetchAnyOrder(world: World, command: FetchByPublicId): readonly Possible[] {
  const found: Possible[] = [];
  let facts = factsOf(world.state, keysOf(command));
  let first: ActiveConnection | undefined;
  for (;;) {
    const decision = decide(command, facts, contextOf(world));
    const served = decision.outcome === "granted" ? decision.grant.connection : undefined;
    const candidate = facts.candidates.find(({ connection }) => connection.id === served)
      ?.connection;
    if (first !== undefined && !isTied(first, candidate)) return found;
    found.push(...possible(world, decision));
    if (candidate === undefined) return found;
    first ??= candidate;
    const candidates = facts.candidates.filter(({ connection }) => connection.id !== served);
    facts = { ...facts, candidates };
  }
}

function isTied(first: ActiveConnection, other: ActiveConnection | undefined): boolean {
  return first.source !== null && other !== undefined && other.source !== null &&
    first.consentedAt === other.consentedAt;
}

/** P5: of families that were last used in the same second the lower id ends, so any of them may. */
function possible(world: World, decision: Decision<TokenGrant>): readonly Possible[] {
  const evicted = decision.changes.find((change) =>
    change.type === "family-ended" && change.cause === "evicted"
  );
  if (evicted?.type !== "family-ended") return [{ decision, next: after(world, decision.changes) }];
  const { families } = world.state;
  const last = families.get(evicted.family)?.generationStartedAt;
  const tied = [...families.values()].filter(({ connection, generationStartedAt }) =>
    connection === evicted.connection && generationStartedAt === last
  );
  return tied.map(({ id }) => {
    const changes = decision.changes.map((change) =>
      change === evicted ? { ...evicted, family: id } : change
    );
    return { decision, next: after(world, changes) };
  });
}

function refusal(
  code: "invalid_client" | "INVALID_TOKEN" | "invalid_grant",
  reason: "client_disabled" | "consent_claims" | "token_malformed",
): Decision<TokenGrant> {
  return { outcome: "refused", code, reason, changes: [] };
}

function isDisabled({ state }: World, client: string): boolean {
  return state.clients.get(client)?.status !== "enabled";
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

type Act = Exclude<Action, TokenAction | { readonly do: "introspect" | "revoke-token" }>;

/** What a user or operator does: the harness's part, never judged. */
function apply(world: World, action: Act): World {
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
