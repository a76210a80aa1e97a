/** G7–G9: the endpoint of the mutation over HTTP. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { getIntrospectionQuery, parse, visit } from "graphql";
import { type AuditFail, serverAudits } from "graphql-http";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import type { Keys } from "../../../../core/decision.ts";
import { createWorld, SCOPE } from "../../support/world.ts";
import {
  basic,
  createFace,
  type Face,
  faceOf,
  jsonBy,
  MUTATION,
  ORIGIN,
} from "../../support/http-face.ts";

const QUERY = { query: "{ apiVersion }" };

/** How many rows of each kind there are: what a refusal must leave as it is. */
async function storedBy({ world: { ports, users, partner } }: Face): Promise<unknown> {
  const known = await Promise.all(
    Object.values(users).map((user) => ports.store.read({ user, client: partner.id })),
  );
  return known.map(({ candidates }) => candidates);
}

test("G7: all MUST and SHOULD audits of GraphQL over HTTP pass, with credentials", async (t) => {
  const { fetch, world } = await createFace();
  const audits = serverAudits({
    url: ORIGIN + PATHS.partners,
    fetchFn: (url: string, init?: RequestInit) =>
      fetch(new Request(url, { ...init, headers: { ...init?.headers, ...basic(world.partner) } })),
  });
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  const failed = results.filter((result): result is AuditFail => result.status !== "ok");
  const describe = ({ name, reason }: AuditFail) => `${name}: ${reason}`;
  t.diagnostic(`${results.length - failed.length} of ${results.length} audits pass`);
  for (const notice of failed) t.diagnostic(describe(notice));
  assert.ok(results.length >= 61);
  assert.deepEqual(failed.filter(({ name }) => !name.startsWith("MAY ")).map(describe), []);
});

test("G7, IN-10: everything but one operation as JSON is refused and changes nothing", async () => {
  const face = await createFace();
  const { partner, users } = face.world;
  const variables = { publicId: users.connected };
  const good = JSON.stringify({ query: MUTATION, variables });
  const form = String(new URLSearchParams({ query: MUTATION, variables: "{}" }));
  const cases: readonly [status: number, type: string | null, body: string][] = [
    [415, "application/x-www-form-urlencoded", form],
    [415, "multipart/form-data; boundary=x", `--x\r\n\r\n${good}\r\n--x--`],
    [415, "text/plain", good],
    [415, "application/graphql", MUTATION],
    [415, "application/json; charset=iso-8859-1", good],
    [415, "application/jsonx", good],
    [415, null, good],
    [400, "application/json", ""],
    [400, "application/json", "{"],
    [400, "application/json", `${good} x`],
    [400, "application/json", "null"],
    [400, "application/json", '"{}"'],
    [400, "application/json", "7"],
    [400, "application/json", "{}"],
    [400, "application/json", `{"query":"{apiVersion}",${good.slice(1)}`],
    [400, "application/json", `{"query":"{apiVersion}","variables":{"a":1,"\\u0061":2}}`],
    [400, "application/json", `[${good}]`],
    [400, "application/json", "[]"],
    [400, "application/json", `[${Array(1000).fill('{"query":"{a}"}').join(",")}]`],
    [400, "application/json", '{"query":"{apiVersion}","variables":[]}'],
    [400, "application/json", '{"query":"{apiVersion}","operationName":7}'],
    [413, "application/json", JSON.stringify({ ...QUERY, extensions: { a: "x".repeat(65_536) } })],
  ];
  const before = await storedBy(face);
  for (const [status, type, body] of cases) {
    const headers = { ...basic(partner), ...(type !== null && { "content-type": type }) };
    const bytes = new Request(ORIGIN + PATHS.partners, {
      method: "POST",
      headers,
      body: Buffer.from(body), // bytes: a text would bring a content type of its own
    });
    const answer = await face.fetch(bytes);
    assert.equal(answer.status, status, `${type} ${body.slice(0, 40)}`);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const { errors, data } = await answer.json();
    assert.ok(errors[0].message.length > 10);
    assert.equal(data, undefined);
  }
  assert.deepEqual(await storedBy(face), before);
  assert.equal(face.world.events.length, 0);
});

test("G7: JSON may say that it is UTF-8, in any case, and may have other parameters", async () => {
  const face = await createFace();
  const types = ['Application/JSON; Charset="UTF-8"', "application/json;charset=utf8;x=y"];
  for (const type of types) {
    const headers = { ...basic(face.world.partner), "content-type": type };
    assert.equal((await face.send({ headers, body: QUERY })).status, 200, type);
  }
});

test("G7: bytes that are no UTF-8 are refused", async () => {
  const { fetch, world } = await createFace();
  const body = Buffer.from('{"query":"{ apiVersion }","extensions":{"a":"\xff"}}', "latin1");
  const headers = jsonBy(world.partner);
  const init = { method: "POST", headers, body };
  assert.equal((await fetch(new Request(ORIGIN + PATHS.partners, init))).status, 400);
});

