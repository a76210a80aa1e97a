/**
 * What rows may stand together in any state.
 * @module
 */
import { always, type Invariant, sameSet } from "./invariant.ts";

/** Of every state: what rows may stand together. */
export const STRUCTURE: readonly Invariant[] = [
  always(
    "bounded-families",
    ["P5", "SY-03"],
    "No connection ever has more families than allowed.",
    ({ state, cast: { settings } }) => {
      if (state.families.size === 0) return null;
      const counts = new Map<string, number>();
      for (const { connection } of state.families.values()) {
        counts.set(connection, (counts.get(connection) ?? 0) + 1);
      }
      return [...counts.values()].every((count) => count <= settings.maxFamilies);
    },
  ),
  always(
    "one-connection-per-parties",
    ["C10", "R3"],
    "Between a user and a client there is at most one active connection per source, and at most one direct.",
    ({ state: { connections } }) => {
      if (connections.size < 2) return null;
      const parties = [...connections.values()].filter(({ status }) => status === "active")
        .map(({ user, client, source }) => `${user} ${client} ${source}`);
      return new Set(parties).size === parties.length;
    },
  ),
  always(
    "delegation-depth-one",
    ["R4", "SC-13"],
    "A delegated connection rests on a direct one of the same user with another client, never on a delegated one.",
    ({ state: { connections } }) => {
      const delegated = [...connections.values()].filter(({ source }) => source !== null);
      if (delegated.length === 0) return null;
      return delegated.every((connection) => {
        const source = connections.get(connection.source as string);
        return source === undefined || (source.source === null &&
          source.user === connection.user && source.client !== connection.client);
      });
    },
  ),
  always(
    "families-are-well-formed",
    ["T1", "T5", "P5", "SC-01"],
    "A family belongs to a connection that is known, has a scope, and its times are in order; two families never share a salt.",
    ({ state: { connections, families } }) => {
      if (families.size === 0) return null;
      const rows = [...families.values()];
      return new Set(rows.map(({ salt }) => salt)).size === rows.length &&
        rows.every((family) =>
          connections.has(family.connection) && family.scope.length > 0 &&
          family.generation >= 0 && Number.isInteger(family.generation) &&
          (family.generation > 0 || family.generationStartedAt === family.startedAt)
        );
    },
  ),
  always(
    "indexes-agree",
    ["A1"],
    "The indexes name exactly the rows that are there, so that no command overlooks one.",
    ({ state }) => {
      const connections = [...state.connectionsOfUser].flatMap(([user, ids]) =>
        ids.map((id) => `${id} ${user}`)
      );
      const families = [...state.familiesOfConnection].flatMap(([connection, ids]) =>
        ids.map((id) => `${id} ${connection}`)
      );
      return sameSet(
        connections,
        [...state.connections.values()],
        ({ id, user }) => `${id} ${user}`,
      ) &&
        sameSet(families, [...state.families.values()], (row) => `${row.id} ${row.connection}`);
    },
  ),
];
