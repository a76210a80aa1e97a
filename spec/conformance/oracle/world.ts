/**
 * One way in which everything an implementation has said so far can be explained.
 * @module
 */
import { type Command, decide, type GrantOf, keysOf } from "../../../core/decide.ts";
import type { Change, Context, Decision } from "../../../core/decision.ts";
import { evolve, factsOf, initialState, type State } from "../../../core/evolve.ts";
import type { Settings } from "../../../core/settings.ts";
import type { GenuineToken } from "../../../core/use.ts";

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

/** An action that asks for tokens. */
export type TokenAction = Extract<Action, { readonly do: "fetch" | "redeem" | "refresh" }>;

/** Runs one command of the core. */
export function run<C extends Command>(
  world: World,
  command: C,
): readonly [Decision<GrantOf<C>>, World] {
  const facts = factsOf(world.state, keysOf(command, world.settings));
  const decision = decide(command, facts, contextOf(world));
  return [decision, after(world, decision.changes)];
}

/** What the core is given besides the facts: ids that were never drawn before. */
export function contextOf({ now, settings, drawn }: World): Context {
  const id = (letter: string) => letter + drawn.toString(16).padStart(31, "0");
  const fresh = { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k" };
  return { now, settings, fresh };
}

/** The world after these changes. */
export function after(world: World, changes: readonly Change[]): World {
  return { ...world, state: evolve(world.state, changes), drawn: world.drawn + 1 };
}

/** Whether a client is unknown or disabled. */
export function isDisabled({ state }: World, client: string): boolean {
  return state.clients.get(client)?.status !== "enabled";
}
