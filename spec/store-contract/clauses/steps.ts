/**
 * Decisions and their changes: all or nothing, and the same for everybody who looks.
 * @module
 */
import { grant, refuse } from "../../../core/decision.ts";
import type { Clause } from "../contract.ts";
import { expect, expectEqual, granted } from "../expect.ts";
import { atOnce, byPublicId, createScene } from "../scene.ts";

/** Clauses about single decisions. */
export const STEPS: readonly Clause[] = [
  {
    id: "steps/whole",
    title: "whoever reads sees all changes of a decision, or none",
    requirements: ["C9", "R2"],
    async run(create) {
      const scene = await createScene(await create(), {}, 3);
      const { client: before } = await scene.read({ client: "partner" });
      expect("expected the client partner in the store, saw none", before !== null);
      const written = (id: string, version: number) =>
        ({ type: "client-written", client: { ...before, id, scope: [`v${version}`] } }) as const;
      let writing = true;
      const write = async () => {
        for (let version = 0; version < 40; version++) {
          // Other rows lie between the two, so that a change takes a while.
          const between = Array.from({ length: 20 }, (_, n) =>
            ({
              type: "user-written",
              user: { publicId: `user-${n}`, status: version % 2 === 0 ? "active" : "suspended" },
            }) as const);
          await scene.write(written("left", version), ...between, written("right", version));
        }
      };
      const writer = () => write().finally(() => writing = false);
      const reader = async () => {
        const keys = { client: "left", merchant: "right" };
        for (let asked = 0; writing || asked < 20; asked++) {
          const facts = asked % 2 === 0 ? await scene.read(keys) : granted(
            await scene.stores[asked % scene.stores.length]!.transact(
              keys,
              (seen) => grant(seen, []),
            ),
          );
          expectEqual(
            "the scope of a client that is always written with another one",
            facts.client?.scope,
            facts.merchant?.scope,
          );
          await new Promise((resolve) => setTimeout(resolve)); // a store in memory never waits
        }
      };
      await Promise.all([writer(), reader(), reader()]);
    },
  },
  {
    id: "steps/throw",
    title: "a decide that throws writes nothing, and only its call rejects, with that error",
    requirements: ["A3"],
    async run(create) {
      const scene = await createScene(await create(), {}, 2);
      const fault = new Error("decide failed");
      const answers = await Promise.allSettled(
        Array.from(
          { length: 30 },
          (_, n) =>
            n % 3 === 1
              ? scene.stores[n % scene.stores.length]!.transact({ user: "ann" }, () => {
                throw fault;
              })
              : scene.run(byPublicId("ann", "shop")),
        ),
      );
      for (const [n, answer] of answers.entries()) {
        if (n % 3 !== 1) {
          expectEqual("the call beside one whose decide throws", answer.status, "fulfilled");
        } else {
          expect(
            "expected transact to reject with the very error that decide threw, saw " +
              (answer.status === "rejected" ? String(answer.reason) : "a decision"),
            answer.status === "rejected" && answer.reason === fault,
          );
        }
      }
      const { candidates } = await scene.read({ user: "ann", client: "shop", maxFamilies: 50 });
      expectEqual("families after 20 fetches", candidates[0]?.families.count, 20);
    },
  },
  {
    id: "steps/refusal",
    title: "a refusal changes what it says, and a decision without changes nothing",
    requirements: ["C6", "T5"],
    async run(create) {
      const scene = await createScene(await create());
      const keys = { user: "bob", client: "shop" };
      const before = await scene.read(keys);
      const [store] = scene.stores;
      const refusal = await store!.transact(keys, () => refuse("NO_USER", "user_unknown"));
      expectEqual("the decision that transact resolves to", refusal.outcome, "refused");
      await store!.transact({}, () => grant(null, []));
      expectEqual("facts after a refusal without changes", await scene.read(keys), before);
      const withdrawal = { user: "bob", client: "shop", directAt: null, at: 5 };
      const changes = [{ type: "withdrawn", withdrawal }] as const;
      await store!.transact(keys, () => ({ ...refuse("NO_USER", "user_unknown"), changes }));
      expectEqual(
        "the withdrawal that a refusal recorded",
        (await scene.read(keys)).clientWithdrawal,
        withdrawal,
      );
    },
  },
  {
    id: "steps/large",
    title: "a decision of 1,000 changes is written, and so are 300 decisions at once",
    requirements: ["A3", "C9"],
    async run(create) {
      const scene = await createScene(await create(), {}, 2);
      const user = (publicId: string) =>
        ({ type: "user-written", user: { publicId, status: "active" } }) as const;
      await scene.write(...Array.from({ length: 1000 }, (_, n) => user(`large-${n}`)));
      await atOnce(300, (n) => scene.write(user(`many-${n}`)));
      for (const id of ["large-0", "large-500", "large-999", "many-0", "many-255", "many-299"]) {
        const { user: found } = await scene.read({ user: id });
        expectEqual(`the user ${id}`, found, { publicId: id, status: "active" });
      }
      const [store] = scene.stores;
      const rows = await store!.list({ of: "users" }, { limit: 5000 });
      expectEqual("the number of users", rows.length, 1302);
    },
  },
];
