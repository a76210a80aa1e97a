/** T8: the Users API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import type { World } from "../../support/world.ts";
import { type Answer, basic, createFace, type Face } from "../../support/http-face.ts";

const QUERY = "{ scope user { publicId clientId scope } }";

function ask(face: Face, authorization: string | null, query = QUERY): Promise<Answer> {
  return face.send({
    path: PATHS.users,
    headers: {
      "content-type": "application/json",
      ...(authorization !== null && { authorization }),
    },
    body: { query },
  });
}

async function tokens({ service, partner, users }: World): Promise<Record<string, string>> {
  const payload = await service.fetchTokensForUser(partner.id, { publicId: users.connected });
  return { access: payload.accessToken ?? "", refresh: payload.refreshToken ?? "" };
}

test("T8: a live access token tells user, client and effective scope", async () => {
  const face = await createFace();
  const { access } = await tokens(face.world);
  const scope = "email openid orders profile";
  const { status, json, headers } = await ask(face, `Bearer ${access}`);
  assert.equal(status, 200);
  assert.deepEqual(json, {
    data: { scope, user: { publicId: "user-connected", clientId: "partner", scope } },
  });
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(face.records[0]?.client, "partner");
  assert.equal((await ask(face, `bEARER   ${access}`)).status, 200);
});

test("T8, R1: the scope is the one that is effective now, and the end of authority shows at once", async () => {
  const face = await createFace();
  const { service, users, partner } = face.world;
  const { access } = await tokens(face.world);
  await service.setClientScope(partner.id, "openid profile");
  assert.equal((await ask(face, `Bearer ${access}`)).json.data.scope, "openid profile");
  await service.suspendUser(users.connected);
  assert.equal((await ask(face, `Bearer ${access}`)).status, 401);
  await service.resumeUser(users.connected);
  assert.equal((await ask(face, `Bearer ${access}`)).status, 200);
  await service.disconnect(users.connected, partner.id);
  assert.equal((await ask(face, `Bearer ${access}`)).status, 401);
});

test("T8: no token is 401 without an error code (RFC 6750 §3.1)", async () => {
  const face = await createFace();
  const { access } = await tokens(face.world);
  for (
    const authorization of [null, "", basic(face.world.partner).authorization, "Token x", access]
  ) {
    const { status, headers } = await ask(face, authorization ?? null);
    assert.equal(status, 401);
    assert.match(headers.get("www-authenticate") ?? "", /^Bearer realm="[^"]+"$/);
  }
  const inQuery = await face.send({
    path: `${PATHS.users}?access_token=${access}`,
    headers: { "content-type": "application/json" },
    body: { query: QUERY, access_token: access },
  });
  assert.equal(inQuery.status, 401);
});

test("T8, RF-12: anything but a live access token is invalid_token, and looks the same", async () => {
  const face = await createFace();
  const { access = "", refresh } = await tokens(face.world);
  const flipped = access.slice(0, -2) + (access.endsWith("AA") ? "BB" : "AA");
  const bad = [
    refresh,
    flipped,
    `${access}x`,
    access.slice(1),
    "x",
    "",
    `${access}, Bearer ${access}`,
  ];
  const bodies = new Set<string>();
  const expectInvalid = async (token: string | undefined) => {
    const { status, headers, text } = await ask(face, `Bearer ${token}`);
    assert.equal(status, 401);
    assert.match(
      headers.get("www-authenticate") ?? "",
      /^Bearer realm="[^"]+", error="invalid_token"$/,
    );
    bodies.add(text);
  };
  for (const token of bad) await expectInvalid(token);
  face.world.clock.advance(3599);
  assert.equal((await ask(face, `Bearer ${access}`)).status, 200);
  face.world.clock.advance(1);
  await expectInvalid(access);
  assert.equal(bodies.size, 1);
});

test("T8: a token without openid does not tell whose it is: 403 insufficient_scope", async () => {
  const face = await createFace();
  const { service, partner } = face.world;
  const { access } = await tokens(face.world);
  await service.setClientScope(partner.id, "email");
  const { status, headers, json } = await ask(face, `Bearer ${access}`);
  assert.equal(status, 403);
  const challenge = headers.get("www-authenticate") ?? "";
  assert.match(challenge, /^Bearer realm="[^"]+", error="insufficient_scope", scope="openid"$/);
  assert.equal(json.data, undefined);
  assert.deepEqual((await ask(face, `Bearer ${access}`, "{ scope }")).json.data, {
    scope: "email",
  });
});

test("T8, A2: there is nothing to change here, and limits hold", async () => {
  const face = await createFace();
  const { access } = await tokens(face.world);
  const mutation = await ask(face, `Bearer ${access}`, "mutation { scope }");
  assert.deepEqual(
    [mutation.status, mutation.json.errors[0].message, mutation.json.data],
    [200, "There is no mutation in this API.", undefined],
  );
  const aliases = Array.from({ length: 200 }, (_, n) => `a${n}: scope`).join(" ");
  assert.ok((await ask(face, `Bearer ${access}`, `{ ${aliases} }`)).json.errors);
});
