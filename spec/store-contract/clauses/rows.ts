/**
 * What is stored comes back as it was: odd ids, far times, listings in order, values of the store itself.
 * @module
 */
import type { Listed, Listing, Store } from "../../../adapters/ports.ts";
import type { Clause } from "../contract.ts";
import { expect, expectEqual, expectRejection, granted } from "../expect.ts";
import { atOnce, byPublicId, createScene } from "../scene.ts";

/** Every character that an id may have (G10): `!` to `~`. */
const PRINTABLE = String.fromCharCode(...Array.from({ length: 94 }, (_, n) => 0x21 + n));

const ODD_IDS: readonly string[] = [
  PRINTABLE,
  "~".repeat(255),
  "Ann",
  "ann",
  "ANN",
  "'--",
  "%",
  "_",
  "\\",
  "$1",
  "?1",
  ":id",
  "null",
  "__proto__",
  "constructor",
  "0",
  "00",
  "1e3",
];

/** No id, but what a caller may look up. */
const NO_IDS: readonly string[] = [
  "",
  " ",
  "a\u0000b",
  "\u0000",
  "\ud800",
  "ann ",
  "é",
  "😀",
  "x".repeat(100_000),
];

/** Reads all rows of a listing, in pages. */
export async function walk(
  store: Store,
  listing: Listing,
  limit: number,
): Promise<readonly Listed[Listing["of"]][]> {
  const rows: Listed[Listing["of"]][] = [];
  for (;;) {
    const last = rows.at(-1);
    const page = await store.list(listing, { limit, ...(last && { after: idOf(last) }) });
    if (last && page[0]) {
      expect(
        `expected a row after ${idOf(last)}, saw ${idOf(page[0])}`,
        idOf(page[0]) > idOf(last),
      );
    }
    rows.push(...page);
    if (page.length < limit) return rows;
  }
}

function idOf(row: Listed[Listing["of"]]): string {
  return "publicId" in row ? row.publicId : row.id;
}

/** In the order of their characters, as JavaScript compares strings. */
function sorted(ids: readonly string[]): readonly string[] {
  return [...ids].sort((a, b) => a < b ? -1 : 1);
}

