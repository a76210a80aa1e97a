/**
 * The store on a pool of connections to PostgreSQL.
 * @module
 */
import type { Facts, Keys } from "../../../core/decision.ts";
import type { Store } from "../../ports.ts";
import {
  ask,
  askOnce,
  createQueue,
  type Limits,
  runDecisions,
  runReads,
  type Session,
  type Work,
} from "./batch.ts";
import { jsonb, lastOf, listening, type PgPool } from "./driver.ts";
import { listStatement, readRows } from "./list.ts";
import { migrate } from "./schema.ts";
import { createSweep } from "./sweep.ts";

/** Options of a store; all have defaults. */
export interface PostgresOptions extends Partial<Limits> {
  /** The schema that holds the tables; created if absent. Default: `fetch_tokens_for_user`. */
  readonly schema?: string;
  /** Hash partitions per table, when the tables are created; later it changes nothing. Default: 1. */
  readonly partitions?: number;
}

/** The defaults of {@link PostgresOptions}. */
export const PRESETS: Required<PostgresOptions> = {
  schema: "fetch_tokens_for_user",
  partitions: 1,
  parallel: 2,
  batch: 128,
  statementMilliseconds: 5000,
};

/** A few milliseconds of work, so that requests are not delayed noticeably. */
const SWEPT_AT_ONCE = 500;

/**
 * Builds a store on a pool that you have; creates or upgrades its tables. The store ends the pool
 * when it is closed.
 * @throws {RangeError} if an option is out of range
 * @throws {PostgresOpenError} if the server or the schema is of a version that does not fit
 */
export async function createPostgresStore(
  given: PgPool,
  options: PostgresOptions = {},
): Promise<Store> {
  const { schema, partitions, ...limits } = check({ ...PRESETS, ...options });
  const pool = listening(given);
  const layout = await migrate(pool, { schema, partitions });
  const session = { pool, layout, limits, lazyCommit: await commitsLazily(pool) };
  const decisions = createQueue<Work>(limits, runDecisions(session));
  const reads = createQueue<Keys>(limits, runReads(session));
  const meta = createMeta(session);
  const sweep = createSweeper(session);
  let ended: Promise<void> | null = null;
  return {
    read: (keys) => reads.add(keys) as Promise<Facts>,
    transact: (keys, decide) =>
      decisions.add({ keys, decide }) as Promise<ReturnType<typeof decide>>,
    list: async (listing, page) =>
      readRows(listing, (await ask(session, listStatement(layout, listing, page))).rows),
    ...meta,
    sweep,
    close: () =>
      ended ??= (async () => {
        await Promise.all([decisions.close(), reads.close()]);
        await pool.end();
      })(),
  };
}

function createMeta(session: Session): Pick<Store, "readMeta" | "updateMeta"> {
  const table = `${session.layout.schema}.meta`;
  // Values of callers stand beside those of the schema.
  const text = (value: string) => `${jsonb({ value })} ->> 'value'`;
  const named = (key: string) => text(`value ${key}`);
  const readMeta = async (key: string) => {
    const { rows } = await ask(session, `SELECT value FROM ${table} WHERE key = ${named(key)}`);
    return (rows as { value: string }[])[0]?.value ?? null;
  };
  return {
    readMeta,
    async updateMeta(key, update) {
      for (;;) {
        const before = await readMeta(key);
        const value = update(before);
        const swap = before === null
          ? `INSERT INTO ${table} (key, value) VALUES (${named(key)}, ${text(value)})
             ON CONFLICT DO NOTHING`
          : `UPDATE ${table} SET value = ${text(value)}
             WHERE key = ${named(key)} AND value = ${text(before)}`;
        const { rows } = await askOnce(session, `${swap} RETURNING 1`);
        if (rows.length > 0) return value; // or another process came first
      }
    },
  };
}

function createSweeper(session: Session): Store["sweep"] {
  const steps = createSweep(session.layout);
  return async (horizon, limit) => {
    let removed = 0;
    for (const step of steps) {
      for (let asked = 1, went = 1; went === asked && removed < limit; removed += went) {
        asked = Math.min(SWEPT_AT_ONCE, limit - removed);
        const { rows } = await ask(session, step(horizon, asked));
        went = (rows as { removed: number }[])[0]?.removed ?? 0;
      }
      if (removed >= limit) break;
    }
    return removed;
  };
}

/** Whether commits return before they are durable: `synchronous_commit` is off. */
async function commitsLazily(pool: PgPool): Promise<boolean> {
  const connection = await pool.connect();
  try {
    const { rows } = lastOf(await connection.query("SHOW synchronous_commit"));
    return (rows as { synchronous_commit: string }[])[0]?.synchronous_commit === "off";
  } finally {
    connection.release();
  }
}

function check(options: Required<PostgresOptions>): Required<PostgresOptions> {
  const { schema, partitions, parallel, batch, statementMilliseconds } = options;
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) {
    throw new RangeError("schema must be 1 to 40 lower-case letters, digits and underscores");
  }
  const ranges: readonly [string, number, number, number][] = [
    ["partitions", partitions, 1, 256],
    ["parallel", parallel, 1, 64],
    ["batch", batch, 1, 1024],
    ["statementMilliseconds", statementMilliseconds, 100, 600_000],
  ];
  for (const [name, value, min, max] of ranges) {
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new RangeError(`${name} must be a whole number from ${min} to ${max}, found ${value}`);
    }
  }
  return options;
}
