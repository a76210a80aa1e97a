/**
 * Writes the net effect of a batch: each row that its decisions touched, as it was loaded and as it
 * is now. One statement per kind of row, whatever the number of decisions.
 *
 * A statement that does not find the rows that it is meant to change fails, and with it the
 * transaction: a row that a decision relied on is gone, so the batch is decided anew.
 * @module
 */
import type { Change } from "../../../core/decision.ts";
import { applyChange, pair, type State } from "../../../core/evolve.ts";
import type {
  Client,
  Connection,
  ConnectionId,
  ConsentUse,
  PublicId,
  TokenFamily,
  User,
  Withdrawal,
} from "../../../core/model.ts";
import { writeScope } from "../../../core/scope.ts";
import { bucketOfId, bucketOfUser } from "./bucket.ts";
import { jsonb } from "./driver.ts";
import type { Asked } from "./load.ts";
import type { Layout } from "./schema.ts";

/** The changes of a batch, as they are made. */
export interface Draft {
  /** The state as the next decision sees it. */
  readonly state: State;
  /** Makes the changes of one decision. */
  apply(changes: readonly Change[]): void;
  /** The statements that write the net effect; empty if there is none. */
  statements(): readonly string[];
}

/** Starts a draft on what was loaded. It changes `state` in place. */
export function createDraft(layout: Layout, asked: Asked, state: State): Draft {
  const clients = watch(state.clients);
  const users = watch(state.users);
  const connections = watch(state.connections);
  const families = watch(state.families);
  const uses = watch(state.consentUses);
  const withdrawals = watch(state.withdrawals);
  const deleted = new Map<PublicId, string>();
  /** The user of each connection that a family was started on. */
  const owners = new Map<ConnectionId, PublicId>();

  const touch = (change: Change) => {
    switch (change.type) {
      case "client-written":
        return clients.touch(change.client.id);
      case "user-written":
        return users.touch(change.user.publicId);
      case "user-deleted":
        deleted.set(change.publicId, change.digest);
        return users.touch(change.publicId);
      case "connection-established":
      case "connection-changed":
      case "connection-revoked":
        return connections.touch(change.connection.id);
      case "withdrawn":
        return withdrawals.touch(pair(change.withdrawal.user, change.withdrawal.client));
      case "consent-redeemed":
        return uses.touch(pair(change.use.issuer, change.use.jti));
      case "family-started": {
        const { connection } = change.family;
        const owner = state.connections.get(connection)?.user;
        if (owner !== undefined) owners.set(connection, owner);
        return families.touch(change.family.id);
      }
      case "family-rotated":
        return families.touch(change.family.id);
      case "family-ended":
        return families.touch(change.family);
    }
  };

  return {
    state,
    apply(changes) {
      for (const change of changes) {
        touch(change);
        applyChange(state, change);
      }
    },
    statements() {
      const write = createStatements(layout);
      const active = (connection: Connection) => connection.status === "active";
      return [
        ...write.deleteUsers([...deleted]),
        ...write.insertClients(clients.inserted((id) => asked.clients.has(id))),
        ...write.updateClients(clients.updated()),
        ...write.upsertClients(clients.inserted((id) => !asked.clients.has(id))),
        ...write.insertUsers(users.inserted((id) => asked.users.has(id))),
        ...write.updateUsers(users.updated()),
        ...write.upsertUsers(users.inserted((id) => !asked.users.has(id))),
        ...write.insertUses(uses.inserted(() => true)),
        ...write.insertConnections(connections.inserted(() => true)),
        ...write.updateConnections(connections.updated().map(({ now }) => now).filter(active)),
        ...write.revokeConnections(
          connections.updated().map(({ now }) => now).filter((row) => !active(row)),
        ),
        ...write.deleteFamilies(families.deleted()),
        ...write.insertFamilies(families.inserted(() => true), owners),
        ...write.updateFamilies(families.updated()),
        ...write.upsertWithdrawals([
          ...withdrawals.inserted(() => true),
          ...withdrawals.updated().map(({ now }) => now),
        ]),
        // Last, after every insert: see `createBatches`.
        ...write.checkRetired(users.inserted((id) => asked.users.has(id)), asked),
      ];
    },
  };
}

/** The rows of one table that were touched, as they were before. */
interface Watched<Row> {
  touch(key: string): void;
  /** Rows that were absent and are there now, in the order of their keys. */
  inserted(which: (key: string) => boolean): readonly Row[];
  /** Rows that were there and still are. */
  updated(): readonly { readonly before: Row; readonly now: Row }[];
  /** The keys of rows that are not there now. */
  deleted(): readonly string[];
}

function watch<Row>(table: ReadonlyMap<string, Row>): Watched<Row> {
  const before = new Map<string, Row | undefined>();
  // Rows of one kind are written in the order of their keys, so that batches do not wait for each other
  // in a circle.
  const entries = () => [...before].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    touch(key) {
      if (!before.has(key)) before.set(key, table.get(key));
    },
    inserted: (which) =>
      entries().flatMap(([key, was]) => {
        const now = table.get(key);
        return was === undefined && now !== undefined && which(key) ? [now] : [];
      }),
    updated: () =>
      entries().flatMap(([key, was]) => {
        const now = table.get(key);
        return was !== undefined && now !== undefined ? [{ before: was, now }] : [];
      }),
    deleted: () => entries().filter(([key]) => !table.has(key)).map(([key]) => key),
  };
}

