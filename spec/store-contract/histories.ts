/**
 * Random histories, played on a store and on the model (`core/evolve.ts`). The same number gives the same
 * history, on every machine.
 * @module
 */
import type { Consent } from "../../core/consent.ts";
import { type Command, decide, keysOf } from "../../core/decide.ts";
import type { Context, Decision, Keys, TokenGrant } from "../../core/decision.ts";
import { evolve, factsOf, type State } from "../../core/evolve.ts";
import type { Seconds } from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import type { Settings } from "../../core/settings.ts";
import { horizonAt } from "../../core/sweep.ts";
import { createRandom, type Random } from "../conformance/base/random.ts";
import { consentAt, createFresh, populate, registerUser, sceneSettings, START } from "./scene.ts";

/** Short lifetimes within the ranges of an operator, so that a history meets every boundary. */
const SETTINGS = {
  accessTokenSeconds: 30,
  refreshIdleSeconds: 60,
  refreshAbsoluteSeconds: 70,
  refreshDuplicateSeconds: 3,
  maxFamilies: 2,
  consentSkewSeconds: 2,
  consentMaxLifetimeSeconds: 40,
  consentRetrySeconds: 5,
  secretOverlapSeconds: 10,
} as const;

const REGISTERED = ["partner", "rival", "shop", "store"] as const;
const SCOPES: readonly Scope[] = [["email"], ["orders"], ["email", "orders", "profile"]];

/** A step of a history: a decision, or a sweep of what is dead. */
export type Step =
  | {
    readonly does: "decide";
    readonly command: Command;
    readonly context: Context;
    /** What the model decides. */
    readonly decision: Decision<unknown>;
    /** The model after it. */
    readonly after: State;
  }
  | {
    readonly does: "sweep";
    readonly now: Seconds;
    readonly limit: number;
    /** How many rows of each table the model removes. */
    readonly removed: Readonly<Record<Swept, number>>;
    readonly after: State;
  };

/** The tables that are swept. */
export const SWEPT = ["families", "connections", "consentUses", "withdrawals"] as const;
type Swept = (typeof SWEPT)[number];

/** A history, one step after the other, with the model in which it begins. */
export interface History {
  readonly start: State;
  readonly settings: Settings;
  readonly steps: Iterable<Step>;
}

/** How a history may differ. */
export interface HistoryOptions {
  readonly length: number;
  /** The model is not swept: what a client is told must be the same. */
  readonly unswept?: boolean;
}

/** What a history refers to. */
interface Known {
  readonly random: Random;
  readonly settings: Settings;
  readonly grants: TokenGrant[];
  readonly consents: Consent[];
  now: Seconds;
  state: State;
  /** Counts the users that took a deleted user's place. */
  born: number;
}

/** The history of a number. */
export function historyOf(number: number, { length, unswept = false }: HistoryOptions): History {
  const settings = sceneSettings(SETTINGS);
  const start = populate(START, settings);
  return { start, settings, steps: { [Symbol.iterator]: () => play(start, settings) } };

  function* play(state: State, settings: Settings): Generator<Step, void> {
    const random = createRandom(number);
    const fresh = createFresh("0");
    const known: Known = {
      random,
      settings,
      grants: [],
      consents: [],
      now: START,
      state,
      born: 0,
    };
    for (let step = 0; step < length; step++) {
      if (random.chance(25)) {
        known.now += random.pick([1, 1, 2, 3, 5, 10, 30, 60]);
        if (random.chance(8)) known.now += 4000;
        // A family that was not swept comes back where the clock goes back, and a swept one does not.
        if (!unswept && random.chance(8)) known.now -= random.pick([5, 60, 3600]);
      }
      if (random.chance(8)) {
        yield sweepStep(known, unswept);
        continue;
      }
      const command = draw(known, unswept);
      if (command === null) continue;
      const context = { now: known.now, settings, fresh: fresh() };
      const facts = factsOf(known.state, keysOf(command, settings));
      const decision: Decision<unknown> = decide(command, facts, context);
      known.state = evolve(known.state, decision.changes);
      const isTokens = command.type === "fetch" || command.type === "refresh";
      if (decision.outcome === "granted" && isTokens) {
        known.grants.push(decision.grant as TokenGrant);
      }
      yield { does: "decide", command, context, decision, after: known.state };
    }
  }
}

