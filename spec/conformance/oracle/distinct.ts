/**
 * Merges worlds that no longer differ.
 * @module
 */
import type { Connection } from "../../../core/model.ts";
import type { World } from "./world.ts";

/** Maximum number of explanations to keep. There are rarely more than a few. */
const MOST_WORLDS = 64;

/** One of each kind of world. */
export function distinct(worlds: readonly World[]): readonly World[] {
  if (worlds.length < 2) return worlds;
  const seen = new Map(worlds.map((world) => [fingerprint(world), world]));
  return [...seen.values()].slice(0, MOST_WORLDS);
}

/** Everything that matters, with the token strings of the implementation instead of the core's ids. */
function fingerprint({ state, strings, now }: World): string {
  const families = [...state.families.values()].map(({ id, connection, salt: _, ...rest }) => {
    const name = strings.get(`${id} ${rest.generation}`);
    return JSON.stringify([name, connectionName(state.connections, connection), rest]);
  });
  const connections = [...state.connections.keys()].map((id) =>
    connectionName(state.connections, id)
  );
  const uses = [...state.consentUses.values()].map(({ family, ...rest }) =>
    JSON.stringify([strings.get(`${family} 0`), rest])
  );
  return JSON.stringify([
    now,
    families.sort(),
    connections.sort(),
    uses.sort(),
    [...state.withdrawals].sort(),
    [...state.clients],
    [...state.users],
  ]);
}

/** A connection without its id, and what it rests on. */
function connectionName(connections: ReadonlyMap<string, Connection>, id: string): string {
  const found = connections.get(id);
  if (found === undefined) return "none";
  const { id: _, source, ...rest } = found;
  return JSON.stringify([rest, source === null ? null : connectionName(connections, source)]);
}
