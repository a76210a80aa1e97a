/** The PostgreSQL store when the database, or the way to it, fails. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checkStore } from "../../../adapters/http/health.ts";
import { type Store, StoreFault } from "../../../adapters/ports.ts";
import {
  createPostgresStore,
  openPostgresStore,
  type PgPool,
} from "../../../adapters/store/postgres/mod.ts";
import { decide, keysOf } from "../../../core/decide.ts";
import { grant } from "../../../core/decision.ts";
import { createScene, type Scene, sceneOn } from "../../store-contract/scene.ts";
import { granted } from "../support/machine.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { createPool } from "../support/postgres.ts";
import { type Proxy, startProxy } from "../support/proxy.ts";
import { until } from "../support/cli.ts";

let server: PostgresServer;
let proxy: Proxy;
let schemas = 0;

before(async () => {
  server = await startPostgres(["fsync=off", "shared_buffers=32MB", "max_connections=40"]);
  proxy = await startProxy(server.port);
});
after(async () => {
  await proxy?.close();
  await server?.remove();
});

/** A populated store behind the proxy, and what the proxy passes on otherwise. */
async function behindProxy(
  work: (scene: Scene & { readonly store: Store }) => Promise<void>,
  parameters = "",
): Promise<void> {
  const { username, password } = new URL(server.url);
  const schema = `faults_${schemas++}`;
  const url = `postgres://${username}:${password}@127.0.0.1:${proxy.port}/postgres` +
    `?schema=${schema}${parameters}`;
  const scene = await createScene({ open: () => openPostgresStore(url) });
  const [store] = scene.stores as [Store];
  try {
    await work({ ...scene, store });
  } finally {
    proxy.onRequest = () => "pass";
    await store.close();
  }
}

/** Runs SQL beside the store. */
async function sql(text: string): Promise<void> {
  const pool = createPool(server.url, 1);
  try {
    await pool.query(text);
  } finally {
    await pool.end();
  }
}

const isFault = (error: unknown) => error instanceof StoreFault;
const isCommit = (text: string) => text.includes("COMMIT") && text.includes("INSERT");
const isLoad = (text: string) => text.includes("FOR UPDATE");

const byId = { type: "fetch", by: "publicId", client: "shop", publicId: "ann" } as const;

async function familiesOf({ store }: { readonly store: Store }): Promise<number> {
  const facts = await store.read({ user: "ann", client: "shop" });
  const [candidate] = facts.candidates;
  const connection = candidate?.connection.id ?? "";
  return (await store.list({ of: "families", connection }, { limit: 100 })).length;
}

/** A pool that does something before it sends the first text that fits. */
function interrupted(fits: (text: string) => boolean, before: () => Promise<void>): PgPool {
  const pool = createPool(server.url, 2);
  let done = false;
  return {
    async connect() {
      const connection = await pool.connect();
      return {
        async query(text) {
          if (!done && fits(text)) {
            done = true;
            await before();
          }
          return await connection.query(text);
        },
        release: (error) => connection.release(error),
      };
    },
    end: () => pool.end(),
  };
}

