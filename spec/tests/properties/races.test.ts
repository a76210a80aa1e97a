/** Many calls at once, in orders that are drawn, on the stores that ship. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import {
  createService,
  type FetchTokensForUserPayload,
  type RefreshGranted,
  type RefreshRefused,
  type Service,
} from "../../../adapters/direct.ts";
import type { Ports, RejectedConsent, Store } from "../../../adapters/ports.ts";
import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import type { Consent } from "../../../core/consent.ts";
import type { Client } from "../../../core/model.ts";
import {
  createWorld,
  type MintOverrides,
  SCOPE,
  type World,
  type WorldOptions,
} from "../support/world.ts";
import { runs } from "../support/generators.ts";

const folder = await mkdtemp(join(tmpdir(), "races-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

/** The stores, and how many orders of events are drawn for each. */
const STORES: readonly [string, () => Store | Promise<Store>, number][] = [
  ["memory", createMemoryStore, 12],
  ["SQLite", () => openSqliteStore(join(folder, `${files++}.sqlite`)), 3],
];

/**
 * The ports of a world, each call of which waits for its turn before and after. Consent tokens that are
 * known are not verified again: the scheduler does not wait for what it did not schedule, so real work in
 * between would let everything else go first.
 */
function takingTurns(
  { ports }: World,
  scheduler: fc.Scheduler,
  known: ReadonlyMap<string, Consent | RejectedConsent>,
): Ports {
  const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);
  async function around<T>(label: string, call: () => T | Promise<T>): Promise<T> {
    await turn(`before ${label}`);
    const result = await call();
    await turn(`after ${label}`);
    return result;
  }
  const { store, tokens, consents } = ports;
  return {
    ...ports,
    store: {
      ...store,
      read: (keys) => around("read", () => store.read(keys)),
      transact: (keys, decide) => around("transact", () => store.transact(keys, decide)),
    },
    tokens: {
      activeKeyId: tokens.activeKeyId,
      seal: (grant) => around("seal", () => tokens.seal(grant)),
      open: (token) => around("open", () => tokens.open(token)),
    },
    consents: {
      verify: (token) => around("verify", () => known.get(token) ?? consents.verify(token)),
    },
  };
}

/** What a race is run with. */
interface Lane {
  /** Takes turns. */
  readonly service: Service;
  /** Its own service does not. */
  readonly world: World;
  /** Mints a consent token, as `world.issuer` does. */
  mint(overrides?: MintOverrides): Promise<string>;
  /** Waits a drawn number of turns, so that what starts at once need not be early. */
  pause(): Promise<void>;
}

/** How many turns the pauses of a race take. */
const pauses = fc.array(fc.nat({ max: 8 }), { minLength: 10, maxLength: 10 });

/** Runs a race in many drawn orders on a store. */
async function inManyOrders(
  [, open, orders]: typeof STORES[number],
  settings: WorldOptions["settings"],
  race: (lane: Lane) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), pauses, async (scheduler, turns) => {
      const world = await createWorld({ store: await open(), ...(settings && { settings }) });
      const known = new Map<string, Consent | RejectedConsent>();
      const left = [...turns];
      const lane: Lane = {
        service: createService(takingTurns(world, scheduler, known), world.settings),
        world,
        async mint(overrides) {
          const token = await world.issuer.mint(overrides);
          known.set(token, await world.ports.consents.verify(token));
          return token;
        },
        async pause() {
          for (let more = left.pop() ?? 0; more > 0; more -= 1) {
            await scheduler.schedule(Promise.resolve(), "pause");
          }
        },
      };
      await scheduler.waitFor(race(lane));
      await world.service.close();
    }),
    runs(orders),
  );
}

function times<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

async function clientOf({ ports }: World, id: string): Promise<Client> {
  return (await ports.store.read({ client: id })).client ?? assert.fail(`no client ${id}`);
}

/** The families between a user and `partner`, over all connections that are not revoked. */
async function familiesOf({ ports }: World, user: string): Promise<number> {
  const { candidates } = await ports.store.read({ user, client: "partner", maxFamilies: 50 });
  return candidates.reduce((sum, { families }) => sum + families.count, 0);
}

/** Asserts that these answers carry one refresh token, and that it is the one that lives. */
async function assertOneSuccessor(
  world: World,
  answers: readonly Pick<FetchTokensForUserPayload, "accessToken" | "refreshToken">[],
): Promise<string> {
  const tokens = new Set(answers.map(({ refreshToken }) => refreshToken));
  assert.equal(tokens.size, 1, "every answer carries the same refresh token");
  const [token] = tokens;
  const partner = await clientOf(world, "partner");
  assert.equal((await world.service.introspect(partner.id, token ?? ""))?.kind, "refresh");
  for (const { accessToken } of answers) {
    assert.notEqual(await world.service.authorize(accessToken ?? ""), null);
  }
  assert.equal(new Set(answers.map(({ accessToken }) => accessToken)).size, answers.length);
  return token ?? "";
}