test("G7, IN-10: GET serves queries; a mutation by GET is 405 and is not executed", async () => {
  const face = await createFace();
  const headers = basic(face.world.partner);
  const get = (query: string, more = "") =>
    face.send({
      method: "GET",
      headers,
      path: `${PATHS.partners}?query=${encodeURIComponent(query)}${more}`,
    });
  assert.deepEqual((await get("{ apiVersion }")).json.data, { apiVersion: "unstable" });
  const variables = JSON.stringify({ publicId: face.world.users.connected });
  const answer = await get(MUTATION, `&variables=${encodeURIComponent(variables)}`);
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "POST");
  assert.equal(face.world.events.length, 0);
  assert.equal(answer.json.errors[0].extensions.code, "METHOD_NOT_ALLOWED");
  for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]) {
    const { status, headers: shown } = await face.send({ method, headers });
    assert.equal(status, 405, method);
    assert.ok(shown.get("allow")?.includes("POST"));
  }
});

test("G7: application/graphql-response+json is honoured, and what nobody speaks is 406", async () => {
  const face = await createFace();
  const ask = (accept: string, body: unknown) =>
    face.send({ headers: { ...jsonBy(face.world.partner), accept }, body });
  const type = "application/graphql-response+json";
  const good = await ask(type, QUERY);
  assert.equal(good.status, 200);
  assert.ok(good.headers.get("content-type")?.startsWith(type));
  assert.equal((await ask(type, { query: "{" })).status, 400);
  assert.equal((await ask(type, { query: "{ nothing }" })).status, 400);
  assert.equal((await ask("application/json", { query: "{ nothing }" })).status, 200);
  assert.equal((await ask("image/png", QUERY)).status, 406);
});

test("G7, A2: introspection is allowed, as every tool sends it", async () => {
  const face = await createFace();
  const query = getIntrospectionQuery({
    specifiedByUrl: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    directiveIsRepeatable: true,
    oneOf: true,
  });
  const { json } = await face.send({ headers: jsonBy(face.world.partner), body: { query } });
  assert.equal(json.errors, undefined);
  assert.equal(json.data.__schema.mutationType.name, "Mutation");
  let fields = 0;
  visit(parse(query), { Field: () => void fields++ });
  assert.ok(fields > 50);
});

/** Authorization headers that are not the credentials of an enabled client. */
function badHeaders(face: Face): readonly (string | null)[] {
  const { partner, otherPartner } = face.world;
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const { authorization } = basic(partner);
  return [
    null,
    "",
    "Basic",
    "Basic ",
    "Basic =",
    "Basic !!!!",
    "Basic ====",
    `Basic ${"A".repeat(10_000)}`,
    `Basic ${encoded(partner.id)}`,
    `Basic ${encoded(`${partner.id}:`)}`,
    `Basic ${encoded(`:${partner.secret}`)}`,
    `Basic ${encoded(":")}`,
    `Basic ${encoded(`${partner.id}:${partner.secret} `)}`,
    `Basic ${encoded(`${partner.id}:${partner.secret}\n`)}`,
    `Basic ${encoded(`${partner.id}:wrong`)}`,
    `Basic ${encoded(`${partner.id}:${otherPartner.secret}`)}`,
    `Basic ${encoded(`${partner.id.toUpperCase()}:${partner.secret}`)}`,
    `Basic ${encoded(`nobody:${partner.secret}`)}`,
    `Basic ${encoded("%zz:%")}`,
    `Basic ${encoded("%00:%00")}`,
    `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x00]).toString("base64")}`,
    `Basic ${encoded("__proto__:__proto__")}`,
    `Bearer ${partner.secret}`,
    `Digest ${authorization.slice(6)}`,
    `Basic${authorization.slice(6)}`,
    authorization.slice(6),
    `${authorization}, ${authorization}`,
    `${authorization} x`,
  ];
}

test("G8, CA-02: whatever is wrong with the credentials, the answer is the same 401", async () => {
  const face = await createFace();
  await face.world.service.disableClient(face.world.otherPartner.id);
  face.world.events.length = 0;
  const bodies = new Set<string>();
  const headers = [...badHeaders(face), basic(face.world.otherPartner).authorization];
  for (const authorization of headers) {
    const { status, headers: shown, text } = await face.send({
      headers: {
        "content-type": "application/json",
        ...(authorization !== null && { authorization }),
      },
      body: { query: MUTATION, variables: { publicId: face.world.users.connected } },
    });
    assert.equal(status, 401, String(authorization));
    assert.match(shown.get("www-authenticate") ?? "", /^Basic realm="[^"]+", charset="UTF-8"$/);
    assert.equal(shown.get("cache-control"), "no-store");
    bodies.add(text);
  }
  assert.equal(bodies.size, 1);
  assert.equal(face.records.every(({ client }) => client === undefined), true);
});