/** The statements for the rows of each kind: none where there are no rows. */
function createStatements({ schema, partitions }: Layout) {
  const on = (name: string) => `${schema}.${name}`;
  const each = <Row>(rows: readonly Row[], ...statements: ((rows: readonly Row[]) => string)[]) =>
    rows.length === 0 ? [] : statements.map((statement) => statement(rows));
  /** A statement on rows as a table `r`. */
  const insert = (name: string, columns: string, conflict = "") => (rows: readonly object[]) => {
    const names = columns.split(/, /).map((column) => column.split(" ")[0]).join(", ");
    return `INSERT INTO ${on(name)} (${names})
      SELECT ${names} FROM jsonb_to_recordset(${jsonb(rows)}) AS r (${columns}) ${conflict}`;
  };
  const update =
    (name: string, columns: string, set: string, where: string) => (rows: readonly object[]) =>
      expect(
        rows.length,
        `UPDATE ${on(name)} AS t SET ${set}
       FROM jsonb_to_recordset(${jsonb(rows)}) AS r (${columns}) WHERE ${where}`,
      );
  const routed = (row: string, id: string) =>
    partitions === 1 ? "" : `AND ${row}.bucket = ${id}.bucket`;

  return {
    deleteUsers: (users: readonly (readonly [PublicId, string])[]) =>
      each(
        users.map(([user_id, digest]) => ({ user_id, bucket: bucketOfUser(user_id), digest })),
        (rows) => `
          WITH gone AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(${jsonb(rows)})
              AS r (user_id text, bucket smallint, digest text)),
          connections AS (
            DELETE FROM ${on("connections")} AS c USING gone
            WHERE c.user_id = gone.user_id AND c.bucket = gone.bucket RETURNING c.id, c.bucket),
          families AS (
            DELETE FROM ${on("families")} AS f USING connections AS c
            WHERE f.connection = c.id AND f.bucket = c.bucket),
          withdrawals AS (
            DELETE FROM ${on("withdrawals")} AS w USING gone
            WHERE w.user_id = gone.user_id AND w.bucket = gone.bucket),
          users AS (
            DELETE FROM ${on("users")} AS u USING gone
            WHERE u.public_id = gone.user_id AND u.bucket = gone.bucket)
          INSERT INTO ${
          on("retired_users")
        } (digest) SELECT digest FROM gone ON CONFLICT DO NOTHING`,
      ),

    insertClients: (rows: readonly Client[]) =>
      each(rows.map(clientRow), insert("clients", CLIENT)),
    upsertClients: (rows: readonly Client[]) =>
      each(
        rows.map(clientRow),
        insert(
          "clients",
          CLIENT,
          `ON CONFLICT (id) DO UPDATE SET role = excluded.role, status = excluded.status,
             scope = excluded.scope, secrets = excluded.secrets`,
        ),
      ),
    // Nobody locks a client, which every request reads: its row must be as it was loaded.
    updateClients: (rows: readonly { before: Client; now: Client }[]) =>
      each(
        rows.map(({ before, now }) => {
          const { role, status, scope, secrets } = clientRow(before);
          return { ...clientRow(now), was: [role, status, scope, secrets].join("\n") };
        }),
        update(
          "clients",
          `${CLIENT}, was text`,
          "role = r.role, status = r.status, scope = r.scope, secrets = r.secrets",
          "t.id = r.id AND concat_ws(E'\\n', t.role, t.status, t.scope, t.secrets) = r.was",
        ),
      ),

    insertUsers: (rows: readonly User[]) => each(rows.map(userRow), insert("users", USER)),
    upsertUsers: (rows: readonly User[]) =>
      each(
        rows.map(userRow),
        insert(
          "users",
          USER,
          "ON CONFLICT (public_id, bucket) DO UPDATE SET status = excluded.status",
        ),
      ),
    updateUsers: (rows: readonly { now: User }[]) =>
      each(
        rows.map(({ now }) => userRow(now)),
        update(
          "users",
          USER,
          "status = r.status",
          "t.public_id = r.public_id AND t.bucket = r.bucket",
        ),
      ),
    checkRetired(rows: readonly User[], { json: { digests } }: Asked) {
      return rows.length === 0 || digests.length === 0 ? [] : [
        `SELECT 1 / (CASE WHEN EXISTS (
           SELECT FROM jsonb_array_elements(${jsonb(digests)}) AS item
           JOIN ${on("retired_users")} AS r ON r.digest = item ->> 0) THEN 0 ELSE 1 END)`,
      ];
    },

    insertUses: (rows: readonly ConsentUse[]) =>
      each(
        rows.map((use) => ({ ...use, redeemed_at: use.redeemedAt, keep_until: use.keepUntil })),
        insert(
          "consent_uses",
          "issuer text, jti text, digest text, client text, family text, redeemed_at bigint, keep_until bigint",
        ),
      ),

    insertConnections: (rows: readonly Connection[]) =>
      each(
        rows.map(connectionRow),
        insert(
          "connections",
          "id text, bucket smallint, user_id text, client text, source text, scope text, consented_at bigint, revoked_at bigint",
        ),
      ),
    updateConnections: (rows: readonly Connection[]) =>
      each(
        rows.map(connectionRow),
        update(
          "connections",
          "id text, bucket smallint, scope text, consented_at bigint",
          "scope = r.scope, consented_at = r.consented_at",
          "t.id = r.id AND t.bucket = r.bucket AND t.revoked_at IS NULL",
        ),
      ),
    revokeConnections: (rows: readonly Connection[]) =>
      each(
        rows.map(connectionRow),
        update(
          "connections",
          "id text, bucket smallint, revoked_at bigint",
          "revoked_at = r.revoked_at",
          "t.id = r.id AND t.bucket = r.bucket AND t.revoked_at IS NULL",
        ),
      ),

    deleteFamilies: (ids: readonly string[]) =>
      each(ids.map(idRow), (rows) =>
        `DELETE FROM ${on("families")} AS t
         USING jsonb_to_recordset(${jsonb(rows)}) AS r (id text, bucket smallint)
         WHERE t.id = r.id ${routed("t", "r")}`),
    insertFamilies: (
      rows: readonly TokenFamily[],
      owners: ReadonlyMap<ConnectionId, PublicId>,
    ) =>
      each(
        rows.map((family) => {
          const owner = owners.get(family.connection);
          return { ...familyRow(family), bucket: owner === undefined ? null : bucketOfUser(owner) };
        }),
        (rows) => {
          const columns = `connection text, scope text, started_at bigint, ${FAMILY}`;
          const names = columns.split(", ").map((column) => column.split(" ")[0]).join(", ");
          return `INSERT INTO ${on("families")} (${names}, bucket)
            SELECT ${names}, coalesce(r.bucket,
              (SELECT c.bucket FROM ${on("connections")} AS c WHERE c.id = r.connection))
            FROM jsonb_to_recordset(${jsonb(rows)}) AS r (${columns}, bucket smallint)`;
        },
      ),
    updateFamilies: (rows: readonly { before: TokenFamily; now: TokenFamily }[]) =>
      each(
        rows.map(({ before, now }) => ({ ...familyRow(now), ...idRow(now.id), was: before.salt })),
        update(
          "families",
          `bucket smallint, was text, ${FAMILY}`,
          `generation = r.generation, generation_started_at = r.generation_started_at,
           previous_generation_started_at = r.previous_generation_started_at,
           salt = r.salt, key_id = r.key_id`,
          `t.id = r.id ${routed("t", "r")} AND t.salt = r.was`,
        ),
      ),

    upsertWithdrawals: (rows: readonly Withdrawal[]) =>
      each(
        rows.map(({ user, client, directAt, at }) => (
          { user_id: user, client, bucket: bucketOfUser(user), direct_at: directAt, at }
        )),
        insert(
          "withdrawals",
          "user_id text, client text, bucket smallint, direct_at bigint, at bigint",
          // Of NULLs, greatest takes no notice.
          `ON CONFLICT (user_id, client, bucket) DO UPDATE SET
             at = greatest(withdrawals.at, excluded.at),
             direct_at = greatest(withdrawals.direct_at, excluded.direct_at)`,
        ),
      ),
  };
}

