/**
 * The in-memory store: the reference model (`core/evolve.ts`) over a single state. Nothing is
 * persisted.
 * @module
 */
import {
  applyChange,
  factsOf,
  initialState,
  removeConnection,
  removeFamily,
  type State,
} from "../../core/evolve.ts";
import type { Connection, TokenFamily } from "../../core/model.ts";
import type { Horizon } from "../../core/sweep.ts";
import { type Listed, type Listing, type Store, StoreFault } from "../ports.ts";

/** Maximum rows visited per `sweep` call: a millisecond or two. */
const EXAMINED_AT_ONCE = 10_000;

/**
 * Opens an empty store. It is atomic because no other code runs between loading facts and applying
 * changes.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "fetch-tokens-for-user";
 *
 * const store = createMemoryStore();
 * const { user } = await store.read({ user: "an-unknown-user" });
 * console.assert(user === null);
 * ```
 */
export function createMemoryStore(): Store {
  const state = initialState();
  const meta = new Map<string, string>();
  const walk = sweepForever(state);
  let open = true;
  // Async, so that an error that is thrown becomes a rejection.
  // deno-lint-ignore require-await
  const whileOpen = async <T>(work: () => T): Promise<T> => {
    if (!open) throw new StoreFault("The store is closed");
    return work();
  };
  return {
    read: (keys) => whileOpen(() => factsOf(state, keys)),
    transact: (keys, decide) =>
      whileOpen(() => {
        const decision = decide(factsOf(state, keys));
        for (const change of decision.changes) applyChange(state, change);
        return decision;
      }),
    list: (listing, { after = "", limit }) =>
      whileOpen(() =>
        rowsOf(state, listing)
          .filter(([id]) => id > after)
          .sort(([a], [b]) => a < b ? -1 : 1)
          .slice(0, limit)
          .map(([, row]) => row as Listed[typeof listing["of"]])
      ),
    readMeta: (key) => whileOpen(() => meta.get(key) ?? null),
    updateMeta: (key, update) =>
      whileOpen(() => {
        const value = update(meta.get(key) ?? null);
        meta.set(key, value);
        return value;
      }),
    sweep: (horizon, limit) =>
      whileOpen(() => {
        const { families, consentUses, withdrawals, connections } = state;
        const round = families.size + consentUses.size + withdrawals.size + connections.size + 1;
        let removed = 0;
        for (let left = Math.min(round, EXAMINED_AT_ONCE); left > 0 && removed < limit; left--) {
          removed += walk.next(horizon).value;
        }
        return removed;
      }),
    close: () => Promise.resolve(void (open = false)),
  };
}

function rowsOf(
  { clients, users, connections, families, connectionsOfUser, familiesOfConnection }: State,
  listing: Listing,
): readonly (readonly [id: string, row: Listed[keyof Listed]])[] {
  const pick = <Row>(ids: readonly string[] | undefined, rows: ReadonlyMap<string, Row>) =>
    (ids ?? []).flatMap((id): readonly (readonly [string, Row])[] => {
      const row = rows.get(id);
      return row === undefined ? [] : [[id, row]];
    });
  switch (listing.of) {
    case "clients":
      return [...clients];
    case "users":
      return [...users];
    case "connections":
      return pick(connectionsOfUser.get(listing.user), connections);
    case "families":
      return pick(familiesOfConnection.get(listing.connection), families);
  }
}

/** Cycles over all rows, one row per step; each step yields the number of rows it removed. */
function* sweepForever(state: State): Generator<number, never, Horizon> {
  for (;;) {
    let horizon = yield 0;
    for (const family of state.families.values()) {
      horizon = yield sweepFamily(state, family, horizon);
    }
    for (const [key, { keepUntil }] of state.consentUses) {
      const old = keepUntil <= horizon.consentKeepUntil;
      horizon = yield old && state.consentUses.delete(key) ? 1 : 0;
    }
    for (const [key, { at }] of state.withdrawals) {
      const old = at <= horizon.withdrawnAt;
      horizon = yield old && state.withdrawals.delete(key) ? 1 : 0;
    }
    for (const connection of state.connections.values()) {
      horizon = yield sweepConnection(state, connection);
    }
  }
}

function sweepFamily(state: State, family: TokenFamily, horizon: Horizon): number {
  const idle = family.generationStartedAt <= horizon.generationStartedAt;
  const old = family.startedAt <= horizon.familyStartedAt;
  if (!idle && !old) return 0;
  removeFamily(state, family.id, family.connection);
  return 1;
}

/**
 * A revoked connection, or a delegated one whose source is revoked or gone, never becomes active
 * again (R3).
 */
function sweepConnection(state: State, { id, status, source }: Connection): number {
  const sourceLives = source === null || state.connections.get(source)?.status === "active";
  if (status === "active" && sourceLives) return 0;
  const families = state.familiesOfConnection.get(id)?.length ?? 0;
  removeConnection(state, id);
  return families + 1;
}