test("G8, SY-02: every failure costs one look-up of one client, as a success does", async () => {
  const world = await createWorld();
  const { store } = world.ports;
  const reads: Keys[] = [];
  const read = store.read.bind(store);
  Object.assign(store, { read: (keys: Keys) => (reads.push(keys), read(keys)) });
  const face = faceOf(world);
  for (const authorization of [...badHeaders(face), basic(world.partner).authorization]) {
    reads.length = 0;
    await face.send({
      headers: {
        "content-type": "application/json",
        ...(authorization !== null && { authorization }),
      },
      body: QUERY,
    });
    assert.deepEqual(reads.map((keys) => Object.keys(keys)), [["client"]], String(authorization));
    assert.match(reads[0]?.client ?? "", /^[\w.~-]{0,255}$/); // nothing a store could stumble over
  }
});

test("G8: credentials come before method, type, size and body", async () => {
  const face = await createFace();
  let bodyRead = false;
  const request = new Request(ORIGIN + PATHS.partners, { method: "POST", body: "x" });
  Object.defineProperty(request, "body", { get: () => bodyRead = true });
  assert.equal((await face.fetch(request)).status, 401);
  assert.equal(bodyRead, false);
  for (const method of ["GET", "PUT", "OPTIONS", "HEAD", "DELETE"]) {
    assert.equal((await face.send({ method })).status, 401, method);
  }
});

test("G8: the scheme is case-insensitive, and form-encoded credentials are the same", async () => {
  const face = await createFace();
  const { id, secret } = face.world.partner;
  const every = (text: string) =>
    [...text].map((char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
  const headers = [
    basic({ id, secret }).authorization.replace("Basic", "bASIC"),
    basic({ id, secret }).authorization.replace(" ", "   "),
    basic({ id: every(id), secret: every(secret) }).authorization,
    basic({ id: encodeURIComponent(id).replaceAll("-", "%2D"), secret }).authorization,
  ];
  for (const authorization of headers) {
    const answer = await face.send({
      headers: { "content-type": "application/json", authorization },
      body: QUERY,
    });
    assert.equal(answer.status, 200, authorization);
  }
});

test("G8, CA-09: after a rotation both secrets work, and only the new one after the overlap", async () => {
  const face = await createFace({}, { settings: { secretOverlapSeconds: 60 } });
  const { world } = face;
  const rotated = await world.service.rotateClientSecret(world.partner.id);
  const status = async (by: typeof rotated) =>
    (await face.send({ headers: jsonBy(by), body: QUERY })).status;
  world.clock.advance(59);
  assert.deepEqual([await status(world.partner), await status(rotated)], [200, 200]);
  world.clock.advance(1);
  assert.deepEqual([await status(world.partner), await status(rotated)], [401, 200]);
});

test("G8, CT-13: a client that is disabled between authentication and execution is answered 401", async () => {
  const face = await createFace();
  const { service, partner, users } = face.world;
  const authenticate = service.authenticate.bind(service);
  Object.assign(service, {
    async authenticate(id: string, secret: string) {
      const client = await authenticate(id, secret);
      await service.disableClient(partner.id);
      return client;
    },
  });
  for (const variables of [{ publicId: users.connected }, { consentToken: "x" }]) {
    await service.enableClient(partner.id);
    const answer = await face.mutate(variables);
    assert.equal(answer.status, 401);
    assert.ok(answer.headers.get("www-authenticate")?.startsWith("Basic "));
    assert.equal(answer.json.data, undefined);
  }
});

test("G9: every response of the endpoint is marked no-store, whatever it says", async () => {
  const face = await createFace();
  const { users, partner } = face.world;
  const answers = [
    await face.mutate({ publicId: users.connected }),
    await face.mutate({ publicId: "nobody" }),
    await face.mutate({}),
    await face.send({ headers: jsonBy(partner), body: { query: "{" } }),
    await face.send({ headers: jsonBy(partner), body: "" }),
    await face.send({ headers: basic(partner), body: "x" }),
    await face.send({ method: "DELETE", headers: basic(partner) }),
    await face.send({ body: QUERY }),
  ];
  for (const { headers } of answers) assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(answers[0]?.json.data.fetchTokensForUser.scope, SCOPE);
});

test("G9: no token of the Users API is taken here", async () => {
  const face = await createFace();
  const { json } = await face.mutate({ publicId: face.world.users.connected });
  for (const token of ["accessToken", "refreshToken"]) {
    const authorization = `Bearer ${json.data.fetchTokensForUser[token]}`;
    const headers = { authorization, "content-type": "application/json" };
    assert.equal((await face.send({ headers, body: QUERY })).status, 401);
  }
});