/** Asserts that none of the tokens in these answers is worth anything, and says how many there were. */
async function assertAllDead(
  { service }: Pick<World, "service">,
  answers: readonly Pick<FetchTokensForUserPayload, "accessToken" | "refreshToken">[],
): Promise<number> {
  let tokens = 0;
  for (const { accessToken, refreshToken } of answers) {
    if (accessToken === null || refreshToken === null) continue;
    tokens += 1;
    assert.equal(await service.authorize(accessToken), null);
    const refreshed = await service.refresh("partner", { refreshToken });
    assert.equal("error" in refreshed && refreshed.error, "invalid_grant");
  }
  return tokens;
}

function successes(answers: readonly FetchTokensForUserPayload[]): FetchTokensForUserPayload[] {
  return answers.filter(({ accessToken }) => accessToken !== null);
}

function isGranted(answer: RefreshGranted | RefreshRefused): answer is RefreshGranted {
  return !("error" in answer);
}

async function issue({ service, users }: World): Promise<string> {
  const payload = await service.fetchTokensForUser("partner", { publicId: users.connected });
  return payload.refreshToken ?? assert.fail("nothing was issued");
}

async function refreshManyTimes(
  world: World,
  service: Service,
  count: number,
): Promise<void> {
  const first = await issue(world);
  const answers = await times(count, () => service.refresh("partner", { refreshToken: first }));
  const granted = answers.filter(isGranted);
  assert.equal(granted.length, count, "nobody is logged out");
  const successor = await assertOneSuccessor(world, granted);
  const partner = await clientOf(world, "partner");
  assert.equal(await world.service.introspect(partner.id, first), null, "one live generation");
  assert.equal(await familiesOf(world, world.users.connected), 1);
  const next = await world.service.refresh("partner", { refreshToken: successor });
  assert.ok(!("error" in next), "the successor goes on");
}

async function redeemManyTimes(
  world: World,
  service: Service,
  consentToken: string,
  count: number,
): Promise<void> {
  const answers = await times(count, () => service.fetchTokensForUser("partner", { consentToken }));
  assert.equal(successes(answers).length, count);
  await assertOneSuccessor(world, answers);
  const { candidates } = await world.ports.store.read({
    user: world.users.merchantOnly,
    client: "partner",
    maxFamilies: 50,
  });
  assert.deepEqual(candidates.map(({ families }) => families.count), [1]);
}

