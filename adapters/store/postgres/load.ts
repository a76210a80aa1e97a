/**
 * Loads what decisions may read: the part of the state that some keys ask for, as a state of the
 * model. `factsOf` in `core/evolve.ts` then gives each decision its facts, and `applyChange` shows
 * one decision of a batch the changes of those before it.
 * @module
 */
import type { Keys } from "../../../core/decision.ts";
import { initialState, pair, type State } from "../../../core/evolve.ts";
import type { ConnectionId, PublicId } from "../../../core/model.ts";
import { bucketOfId, bucketOfUser } from "./bucket.ts";
import { jsonb } from "./driver.ts";
import {
  clientOf,
  type ClientRow,
  connectionOf,
  type ConnectionRow,
  familyOf,
  type FamilyRow,
  useOf,
  userOf,
  type UseRow,
  type UserRow,
  withdrawalOf,
  type WithdrawalRow,
} from "./rows.ts";
import type { Layout } from "./schema.ts";

/** What a list of keys names, each once. */
export interface Asked {
  readonly users: ReadonlySet<PublicId>;
  readonly clients: ReadonlySet<string>;
  readonly json: Readonly<Record<keyof typeof NAMES, readonly (readonly (string | number)[])[]>>;
}

/** The columns of each list in {@link Asked.json}, as SQL reads them. */
const NAMES = {
  clients: ["id"],
  users: ["public_id", "bucket"],
  pairs: ["user_id", "client", "bucket"],
  digests: ["digest"],
  consents: ["issuer", "jti"],
  families: ["id", "bucket"],
  connections: ["id", "bucket"],
} as const;

/** A text that may be an id. Anything else is in no row, and some of it in no jsonb either. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Gathers what some keys ask for. */
export function askFor(list: readonly Keys[]): Asked {
  const found: Record<string, Map<string, readonly (string | number)[]>> = {};
  const add = (name: keyof typeof NAMES, ...texts: (string | undefined)[]) => {
    if (!texts.every((text) => text !== undefined && PRINTABLE.test(text))) return;
    const [first = ""] = texts;
    const bucket = name === "users" || name === "pairs"
      ? [bucketOfUser(first ?? "")]
      : name === "families" || name === "connections"
      ? [bucketOfId(first ?? "")]
      : [];
    (found[name] ??= new Map()).set(texts.join("\n"), [...(texts as string[]), ...bucket]);
  };
  for (const { client, user, userDigest, merchant, consent, family, connection } of list) {
    add("clients", client);
    add("clients", merchant);
    add("users", user);
    add("pairs", user, client);
    add("pairs", user, merchant);
    add("digests", userDigest);
    add("consents", consent?.issuer, consent?.jti);
    add("families", family);
    add("connections", connection);
  }
  const rows = (name: keyof typeof NAMES) => [...(found[name] ?? new Map()).values()];
  const names = Object.keys(NAMES) as (keyof typeof NAMES)[];
  return {
    users: new Set(found["users"]?.keys()),
    clients: new Set(found["clients"]?.keys()),
    json: Object.fromEntries(names.map((name) => [name, rows(name)])) as unknown as Asked["json"],
  };
}

/** The statements that lock and load, for one layout of the tables. */
export interface Loader {
  /**
   * Locks the users that keys name, directly or by a connection or family, in the order of their
   * ids; `null` if they name none.
   */
  lock(asked: Asked): string | null;
  /** Reads everything as one snapshot: one row with one column, for {@link readState}. */
  load(asked: Asked): string;
}

