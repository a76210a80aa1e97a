/** The shop for tests: what partners' own tests rely on. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  type Defect,
  type Fault,
  FAULTS,
  startTestShop,
  type TestShop,
  type TestShopOptions,
} from "../../../../adapters/dev/testing/mod.ts";

const MUTATION = "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(" +
  "publicId: $publicId, consentToken: $consentToken) { accessToken expiresIn publicId refreshToken " +
  "scope tokenType userErrors { code field message } } }";

async function withShop(
  work: (shop: TestShop) => Promise<void>,
  options?: TestShopOptions,
): Promise<void> {
  const shop = await startTestShop(options);
  try {
    await work(shop);
  } finally {
    await shop[Symbol.asyncDispose]();
  }
}

/** Over the network, or straight to the shop if it has no port. */
function send(shop: TestShop, variables: object, signal?: AbortSignal): Promise<Response> {
  const call = shop.url.endsWith(".invalid") ? shop.fetch : fetch;
  return call(shop.endpoint, {
    method: "POST",
    headers: { authorization: shop.partner.authorization, "content-type": "application/json" },
    body: JSON.stringify({ query: MUTATION, variables }),
    ...(signal && { signal }),
  });
}

async function redeem(shop: TestShop, variables: object) {
  const { data, errors } = await (await send(shop, variables)).json();
  return data?.fetchTokensForUser ?? errors;
}

async function refresh(shop: TestShop, token: string): Promise<Response> {
  return await shop.fetch(shop.endpoints.token, {
    method: "POST",
    headers: { authorization: shop.partner.authorization },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
  });
}

for (const port of [0, null]) {
  const where = port === null ? "in process" : "on a port";

  test(`P1, P2, C9: ${where}, users are what they are to the partner`, () =>
    withShop(async (shop) => {
      const user = shop.user();
      assert.equal((await redeem(shop, { publicId: user })).publicId, user);
      const codeOf = async (variables: object) =>
        (await redeem(shop, variables)).userErrors[0]?.code;
      assert.equal(await codeOf({ publicId: shop.user("buyer") }), "NO_CONSENT");
      assert.equal(await codeOf({ publicId: shop.user("nobody") }), "NO_CONSENT");
      assert.equal(await codeOf({ publicId: shop.user("unknown") }), "NO_USER");
      const buyer = shop.user("buyer");
      const consentToken = await shop.consentToken({ user: buyer, scope: "email" });
      const { publicId, scope } = await redeem(shop, { consentToken });
      assert.deepEqual([publicId, scope], [buyer, "email"]);
    }, { port }));

  test(`C1: ${where}, every defect gets the answer that the shop says`, () =>
    withShop(async (shop) => {
      for (const [defect, { outcome, reason }] of Object.entries(shop.defects)) {
        const consentToken = await shop.consentToken({ defect: defect as Defect });
        const { userErrors } = await redeem(shop, { consentToken });
        assert.deepEqual(userErrors.map(({ code }: { code: string }) => code), [outcome], defect);
        assert.deepEqual(shop.requests.at(-1)?.events.map((event) => event.reason), [reason]);
      }
    }, { port }));

  test(`C11, A3: ${where}, each fault does what it says, and only the next request meets it`, () =>
    withShop(async (shop) => {
      const shown: Record<string, unknown> = {};
      for (const [fault, { carriedOut }] of Object.entries(FAULTS)) {
        const consentToken = await shop.consentToken();
        const times = repeats(fault, port) ? 2 : 1;
        shop.faults.next(fault as Fault, { times, milliseconds: 20, retryAfterSeconds: 7 });
        shown[fault] = await describe(send(shop, { consentToken }));
        assert.deepEqual(shop.faults.pending, []);
        const [event] = shop.requests.at(-times)?.events ?? [];
        assert.equal(event?.outcome, carriedOut ? "granted" : undefined, fault);
        const { accessToken } = await redeem(shop, { consentToken });
        assert.match(accessToken, /^ftfu_at_/, fault);
        const [second] = shop.requests.at(-1)?.events ?? [];
        assert.equal(second?.outcome, carriedOut ? "repeated" : "granted", fault);
      }
      assert.deepEqual(shown, {
        "lost-response": "no answer",
        "truncated": "200 broken off",
        "slow-body": "200 granted",
        "garbage": "200 not JSON",
        "latency": "200 granted",
        "reset": "no answer",
        "500": "500 INTERNAL_SERVER_ERROR",
        "502": "502 not JSON",
        "503": "503 SERVICE_UNAVAILABLE after 7",
        "504": "504 not JSON",
        "429": "429 TOO_MANY_REQUESTS after 7",
      });
    }, { port }));
}

/** Whether the runtime's `fetch` sends a request again by itself after this fault. */
function repeats(fault: string, port: number | null): boolean {
  return "Deno" in globalThis && port !== null && ["lost-response", "reset"].includes(fault);
}

/** An answer in a few words. */
async function describe(sent: Promise<Response>): Promise<string> {
  const response = await sent.catch(() => null);
  if (response === null) return "no answer";
  const text = await response.text().catch(() => null);
  if (text === null) return `${response.status} broken off`;
  const after = response.headers.get("retry-after");
  try {
    const { data, errors } = JSON.parse(text);
    const what = data?.fetchTokensForUser.accessToken ? "granted" : errors[0].extensions.code;
    return `${response.status} ${what}${after === null ? "" : ` after ${after}`}`;
  } catch {
    return `${response.status} not JSON`;
  }
}