/** Clauses about rows. */
export const ROWS: readonly Clause[] = [
  {
    id: "rows/odd-ids",
    title: "every id of %x21-7E is kept, byte for byte, and differs from every other",
    requirements: ["G10"],
    async run(create) {
      const scene = await createScene(await create());
      for (const publicId of ODD_IDS) {
        await scene.write({ type: "user-written", user: { publicId, status: "active" } });
        await scene.write({
          type: "withdrawn",
          withdrawal: { user: publicId, client: PRINTABLE, directAt: null, at: publicId.length },
        });
      }
      for (const publicId of ODD_IDS) {
        const { user, clientWithdrawal } = await scene.read({ user: publicId, client: PRINTABLE });
        expectEqual("a user with an odd id", user?.publicId, publicId);
        expectEqual("the withdrawal of that user", clientWithdrawal?.at, publicId.length);
      }
      const rows = await walk(scene.stores[0]!, { of: "users" }, 7);
      const expected = sorted([...new Set([...ODD_IDS, "bob"])]);
      expectEqual("the ids of all users, listed", rows.map(idOf), expected);
    },
  },
  {
    id: "rows/no-ids",
    title: "a look-up of any other string finds nothing, and is not a fault",
    requirements: ["G10", "A3"],
    async run(create) {
      const scene = await createScene(await create());
      const nothing = await scene.read({});
      for (const id of NO_IDS) {
        const facts = await scene.read({
          client: id,
          user: id,
          merchant: id,
          userDigest: id,
          consent: { issuer: id, jti: id },
          family: id,
          connection: id,
        });
        expectEqual(`facts for ${JSON.stringify(id.slice(0, 20))}`, facts, nothing);
        const [store] = scene.stores;
        const rows = await store!.list({ of: "connections", user: id }, { limit: 1 });
        expectEqual("the connections of nobody, listed", rows, []);
      }
    },
  },
  {
    id: "rows/values",
    title: "times from 0 to 2^53 - 1, scopes, secrets and null come back as they were",
    requirements: ["A1"],
    async run(create) {
      const scene = await createScene(await create());
      const far = Number.MAX_SAFE_INTEGER;
      const client = {
        id: "odd",
        role: "resource-server",
        status: "disabled",
        scope: ["!", "a'b", "x:y.z/w"],
        secrets: [{ digest: "00", expiresAt: null }, { digest: "ff", expiresAt: far }],
      } as const;
      await scene.write({ type: "client-written", client });
      const family = {
        id: "f".repeat(32),
        connection: granted(await scene.run(byPublicId("ann", "shop"))).connection,
        scope: [],
        startedAt: 0,
        generation: far,
        generationStartedAt: far,
        previousGenerationStartedAt: 0,
        salt: "0".repeat(32),
        keyId: PRINTABLE,
      };
      await scene.write({ type: "family-started", family });
      const use = {
        issuer: PRINTABLE,
        jti: "~".repeat(255),
        digest: "d",
        client: "partner",
        family: family.id,
        redeemedAt: 0,
        keepUntil: far,
      };
      await scene.write({ type: "consent-redeemed", use });
      const facts = await scene.read({ client: "odd", consent: use });
      expectEqual("a client", facts.client, client);
      expectEqual("a redemption", facts.consentUse, use);
      expectEqual("the family of that redemption", facts.family, family);
    },
  },
  {
    id: "rows/withdrawals",
    title: "of two withdrawals, the later moments are kept",
    requirements: ["C14"],
    async run(create) {
      const scene = await createScene(await create());
      const recorded = [[null, 5], [5, 7], [3, 6], [null, 8], [9, 9], [null, 4]] as const;
      const expected = [[null, 5], [5, 7], [5, 7], [5, 8], [9, 9], [9, 9]] as const;
      for (const [step, [directAt, at]] of recorded.entries()) {
        const withdrawal = { user: "ann", client: "shop", directAt, at };
        await scene.write({ type: "withdrawn", withdrawal });
        const { clientWithdrawal: kept } = await scene.read({ user: "ann", client: "shop" });
        expectEqual("direct and any withdrawal", [kept?.directAt, kept?.at], expected[step]);
      }
    },
  },
  {
    id: "rows/listing",
    title: "listings have every row once, in the order of ids, by page, revoked connections too",
    requirements: ["R3"],
    async run(create) {
      const scene = await createScene(await create());
      const [store] = scene.stores;
      const families = [];
      for (let n = 0; n < 5; n++) {
        families.push(granted(await scene.run(byPublicId("ann", "shop"))).family);
      }
      const { standing } = await scene.read({ family: families[0]! });
      const connection = standing?.connection.id ?? "";
      granted(await scene.run({ type: "revoke-connection", connection }));
      const scope = ["email"];
      const anew = granted(
        await scene.run({ type: "connect", user: "ann", client: "shop", scope }),
      );
      const revoked = (await scene.read({ connection })).standing?.connection;
      const clients = ["partner", "rival", "shop", "store"];
      const expected: readonly (readonly [Listing, readonly string[]])[] = [
        [{ of: "clients" }, clients],
        [{ of: "users" }, ["ann", "bob"]],
        [{ of: "connections", user: "ann" }, sorted([connection, anew.id])],
        [{ of: "connections", user: "nobody" }, []],
        [{ of: "families", connection }, sorted(families)],
      ];
      for (const [listing, ids] of expected) {
        for (const limit of [1, 2, 5, 100]) {
          const rows = await walk(store!, listing, limit);
          const what = `${JSON.stringify(listing)}, ${limit} to a page`;
          expectEqual(what, rows.map(idOf), ids);
        }
      }
      const rows = await walk(store!, { of: "connections", user: "ann" }, 9);
      expectEqual(
        "the connections, listed",
        rows,
        rows.map((row) => idOf(row) === anew.id ? anew : revoked),
      );
      const between = await store!.list({ of: "clients" }, { after: "q", limit: 2 });
      expectEqual("two clients after q, which is not a client", between.map(idOf), [
        "rival",
        "shop",
      ]);
      expectEqual("no rows, as asked", await store!.list({ of: "users" }, { limit: 0 }), []);
    },
  },
  {
    id: "rows/meta",
    title: "a value about the store is kept, and the last one counts",
    requirements: ["A5"],
    async run(create) {
      const store = await (await create()).open();
      expectEqual("a value that was never written", await store.readMeta("clock"), null);
      for (const value of ["1", "", 'it\'s "odd" \\ 😀\n\u202e', "x".repeat(100_000), "2"]) {
        const written = await store.updateMeta("clock", () => value);
        expectEqual("what updateMeta resolves to", written, value);
        expectEqual("the value that was written last", await store.readMeta("clock"), value);
      }
      expectEqual("another value", await store.readMeta("other"), null);
    },
  },
  {
    id: "rows/meta-update",
    title:
      "updates of a value at once are made one after the other, and one that throws writes nothing",
    requirements: ["A3"],
    async run(create) {
      const { stores } = await createScene(await create(), {}, 3);
      const storeOf = (index: number) => stores[index % stores.length]!;
      const updates = atOnce(
        30,
        (index) => storeOf(index).updateMeta("count", (value) => String(Number(value) + 1)),
      );
      const refused = storeOf(1).updateMeta("count", () => {
        throw new RangeError("no");
      });
      await expectRejection("an update that throws", "RangeError", refused);
      const counts = (await updates).map(Number).sort((a, b) => a - b);
      expectEqual("30 counts at once", counts, counts.map((_, index) => index + 1));
      expectEqual("the count after that", await storeOf(0).readMeta("count"), "30");
    },
  },
];
