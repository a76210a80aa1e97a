/**
 * A store with something in it, and ways to drive and inspect it.
 * @module
 */
import type { Store } from "../../adapters/ports.ts";
import type { Consent } from "../../core/consent.ts";
import { type Command, decide, type GrantOf, keysOf } from "../../core/decide.ts";
import {
  type Change,
  type Context,
  type Decision,
  type Facts,
  grant,
  type Keys,
} from "../../core/decision.ts";
import { evolve, factsOf, initialState, type State } from "../../core/evolve.ts";
import { countSurplus, selectEvictable } from "../../core/family.ts";
import type { ClientId, PublicId, Seconds } from "../../core/model.ts";
import { readSettings, type Settings, type SettingsInput } from "../../core/settings.ts";
import type { StoreData } from "./contract.ts";
import { granted } from "./expect.ts";

/** When every scene begins. */
export const START: Seconds = 1_800_000_000;
/** The issuer of every consent. */
export const ISSUER = "https://consent.example";
const AUDIENCE = "https://tokens.example";

/** A populated store, as several handles where it is shared. Calls go to one handle after the other. */
export interface Scene {
  readonly stores: readonly Store[];
  readonly settings: Settings;
  now: Seconds;
  /** Decides a command on the next handle. */
  run<C extends Command>(command: C): Promise<Decision<GrantOf<C>>>;
  /** Reads facts on the next handle. */
  read(keys: Keys): Promise<Facts>;
  /** Writes changes as one decision on the next handle. */
  write(...changes: readonly Change[]): Promise<void>;
  /** A good consent of ann, through `shop`, to `partner`, minted now. */
  consent(part?: Partial<Consent>): Consent;
}

/** Settings with the issuer of every consent. */
export function sceneSettings(input: Partial<SettingsInput> = {}): Settings {
  return readSettings({
    audience: AUDIENCE,
    issuers: [{ issuer: ISSUER, merchants: "all" }],
    ...input,
  });
}

/**
 * Puts `partner`, `rival`, `shop`, `store`, `ann` and `bob` into an empty store; ann is signed in to
 * `shop`.
 */
export async function createScene(
  data: StoreData,
  settings: Partial<SettingsInput> = {},
  handles = 1,
): Promise<Scene> {
  const stores: Store[] = [];
  for (let opened = 0; opened < handles; opened++) stores.push(await data.open());
  const scene = sceneOn(stores, sceneSettings(settings));
  await seed(stores[0] as Store, populate(scene.now, scene.settings));
  return scene;
}

/**
 * A scene on stores that are open.
 * @param drawer distinguishes the ids of this scene from those of others on the same data
 */
export function sceneOn(stores: readonly Store[], settings: Settings, drawer = "0"): Scene {
  const freshIds = createFresh(drawer);
  let turn = 0;
  const next = () => stores[turn++ % stores.length] as Store;
  const scene: Scene = {
    stores,
    settings,
    now: START,
    run: (command) =>
      next().transact(
        keysOf(command, settings),
        (facts) => decide(command, facts, { now: scene.now, settings, fresh: freshIds() }),
      ),
    read: (keys) => next().read(keys),
    async write(...changes) {
      await next().transact({}, () => grant(null, changes));
    },
    consent: (part) => consentAt(scene.now, settings, part),
  };
  return scene;
}

/** Makes ids and salts that never occur twice. */
export function createFresh(drawer: string): () => Context["fresh"] {
  let drawn = 0;
  return () => {
    drawn += 1;
    const id = (letter: string) => letter + drawer + drawn.toString(16).padStart(30, "0");
    return { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k1" };
  };
}

/** A good consent of ann, through `shop`, to `partner`, for the longest lifetime. */
export function consentAt(
  now: Seconds,
  settings: Settings,
  part: Partial<Consent> = {},
): Consent {
  const issuedAt = part.issuedAt ?? now;
  const jti = part.jti ?? "jti-1";
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    user: "ann",
    client: "partner",
    merchant: "shop",
    scope: ["email", "orders"],
    issuedAt,
    notBefore: null,
    expiresAt: issuedAt + settings.consentMaxLifetimeSeconds,
    jti,
    digest: `digest of ${jti}`,
    ...part,
  };
}

/** The state after four clients and two users were registered and ann signed in to `shop`. */
export function populate(now: Seconds, settings: Settings): State {
  const fresh = createFresh("e");
  const register = (client: ClientId, scope: readonly string[]) =>
    ({ type: "register-client", client, role: "app", secretDigest: "00", scope }) as const;
  const commands: readonly Command[] = [
    register("partner", ["email", "orders", "profile"]),
    register("rival", ["email", "orders", "profile"]),
    register("shop", ["email", "extra", "orders", "profile"]),
    register("store", ["email", "extra", "orders", "profile"]),
    ...["ann", "bob"].map(registerUser),
    { type: "connect", user: "ann", client: "shop", scope: ["email", "orders"] },
  ];
  return commands.reduce((state, command) => {
    const facts = factsOf(state, keysOf(command, settings));
    const decision = decide(command, facts, { now, settings, fresh: fresh() });
    granted(decision as Decision<unknown>);
    return evolve(state, decision.changes);
  }, initialState());
}

/** The registration of a user. */
export function registerUser(user: PublicId): Extract<Command, { type: "register-user" }> {
  return { type: "register-user", user, digest: `digest of ${user}` };
}

/** The mutation by public id. */
export function byPublicId(publicId: PublicId, client: ClientId): Extract<
  Command,
  { type: "fetch"; by: "publicId" }
> {
  return { type: "fetch", by: "publicId", client, publicId };
}

/** Writes clients, users and connections of a state into a store, as one decision. */
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

/** Facts in one order, without families that nobody needs: what a store lists is a set. */
export function sortFacts(facts: Facts, { maxFamilies = Infinity }: Keys): Facts {
  const byId = <Row>(rows: readonly Row[], idOf: (row: Row) => string) =>
    [...rows].sort((a, b) => idOf(a) < idOf(b) ? -1 : 1);
  const candidates = facts.candidates.map((candidate) => ({
    ...candidate,
    families: {
      ...candidate.families,
      evictable: byId(
        selectEvictable(
          candidate.families.evictable,
          countSurplus(candidate.families.count, maxFamilies),
        ),
        ({ id }) => id,
      ),
    },
  }));
  return { ...facts, candidates: byId(candidates, ({ connection }) => connection.id) };
}

/** A decision with its changes in one order. */
export function sortChanges(decision: Decision<unknown>): Decision<unknown> {
  const text = (change: Change) => JSON.stringify(change);
  const changes = [...decision.changes].sort((a, b) => text(a) < text(b) ? -1 : 1);
  return { ...decision, changes };
}

/** Does something so many times at once, and returns the results in order. */
export function atOnce<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)));
}
