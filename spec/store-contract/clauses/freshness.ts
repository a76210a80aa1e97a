/**
 * What was answered is there: for everybody, at once (R2), and after the store was closed.
 * @module
 */
import { grant, type Keys } from "../../../core/decision.ts";
import type { Clause } from "../contract.ts";
import { expectEqual, expectRejection, granted } from "../expect.ts";
import { byPublicId, createScene, type Scene, sortFacts } from "../scene.ts";

const NOTHING = { generationStartedAt: 0, familyStartedAt: 0, consentKeepUntil: 0, withdrawnAt: 0 };

/** Keys that ask for a row of every kind; see {@link fill}. */
function everyKind(family: string): readonly Keys[] {
  return [
    { client: "partner", user: "ann", merchant: "shop", userDigest: "digest of ann" },
    { client: "rival", user: "ann", merchant: "store" },
    { user: "bob", userDigest: "digest of bob" },
    { consent: { issuer: "https://consent.example", jti: "jti-1" } },
    { family },
  ];
}

/** Writes a row of every kind; returns a family. */
async function fill(scene: Scene): Promise<string> {
  const fetch = { type: "fetch", by: "consentToken", client: "partner" } as const;
  const first = granted(await scene.run({ ...fetch, consent: scene.consent() }));
  granted(await scene.run({ ...first, type: "refresh", scope: null }));
  granted(await scene.run({ type: "disconnect", user: "ann", client: "rival" }));
  granted(await scene.run({ type: "connect", user: "bob", client: "store", scope: ["email"] }));
  granted(await scene.run({ type: "delete-user", user: "bob", digest: "digest of bob" }));
  return first.family;
}

/** Clauses about what others see. */
export const FRESHNESS: readonly Clause[] = [
  {
    id: "freshness/read",
    title: "a read includes every change that was answered before it, whoever made it",
    requirements: ["R2"],
    async run(create) {
      const scene = await createScene(await create(), {}, 3);
      for (let round = 0; round < 30; round++) {
        const status = round % 2 === 0 ? "suspended" : "active";
        granted(await scene.run({ type: "set-user-status", user: "ann", status }));
        for (const [index, store] of scene.stores.entries()) {
          const { user } = await store.read({ user: "ann" });
          expectEqual(`the status of ann, read by store ${index}`, user?.status, status);
        }
      }
    },
  },
  {
    id: "freshness/decide",
    title: "a decision sees every change that was answered before it, whoever made it",
    requirements: ["R2", "R3", "RF-08"],
    async run(create) {
      const scene = await createScene(await create(), {}, 3);
      for (let round = 0; round < 30; round++) {
        const status = round % 2 === 0 ? "suspended" : "active";
        granted(await scene.run({ type: "set-user-status", user: "ann", status }));
        for (const [index, store] of scene.stores.entries()) {
          const seen = granted(
            await store.transact({ user: "ann" }, ({ user }) => grant(user?.status, [])),
          );
          expectEqual(`the status of ann, in a decision of store ${index}`, seen, status);
        }
      }
    },
  },
  {
    id: "freshness/withdrawal",
    title: "once a user has disconnected, nothing that was under way lives on",
    requirements: ["R2", "R3", "RF-08", "SC-11"],
    async run(create) {
      const scene = await createScene(await create(), {}, 3);
      const issue = () => scene.run(byPublicId("ann", "shop"));
      const before = Array.from({ length: 20 }, issue);
      granted(await scene.run({ type: "disconnect", user: "ann", client: "shop" }));
      const after = await Promise.all(Array.from({ length: 20 }, issue));
      for (const { outcome } of after) {
        expectEqual("a fetch that begins after the user disconnected", outcome, "refused");
      }
      for (const decision of await Promise.all(before)) {
        if (decision.outcome === "refused") continue;
        const { standing } = await scene.read({ family: decision.grant.family });
        const status = standing?.connection.status;
        expectEqual("the connection of a family that was issued before", status, "revoked");
      }
    },
  },
  {
    id: "freshness/reopen",
    title: "whatever was answered is there when the data is opened again",
    requirements: ["C9", "CT-25", "RF-09"],
    needs: "shared",
    async run(create) {
      const data = await create();
      const scene = await createScene(data);
      const family = await fill(scene);
      const [store] = scene.stores;
      await store!.updateMeta("some", () => "thing");
      const keys = everyKind(family);
      const before = [];
      for (const asked of keys) before.push(sortFacts(await store!.read(asked), asked));
      // One store is opened beside the first, one after it was closed.
      for (const when of ["while the first is open", "after the first was closed"]) {
        if (when.startsWith("after")) await store!.close();
        const other = await data.open();
        for (const [index, asked] of keys.entries()) {
          const what = `facts for ${JSON.stringify(asked)}, opened ${when}`;
          expectEqual(what, sortFacts(await other.read(asked), asked), before[index]);
        }
        expectEqual(`a value of the store, opened ${when}`, await other.readMeta("some"), "thing");
        await other.close();
      }
    },
  },
];

/** Clauses about the end of a store, and about others that open its data. */
export const OPENING: readonly Clause[] = [
  {
    id: "opening/at-once",
    title: "stores that are opened at once on new data set it up once",
    requirements: ["SY-06"],
    needs: "shared",
    async run(create) {
      const data = await create();
      const stores = await Promise.all(Array.from({ length: 4 }, () => data.open()));
      await Promise.all(
        stores.map((store, index) => store.updateMeta(`key-${index}`, () => "written")),
      );
      for (const store of stores) {
        for (const index of stores.keys()) {
          const value = await store.readMeta(`key-${index}`);
          expectEqual("a value that a store wrote which was opened at once", value, "written");
        }
      }
    },
  },
  {
    id: "opening/newer",
    title: "data of a newer version is refused, with advice to upgrade",
    requirements: ["A3"],
    needs: "makeNewer",
    async run(create) {
      const data = await create();
      await (await data.open()).close();
      await data.makeNewer?.();
      const error = await expectRejection("opening data of a newer version", "", data.open());
      const says = /upgrade/i.test(error.message) ? "upgrade" : error.message;
      expectEqual("what the error advises", says, "upgrade");
    },
  },
  {
    id: "closing/finishes",
    title: "close finishes what is under way",
    requirements: ["A3"],
    async run(create) {
      const scene = await createScene(await create());
      const answers = Array.from({ length: 20 }, () => scene.run(byPublicId("ann", "shop")));
      await scene.stores[0]!.close();
      const outcomes = (await Promise.allSettled(answers)).map((answer) =>
        answer.status === "fulfilled" ? answer.value.outcome : String(answer.reason)
      );
      expectEqual("20 fetches before close", [...new Set(outcomes)], ["granted"]);
    },
  },
  {
    id: "closing/refuses",
    title: "a closed store rejects with StoreFault, and may be closed again",
    requirements: ["A3"],
    async run(create) {
      const store = await (await create()).open();
      await store.close();
      await store.close();
      const calls = {
        read: () => store.read({ user: "ann" }),
        transact: () => store.transact({}, () => grant(null, [])),
        sweep: () => store.sweep(NOTHING, 1),
        list: () => store.list({ of: "users" }, { limit: 1 }),
        readMeta: () => store.readMeta("key"),
        updateMeta: () => store.updateMeta("key", () => "value"),
      };
      for (const [name, call] of Object.entries(calls)) {
        await expectRejection(`${name} on a closed store`, "StoreFault", call());
      }
    },
  },
];
