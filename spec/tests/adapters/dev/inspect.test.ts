/** Tokens explained, and secrets masked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { maskEntry } from "../../../../adapters/dev/mask.ts";
import {
  type Defect,
  type Inspection,
  startTestShop,
  type TestShop,
} from "../../../../adapters/dev/testing/mod.ts";

const broken = ({ rules }: Inspection) =>
  rules.filter(({ holds }) => holds === false).map(({ text }) => text);

async function withShop(work: (shop: TestShop) => Promise<void>): Promise<void> {
  const shop = await startTestShop({ port: null });
  try {
    await work(shop);
  } finally {
    await shop.close();
  }
}

test("C1, C6: an inspection says what the server would answer and why, and uses nothing up", () =>
  withShop(async (shop) => {
    const valid = await shop.consentToken();
    for (let count = 0; count < 2; count++) {
      const inspection = await shop.inspect(valid);
      assert.equal(inspection.answer, "granted");
      assert.ok(inspection.rules.every(({ holds }) => holds === true));
      assert.equal(inspection.claims?.["client_id"], shop.partner.id);
    }
    for (const [defect, { outcome, reason }] of Object.entries(shop.defects)) {
      const token = await shop.consentToken({ defect: defect as Defect });
      const inspection = await shop.inspect(token);
      const { kind, answer, reason: found } = inspection;
      assert.deepEqual([kind, answer, found], ["consent token", outcome, reason], defect);
      assert.ok(broken(inspection).length > 0, defect);
    }
    assert.equal((await shop.inspect(valid)).answer, "granted");
  }));

test("C4, C5: an inspection finds each of several flaws", () =>
  withShop(async (shop) => {
    const token = await shop.consentToken({ client: shop.otherPartner.id, lifetimeSeconds: 3000 });
    shop.clock.advance({ hours: 1 });
    const texts = broken(await shop.inspect(token));
    assert.deepEqual(texts, [
      "client_id is the partner that redeems it.",
      "It has not expired.",
      "It does not live longer than consent tokens may.",
    ]);
    const [found] = (await shop.inspect(token)).rules.flatMap(({ text, found }) =>
      text.startsWith("client_id") ? [found] : []
    );
    assert.deepEqual(found, { client_id: shop.otherPartner.id });
  }));

test("C8, C11, C14: an inspection knows users, connections and earlier redemptions", () =>
  withShop(async (shop) => {
    const user = shop.user("buyer");
    const token = await shop.consentToken({ user });
    await shop.service.fetchTokensForUser(shop.partner.id, { consentToken: token });
    assert.equal((await shop.inspect(token)).answer, "repeated");
    shop.clock.advance({ seconds: 60 });
    assert.match(broken(await shop.inspect(token)).join(), /not redeemed before/);
    await shop.service.disconnect(user, shop.partner.id);
    const later = await shop.consentToken({ user });
    assert.match(broken(await shop.inspect(later)).join(), /not withdrawn/);
    const stranger = await shop.consentToken({ user: shop.user("nobody") });
    assert.match(broken(await shop.inspect(stranger)).join(), /connected to the merchant/);
  }));

test("T1, T5, T7, R1: an inspection says why an access or refresh token is dead", () =>
  withShop(async (shop) => {
    const user = shop.user();
    const args = { publicId: user };
    const { accessToken, refreshToken } = await shop.service.fetchTokensForUser(
      shop.partner.id,
      args,
    );
    const inspect = (token: string | null) => shop.inspect(token ?? "");
    const alive = await inspect(accessToken);
    assert.deepEqual([alive.kind, alive.answer], ["access or refresh token", "active"]);
    assert.equal(alive.live?.user, user);
    assert.equal((await inspect(refreshToken)).live?.kind, "refresh");
    await shop.service.refresh(shop.partner.id, { refreshToken: refreshToken ?? "" });
    assert.match(broken(await inspect(refreshToken)).join(), /the current one/);
    shop.clock.advance({ hours: 1 });
    assert.match(broken(await inspect(accessToken)).join(), /not expired/);
    assert.match(broken(await inspect("ftfu_at_nonsense")).join(), /a token of this server/);
    const next = (await shop.service.fetchTokensForUser(shop.partner.id, args)).accessToken;
    await shop.service.suspendUser(user);
    assert.match(broken(await inspect(next)).join(), /some scope is left/);
    await shop.service.disconnect(user, shop.partner.id);
    assert.equal((await inspect(next)).answer, "invalid_token");
  }));

test("G9: a masked request holds no secret, wherever the client put it", () =>
  withShop(async (shop) => {
    const consentToken = await shop.consentToken();
    const { id, secret, authorization } = shop.partner;
    const post = (url: string, type: string, body: string) =>
      shop.fetch(url, {
        method: "POST",
        headers: { authorization, "content-type": type },
        body,
      });
    const form = "application/x-www-form-urlencoded";
    const json = (query: string, variables: object) =>
      post(shop.endpoint, "application/json", JSON.stringify({ query, variables }));
    const fields = "{ a: accessToken refreshToken userErrors { code } }";
    const granted = await (await json(
      `mutation ($x: String) { fetchTokensForUser(consentToken: $x) ${fields} }`,
      { x: consentToken },
    )).json();
    const { a: accessToken, refreshToken } = granted.data.fetchTokensForUser;
    await json(`mutation { fetchTokensForUser(consentToken: "${consentToken}") ${fields} }`, {});
    await json(`mutation { fetchTokensForUser(consentToken: """my-secret""") ${fields} }`, {});
    await post(shop.endpoint, "application/json", `{"broken": "${consentToken}`);
    await post(
      shop.endpoints.token,
      form,
      `grant_type=refresh_token&refresh_token=${refreshToken}`,
    );
    await post(shop.endpoints.token, form, `client_id=${id}&client_secret=${secret}`);
    await post(shop.endpoints.introspection, form, `token=my-secret`);
    await post(shop.endpoint, "text/plain", "my-secret");
    await shop.fetch(shop.endpoints.users, {
      method: "POST",
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ user { publicId } }" }),
    });
    const secrets = [
      consentToken,
      accessToken,
      refreshToken,
      secret,
      "my-secret",
      authorization.split(" ")[1],
    ];
    const [shown, masked] = [shop.requests, shop.requests.map(maskEntry)].map((entries) =>
      JSON.stringify(entries)
    );
    assert.deepEqual(secrets.filter((text) => masked?.includes(text)), []);
    assert.deepEqual(secrets.filter((text) => !shown?.includes(text)), []);
    assert.equal(shop.requests.map(maskEntry)[0]?.client, id);
  }));
