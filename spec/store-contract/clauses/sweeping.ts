/**
 * Sweeping: what is dead goes, in steps; what is not stays, whatever the clock says.
 * @module
 */
import type { TokenGrant } from "../../../core/decision.ts";
import type { TokenFamily } from "../../../core/model.ts";
import { type Horizon, horizonAt } from "../../../core/sweep.ts";
import type { Clause } from "../contract.ts";
import { expect, expectEqual, granted } from "../expect.ts";
import { byPublicId, createScene, type Scene } from "../scene.ts";

/** A horizon at which nothing has expired. */
const NEVER: Horizon = {
  generationStartedAt: 0,
  familyStartedAt: 0,
  consentKeepUntil: 0,
  withdrawnAt: 0,
};

/** Sweeps until nothing goes any more; returns how many rows went. */
export async function sweepAll(
  { stores: [store] }: Pick<Scene, "stores">,
  horizon: Horizon,
  limit: number,
): Promise<number> {
  let removed = 0;
  for (let went = -1; went !== 0; removed += went) went = await store!.sweep(horizon, limit);
  return removed;
}

/** Ann at `shop`, delegated to `partner` and `rival`, with two families each: six grants. */
async function delegate(scene: Scene): Promise<readonly TokenGrant[]> {
  const grants: TokenGrant[] = [];
  for (const client of ["partner", "rival"]) {
    const consent = scene.consent({ client, jti: `for ${client}` });
    grants.push(
      granted(await scene.run({ type: "fetch", by: "consentToken", client, consent })),
    );
  }
  for (const client of ["partner", "rival", "shop", "shop"]) {
    grants.push(granted(await scene.run(byPublicId("ann", client))));
  }
  return grants;
}

/** Requires that nothing is left of these families and their connections. */
async function expectGone(scene: Scene, grants: readonly TokenGrant[]): Promise<void> {
  for (const { connection, family } of grants) {
    const { standing } = await scene.read({ connection });
    expectEqual("a dead connection", standing, null);
    expectEqual("a family of it", (await scene.read({ family })).family, null);
  }
}

