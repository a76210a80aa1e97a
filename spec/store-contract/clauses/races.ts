/**
 * Decisions at once, from several handles where the store can be shared: each is made as if it were alone,
 * one after the other.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import {
  type Change,
  type Decision,
  type Facts,
  grant,
  type Keys,
} from "../../../core/decision.ts";
import type { Clause } from "../contract.ts";
import { expect, expectEqual, granted } from "../expect.ts";
import { atOnce, byPublicId, createScene, registerUser, type Scene } from "../scene.ts";

const HANDLES = 3;

/** A row that decisions count up, by what they read of it. */
interface Counter {
  readonly row: string;
  readonly keys: (scene: Rows) => Keys;
  readonly read: (facts: Facts) => number;
  readonly write: (facts: Facts, value: number) => Change | null;
}

/** The ids of the rows that are counted up. */
interface Rows {
  readonly connection: string;
  readonly family: string;
}

const COUNTERS: readonly Counter[] = [
  {
    row: "client",
    keys: () => ({ client: "rival" }),
    read: ({ client }) => client?.secrets.length ?? -1,
    write: ({ client }, value) =>
      client && {
        type: "client-written",
        client: { ...client, secrets: Array(value).fill({ digest: "00", expiresAt: null }) },
      },
  },
  {
    row: "connection",
    keys: ({ connection }) => ({ connection }),
    read: ({ standing }) =>
      standing?.connection.status === "active" ? standing.connection.consentedAt : -1,
    write: ({ standing }, consentedAt) =>
      standing?.connection.status === "active"
        ? {
          type: "connection-changed",
          cause: "consented",
          connection: { ...standing.connection, consentedAt },
        }
        : null,
  },
  {
    row: "family",
    keys: ({ family }) => ({ family }),
    read: ({ family }) => family?.generation ?? -1,
    write: ({ family }, generation) =>
      family && { type: "family-rotated", family: { ...family, generation } },
  },
  {
    row: "withdrawal",
    keys: () => ({ user: "bob", client: "rival" }),
    read: ({ clientWithdrawal }) => clientWithdrawal?.at ?? 0,
    write: (_, at) => ({
      type: "withdrawn",
      withdrawal: { user: "bob", client: "rival", directAt: null, at },
    }),
  },
];

/** Runs a command many times at once; returns the grants, of which one must be the first. */
async function repeatAtOnce(
  scene: Scene,
  command: Extract<Command, { type: "fetch" | "refresh" }>,
) {
  const grants = (await atOnce(200, () => scene.run(command))).map(granted);
  const firsts = grants.filter(({ repeated }) => !repeated);
  expectEqual("the number of answers that are not repetitions", firsts.length, 1);
  const same = new Set(
    grants.map(({ family, generation, salt }) => `${family} ${generation} ${salt}`),
  );
  expectEqual("the number of different refresh tokens", same.size, 1);
  return grants[0]!;
}

