/** A2, G8: what failed and anonymous requests, queries and OAuth calls cost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { getIntrospectionQuery } from "graphql";
import type { HttpRequest } from "../../../../adapters/http/exchange.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { peerOf } from "../../../../adapters/http/peer.ts";
import { createHttpHandler, type HttpOptions } from "../../../../adapters/http/router.ts";
import { basic, createFace, jsonBy, MUTATION, ORIGIN } from "../../support/http-face.ts";
import { createWorld } from "../../support/world.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const FAILURES = 60;

/** A world whose handler is told of peer addresses. */
async function createPeers(options: Partial<HttpOptions> = {}) {
  const world = await createWorld();
  const { service, clock } = world;
  const handler = createHttpHandler(service, { publicUrl: ORIGIN, clock, ...options });
  const send = (peer: string, target: string, headers: Record<string, string>, body = "") =>
    handler(
      {
        method: body === "" ? "GET" : "POST",
        target,
        peer,
        header: (name) => headers[name] ?? null,
        body: () => Promise.resolve(body),
      } satisfies HttpRequest,
    );
  return { world, send };
}

test("A2, G8, CA-14: wrong secrets are throttled per client, known or not; the right one works", async () => {
  for (const path of [PATHS.partners, PATHS.token, PATHS.revoke, PATHS.introspect]) {
    const face = await createFace();
    const { partner, clock } = face.world;
    const isForm = path !== PATHS.partners;
    const headers = (id: string, secret: string) => ({
      ...(isForm ? FORM : jsonBy(partner)),
      ...basic({ id, secret }),
    });
    const body = isForm ? "token=x&grant_type=refresh_token&refresh_token=x" : { query: MUTATION };
    const ask = (id: string, secret = "wrong") =>
      face.send({ path, headers: headers(id, secret), body });
    const first = await ask(partner.id);
    for (let n = 1; n < FAILURES; n++) assert.equal((await ask(partner.id)).status, 401);
    for (let n = 0; n < FAILURES; n++) assert.equal((await ask("unknown")).status, 401);
    for (const id of [partner.id, "unknown"]) {
      const { status, headers, text } = await ask(id);
      assert.deepEqual([status, headers.get("retry-after"), text], [429, "1", first.text], path);
    }
    assert.ok([200, 400].includes((await ask(partner.id, partner.secret)).status), path);
    clock.advance(1);
    assert.equal((await ask(partner.id)).status, 401);
    assert.equal((await ask(partner.id)).status, 429);
  }
});

test("A2, CA-14: wrong secrets are throttled per address, whatever ids and tokens they come with", async () => {
  const { world, send } = await createPeers();
  const guess = (peer: string, n: number) =>
    n % 2 === 0
      ? send(peer, PATHS.users, { authorization: "Bearer x" }, "{}")
      : send(peer, PATHS.partners, basic({ id: `client-${n}`, secret: "x" }), "{}");
  for (let n = 0; n < FAILURES; n++) assert.equal((await guess("2001:db8::1", n)).status, 401);
  assert.equal((await guess("2001:db8::2", 0)).status, 429);
  assert.equal((await guess("2001:db8:0:1::1", 0)).status, 401);
  const { status } = await send("2001:db8::1", PATHS.partners, jsonBy(world.partner), "{}");
  assert.equal(status, 400, "the right secret works");
});

test("A2, IN-12: queries, OAuth calls and anonymous requests have budgets; health has none", async () => {
  const { world, send } = await createPeers({ rateLimit: { fieldsPerMinute: 10 } });
  const { partner, otherPartner } = world;
  const query = (fields: number) =>
    JSON.stringify({ query: `{ ${"apiVersion ".repeat(fields)} }` });
  const ask = (body: string) => send("1.1.1.1", PATHS.partners, jsonBy(partner), body);
  assert.equal((await ask(query(9))).status, 200);
  assert.equal((await ask(query(2))).status, 429);
  assert.equal((await ask(query(1))).status, 200);
  const call = (path: string) =>
    send("1.1.1.1", path, { ...FORM, ...basic(otherPartner) }, "token=x");
  for (let n = 0; n < 90; n++) assert.equal((await call(PATHS.introspect)).status, 200);
  assert.equal((await call(PATHS.revoke)).status, 200);
  const refused = await call(PATHS.revoke);
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "6"]);
  for (let n = 0; n < 10; n++) assert.equal((await send("2.2.2.2", PATHS.jwks, {})).status, 200);
  for (const path of [PATHS.jwks, PATHS.metadata, "/nowhere", PATHS.token]) {
    assert.equal((await send("2.2.2.2", path, {})).status, 429, path);
  }
  assert.equal((await send("3.3.3.3", PATHS.jwks, {})).status, 200);
  for (const path of [PATHS.live, PATHS.ready, PATHS.health]) {
    assert.equal((await send("2.2.2.2", path, {})).status, 200, path);
  }
});

test("A2, IN-12: a short introspection cannot have a huge result; the usual one is answered", async () => {
  const face = await createFace();
  const ask = (query: string) =>
    face.send({ headers: jsonBy(face.world.partner), body: { query } });
  const usual = await ask(getIntrospectionQuery());
  assert.ok(usual.json.data.__schema.types.length > 5);
  const schema = "__schema{types{name fields{name description args{name description}}}}";
  const many = Array.from({ length: 15 }, (_, n) => `a${n}:${schema}`).join(" ");
  const { text, json } = await ask(`{${many}}`);
  assert.equal(json.errors[0].extensions.code, "QUERY_TOO_COMPLEX");
  assert.ok(text.length < 1000);
  for (let n = 0; n < 40; n++) await ask(getIntrospectionQuery());
  assert.equal((await ask(getIntrospectionQuery())).status, 429);
});

test("A2: an address is IPv4, mapped or not, or the first 64 bits of IPv6", () => {
  assert.equal(peerOf("127.0.0.1"), "127.0.0.1");
  assert.equal(peerOf("::ffff:127.0.0.1"), "127.0.0.1");
  assert.equal(peerOf("2001:DB8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(peerOf("2001:db8::6"), "2001:db8:0:0::/64");
  assert.equal(peerOf("::1"), "0:0:0:0::/64");
  assert.equal(peerOf("fe80::1%eth0"), "fe80:0:0:0::/64");
});
