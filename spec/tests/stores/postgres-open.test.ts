/** Where a PostgreSQL is, how it is laid out, and what is said when it cannot be opened. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createService } from "../../../adapters/direct.ts";
import { routeOf } from "../../../adapters/entropy.ts";
import type { Store } from "../../../adapters/ports.ts";
import { askFor, createLoader } from "../../../adapters/store/postgres/load.ts";
import { createPostgresStore, openPostgresStore } from "../../../adapters/store/postgres/mod.ts";
import { connectPools, loadPg } from "../../../adapters/store/postgres/pool.ts";
import { readPostgresUrl } from "../../../adapters/store/postgres/url.ts";
import { createOpaqueTokens } from "../../../adapters/tokens/opaque.ts";
import { generateTokenKeys } from "../../../adapters/tokens/token-keys.ts";
import { cli } from "../support/cli.ts";
import { withFolder } from "../support/folder.ts";
import { createPool, emptySchema, postgresUrl, query } from "../support/postgres.ts";

describe("PostgreSQL by URL", () => {
  test("tool: a URL gives hosts, credentials, encryption and the options of the store", () => {
    const target = readPostgresUrl(
      "postgres://app:p%40ss:w@db-1,[::1]:5433/shop?sslrootcert=ca.pem&connections=3&schema=x" +
        "&statement_timeout=700&target_session_attrs=read-write",
    );
    assert.deepEqual(target.hosts, [{ host: "db-1", port: 5432 }, { host: "::1", port: 5433 }]);
    assert.deepEqual([target.user, target.password, target.database], ["app", "p@ss:w", "shop"]);
    assert.deepEqual([target.sslMode, target.sslRootCert], ["verify-full", "ca.pem"]);
    assert.deepEqual(target.store, { parallel: 3, statementMilliseconds: 700, schema: "x" });
    assert.equal(target.description, "postgres://app@db-1:5432,[::1]:5433/shop");
  });

  test("G9: encryption is on unless the server is on this machine, or it is turned off", () => {
    const modeOf = (url: string) => readPostgresUrl(url).sslMode;
    assert.equal(modeOf("postgres://127.0.0.1/x"), "disable");
    assert.equal(modeOf("postgres://localhost/x"), "disable");
    assert.equal(modeOf("postgres://127.0.0.1.example/x"), "verify-full");
    assert.equal(modeOf("postgres://localhost,db/x"), "verify-full");
    assert.equal(modeOf("postgres://db/x?sslmode=disable"), "disable");
  });

  for (
    const [part, why] of [
      ["postgres:app@db/x", /a URL is postgres:/],
      ["postgres://app:secret@db:port/x", /a host is NAME or NAME:PORT/],
      ["postgres://app:secret@db/x?ssl=1", /there is no parameter "ssl"/],
      ["postgres://app:secret@db/x?sslmode=prefer", /sslmode must be disable, require/],
      ["postgres://app:secret@db/x?batch=many", /batch takes a whole number/],
      ["postgres://app:sec%ret@db/x", /must be written %25/],
      ["postgres://app:secret@db/x?target_session_attrs=any", /must be read-write/],
    ] as const
  ) {
    test(`G9: the URL ${part} is refused, without its password`, () => {
      assert.throws(() => readPostgresUrl(part), (error: Error) => {
        assert.match(error.message, why);
        return !/sec(?:%r|r)et/.test(error.message);
      });
    });
  }

  test("G9: who cannot open it is told what to do, and never the password", async () => {
    const url = new URL(await postgresUrl());
    const open = async (change: (copy: URL) => void, options = {}) => {
      const copy = new URL(url);
      change(copy);
      try {
        await (await openPostgresStore(copy.href, options)).close();
        return "opened";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const messages = [
      await open((copy) => void (copy.password = "a-wrong-password")),
      await open((copy) => void (copy.pathname = "/no-such-database")),
      await open((copy) => void (copy.port = "1")),
      await open((copy) => void (copy.hostname = "no-such-host.invalid")),
      await open((copy) => void (copy.search = "?sslmode=require")),
      await open(() => {}, { schema: "Not A Name" }),
      await open(() => {}, { parallel: 0 }),
    ];
    const reasons = [
      /It refuses the password of the user postgres: correct it/,
      /There is no database no-such-database: create it/,
      /Nothing listens there: start the server/,
      /The name of the host cannot be resolved|does not answer/,
      /It offers no encryption: turn it on, or add sslmode=disable/,
      /schema must be 1 to 40 lower-case letters/,
      /parallel must be a whole number from 1 to 64/,
    ];
    for (const [index, reason] of reasons.entries()) assert.match(messages[index] ?? "", reason);
    const secrets = [url.password, "a-wrong-password"];
    assert.ok(secrets.every((secret) => !messages.join("\n").includes(secret)));
  });

  test("tool: without the package pg, the message says what to install", async () => {
    await assert.rejects(loadPg(() => Promise.reject(new Error("none"))), /npm install pg/);
  });

  test("A3: of several hosts, the one that takes writes is used, and remembered", async () => {
    const asked: string[] = [];
    const down = new Set(["a"]);
    const pools = ["a", "b"].map((name) => ({
      connect() {
        asked.push(name);
        if (down.has(name)) return Promise.reject(new Error(`${name} is down`));
        return Promise.resolve({ query: () => Promise.resolve({ rows: [] }), release() {} });
      },
      end: () => Promise.resolve(),
    }));
    const pool = connectPools(pools);
    await pool.connect();
    await pool.connect();
    assert.deepEqual(asked, ["a", "b", "b"]);
    down.add("b");
    await assert.rejects(pool.connect(), /b is down/);
    down.delete("a");
    await pool.connect();
    assert.equal(asked.at(-1), "a");
  });

  test("R1, A4: every command takes the same setting, and prints no password", () =>
    withFolder(async (folder) => {
      const secret = new URL(await postgresUrl()).password;
      const db = `${await postgresUrl()}?schema=${await emptySchema()}_cli`;
      const options = ["--db", db, "--data", folder];
      const early = await cli(["manage", "register-user", "ann", ...options]);
      assert.match(early.log, /there is no database postgres:\/\/postgres@/);
      const ends = [
        early,
        await cli(["init", ...options]),
        await cli(["manage", "register-user", "ann", ...options]),
        await cli(["gc", "--db", db]),
        await cli(["keys", "add-token-key", ...options]),
        await cli(["gc", "--dev", "--db", db]),
      ];
      assert.deepEqual(ends.map(({ code }) => code), [2, 0, 0, 0, 0, 2]);
      assert.match(ends.at(-1)?.log ?? "", /is not a demo database/);
      assert.ok(ends.every(({ out, log }) => !(out + log).includes(secret)));
    }));
});

describe("PostgreSQL in hash partitions", () => {
  test("C9, T2: ids lead to the partition of their user, and everything works on partitions", async () => {
    const schema = `${await emptySchema()}_parts`;
    const store = await createPostgresStore(createPool(await postgresUrl()), {
      schema,
      partitions: 8,
    });
    const { service, users } = await serviceWithUsers(store);
    const families: string[] = [];
    for (const user of users) {
      const issued = await service.fetchTokensForUser("app", { publicId: user });
      const refreshed = await service.refresh("app", { refreshToken: issued.refreshToken ?? "" });
      assert.ok("accessToken" in refreshed);
      const live = await service.introspect("app", refreshed.accessToken);
      assert.equal(live?.user, user);
      assert.equal(live?.family.slice(-2), routeOf(user));
      families.push(live?.family ?? "");
      const [connection] = (await service.listConnections(user)).rows;
      assert.equal(connection?.id.slice(-2), routeOf(user));
    }
    const used = await query(`SELECT DISTINCT tableoid FROM ${schema}.families`);
    assert.equal(used.length, 8);
    // A look-up by id visits one partition.
    const layout = { schema, partitions: 8 };
    const load = createLoader(layout).load(askFor([{ family: families[0] ?? "" }]));
    const plan = (await query(`EXPLAIN (ANALYZE) ${load}`)).map((row) => row["QUERY PLAN"]);
    const visited = plan.filter((line) => / on families_\d/.test(String(line)));
    const executed = visited.filter((line) => !/never executed/.test(String(line)));
    assert.equal(executed.length, 1, plan.join("\n"));

    await service.disconnect(users[0] ?? "", "app");
    await service.deleteUser(users[1] ?? "");
    for (const [index, family] of families.entries()) {
      const { standing } = await store.read({ family });
      const status = standing?.connection.status ?? "gone";
      assert.equal(status, ["revoked", "gone"][index] ?? "active");
    }
    assert.equal(await service.sweep(), 2); // a connection and its family
    await service.close();
  });
});

async function serviceWithUsers(store: Store) {
  const tokens = createOpaqueTokens({ serverId: "x", keys: generateTokenKeys() });
  const service = createService({ store, tokens }, { audience: "x" });
  await service.registerClient({ id: "app", scope: "openid" });
  const users = Array.from({ length: 60 }, (_, n) => `user-${n}`);
  await Promise.all(users.map(async (publicId) => {
    await service.registerUser({ publicId });
    await service.connect(publicId, "app", "openid");
  }));
  return { service, users };
}
