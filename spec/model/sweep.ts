/**
 * What a store's sweep removes, as a function of the state: everything below the horizon at once (R5).
 * @module
 */
import type { State } from "../../core/evolve.ts";
import type { Connection, ConnectionId, TokenFamily } from "../../core/model.ts";
import type { Horizon } from "../../core/sweep.ts";

/** The state after a sweep; the same object where nothing went. */
export function sweepState(state: State, horizon: Horizon): State {
  const connections = keep(state.connections, (one) => !isOver(state, one));
  const families = keep(
    state.families,
    (family) => connections.has(family.connection) && !isOld(family, horizon),
  );
  const consentUses = keep(state.consentUses, (use) => use.keepUntil > horizon.consentKeepUntil);
  const withdrawals = keep(state.withdrawals, ({ at }) => at > horizon.withdrawnAt);
  const swept = { ...state, connections, families, consentUses, withdrawals };
  const gone = connections.size + families.size + consentUses.size + withdrawals.size -
    state.connections.size - state.families.size - state.consentUses.size -
    state.withdrawals.size;
  return gone === 0 ? state : {
    ...swept,
    connectionsOfUser: prune(state.connectionsOfUser, connections),
    familiesOfConnection: prune(state.familiesOfConnection, families),
  };
}

/** A connection that can never live again: revoked, or delegated from one that is. */
function isOver(state: State, connection: Connection): boolean {
  if (connection.status === "revoked") return true;
  return connection.source !== null &&
    state.connections.get(connection.source)?.status !== "active";
}

function isOld(family: TokenFamily, horizon: Horizon): boolean {
  return family.generationStartedAt <= horizon.generationStartedAt ||
    family.startedAt <= horizon.familyStartedAt;
}

function keep<Key, Row>(table: Map<Key, Row>, wanted: (row: Row) => boolean): Map<Key, Row> {
  return new Map([...table].filter(([, row]) => wanted(row)));
}

/** An index without the ids that are gone. */
function prune<Key>(
  index: Map<Key, readonly ConnectionId[]>,
  table: Map<string, unknown>,
): Map<Key, readonly string[]> {
  const pruned = [...index].map(([key, ids]) => [key, ids.filter((id) => table.has(id))] as const);
  return new Map(pruned.filter(([, ids]) => ids.length > 0));
}
