/**
 * Issues, refreshes and lets expire over a few connections, a million times if asked to, and measures what
 * the database takes.
 * @module
 */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import pg from "pg";
import { systemClock } from "../../adapters/entropy.ts";
import type { Store } from "../../adapters/ports.ts";
import { createPostgresStore, type PgPool } from "../../adapters/store/postgres/mod.ts";
import { openSqliteStore } from "../../adapters/store/sqlite.ts";
import { horizonAt } from "../../core/sweep.ts";
import { sweepAll } from "../store-contract/clauses/sweeping.ts";
import { granted } from "../store-contract/expect.ts";
import { byPublicId, createScene, registerUser } from "../store-contract/scene.ts";
import { startPostgres } from "../tests/support/postgres-server.ts";

const HELP =
  `Runs cycles of issue, refresh and expiry over ten connections and measures the database.

Usage: npm run prove:growth -- [options]

  --store NAME   sqlite or postgres (default sqlite); FTFU_TEST_POSTGRES=postgres://… uses that server
  --cycles N     how many (default 10000)
  --json         prints one line of JSON

Exit code 0: the last half of the run took no more space than the first. 1: not so. 2: bad arguments.
`;

/** A database and how much it has written. */
interface Database {
  readonly store: Store;
  /** Bytes that the database takes: tables and indexes of PostgreSQL, the file and its log of SQLite. */
  size(): Promise<number>;
  /** Bytes written so far: of PostgreSQL, its log; of SQLite, by this process. */
  written(): Promise<number>;
  close(): Promise<void>;
}

const OPENERS: Readonly<Record<string, () => Promise<Database>>> = {
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), "growth-"));
    const path = join(folder, "store.sqlite");
    const store = await openSqliteStore(path);
    return {
      store,
      size: async () => (await stat(path)).size + (await stat(`${path}-wal`)).size,
      async written() {
        const io = await readFile("/proc/self/io", "utf8").catch(() => "");
        return Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? NaN);
      },
      async close() {
        await store.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  async postgres() {
    const given = process.env["FTFU_TEST_POSTGRES"];
    const server = given ? null : await startPostgres();
    const pool = new pg.Pool({ connectionString: given || server?.url }) as PgPool & pg.Pool;
    const schema = `growth_${process.pid}`;
    const ask = async (sql: string) => Number(Object.values((await pool.query(sql)).rows[0])[0]);
    return {
      store: await createPostgresStore(pool, { schema }),
      size: () =>
        ask(`SELECT sum(pg_total_relation_size(oid)) FROM pg_class
             WHERE relkind = 'r' AND relnamespace = '${schema}'::regnamespace`),
      written: () => ask("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"),
      async close() {
        await pool.query(`DROP SCHEMA ${schema} CASCADE`);
        await pool.end();
        await server?.remove();
      },
    };
  },
};

const CONNECTIONS = 10;
const SAMPLES = 10;
/** Cycles between two sweeps. */
const ROUND = 500;

async function measure(database: Database, cycles: number) {
  const { store } = database;
  const open = () => Promise.resolve(store);
  const scene = await createScene({ open }, { refreshIdleSeconds: 3600 });
  const users = Array.from({ length: CONNECTIONS }, (_, n) => `user-${n}`);
  for (const user of users) {
    granted(await scene.run(registerUser(user)));
    granted(await scene.run({ type: "connect", user, client: "shop", scope: ["email"] }));
  }
  const sizes: number[] = [];
  const before = await database.written();
  const start = systemClock.now();
  for (let done = 0; done < cycles; done += ROUND) {
    await Promise.all(users.map(async (user) => {
      for (let n = 0; n < ROUND / CONNECTIONS; n++) {
        const tokens = granted(await scene.run(byPublicId(user, "shop")));
        granted(await scene.run({ ...tokens, type: "refresh", scope: null }));
      }
    }));
    scene.now += 3600;
    await sweepAll(scene, horizonAt(scene.now, scene.settings), 1000);
    const due = Math.ceil(cycles * (sizes.length + 1) / SAMPLES);
    if (done + ROUND >= due) sizes.push(await database.size());
  }
  const mutations = 2 * cycles;
  return {
    cycles,
    seconds: Math.round((systemClock.now() - start) / 1000),
    sizes,
    writtenPerMutation: Math.round((await database.written() - before) / mutations),
    bounded:
      Math.max(...sizes.slice(SAMPLES / 2)) <= 1.25 * Math.max(...sizes.slice(0, SAMPLES / 2)),
  };
}

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    cycles: { type: "string", default: "10000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const cycles = Number(values.cycles);
const opener = OPENERS[values.store];
if (values.help || opener === undefined || !Number.isInteger(cycles) || cycles < SAMPLES * ROUND) {
  console.error(`${HELP}\nAt least ${SAMPLES * ROUND} cycles.`);
  process.exit(values.help ? 0 : 2);
}
const database = await opener();
try {
  const result = { store: values.store, ...await measure(database, cycles) };
  console.log(
    values.json ? JSON.stringify(result) : `${result.cycles} cycles on ${result.store} in ` +
      `${result.seconds} s: ${result.sizes.join(", ")} bytes after each tenth, ` +
      `${result.writtenPerMutation} bytes written per mutation, ` +
      (result.bounded ? "bounded" : "GROWING"),
  );
  process.exitCode = result.bounded ? 0 : 1;
} finally {
  await database.close();
}