function sweepStep(known: Known, unswept: boolean): Step {
  const { now, random } = known;
  const before = known.state;
  if (!unswept) known.state = swept(before, now, known.settings);
  const removed = Object.fromEntries(
    SWEPT.map((table) => [table, before[table].size - known.state[table].size]),
  ) as Record<Swept, number>;
  return { does: "sweep", now, limit: 1 + random.below(5), removed, after: known.state };
}

/** The state without what can never live again. */
function swept(state: State, now: Seconds, settings: Settings): State {
  const horizon = horizonAt(now, settings);
  const { consentUses, withdrawals } = state;
  const dead = (id: string | null): boolean => {
    if (id === null) return false;
    const connection = state.connections.get(id);
    return connection === undefined || connection.status === "revoked" || dead(connection.source);
  };
  const connections = filter(state.connections, ({ id }) => !dead(id));
  const families = filter(
    state.families,
    (family) =>
      !dead(family.connection) && family.generationStartedAt > horizon.generationStartedAt &&
      family.startedAt > horizon.familyStartedAt,
  );
  const index = (ids: readonly string[], rows: ReadonlyMap<string, unknown>) =>
    ids.filter((id) => rows.has(id));
  return {
    ...state,
    connections,
    families,
    consentUses: filter(consentUses, ({ keepUntil }) => keepUntil > horizon.consentKeepUntil),
    withdrawals: filter(withdrawals, ({ at }) => at > horizon.withdrawnAt),
    connectionsOfUser: new Map(
      [...state.connectionsOfUser].map(([user, ids]) => [user, index(ids, connections)]),
    ),
    familiesOfConnection: new Map(
      [...state.familiesOfConnection].filter(([id]) => connections.has(id))
        .map(([id, ids]) => [id, index(ids, families)]),
    ),
  };
}

function filter<Row>(
  rows: ReadonlyMap<string, Row>,
  keep: (row: Row) => boolean,
): Map<string, Row> {
  return new Map([...rows].filter(([, row]) => keep(row)));
}

/** Draws a command that mostly refers to something that exists. */
function draw(known: Known, unswept: boolean): Command | null {
  const { random, state } = known;
  let left = random.below(TOTAL);
  for (const [weight, make] of DRAWS) {
    if (left < weight) {
      const command = make(known, random, state);
      // Whoever names a connection can see whether it was swept.
      return unswept && command !== null && "connection" in command ? null : command;
    }
    left -= weight;
  }
  return null;
}

type Draw = (known: Known, random: Random, state: State) => Command | null;

const scope = (random: Random) => random.pick(SCOPES);
const user = (random: Random, { users }: State) =>
  random.chance(50) && users.has("ann") ? "ann" : random.pick([...users.keys(), "nobody"]);
const client = (random: Random) => random.chance(90) ? random.pick(REGISTERED) : "guest";
const recent = <T>(random: Random, list: readonly T[]): T | null =>
  list.at(-1 - random.below(Math.min(5, list.length))) ?? null;

function connectionOf(random: Random, { connections }: State): string {
  return random.pick([...connections.keys(), "none"]);
}

/** Mostly the newest tokens, mostly of their owner. */
function presented({ grants, random }: Known): TokenGrant | null {
  const tokens = recent(random, grants);
  if (tokens === null) return null;
  return random.chance(90) ? tokens : { ...tokens, client: client(random) };
}