/** Builds the statements. Only what is asked for is in them: planning takes longer than reading. */
export function createLoader({ schema, partitions }: Layout): Loader {
  const on = (name: string) => `${schema}.${name}`;
  const has = ({ json }: Asked, name: keyof typeof NAMES) => json[name].length > 0;
  // An id leads to a bucket only where ids are made to; with one table there is no need to trust it.
  const routed = (row: string, asked: string) =>
    partitions === 1 ? "" : `AND ${row}.bucket = ${asked}.bucket`;
  // LATERAL and OFFSET 0: one look-up by key for each row before it, in one partition, whatever the
  // planner knows of the tables. It would read a whole one to join it by hash.
  const each = (table: string, row: string, where: string) =>
    `CROSS JOIN LATERAL (SELECT * FROM ${on(table)} AS ${row} WHERE ${where} OFFSET 0) AS ${row}`;
  const ofPair = (row: string) =>
    `${row}.user_id = a.user_id AND ${row}.client = a.client AND ${row}.bucket = a.bucket`;
  // What `bucketOfId` does.
  const ofUse = partitions === 1 ? "" : "AND f.bucket = ('x' || right(u.family, 2))::bit(8)::int";
  const list = (asked: Asked, name: keyof typeof NAMES) => {
    const columns = NAMES[name].map((column, index) => {
      const value = `item ->> ${index}`;
      return column === "bucket" ? `(${value})::smallint AS bucket` : `${value} AS ${column}`;
    });
    return `asked_${name} AS MATERIALIZED (
      SELECT ${columns.join(", ")} FROM jsonb_array_elements(${jsonb(asked.json[name])}) AS item)`;
  };
  const lists = (asked: Asked, names: readonly (keyof typeof NAMES)[]) =>
    names.filter((name) => has(asked, name)).map((name) => list(asked, name));

  return {
    lock(asked) {
      const sources = [
        has(asked, "users") && "SELECT public_id, bucket FROM asked_users",
        has(asked, "connections") && `
          SELECT c.user_id, c.bucket FROM asked_connections AS a
          ${each("connections", "c", `c.id = a.id ${routed("c", "a")}`)}`,
        has(asked, "families") && `
          SELECT c.user_id, c.bucket FROM asked_families AS a
          ${each("families", "f", `f.id = a.id ${routed("f", "a")}`)}
          ${each("connections", "c", "c.id = f.connection AND c.bucket = f.bucket")}`,
      ].filter((source) => source !== false);
      if (sources.length === 0) return null;
      return `
        WITH ${lists(asked, ["users", "connections", "families"]).join(", ")}
        SELECT FROM ${on("users")} WHERE (public_id, bucket) IN (${sources.join(" UNION ")})
        ORDER BY public_id FOR UPDATE`;
    },
    load(asked) {
      const pairs = has(asked, "pairs");
      const uses = has(asked, "consents");
      const families = uses || pairs || has(asked, "families");
      const connections = families || has(asked, "connections");
      const parts = lists(asked, Object.keys(NAMES) as (keyof typeof NAMES)[]);
      const union = (...sources: (string | false)[]) =>
        sources.filter((source) => source !== false).join(" UNION ");
      const columns: string[] = [];
      const output = (name: string, source: string) =>
        columns.push(`'${name}', (SELECT jsonb_agg(to_jsonb(r)) FROM (${source}) AS r)`);

      if (uses) {
        parts.push(`uses AS MATERIALIZED (
          SELECT u.* FROM asked_consents AS a
          ${each("consent_uses", "u", "u.jti = a.jti AND u.issuer = a.issuer")})`);
        output("uses", "SELECT * FROM uses");
      }
      if (pairs) {
        parts.push(`between AS MATERIALIZED (
          SELECT c.* FROM asked_pairs AS a ${
          each("connections", "c", `${ofPair("c")} AND c.revoked_at IS NULL`)
        })`);
        output(
          "withdrawals",
          `SELECT w.* FROM asked_pairs AS a ${each("withdrawals", "w", ofPair("w"))}`,
        );
      }
      if (uses || has(asked, "families")) {
        parts.push(`named AS MATERIALIZED (${
          union(
            has(asked, "families") && `
              SELECT f.* FROM asked_families AS a
              ${each("families", "f", `f.id = a.id ${routed("f", "a")}`)}`,
            uses &&
              `SELECT f.* FROM uses AS u ${each("families", "f", `f.id = u.family ${ofUse}`)}`,
          )
        })`);
        output("families", "SELECT * FROM named");
      }
      if (pairs) {
        output(
          "candidateFamilies",
          `SELECT f.* FROM between AS c ${
            each("families", "f", "f.connection = c.id AND f.bucket = c.bucket")
          }`,
        );
      }
      if (connections) {
        parts.push(`held AS MATERIALIZED (${
          union(
            pairs && "SELECT * FROM between",
            (uses || has(asked, "families")) && `
              SELECT c.* FROM named AS f
              ${each("connections", "c", "c.id = f.connection AND c.bucket = f.bucket")}`,
            has(asked, "connections") && `
              SELECT c.* FROM asked_connections AS a
              ${each("connections", "c", `c.id = a.id ${routed("c", "a")}`)}`,
          )
        })`);
        parts.push(`sources AS MATERIALIZED (
          SELECT s.* FROM (SELECT DISTINCT source, bucket FROM held WHERE source <> '') AS c
          ${each("connections", "s", "s.id = c.source AND s.bucket = c.bucket")})`);
        parts.push("known AS MATERIALIZED (SELECT * FROM held UNION SELECT * FROM sources)");
        output("connections", "SELECT * FROM known");
      }
      const users = union(
        has(asked, "users") && "SELECT public_id, bucket FROM asked_users",
        connections && "SELECT user_id, bucket FROM held",
      );
      if (users !== "") {
        output(
          "users",
          `SELECT u.* FROM (${users}) AS a (public_id, bucket)
          ${each("users", "u", "u.public_id = a.public_id AND u.bucket = a.bucket")}`,
        );
      }
      const clients = union(
        has(asked, "clients") && "SELECT id FROM asked_clients",
        connections && "SELECT client FROM known",
      );
      if (clients !== "") {
        output(
          "clients",
          `SELECT c.* FROM (${clients}) AS a (id) ${each("clients", "c", "c.id = a.id")}`,
        );
      }
      if (has(asked, "digests")) {
        output(
          "retired",
          `SELECT r.* FROM asked_digests AS a ${each("retired_users", "r", "r.digest = a.digest")}`,
        );
      }
      const names = parts.length === 0 ? "" : `WITH ${parts.join(", ")}`;
      return `${names} SELECT jsonb_build_object(${columns.join(", ")})::text AS loaded`;
    },
  };
}