describe("PostgreSQL when something goes wrong", () => {
  test("A3: a connection that is cut before the commit is replaced, and the decision made", () =>
    behindProxy(async (scene) => {
      let cuts = 3;
      proxy.onRequest = (text) => isLoad(text) && cuts-- > 0 ? "cut" : "pass";
      granted(await scene.run(byId));
      assert.equal(cuts, -1);
      assert.equal(await familiesOf(scene), 1);
    }));

  test("A3, C11: a commit whose answer is lost is neither a success nor final, and a retry finds it", () =>
    behindProxy(async (scene) => {
      const consent = scene.consent();
      const redeem = { type: "fetch", by: "consentToken", client: "partner", consent } as const;
      proxy.onRequest = (text) => isCommit(text) ? "answer-lost" : "pass";
      await assert.rejects(scene.run(redeem), isFault);
      proxy.onRequest = () => "pass";
      const retried = granted(await scene.run(redeem));
      assert.equal(retried.repeated, true); // so it was committed
      // The other way round: the commit never arrives.
      const other = { ...redeem, consent: scene.consent({ jti: "jti-2" }) };
      proxy.onRequest = (text) => isCommit(text) ? "cut" : "pass";
      await assert.rejects(scene.run(other), isFault);
      proxy.onRequest = () => "pass";
      assert.equal(granted(await scene.run(other)).repeated, false);
    }));

  test("A3, CT-22: with strict single use, a lost commit is not answered as a replay", () =>
    behindProxy(async (scene) => {
      const strict = { ...scene.settings, consentRetrySeconds: 0 };
      const consent = scene.consent();
      const command = { type: "fetch", by: "consentToken", client: "partner", consent } as const;
      let decided = 0;
      const redeem = () =>
        scene.store.transact(keysOf(command, strict), (facts) => {
          decided += 1;
          const id = (letter: string) => letter.repeat(30) + decided.toString(16).padStart(2, "0");
          const fresh = { connection: id("c"), family: id("f"), salt: id("5"), keyId: "k1" };
          return decide(command, facts, { now: scene.now, settings: strict, fresh });
        });
      proxy.onRequest = (text) => isCommit(text) ? "answer-lost" : "pass";
      await assert.rejects(redeem(), isFault);
      assert.equal(decided, 1); // to decide again would be to refuse what was granted
    }));

  test("A3: what waits together fails together, and nothing of it is written in part", () =>
    behindProxy(async (scene) => {
      proxy.onRequest = (text) => isCommit(text) ? "cut" : "pass";
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => scene.run(byId)));
      proxy.onRequest = () => "pass";
      assert.ok(answers.every(({ status }) => status === "rejected"));
      assert.equal(await familiesOf(scene), 0);
    }));

  test("R1: an id that is registered and deleted during a registration stays retired", () =>
    behindProxy(async (scene) => {
      const command = { user: "carol", digest: "digest of carol" };
      const register = { type: "register-user", ...command } as const;
      const pool = interrupted(isCommit, async () => {
        granted(await scene.run(register));
        granted(await scene.run({ type: "delete-user", ...command }));
      });
      const other = await createPostgresStore(pool, { schema: `faults_${schemas - 1}` });
      const late = sceneOn([other], scene.settings, "1");
      const decision = await late.run(register);
      assert.equal(decision.outcome === "refused" && decision.reason, "user_id_retired");
      await other.close();
    }));

  test("A3: what the server cannot take fails alone", () =>
    behindProxy(async ({ store }) => {
      const user = (publicId: string) =>
        store.transact({}, () => {
          const written = { publicId, status: "active" } as const;
          return grant(null, [{ type: "user-written", user: written }]);
        });
      const bad = user("a\u0000b"); // PostgreSQL has no such text
      await Promise.all([user("before"), assert.rejects(bad, isFault), user("after")]);
      assert.equal((await store.read({ user: "after" })).user?.publicId, "after");
    }));

  test("A3: a server that stops and starts again is used again, and health says what is wrong", () =>
    behindProxy(async (scene) => {
      const { problem } = checkStore(scene.store);
      assert.equal(await problem(), null);
      await server.halt();
      await assert.rejects(scene.run(byId), isFault);
      await assert.rejects(scene.read({ user: "ann" }), isFault);
      const reason = String(await problem());
      assert.match(reason, /^The database cannot be used now: /);
      assert.doesNotMatch(reason, /only-for-tests|127\.0\.0\.1/);
      await server.start();
      granted(await scene.run(byId));
      assert.equal(await problem(), null);
    }));

  test("A3: connections that die while they are in use, or idle, end no process", () =>
    behindProxy(async (scene) => {
      const answers = Promise.allSettled(Array.from({ length: 50 }, () => scene.run(byId)));
      await server.kill();
      proxy.cut();
      await answers;
      await server.start();
      granted(await scene.run(byId));
    }));

  test("A3: a server that became read-only refuses nothing for good, and is left for another", () =>
    behindProxy(async (scene) => {
      await sql("ALTER SYSTEM SET default_transaction_read_only = on");
      await sql("SELECT pg_reload_conf()");
      const { problem } = checkStore(scene.store);
      await until(async () => await problem() !== null);
      await assert.rejects(scene.run(byId), isFault);
      assert.match(String(await problem()), /it is read-only/);
      await sql("ALTER SYSTEM RESET default_transaction_read_only");
      await sql("SELECT pg_reload_conf()");
      await until(async () => await problem() === null);
      granted(await scene.run(byId));
    }));

  test("A3: a server without free connections is busy, not broken", () =>
    behindProxy(async (scene) => {
      proxy.cut(); // those of the store
      const pool = createPool(server.url, 60);
      const taken = [];
      try {
        for (;;) taken.push(await pool.connect());
      } catch {
        // All connections are in use.
      }
      // A socket may be closed before the reason is read.
      await assert.rejects(scene.run(byId), /it has no connection left|the connection was lost/);
      for (const connection of taken) connection.release(true);
      await pool.end();
      await until(() => scene.run(byId).then(() => true, () => false));
      assert.ok(await familiesOf(scene) > 0);
    }));

  test("A3: a statement that waits too long ends, and what waits for it is told", () =>
    behindProxy(async (scene) => {
      const pool = createPool(server.url, 1);
      const connection = await pool.connect();
      await connection.query(`BEGIN; SELECT FROM faults_${schemas - 1}.users FOR UPDATE`);
      await assert.rejects(scene.run(byId), /a statement took too long/);
      await connection.query("ROLLBACK");
      connection.release();
      await pool.end();
      granted(await scene.run(byId));
    }, "&statement_timeout=300"));
});