const CLIENT = "id text, role text, status text, scope text, secrets text";
const USER = "public_id text, bucket smallint, status text";
const FAMILY = "id text, generation bigint, generation_started_at bigint, " +
  "previous_generation_started_at bigint, salt text, key_id text";

/** Fails the transaction unless a statement changes this many rows (see `driver.ts`: 22012). */
function expect(count: number, statement: string): string {
  return `WITH done AS (${statement} RETURNING 1)
    SELECT 1 / (CASE WHEN count(*) = ${count} THEN 1 ELSE 0 END) FROM done`;
}

function clientRow({ id, role, status, scope, secrets }: Client) {
  return { id, role, status, scope: writeScope(scope), secrets: JSON.stringify(secrets) };
}

function userRow({ publicId, status }: User) {
  return { public_id: publicId, bucket: bucketOfUser(publicId), status };
}

function connectionRow(connection: Connection) {
  const { id, user, client, source } = connection;
  const row = { id, bucket: bucketOfUser(user), user_id: user, client, source: source ?? "" };
  return connection.status === "revoked"
    ? { ...row, scope: "", consented_at: 0, revoked_at: connection.revokedAt }
    : { ...row, scope: writeScope(connection.scope), consented_at: connection.consentedAt };
}

function idRow(id: string) {
  return { id, bucket: bucketOfId(id) };
}

function familyRow(family: TokenFamily) {
  return {
    id: family.id,
    connection: family.connection,
    scope: writeScope(family.scope),
    started_at: family.startedAt,
    generation: family.generation,
    generation_started_at: family.generationStartedAt,
    previous_generation_started_at: family.previousGenerationStartedAt,
    salt: family.salt,
    key_id: family.keyId,
  };
}