/** What the statement of {@link Loader.load} returns; `null` where there are no rows. */
interface Loaded {
  readonly clients?: readonly ClientRow[] | null;
  readonly users?: readonly UserRow[] | null;
  readonly retired?: readonly { readonly digest: string }[] | null;
  readonly connections?: readonly ConnectionRow[] | null;
  readonly families?: readonly FamilyRow[] | null;
  readonly candidateFamilies?: readonly FamilyRow[] | null;
  readonly uses?: readonly UseRow[] | null;
  readonly withdrawals?: readonly WithdrawalRow[] | null;
}

/** The part of the state that was loaded. */
export function readState(rows: readonly unknown[]): State {
  const [row] = rows as { readonly loaded: string }[];
  const loaded = JSON.parse(row?.loaded ?? "{}") as Loaded;
  const state = initialState();
  for (const client of loaded.clients ?? []) state.clients.set(client.id, clientOf(client));
  for (const user of loaded.users ?? []) state.users.set(user.public_id, userOf(user));
  for (const { digest } of loaded.retired ?? []) state.retired.set(digest, true);
  for (const row of loaded.connections ?? []) {
    const connection = connectionOf(row);
    state.connections.set(connection.id, connection);
    push(state.connectionsOfUser as Map<PublicId, ConnectionId[]>, connection.user, connection.id);
  }
  for (const row of [...loaded.families ?? [], ...loaded.candidateFamilies ?? []]) {
    state.families.set(row.id, familyOf(row));
  }
  for (const { id, connection } of state.families.values()) {
    push(state.familiesOfConnection as Map<ConnectionId, string[]>, connection, id);
  }
  for (const row of loaded.uses ?? []) {
    state.consentUses.set(pair(row.issuer, row.jti), useOf(row));
  }
  for (const row of loaded.withdrawals ?? []) {
    state.withdrawals.set(pair(row.user_id, row.client), withdrawalOf(row));
  }
  return state;
}

function push<Key>(index: Map<Key, string[]>, key: Key, id: string): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [id]);
  else list.push(id);
}