/** Whatever can happen, by weight; what leads to tokens is likelier than what ends them. */
const DRAWS: readonly (readonly [weight: number, Draw])[] = [
  [30, (_, random, state) => ({
    type: "connect",
    user: user(random, state),
    client: client(random),
    scope: scope(random),
  })],
  [6, (_, random, state) => ({
    type: "narrow",
    connection: connectionOf(random, state),
    scope: scope(random),
  })],
  [4, (_, random, state) => ({
    type: "revoke-connection",
    connection: connectionOf(random, state),
  })],
  [5, (_, random, state) => ({
    type: "disconnect",
    user: user(random, state),
    client: client(random),
  })],
  [8, (_, random, state) => ({
    type: "set-user-status",
    user: user(random, state),
    status: random.chance(80) ? "active" : "suspended",
  })],
  [4, (_, random, state) => {
    const name = user(random, state);
    return { type: "delete-user", user: name, digest: `digest of ${name}` };
  }],
  [
    12,
    (known, random) =>
      registerUser(random.chance(70) ? random.pick(["ann", "bob"]) : `user-${known.born++}`),
  ],
  [3, (_, random) => ({
    type: "register-client",
    client: client(random),
    role: random.pick(["app", "resource-server"] as const),
    secretDigest: "00",
    scope: scope(random),
  })],
  [3, (known, random) => ({
    type: "rotate-secret",
    client: client(random),
    secretDigest: `0${known.grants.length % 10}`,
  })],
  [1, (_, random) => ({ type: "end-old-secrets", client: client(random) })],
  [12, (_, random) => ({
    type: "set-client-status",
    client: client(random),
    status: random.chance(85) ? "enabled" : "disabled",
  })],
  [10, (_, random) => ({
    type: "set-client-scope",
    client: client(random),
    scope: random.chance(70) ? ["email", "orders", "profile"] : scope(random),
  })],
  [50, (known, random, state) => {
    const consent = consentAt(known.now - random.pick([0, 0, 0, 1, 10, -2]), known.settings, {
      user: user(random, state),
      client: random.pick(["partner", "partner", "rival"]),
      merchant: random.pick(["shop", "shop", "store"]),
      scope: scope(random),
      jti: `jti-${known.consents.length}`,
    });
    known.consents.push(consent);
    return { type: "fetch", by: "consentToken", client: consent.client, consent };
  }],
  [25, ({ consents }, random) => {
    const consent = recent(random, consents);
    return consent && {
      type: "fetch",
      by: "consentToken",
      client: random.chance(90) ? consent.client : client(random),
      consent,
    };
  }],
  [50, (_, random, state) => ({
    type: "fetch",
    by: "publicId",
    client: client(random),
    publicId: user(random, state),
  })],
  [90, (known, random) => {
    const tokens = presented(known);
    return tokens && {
      type: "refresh",
      client: tokens.client,
      family: tokens.family,
      generation: tokens.generation,
      salt: random.chance(95) ? tokens.salt : "0".repeat(32),
      scope: random.chance(70) ? null : scope(random),
    };
  }],
  [4, (known) => {
    const tokens = presented(known);
    return tokens && { type: "revoke-token", client: tokens.client, family: tokens.family };
  }],
];

const TOTAL = DRAWS.reduce((sum, [weight]) => sum + weight, 0);

/** Keys that together ask for everything that is in a state, or was in an earlier one. */
export function allKeys(known: KnownIds, clients: Iterable<string>): readonly Keys[] {
  const names = [...clients, "nobody"];
  const pairs: Keys[] = [...known.users, "nobody"].flatMap((user) =>
    names.map((client, index) => ({
      user,
      client,
      merchant: names[(index + 1) % names.length] ?? "nobody",
      maxFamilies: index % 3 + 1,
      userDigest: `digest of ${user}`,
    }))
  );
  return [
    {},
    { user: "ann" },
    { merchant: "shop" },
    { userDigest: "digest of ann" },
    ...pairs,
    ...[...known.families, "none"].map((family) => ({ family })),
    ...[...known.connections, "none"].map((connection) => ({ connection })),
    ...[...known.consents.values()].map((consent) => ({ consent })),
    // A family that is asked for goes before the one of a consent, a connection before both.
    ...[...known.consents.values()].map((consent) => ({
      consent,
      family: [...known.families].at(-1) ?? "none",
      connection: [...known.connections].at(0) ?? "none",
    })),
  ];
}

/** Every id that ever was in a state. */
export interface KnownIds {
  readonly users: Set<string>;
  readonly families: Set<string>;
  readonly connections: Set<string>;
  readonly consents: Map<string, NonNullable<Keys["consent"]>>;
}

/** Nothing known yet. */
export function createKnownIds(): KnownIds {
  return { users: new Set(), families: new Set(), connections: new Set(), consents: new Map() };
}

/** Adds the ids of a state. */
export function learn(known: KnownIds, state: State): void {
  for (const id of state.users.keys()) known.users.add(id);
  for (const id of state.families.keys()) known.families.add(id);
  for (const id of state.connections.keys()) known.connections.add(id);
  for (const [key, { issuer, jti }] of state.consentUses) known.consents.set(key, { issuer, jti });
}
