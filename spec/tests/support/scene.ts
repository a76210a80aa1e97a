/**
 * A store with something in it, and ways to drive and inspect it: what the store tests share.
 * @module
 */
import { type Command, decide, type GrantOf, keysOf } from "../../../core/decide.ts";
import {
  type Change,
  type Context,
  type Decision,
  type Facts,
  grant,
  type Keys,
} from "../../../core/decision.ts";
import type { State } from "../../../core/evolve.ts";
import type { SettingsInput } from "../../../core/settings.ts";
import type { Store } from "../../../adapters/ports.ts";
import { createSeededMachine, type Machine } from "./machine.ts";

/** A store seeded with clients, users and a merchant's connection, and the machine it was seeded from. */
export interface Scene {
  readonly store: Store;
  /** Where clock, settings and consents come from; its state is what the scene began with. */
  readonly machine: Machine;
  /** Runs a command on the store, with ids that no other command draws. */
  run<C extends Command>(command: C): Promise<Decision<GrantOf<C>>>;
}

/**
 * Puts `partner`, `rival`, `shop`, `store`, `ann` and `bob` into an empty store; ann is signed in to `shop`.
 * @param drawer distinguishes the ids of this scene from those of others on the same store
 */
export async function createScene(
  store: Store,
  settings: Partial<SettingsInput> = {},
  drawer = "0",
): Promise<Scene> {
  const { machine } = createSeededMachine(settings);
  await seed(store, machine.state);
  return stage(store, machine, drawer);
}

/** The scene on a store that was seeded before. */
export function stage(store: Store, machine: Machine, drawer: string): Scene {
  let drawn = 0;
  const context = (): Context => {
    const id = (letter: string) => letter + drawer + (drawn += 1).toString(16).padStart(30, "0");
    const fresh = { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k1" };
    return { now: machine.now, settings: machine.settings, fresh };
  };
  return {
    store,
    machine,
    run: (command) => store.transact(keysOf(command), (facts) => decide(command, facts, context())),
  };
}

/** Writes clients, users and connections of a state into a store. */
export async function seed(store: Store, state: State): Promise<void> {
  const changes: Change[] = [
    ...[...state.clients.values()].map((client) => ({ type: "client-written", client }) as const),
    ...[...state.users.values()].map((user) => ({ type: "user-written", user }) as const),
    ...[...state.connections.values()].flatMap((connection) =>
      connection.status === "active" ? { type: "connection-established", connection } as const : []
    ),
  ];
  await store.transact({}, () => grant(null, changes));
}

/** Every id that ever was in a state. */
export interface Known {
  readonly users: Set<string>;
  readonly families: Set<string>;
  readonly connections: Set<string>;
  readonly consents: Map<string, NonNullable<Keys["consent"]>>;
}

/** Nothing known yet. */
export function createKnown(): Known {
  return { users: new Set(), families: new Set(), connections: new Set(), consents: new Map() };
}

/** Adds the ids of a state. */
export function learn(known: Known, state: State): void {
  for (const id of state.users.keys()) known.users.add(id);
  for (const id of state.families.keys()) known.families.add(id);
  for (const id of state.connections.keys()) known.connections.add(id);
  for (const [key, { issuer, jti }] of state.consentUses) known.consents.set(key, { issuer, jti });
}

/** Keys that together ask for everything that is known, few at a time. */
export function allKeys(known: Known, clients: Iterable<string>): readonly Keys[] {
  const names = [...clients, "nobody"];
  const pairs: Keys[] = [...known.users, "nobody"].flatMap((user) =>
    names.map((client, index) => ({
      user,
      client,
      merchant: names[(index + 1) % names.length] ?? "nobody",
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

/** Facts in one order: what a store lists is a set. */
export function sortFacts(facts: Facts): Facts {
  const candidates = facts.candidates.map((candidate) => ({
    ...candidate,
    families: candidate.families.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  }));
  return {
    ...facts,
    candidates: candidates.sort((a, b) => (a.connection.id < b.connection.id ? -1 : 1)),
  };
}

/** A decision with its changes in one order. */
export function sortChanges(decision: Decision<unknown>): Decision<unknown> {
  const text = (change: Change) => JSON.stringify(change);
  const changes = decision.changes.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
  return { ...decision, changes };
}