/** Clauses about decisions at once. */
export const RACES: readonly Clause[] = [
  {
    id: "races/lost-update",
    title: "no decision overwrites what it has not seen: decide is called again with newer facts",
    requirements: ["A1", "C9"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const { family, connection } = granted(await scene.run(byPublicId("ann", "shop")));
      for (const { row, keys, read, write } of COUNTERS) {
        const asked = keys({ family, connection });
        const start = read(await scene.read(asked));
        const seen = await atOnce(60, async (index) => {
          const store = scene.stores[index % scene.stores.length]!;
          return granted(
            await store.transact(asked, (facts): Decision<number> => {
              const change = write(facts, read(facts) + 1);
              return grant(read(facts) + 1, change === null ? [] : [change]);
            }),
          );
        });
        const what = `counting up a ${row} 60 times at once: the counts, sorted`;
        expectEqual(what, seen.sort((a, b) => a - b), seen.map((_, index) => start + index + 1));
        expectEqual(`the ${row} after that`, read(await scene.read(asked)), start + 60);
      }
    },
  },
  {
    id: "races/redeem",
    title: "200 redemptions of a consent token at once start one family",
    requirements: ["C9", "C11", "CT-21", "CT-22"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const consent = scene.consent();
      const { family } = await repeatAtOnce(scene, {
        type: "fetch",
        by: "consentToken",
        client: "partner",
        consent,
      });
      const { consentUse, candidates } = await scene.read({
        user: "ann",
        client: "partner",
        maxFamilies: 1, // so that all are listed
        consent: { issuer: consent.issuer, jti: consent.jti },
      });
      expectEqual("the family that the redemption names", consentUse?.family, family);
      const families = candidates.map((found) => found.families.evictable.map(({ id }) => id));
      expectEqual("the families of each connection", families, [[family]]);
    },
  },
  {
    id: "races/refresh",
    title: "200 refreshes at once have one successor",
    requirements: ["T5", "RF-02"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const { family, generation, salt } = granted(await scene.run(byPublicId("ann", "shop")));
      const refresh = { type: "refresh", client: "shop", family, generation, salt } as const;
      const successor = await repeatAtOnce(scene, { ...refresh, scope: null });
      const { family: stored } = await scene.read({ family });
      expectEqual("the stored generation", stored?.generation, 1);
      expectEqual("the stored salt", stored?.salt, successor.salt);
    },
  },
  {
    id: "races/limit",
    title: "issuing at once keeps within maxFamilies",
    requirements: ["P5"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      await atOnce(120, async () => granted(await scene.run(byPublicId("ann", "shop"))));
      const { maxFamilies } = scene.settings;
      const { candidates } = await scene.read({ user: "ann", client: "shop", maxFamilies });
      const kept = candidates[0]?.families.count;
      expectEqual("families after 120 fetches at once", kept, maxFamilies);
    },
  },
  {
    id: "races/connect",
    title: "sign-ins and consents at once leave one connection per user, client and source",
    requirements: ["P3", "C10"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const scope = ["email", "orders"];
      await atOnce(60, async (index) =>
        granted(
          await scene.run<Command>(
            index % 2 === 0 ? { type: "connect", user: "bob", client: "store", scope } : {
              type: "fetch",
              by: "consentToken",
              client: "partner",
              consent: scene.consent({ jti: `consent-${index}` }),
            },
          ) as Decision<unknown>,
        ));
      for (const [user, client] of [["bob", "store"], ["ann", "partner"]] as const) {
        const { candidates } = await scene.read({ user, client });
        expectEqual(`active connections of ${user} with ${client}`, candidates.length, 1);
      }
    },
  },
  {
    id: "races/register",
    title: "of several registrations of an id at once, one succeeds",
    requirements: ["R1"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const register = (client: string) =>
        ({ type: "register-client", client, role: "app", secretDigest: "00", scope: [] }) as const;
      for (const command of [registerUser("new-user"), register("new-client")]) {
        const answers = await atOnce(30, () => scene.run<Command>(command));
        const succeeded = answers.filter(({ outcome }) => outcome === "granted").length;
        expectEqual(`${command.type} 30 times at once: how many succeeded`, succeeded, 1);
      }
    },
  },
  {
    id: "races/disconnect",
    title: "a consent redeemed while its user disconnects leaves no connection behind",
    requirements: ["C14", "R2", "SC-11"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const users = Array.from({ length: 30 }, (_, n) => `user-${n}`);
      for (const user of users) {
        granted(await scene.run(registerUser(user)));
        granted(await scene.run({ type: "connect", user, client: "shop", scope: ["email"] }));
      }
      await Promise.all(users.flatMap((user, index) => {
        const consent = scene.consent({ user, jti: `for ${user}`, scope: ["email"] });
        const commands: Command[] = [
          { type: "fetch", by: "consentToken", client: "partner", consent },
          { type: "disconnect", user, client: "partner" },
        ];
        if (index % 2 === 0) commands.reverse();
        return commands.map((command) => scene.run(command));
      }));
      for (const user of users) {
        const { candidates } = await scene.read({ user, client: "partner" });
        expectEqual(`active connections after ${user} disconnected`, candidates.length, 0);
      }
    },
  },
  {
    id: "races/delete",
    title: "whatever happens while a user is deleted, nothing of the user is left",
    requirements: ["R1", "C13"],
    async run(create) {
      const scene = await createScene(await create(), {}, HANDLES);
      const users = Array.from({ length: 20 }, (_, n) => `user-${n}`);
      for (const user of users) {
        granted(await scene.run(registerUser(user)));
        granted(await scene.run({ type: "connect", user, client: "shop", scope: ["email"] }));
      }
      await Promise.all(users.flatMap((user, index) => {
        const consent = scene.consent({ user, jti: `for ${user}`, scope: ["email"] });
        const commands: Command[] = [
          byPublicId(user, "shop"),
          { type: "delete-user", user, digest: `digest of ${user}` },
          { type: "connect", user, client: "store", scope: ["email"] },
          { type: "fetch", by: "consentToken", client: "partner", consent },
          { type: "disconnect", user, client: "rival" },
          { type: "set-user-status", user, status: "suspended" },
          registerUser(user),
        ];
        return [...commands.slice(index % 7), ...commands.slice(0, index % 7)]
          .map((command) => scene.run(command));
      }));
      for (const user of users) {
        for (const client of ["shop", "store", "partner", "rival"]) {
          const { user: found, userRetired, candidates, clientWithdrawal } = await scene.read({
            user,
            client,
            userDigest: `digest of ${user}`,
          });
          expectEqual(`what is left of ${user}`, { found, candidates, clientWithdrawal }, {
            found: null,
            candidates: [],
            clientWithdrawal: null,
          });
          expect(`expected the digest of ${user} to be kept, saw none`, userRetired);
        }
        const [store] = scene.stores;
        const rows = await store!.list({ of: "connections", user }, { limit: 10 });
        expectEqual(`the connections of ${user}, listed`, rows, []);
      }
    },
  },
];