test("A3: faults strike in order, as often as asked, and where asked", () =>
  withShop(async (shop) => {
    shop.faults.next("503", { times: 2 });
    shop.faults.next("500", { path: "/oauth/token" });
    const statuses = [];
    for (let count = 0; count < 3; count++) {
      statuses.push((await send(shop, { publicId: shop.user() })).status);
    }
    assert.deepEqual(statuses, [503, 503, 200]);
    assert.equal((await shop.fetch(`${shop.url}/healthz`)).status, 200);
    assert.equal((await refresh(shop, "any")).status, 500);
    assert.equal((await refresh(shop, "any")).status, 400);
    shop.faults.next("504");
    shop.faults.clear();
    assert.equal((await send(shop, { publicId: shop.user() })).status, 200);
    assert.throws(
      () => shop.faults.next("flood" as Fault),
      /no fault "flood": use .*lost-response/,
    );
    assert.throws(() => shop.faults.next("500", { path: "/nowhere" }), /use \/api\/partners/);
    assert.throws(() => shop.faults.next("500", { times: 0 }), /"times"/);
    assert.throws(() => shop.faults.next("latency", { milliseconds: -1 }), /"milliseconds"/);
  }));

test("T1: the clock moves ahead, and tokens expire with it", () =>
  withShop(async (shop) => {
    const before = shop.clock.now();
    const { accessToken, refreshToken, expiresIn } = await redeem(shop, { publicId: shop.user() });
    const use = async () => {
      const response = await shop.fetch(shop.endpoints.users, {
        method: "POST",
        headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
        body: JSON.stringify({ query: "{ user { publicId } }" }),
      });
      await response.text();
      return response.status;
    };
    assert.equal(expiresIn, 600);
    assert.equal(await use(), 200);
    shop.clock.advance({ minutes: 10 });
    assert.equal(await use(), 401);
    shop.clock.advance({ days: 89 });
    assert.equal((await refresh(shop, refreshToken)).status, 200);
    assert.ok(shop.clock.now() - before >= (89 * 86_400 + 600) * 1000);
    shop.clock.stop();
    const stopped = shop.clock.now();
    assert.equal(stopped % 1, 0);
    shop.clock.advance({ hours: 1, seconds: 1 });
    assert.equal(shop.clock.now(), stopped + 3_601_000);
    assert.throws(() => shop.clock.advance({ days: -1 }), /only moves ahead/);
  }, { port: null, settings: { accessTokenSeconds: 600 } }));

test("G9, A4: the ledger holds what was sent, decoded, and what was answered", () =>
  withShop(async (shop) => {
    const consentToken = await shop.consentToken({ user: shop.user("nobody") });
    await send(shop, { consentToken });
    await refresh(shop, "some-token");
    const [first, second, ...rest] = shop.requests;
    assert.deepEqual(rest, []);
    assert.equal(first?.path, "/api/partners/graphql.json");
    assert.equal(first?.client, shop.partner.id);
    assert.deepEqual(first?.body, { query: MUTATION, variables: { consentToken } });
    assert.equal(first?.consent?.claims["client_id"], shop.partner.id);
    assert.equal(first?.consent?.header["typ"], "consent+jwt");
    assert.equal(first?.answer?.status, 200);
    assert.equal(first?.events[0]?.reason, "no_source_connection");
    assert.deepEqual(second?.body, { grant_type: "refresh_token", refresh_token: "some-token" });
    assert.deepEqual(second?.events.map(({ code }) => code), ["invalid_grant"]);
    shop.faults.next("reset");
    await assert.rejects(refresh(shop, "any"), TypeError);
    assert.deepEqual(shop.requests.at(-1)?.answer, null);
    assert.equal(shop.requests.at(-1)?.fault, "reset");
  }));

test("R2: a user who withdraws is refused from the next request on", () =>
  withShop(async (shop) => {
    const user = shop.user();
    const { refreshToken } = await redeem(shop, { publicId: user });
    await shop.service.disconnect(user, shop.partner.id);
    assert.equal((await (await refresh(shop, refreshToken)).json()).error, "invalid_grant");
    assert.equal((await redeem(shop, { publicId: user })).userErrors[0].code, "NO_CONSENT");
  }));

test("tool: many shops run in one process, each on its own", async () => {
  const shops = await Promise.all(Array.from({ length: 20 }, () => startTestShop()));
  const [first, second] = shops as [TestShop, TestShop];
  first.faults.next("503");
  first.clock.advance({ days: 1 });
  const publicId = first.user();
  assert.equal((await redeem(second, { publicId })).userErrors[0].code, "NO_USER");
  assert.equal(first.requests.length, 0);
  assert.equal(new Set(shops.map(({ url }) => url)).size, shops.length);
  await Promise.all(shops.map((shop) => shop.close()));
  await assert.rejects(fetch(first.endpoint));
});
test("tool: a shop that nobody closes does not keep a process alive", async () => {
  const shop = new URL("../../../../adapters/dev/testing/mod.ts", import.meta.url).href;
  const code = `const { startTestShop } = await import(${JSON.stringify(shop)});
    const { url } = await startTestShop();
    await (await fetch(url + "/healthz")).text();
    console.log("done");`;
  const args = "deno" in process.versions ? ["eval", code] : ["--import", "tsx", "--eval", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  assert.equal(stdout, "done\n");
});
