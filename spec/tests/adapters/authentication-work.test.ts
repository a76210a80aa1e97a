/** What a failed authentication costs. How long it takes is measured by `npm run prove:timing`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createService, type Service } from "../../../adapters/direct.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { migrate } from "../../../adapters/store/schema.ts";
import { openDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { createSqliteStore } from "../../../adapters/store/sqlite.ts";
import type { Store } from "../../../adapters/ports.ts";
import { createOpaqueTokens, generateTokenKeys } from "../../../adapters/tokens/mod.ts";
import { areaUnderCurve } from "../../timing/statistics.ts";

const AUDIENCE = "https://shop.example";
const SECRET = "s".repeat(43);

/** A service with three clients; the first and the last id stay free. */
async function createPartners(store: Store): Promise<Service> {
  const tokens = createOpaqueTokens({ serverId: AUDIENCE, keys: generateTokenKeys() });
  const service = createService({ store, tokens }, { audience: AUDIENCE });
  for (const id of ["client-b", "client-d", "client-f"]) {
    await service.registerClient({ id, secret: SECRET, scope: "openid" });
  }
  await service.disableClient("client-d");
  return service;
}

/** Failures that look alike: unknown clients, a wrong secret, a disabled client, no credentials. */
const FAILURES: readonly (readonly [id: string, secret: string])[] = [
  ["client-c", SECRET],
  ["client-g", SECRET],
  ["client-b", SECRET.replace("s", "t")],
  ["client-d", SECRET],
  ["client-d", SECRET.replace("s", "t")],
];

test("SY-32, G8: every failed authentication makes the same calls of the store", async () => {
  const store = createMemoryStore();
  const calls: string[] = [];
  const counted = new Proxy(store, {
    get: (target, name: keyof Store) => (...args: unknown[]) => {
      calls.push(`${name} ${Object.keys(args[0] ?? {}).join()}`);
      return (target[name] as (...args: unknown[]) => unknown)(...args);
    },
  });
  const service = await createPartners(counted);
  for (const [id, secret] of [...FAILURES, ["", ""] as const]) {
    calls.length = 0;
    assert.equal(await service.authenticate(id, secret), null);
    assert.deepEqual(calls, ["read client"], id);
  }
  assert.equal((await service.authenticate("client-b", SECRET))?.id, "client-b");
});

test("SY-32, G8: in SQLite, an unknown client is found and decoded as long as a known one", async () => {
  const db = await openDatabase(":memory:");
  await migrate(db);
  let work: string[] = [];
  const store = createSqliteStore({
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        ...statement,
        all: (...values) => statement.all(...values),
        run: (...values) => statement.run(...values),
        get(...values) {
          const row = statement.get(...values) as Record<string, unknown> | undefined;
          const sizes = Object.entries(row ?? {}).map(([name, value]) =>
            name === "secrets" ? `${name} ${String(value).length}` : name
          );
          work.push(`${sql}: ${sizes.join()}`);
          return row;
        },
      };
    },
  });
  const service = await createPartners(store);
  const works = [];
  for (const [id, secret] of FAILURES) {
    work = [];
    assert.equal(await service.authenticate(id, secret), null);
    works.push(work);
  }
  assert.match(works[0]?.[0] ?? "", /secrets \d+/);
  for (const other of works) assert.deepEqual(other, works[0]);
  for (const id of ["", "a", "client-c"]) assert.equal(await service.findClient(id), null);
  assert.equal((await service.findClient("client-d"))?.id, "client-d");
  await service.close();
});

test("tool: the area under the curve is a share of pairs, ties counting half", () => {
  assert.equal(areaUnderCurve([1, 2], [3, 4]), 0);
  assert.equal(areaUnderCurve([3, 4], [1, 2]), 1);
  assert.equal(areaUnderCurve([1, 3], [2, 2]), 0.5);
  assert.equal(areaUnderCurve([2, 2, 5], [2, 1]), (0.5 + 1 + 0.5 + 1 + 1 + 1) / 6);
});
