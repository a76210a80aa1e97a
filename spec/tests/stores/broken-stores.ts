/**
 * For each clause of the store contract, a store that breaks it, and as little else as possible.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import type { Change, Decision, Facts, Keys } from "../../../core/decision.ts";
import { type Store, StoreFault } from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import type { StoreData, StoreUnderTest } from "../../store-contract/mod.ts";

/** What the handles on the same data share. */
interface Shared {
  /** Whether anything was written. */
  written: boolean;
  /** For whatever a broken store remembers. */
  readonly known: Map<string, unknown>;
}

/** How a store is broken: a handle that replaces functions of a good one, or data that is broken itself. */
export interface Broken {
  /** What it does wrong. */
  readonly does: string;
  readonly handle?: (good: Store, shared: Shared) => Partial<Store>;
  readonly data?: (good: StoreData) => Partial<StoreData>;
  /** It can be used after it was closed. */
  readonly staysOpen?: boolean;
}

/** A memory store that several handles share, broken in one way. */
export function brokenStore(
  { handle, data = () => ({}), staysOpen = false }: Broken,
): StoreUnderTest {
  return {
    shared: true,
    has: ["size", "makeNewer"],
    create() {
      const good = createMemoryStore();
      const shared: Shared = { written: false, known: new Map() };
      let newer = false;
      const whole: StoreData = {
        async open() {
          if (newer) throw new Error("newer: upgrade the program");
          await setImmediate();
          return openHandle(good, shared, handle, staysOpen);
        },
        size: () => Promise.resolve(1),
        makeNewer: () => Promise.resolve(void (newer = true)),
      };
      return Promise.resolve({ ...whole, ...data(whole) });
    },
  };
}

/** One handle. Closing it closes no other. */
function openHandle(
  good: Store,
  shared: Shared,
  breaks: Broken["handle"],
  staysOpen: boolean,
): Store {
  let open = true;
  const marking: Store = {
    ...good,
    async transact(keys, decide) {
      const decision = await good.transact(keys, decide);
      if (decision.changes.length > 0) shared.written = true;
      return decision;
    },
    close: () => Promise.resolve(),
  };
  const broken = { ...marking, ...breaks?.(marking, shared) };
  // deno-lint-ignore require-await
  const check = async () => {
    if (!open) throw new StoreFault("closed");
  };
  return {
    read: (keys) => check().then(() => broken.read(keys)),
    transact: (keys, decide) => check().then(() => broken.transact(keys, decide)),
    list: (listing, page) => check().then(() => broken.list(listing, page)),
    readMeta: (key) => check().then(() => broken.readMeta(key)),
    updateMeta: (key, update) => check().then(() => broken.updateMeta(key, update)),
    sweep: (horizon, limit) => check().then(() => broken.sweep(horizon, limit)),
    async close() {
      await broken.close();
      open = staysOpen;
    },
  };
}

/** Decisions with such a change are made on facts that may be old by the time they are written. */
function racing(
  does: string,
  isRaced: (change: Change, decision: Decision<unknown>) => boolean,
  { guarded = true } = {},
): Broken {
  return {
    does,
    handle: (good) => ({
      async transact(keys, decide) {
        const decision = decide(await good.read(keys));
        if (!decision.changes.some((change) => isRaced(change, decision))) {
          return await good.transact(keys, decide);
        }
        await setImmediate();
        // What is written for a user who was deleted meanwhile is the business of one clause alone.
        const ofUser = guarded && keys.user !== undefined && keys.userDigest === undefined;
        await good.transact(
          keys,
          ({ user }) => ofUser && user === null ? { ...decision, changes: [] } : decision,
        );
        return decision;
      },
    }),
  };
}

/** One kind of change is written differently. */
function writing<Type extends Change["type"]>(
  does: string,
  type: Type,
  rewrite: (change: Extract<Change, { type: Type }>) => Change,
): Broken {
  const isOfType = (change: Change): change is Extract<Change, { type: Type }> =>
    change.type === type;
  return {
    does,
    handle: (good) => ({
      async transact(keys, decide) {
        let decided: ReturnType<typeof decide> | null = null;
        await good.transact(keys, (facts) => {
          decided = decide(facts);
          const changes = decided.changes.map((change) =>
            isOfType(change) ? rewrite(change) : change
          );
          return { ...decided, changes };
        });
        return decided as unknown as ReturnType<typeof decide>;
      },
    }),
  };
}

/** Another horizon or limit is swept. */
function sweeping(
  does: string,
  change: (...given: Parameters<Store["sweep"]>) => Parameters<Store["sweep"]>,
): Broken {
  return {
    does,
    handle: (good) => ({ sweep: (horizon, limit) => good.sweep(...change(horizon, limit)) }),
  };
}

function isOnly(keys: Keys, name: keyof Keys): boolean {
  return Object.keys(keys).join() === name;
}