/** Clauses about sweeping. */
export const SWEEPING: readonly Clause[] = [
  {
    id: "sweeping/parts",
    title: "a sweep stops about its limit, and the next goes on",
    requirements: ["R5"],
    async run(create) {
      const scene = await createScene(await create());
      for (let n = 0; n < 25; n++) granted(await scene.run(byPublicId("ann", "shop")));
      const [store] = scene.stores;
      const end = scene.now + scene.settings.refreshIdleSeconds;
      const sweep = (now: number, limit: number) =>
        store!.sweep(horizonAt(now, scene.settings), limit);
      expectEqual("rows swept a second before they expire", await sweep(end - 1, 1000), 0);
      expectEqual("rows swept with limit 0", await sweep(end, 0), 0);
      expectEqual("rows swept of 25, with limit 10", await sweep(end, 10), 10);
      expectEqual("rows swept of 15, with limit 10", await sweep(end, 10), 10);
      expectEqual("rows swept of 5, with limit 1000", await sweep(end, 1000), 5);
      const { candidates } = await scene.read({ user: "ann", client: "shop", maxFamilies: 1 });
      expectEqual("families left", candidates.map(({ families }) => families.count), [0]);
    },
  },
  {
    id: "sweeping/absolute",
    title: "a family that is used is swept at its absolute end, and no earlier",
    requirements: ["R5", "T1"],
    async run(create) {
      const scene = await createScene(await create(), {
        accessTokenSeconds: 60,
        refreshIdleSeconds: 60,
        refreshAbsoluteSeconds: 150,
      });
      const start = scene.now;
      let tokens = granted(await scene.run(byPublicId("ann", "shop")));
      for (const after of [50, 100, 149]) {
        scene.now = start + after;
        tokens = granted(await scene.run({ ...tokens, type: "refresh", scope: null }));
      }
      for (const [after, count] of [[149, 0], [150, 1]] as const) {
        const removed = await sweepAll(scene, horizonAt(start + after, scene.settings), 10);
        expectEqual(`rows swept ${after} s after the start, of a family of 150 s`, removed, count);
      }
    },
  },
  {
    id: "sweeping/dead",
    title: "dead connections are swept, with all their families and delegations",
    requirements: ["R3", "R5"],
    async run(create) {
      const scene = await createScene(await create());
      const grants = await delegate(scene);
      const { source } = await scene.read({ user: "ann", merchant: "shop" });
      granted(await scene.run({ type: "revoke-connection", connection: source?.id ?? "" }));
      const removed = await sweepAll(scene, horizonAt(scene.now, scene.settings), 1);
      expectEqual("rows swept: three connections and six families", removed, 9);
      await expectGone(scene, grants);
    },
  },
  {
    id: "sweeping/kept",
    title: "what refuses old consent is kept to the second",
    requirements: ["C13", "C14", "R5"],
    async run(create) {
      const scene = await createScene(await create());
      await delegate(scene);
      granted(await scene.run({ type: "disconnect", user: "ann", client: "shop" }));
      await sweepAll(scene, NEVER, 100);
      const { issuer } = scene.consent();
      const { consentUse } = await scene.read({ consent: { issuer, jti: "for partner" } });
      const keepUntil = consentUse?.keepUntil ?? 0;
      const steps: readonly (readonly [Partial<Horizon>, number])[] = [
        [{ consentKeepUntil: keepUntil - 1 }, 0],
        [{ consentKeepUntil: keepUntil }, 2],
        [{ withdrawnAt: scene.now - 1 }, 0],
        [{ withdrawnAt: scene.now }, 1],
      ];
      for (const [part, count] of steps) {
        const removed = await sweepAll(scene, { ...NEVER, ...part }, 100);
        expectEqual(`rows swept at ${JSON.stringify(part)}`, removed, count);
      }
    },
  },
  {
    id: "sweeping/clock",
    title: "the horizon alone decides what is swept, not the clock of the store",
    requirements: ["A5", "R5"],
    async run(create) {
      const scene = await createScene(await create());
      const { connection, family: id } = granted(await scene.run(byPublicId("ann", "shop")));
      const like = (await scene.read({ family: id })).family as TokenFamily;
      const moments = [1, scene.now, 32_503_680_000]; // the years 1970, 2027 and 3000
      for (const [index, startedAt] of moments.entries()) {
        const id = String(index).padStart(32, "d");
        const family = {
          ...like,
          id,
          connection,
          startedAt,
          generationStartedAt: startedAt,
          previousGenerationStartedAt: startedAt,
        };
        await scene.write({ type: "family-started", family });
      }
      expectEqual("rows swept at the horizon 0", await sweepAll(scene, NEVER, 100), 0);
      for (const [moment, count] of [[1, 1], [0, 0], [scene.now, 2], [moments[2]!, 1]] as const) {
        const removed = await sweepAll(scene, { ...NEVER, generationStartedAt: moment }, 100);
        expectEqual(`rows swept at the horizon ${moment}`, removed, count);
      }
    },
  },
  {
    id: "sweeping/deleted",
    title: "of a deleted user nothing is left but redeemed consents and a digest",
    requirements: ["C13", "R1"],
    async run(create) {
      const scene = await createScene(await create());
      const grants = await delegate(scene);
      const digest = "digest of ann";
      granted(await scene.run({ type: "disconnect", user: "ann", client: "partner" }));
      granted(await scene.run({ type: "delete-user", user: "ann", digest }));
      for (const client of ["partner", "rival", "shop"]) {
        const facts = await scene.read({
          user: "ann",
          client,
          merchant: client,
          userDigest: digest,
        });
        const { user, candidates, source, clientWithdrawal, merchantWithdrawal } = facts;
        const personal = [user, candidates, source, clientWithdrawal, merchantWithdrawal];
        expectEqual("what is left of ann", personal, [null, [], null, null, null]);
        expect("expected the digest of ann to be kept, saw none", facts.userRetired);
      }
      await expectGone(scene, grants);
      const { issuer } = scene.consent();
      const { consentUse, family } = await scene.read({ consent: { issuer, jti: "for partner" } });
      expectEqual("the redeemed consent", consentUse?.jti, "for partner");
      expectEqual("its family", family, null);
    },
  },
  {
    id: "growth/rows",
    title: "however long one connection is used, as many rows are left as at first",
    requirements: ["SY-03", "P5", "R5"],
    async run(create) {
      const scene = await createScene(await create(), { maxFamilies: 5 });
      const fetch = { type: "fetch", client: "partner" } as const;
      const cycles = 60;
      let swept = 0;
      for (let round = 0; round < cycles; round++) {
        scene.now += 7;
        const consent = scene.consent({ jti: `jti-${round}` });
        const first = granted(await scene.run({ ...fetch, by: "consentToken", consent }));
        granted(await scene.run({ ...first, type: "refresh", scope: null }));
        granted(await scene.run({ ...fetch, by: "publicId", publicId: "ann" }));
        if (round % 3 === 0) granted(await scene.run({ ...first, type: "revoke-token" }));
        if (round % 20 === 0) {
          swept += await sweepAll(scene, horizonAt(scene.now, scene.settings), 100);
        }
      }
      const keys = { user: "ann", client: "partner", maxFamilies: 5 };
      const { candidates } = await scene.read(keys);
      expectEqual("families after all that", candidates[0]?.families.count, 5);
      scene.now += scene.settings.refreshAbsoluteSeconds;
      swept += await sweepAll(scene, horizonAt(scene.now, scene.settings), 100);
      expectEqual("rows swept: every redemption and the last families", swept, cycles + 5);
    },
  },
  {
    id: "growth/size",
    title: "the space of swept rows is used again",
    requirements: ["R5"],
    needs: "size",
    async run(create) {
      const data = await create();
      const scene = await createScene(data, { maxFamilies: 200 });
      const sizes: number[] = [];
      for (let round = 0; round < 5; round++) {
        await cycle(scene, 200);
        sizes.push(await data.size?.() ?? 0);
      }
      const [, second = 0] = sizes;
      expect(
        `expected the same size after each of five rounds, saw ${sizes.join(", ")} bytes`,
        Math.max(...sizes) <= second * 1.5,
      );
    },
  },
];

/** Issues and refreshes, lets everything expire, and sweeps it. */
async function cycle(scene: Scene, issues: number): Promise<void> {
  const refresh = async () => {
    const tokens = granted(await scene.run(byPublicId("ann", "shop")));
    granted(await scene.run({ ...tokens, type: "refresh", scope: null }));
  };
  for (let issued = 0; issued < issues; issued += 10) {
    await Promise.all(Array.from({ length: 10 }, refresh));
  }
  scene.now += scene.settings.refreshAbsoluteSeconds;
  await sweepAll(scene, horizonAt(scene.now, scene.settings), 100);
}