for (const store of STORES) {
  const [name, open] = store;

  test(`C9, C11, CT-22: 20 redemptions of one token at once give one connection and one family (${name})`, async () => {
    await inManyOrders(
      store,
      {},
      async ({ service, world, mint }) => redeemManyTimes(world, service, await mint(), 20),
    );
  });

  test(`C9, C11, CT-22: with no retry window one of 20 redemptions succeeds (${name})`, async () => {
    await inManyOrders(store, { consentRetrySeconds: 0 }, async ({ service, world, mint }) => {
      const consentToken = await mint();
      const answers = await times(
        20,
        () => service.fetchTokensForUser("partner", { consentToken }),
      );
      assert.equal(successes(answers).length, 1);
      assert.equal(await familiesOf(world, world.users.merchantOnly), 1);
    });
  });

  test(`C6, CT-22: of two partners at once only the one that is named redeems (${name})`, async () => {
    await inManyOrders(store, {}, async ({ service, mint }) => {
      const consentToken = await mint();
      const [mine, theirs] = await Promise.all([
        times(5, () => service.fetchTokensForUser("partner", { consentToken })),
        times(5, () => service.fetchTokensForUser("other-partner", { consentToken })),
      ]);
      assert.deepEqual([successes(mine).length, successes(theirs).length], [5, 0]);
    });
  });

  test(`T5, RF-02: 20 refreshes at once all get the one successor (${name})`, async () => {
    await inManyOrders(store, {}, ({ service, world }) => refreshManyTimes(world, service, 20));
  });

  test(`T5, C11, RF-02, CT-22: 200 refreshes and 200 redemptions at once, as fast as they go (${name})`, async () => {
    const world = await createWorld({ store: await open() });
    await refreshManyTimes(world, world.service, 200);
    await redeemManyTimes(world, world.service, await world.issuer.mint(), 200);
    await world.service.close();
  });

  test(`P5: 20 issuances at once on one connection leave maxFamilies (${name})`, async () => {
    await inManyOrders(store, { maxFamilies: 3 }, async ({ service, world }) => {
      const publicId = world.users.connected;
      const answers = await times(20, () => service.fetchTokensForUser("partner", { publicId }));
      assert.equal(successes(answers).length, 20);
      assert.equal(await familiesOf(world, publicId), 3);
      const live = await Promise.all(
        answers.map(({ accessToken }) => world.service.authorize(accessToken ?? "")),
      );
      assert.equal(live.filter((token) => token !== null).length, 3);
    });
  });

  test(`R3: 10 sign-ins at once make one connection, 10 registrations one user (${name})`, async () => {
    await inManyOrders(store, {}, async ({ service, world }) => {
      const registrations = await Promise.allSettled(
        Array.from({ length: 10 }, () => service.registerUser({ publicId: "new" })),
      );
      assert.equal(registrations.filter(({ status }) => status === "fulfilled").length, 1);
      const connections = await times(10, () => service.connect("new", "partner", SCOPE));
      assert.equal(new Set(connections.map(({ id }) => id)).size, 1);
      const { candidates } = await world.ports.store.read({ user: "new", client: "partner" });
      assert.equal(candidates.length, 1);
    });
  });

  test(`R2, T7, RF-08: no token of a family lives once its revocation returned (${name})`, async () => {
    let killed = 0;
    await inManyOrders(store, {}, async ({ service, world, pause }) => {
      const first = await issue(world);
      let returned = false;
      const refreshes = times(8, async () => {
        await pause();
        const startedAfter = returned;
        const answer = await service.refresh("partner", { refreshToken: first });
        if (startedAfter) assert.ok("error" in answer);
        return answer;
      });
      const revoked = pause().then(() => service.revokeToken("partner", first)).then(async () => {
        returned = true;
        const partner = await clientOf(world, "partner");
        assert.equal(await world.service.introspect(partner.id, first), null);
      });
      const [answers] = await Promise.all([refreshes, revoked]);
      killed += await assertAllDead(world, answers.filter(isGranted));
      assert.equal(await familiesOf(world, world.users.connected), 0);
    });
    assert.ok(killed > 0, "no refresh was ever early enough");
  });

  test(`R2, C14, SC-11, SY-05: nothing that was in flight lives once a withdrawal returned (${name})`, async () => {
    let killed = 0;
    await inManyOrders(store, {}, async ({ service, world, mint, pause }) => {
      const { connected, merchantOnly } = world.users;
      const consents = [await mint(), await mint({ user: connected })];
      const fetches = Promise.all([
        times(4, () => service.fetchTokensForUser("partner", { publicId: connected })),
        times(6, (index) => {
          const consentToken = consents[index % 2] ?? "";
          return service.fetchTokensForUser("partner", { consentToken });
        }),
      ]);
      const withdrawals = times(2, async (index) => {
        const user = [connected, merchantOnly][index] ?? "";
        await pause();
        await service.disconnect(user, "partner");
        assert.equal(await familiesOf(world, user), 0);
      });
      const [answers] = await Promise.all([fetches, withdrawals]);
      killed += await assertAllDead(world, answers.flat());
      assert.equal(await familiesOf(world, connected) + await familiesOf(world, merchantOnly), 0);
    });
    assert.ok(killed > 0, "no issuance was ever early enough");
  });

  test(`R2, SC-10: nothing delegated lives once the buyer's withdrawal at the merchant returned (${name})`, async () => {
    let killed = 0;
    await inManyOrders(store, {}, async ({ service, world, mint, pause }) => {
      const publicId = world.users.merchantOnly;
      const consentToken = await mint();
      const fetches = times(6, () => service.fetchTokensForUser("partner", { consentToken }));
      const withdrawn = pause().then(() => service.disconnect(publicId, "merchant"));
      const [answers] = await Promise.all([fetches, withdrawn]);
      killed += await assertAllDead(world, answers);
      const later = await world.service.fetchTokensForUser("partner", { publicId });
      assert.equal(later.userErrors[0]?.code, "NO_CONSENT");
    });
    assert.ok(killed > 0, "no redemption was ever early enough");
  });

  test(`R1, R2, C13: nothing of a user is left once the deletion returned (${name})`, async () => {
    let killed = 0;
    await inManyOrders(store, {}, async ({ service, world, mint, pause }) => {
      const user = world.users.merchantOnly;
      const consentToken = await mint();
      const fetches = times(5, () => service.fetchTokensForUser("partner", { consentToken }));
      const connects = times(3, async () => {
        await pause();
        await service.connect(user, "other-partner", SCOPE).catch(() => null);
      });
      const deleted = pause().then(() => service.deleteUser(user));
      const [answers] = await Promise.all([fetches, deleted, connects]);
      killed += await assertAllDead(world, answers);
      for (const client of ["partner", "other-partner", "merchant"]) {
        const facts = await world.ports.store.read({ user, client, merchant: client });
        assert.deepEqual([facts.user, facts.candidates, facts.clientWithdrawal], [null, [], null]);
      }
    });
    assert.ok(killed > 0, "no redemption was ever early enough");
  });
}