/** By the id of the clause. */
export const BROKEN: Readonly<Record<string, Broken>> = {
  "rows/odd-ids": writing("writes ids in lower case", "user-written", (change) => ({
    ...change,
    user: { ...change.user, publicId: change.user.publicId.toLowerCase() },
  })),
  "rows/no-ids": {
    does: "fails on a text with NUL",
    handle: (good) => ({
      read: (keys) =>
        keys.user?.includes("\0") ? Promise.reject(new StoreFault("bad text")) : good.read(keys),
    }),
  },
  "rows/values": writing("rounds large numbers", "family-started", (change) => ({
    ...change,
    family: { ...change.family, generation: Math.fround(change.family.generation) },
  })),
  "rows/withdrawals": writing("forgets direct withdrawals", "withdrawn", (change) => ({
    ...change,
    withdrawal: { ...change.withdrawal, directAt: null },
  })),
  "rows/listing": {
    does: "lists active connections only",
    handle: (good) => ({
      list: async (listing, page) =>
        (await good.list(listing, page)).filter((row) =>
          !("status" in row && row.status === "revoked")
        ),
    }),
  },
  "rows/meta": {
    does: "cuts long values",
    handle: (good) => ({
      updateMeta: (key, update) => good.updateMeta(key, (value) => update(value).slice(0, 1000)),
    }),
  },
  "rows/meta-update": {
    does: "reads a value, then writes it",
    handle: (good) => ({
      async updateMeta(key, update) {
        const value = update(await good.readMeta(key));
        await setImmediate();
        return await good.updateMeta(key, () => value);
      },
    }),
  },
  "steps/whole": {
    does: "writes the rows of clients and users one by one",
    handle: (good) => ({
      async transact(keys, decide) {
        const decision = decide(await good.read(keys));
        if (!decision.changes.every(({ type }) => /^(?:client|user)-written$/.test(type))) {
          return await good.transact(keys, decide);
        }
        if (decision.changes.length < 2) return await good.transact(keys, decide);
        for (const change of decision.changes) {
          await good.transact({}, () => ({ ...decision, changes: [change] }));
          await setImmediate();
        }
        return decision;
      },
    }),
  },
  "steps/throw": {
    does: "turns what decide throws into a fault of the store",
    handle: (good) => ({
      transact: (keys, decide) =>
        good.transact(keys, decide).catch((cause) => {
          throw new StoreFault("cannot decide", { cause });
        }),
    }),
  },
  "steps/refusal": {
    does: "writes nothing of a refusal",
    handle: (good) => ({
      async transact(keys, decide) {
        let decided: ReturnType<typeof decide> | null = null;
        await good.transact(keys, (facts) => {
          decided = decide(facts);
          return decided.outcome === "refused" ? { ...decided, changes: [] } : decided;
        });
        return decided as unknown as ReturnType<typeof decide>;
      },
    }),
  },
  "steps/large": {
    does: "writes 500 changes of a decision at most",
    handle: (good) => ({
      transact: (keys, decide) =>
        good.transact(keys, (facts) => {
          const decision = decide(facts);
          return { ...decision, changes: decision.changes.slice(0, 500) };
        }),
    }),
  },
  "freshness/read": {
    does: "reads users from a replica that hears of this handle's writes only",
    handle: (good) => {
      const replica = new Map<string, Facts>();
      return {
        async read(keys) {
          if (!isOnly(keys, "user")) return await good.read(keys);
          const seen = replica.get(keys.user ?? "") ?? await good.read(keys);
          replica.set(keys.user ?? "", seen);
          return seen;
        },
        transact(keys, decide) {
          replica.clear();
          return good.transact(keys, decide);
        },
      };
    },
  },
  "freshness/decide": {
    does: "decides on the first facts it saw, where nothing is written",
    handle: (good, { known }) => ({
      transact: (keys, decide) =>
        good.transact(keys, (facts) => {
          const decision = decide(facts);
          if (!isOnly(keys, "user") || decision.changes.length > 0) return decision;
          const first = (known.get(keys.user ?? "") ?? facts) as Facts;
          known.set(keys.user ?? "", first);
          return decide(first);
        }),
    }),
  },
  "freshness/withdrawal": {
    does: "goes on issuing from a connection it saw before",
    handle: (good, { known }) => ({
      transact: (keys, decide) =>
        good.transact(keys, (facts) => {
          const pair = `${keys.user} ${keys.client}`;
          const decision = decide(facts);
          if (facts.candidates.length > 0) known.set(pair, facts);
          const isRefused = decision.outcome === "refused" && decision.reason === "no_connection";
          return isRefused && known.has(pair) ? decide(known.get(pair) as Facts) : decision;
        }),
    }),
  },
  "freshness/reopen": {
    does: "does not find families that were written before it was opened",
    handle(good, shared) {
      const isLate = shared.written;
      return {
        read: async (keys) => {
          const facts = await good.read(keys);
          return isLate ? { ...facts, family: null } : facts;
        },
      };
    },
  },
  "races/lost-update": racing(
    "writes clients without a lock",
    (change) => change.type === "client-written" && change.client.secrets.length > 1,
  ),
  "races/redeem": racing(
    "looks whether a consent was redeemed, then redeems it",
    (change) => change.type === "consent-redeemed" && change.use.jti === "jti-1",
  ),
  "races/refresh": racing(
    "rotates families without a lock",
    ({ type }, decision) =>
      type === "family-rotated" && decision.outcome === "granted" &&
      typeof decision.grant === "object",
  ),
  "races/limit": racing(
    "counts families without a lock",
    ({ type }, { changes }) =>
      type === "family-started" && !changes.some((other) => other.type === "consent-redeemed"),
  ),
  "races/connect": racing(
    "looks whether there is a connection, then makes one",
    (change) => change.type === "connection-established" && change.connection.source === null,
  ),
  "races/register": racing(
    "looks whether there is a user, then makes one",
    (change) => change.type === "user-written" && change.user.status === "active",
  ),
  "races/disconnect": racing(
    "withdraws without a lock on what it withdraws",
    ({ type }, decision) =>
      type === "withdrawn" && decision.outcome === "granted" && decision.grant === null,
  ),
  "races/delete": racing(
    "suspends users without a lock",
    (change) => change.type === "user-written" && change.user.status === "suspended",
    { guarded: false },
  ),
  "sweeping/parts": sweeping("sweeps more than asked", (horizon) => [horizon, 10_000]),
  "sweeping/absolute": sweeping("keeps families that are used", (horizon, limit) => [
    { ...horizon, familyStartedAt: 0 },
    limit,
  ]),
  "sweeping/dead": {
    does: "sweeps what expired, and nothing that was revoked",
    handle: (good) => ({
      sweep: (horizon, limit) =>
        horizon.withdrawnAt > 0 && limit === 1 ? Promise.resolve(0) : good.sweep(horizon, limit),
    }),
  },
  "sweeping/kept": sweeping("forgets redemptions a second early", (horizon, limit) => [
    { ...horizon, consentKeepUntil: horizon.consentKeepUntil + 1 },
    limit,
  ]),
  "sweeping/clock": sweeping("takes what is dated 1970 for a mistake", (horizon, limit) => [
    { ...horizon, generationStartedAt: Math.max(horizon.generationStartedAt, 1000) },
    limit,
  ]),
  "sweeping/deleted": {
    does: "keeps the families of deleted users",
    handle: (good, { known }) => ({
      transact: (keys, decide) =>
        good.transact(keys, (facts) => {
          const decision = decide(facts);
          for (const change of decision.changes) {
            if (change.type === "family-started") known.set(change.family.id, change.family);
            if (change.type === "user-deleted") known.set("deleted", true);
          }
          return decision;
        }),
      async read(keys) {
        const facts = await good.read(keys);
        const kept = known.has("deleted") && known.get(keys.family ?? "");
        return kept ? { ...facts, family: kept as Facts["family"] } : facts;
      },
    }),
  },
  "growth/rows": writing("keeps the fiftieth redemption forever", "consent-redeemed", (change) => ({
    ...change,
    use: {
      ...change.use,
      keepUntil: change.use.jti === "jti-50" ? 2 ** 50 : change.use.keepUntil,
    },
  })),
  "growth/size": {
    does: "never uses space again",
    data() {
      let size = 1;
      return { size: () => Promise.resolve(size *= 2) };
    },
  },
  "opening/at-once": {
    does: "cannot be opened while it is being opened",
    data(good) {
      let opening = false;
      return {
        async open() {
          if (opening) throw new StoreFault("the table exists");
          opening = true;
          const store = await good.open();
          opening = false;
          return store;
        },
      };
    },
  },
  "opening/newer": {
    does: "opens data of any version",
    data: () => ({ makeNewer: () => Promise.resolve() }),
  },
  "closing/finishes": {
    does: "drops what is under way when it is closed",
    handle(good) {
      let open = true;
      return {
        async transact(keys, decide) {
          await setImmediate();
          if (!open) throw new StoreFault("closed");
          return await good.transact(keys, decide);
        },
        close: () => Promise.resolve(void (open = false)),
      };
    },
  },
  "closing/refuses": {
    does: "works on when it is closed",
    staysOpen: true,
  },
  "model/histories": writing(
    "does not move the time of consent",
    "connection-changed",
    (change) => ({
      ...change,
      connection: {
        ...change.connection,
        consentedAt: change.connection.consentedAt - (change.cause === "narrowed" ? 1 : 0),
      },
    }),
  ),
  "model/unswept": {
    does: "sweeps the digests of deleted users",
    handle: (good, { known }) => ({
      sweep(horizon, limit) {
        known.set("swept", true);
        return good.sweep(horizon, limit);
      },
      transact: (keys, decide) =>
        good.transact(
          keys,
          (facts) => decide(known.has("swept") ? { ...facts, userRetired: false } : facts),
        ),
    }),
  },
};
