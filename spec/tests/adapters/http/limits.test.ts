/** A2, A3: more than a request may ask for, and faults on this side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphQLError } from "graphql";
import { createSchema } from "../../../../adapters/graphql.ts";
import { createDocuments, DOCUMENT_LIMITS } from "../../../../adapters/http/documents.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { createRateLimit } from "../../../../adapters/http/rate-limit.ts";
import { createHttpHandler } from "../../../../adapters/http/router.ts";
import { KeysUnavailable, type Store, StoreFault } from "../../../../adapters/ports.ts";
import { createMemoryStore } from "../../../../adapters/store/memory.ts";
import { createTestClock, createWorld, START } from "../../support/world.ts";
import {
  type Answer,
  basic,
  createFace,
  type Face,
  jsonBy,
  MUTATION,
  ORIGIN,
} from "../../support/http-face.ts";

/** The mutation so many times in one document, each with its own name. */
function aliased(count: number, argument: string): string {
  const fields = Array.from(
    { length: count },
    (_, index) => `a${index}: fetchTokensForUser(${argument}) { refreshToken userErrors { code } }`,
  );
  return `mutation { ${fields.join("\n")} }`;
}

function send(face: Face, query: string, more: object = {}): Promise<Answer> {
  return face.send({ headers: jsonBy(face.world.partner), body: { query, ...more } });
}

function assertTooMany({ status, headers, json }: Answer): void {
  assert.equal(status, 429);
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.equal(json.errors[0].extensions.code, "TOO_MANY_REQUESTS");
  assert.equal(json.data, undefined);
}

test("A2, IN-06: one consent token under many names is one issuance, or is refused whole", async () => {
  const face = await createFace();
  const argument = `consentToken: "${await face.world.issuer.mint()}"`;
  assertTooMany(await send(face, aliased(100, argument)));
  assertTooMany(await send(face, aliased(11, argument)));
  assert.deepEqual(face.world.events, []);
  const { status, json } = await send(face, aliased(10, argument));
  assert.equal(status, 200);
  const payloads = Object.values(json.data) as { refreshToken: string }[];
  assert.equal(payloads.length, 10);
  assert.equal(new Set(payloads.map(({ refreshToken }) => refreshToken)).size, 1);
});

test("A2, IN-06: fields are counted through fragments, for the operation that runs", async () => {
  const face = await createFace();
  const field = (name: string) => `${name}: fetchTokensForUser(publicId: "x") { scope }`;
  const fields = (from: number) => [0, 1, 2, 3, 4, 5].map((n) => field(`a${from + n}`)).join("\n");
  const spread = `
    mutation Many { ...A ... on Mutation { ...B } }
    mutation Few { ...A ...A ...A }
    fragment A on Mutation { ${fields(0)} }
    fragment B on Mutation { ${fields(6)} }`;
  assertTooMany(await send(face, spread, { operationName: "Many" }));
  assert.equal((await send(face, spread, { operationName: "Few" })).status, 200);
  assert.equal(face.world.events.length, 6);
});

test("A2: a client's mutation fields are limited over time, per field and per client", async () => {
  const face = await createFace({ rateLimit: { fieldsPerMinute: 30 } });
  const { clock, users, otherPartner, events } = face.world;
  const ten = aliased(10, `publicId: "${users.connected}"`);
  for (let count = 0; count < 3; count++) assert.equal((await send(face, ten)).status, 200);
  assert.equal(events.length, 30);
  const refused = await face.mutate({ publicId: users.connected });
  assertTooMany(refused);
  assert.equal(refused.headers.get("retry-after"), "2");
  assertTooMany(await send(face, ten));
  assert.equal(events.length, 30);
  assertTooMany(await send(face, "{ apiVersion apiVersion }"));
  assert.equal((await face.mutate({ publicId: "x" }, otherPartner)).status, 200);
  clock.advance(2);
  assert.equal((await face.mutate({ publicId: users.connected })).status, 200);
  assertTooMany(await face.mutate({ publicId: users.connected }));
  const { outcome, status } = face.records.at(-1) ?? {};
  assert.deepEqual([outcome, status], ["TOO_MANY_REQUESTS", 429]);
});

test("A2: what cannot run costs nothing of the limit", async () => {
  const face = await createFace({ rateLimit: { fieldsPerMinute: 10 } });
  for (let count = 0; count < 20; count++) {
    await send(face, "mutation { fetchTokensForUser { nothing } }");
    await send(face, "mutation {");
  }
  assert.equal((await send(face, aliased(10, 'publicId: "x"'))).status, 200);
});

test("A2: the limit waits as long as it says, and a clock that steps back gives nothing", () => {
  const clock = createTestClock(START);
  const limit = createRateLimit(60, clock);
  assert.equal(limit.take("a", 60), 0);
  assert.equal(limit.take("a", 5), 5);
  clock.advance(4);
  assert.equal(limit.take("a", 5), 1);
  clock.advance(1);
  assert.equal(limit.take("a", 5), 0);
  clock.advance(-3600);
  assert.equal(limit.take("a", 1), 1);
  clock.advance(3600 * 24);
  assert.equal(limit.take("a", 61), 0, "more than there can be costs all of it");
  assert.equal(limit.take("a", 61), 60);
});

test("A2: the limits of limits are checked", async () => {
  const { service } = await createWorld();
  const create = (options: object) => () =>
    createHttpHandler(service, { publicUrl: ORIGIN, ...options });
  assert.throws(create({ mutationFields: 0 }), RangeError);
  assert.throws(create({ mutationFields: 1.5 }), RangeError);
  assert.throws(create({ mutationFields: 101 }), RangeError);
  assert.throws(create({ rateLimit: { fieldsPerMinute: 9 } }), RangeError);
  assert.throws(create({ rateLimit: { fieldsPerMinute: Number.NaN } }), RangeError);
  assert.throws(create({ publicUrl: "https://tokens.example/" }), RangeError);
  assert.throws(create({ publicUrl: "tokens.example" }), RangeError);
  create({ rateLimit: null, mutationFields: 100 })();
});

/** Documents that would be a lot of work, and are refused before any of it is done. */
const HEAVY: Readonly<Record<string, string>> = {
  tokens: `{ ${"... on Query { ".repeat(999)} apiVersion ${"}".repeat(1000)}`,
  depth: `{ __type(name: "Query") ${"{ ofType ".repeat(30)}{ name }${"}".repeat(30)} }`,
  fields: `{ ${"apiVersion ".repeat(DOCUMENT_LIMITS.fields + 1)} }`,
  aliases: `{ ${Array.from({ length: 121 }, (_, n) => `a${n}: apiVersion`).join(" ")} }`,
  "a bomb of fragments": `{ __type(name: "Query") { ...F0 } } ${
    Array.from(
      { length: 18 },
      (_, n) =>
        `fragment F${n} on __Type { a: ofType { ...F${n + 1} } b: ofType { ...F${n + 1} } }`,
    ).join(" ")
  } fragment F18 on __Type { name }`,
  "a fragment in itself":
    '{ __type(name: "Query") { ...F } } fragment F on __Type { ofType { ...F } }',
  "introspection of introspection":
    `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
};

for (const [name, query] of Object.entries(HEAVY)) {
  test(`A2: too much is refused without being executed: ${name}`, async () => {
    const face = await createFace();
    const { status, json } = await send(face, query);
    assert.ok(status < 500);
    assert.equal(json.data, undefined);
    assert.equal(json.errors.length, 1);
    assert.match(json.errors[0].extensions.code, /^(QUERY_TOO_COMPLEX|GRAPHQL_\w+_FAILED)$/);
  });
}

test("A2, IN-11: what nests too deep is refused before anything recurses", async () => {
  const face = await createFace();
  const deep: Readonly<Record<string, string>> = {
    "lists in an argument": `{a(a:${"[".repeat(3900)}`,
    "objects in an argument": `{a(a:${"{a:".repeat(1300)}`,
    fields: "{a".repeat(1990),
    "a type of a variable": `query ($a: ${"[".repeat(3900)}`,
    "brackets that a comment and strings seem to close": `{a(a:"]]" b:"""]\\"""]""" #]]]]\n${
      "[#]\n".repeat(1900)
    }`,
  };
  for (const [name, query] of Object.entries(deep)) {
    const { status, json } = await send(face, query);
    assert.deepEqual([status, json.errors[0].extensions.code], [200, "QUERY_TOO_COMPLEX"], name);
  }
  const shallow = `{ apiVersion #${"[".repeat(99)}\n #${"{".repeat(99)}\n }`;
  assert.equal((await send(face, shallow)).json.data.apiVersion, "unstable");
});

test("A2: fragments that spread each other are weighed without an overflow", async () => {
  const face = await createFace();
  const open = "... on Query {".repeat(20);
  const chain = Array.from(
    { length: 45 },
    (_, n) => `fragment F${n} on Query { ${open} ...F${n + 1} ${"}".repeat(20)} }`,
  );
  const query = `{ ...F0 } ${chain.join(" ")} fragment F45 on Query { apiVersion }`;
  const { status, json } = await send(face, query);
  assert.equal(status, 200);
  assert.ok(json.data?.apiVersion ?? json.errors[0].extensions.code);
});

test("A2, IN-11: JSON that nests too deep is refused, as a body and as a variable", async () => {
  const face = await createFace();
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const headers = jsonBy(face.world.partner);
  const body = (depth: number) => `{"query":"{ apiVersion }","variables":{"a":${nested(depth)}}}`;
  assert.equal((await face.send({ headers, body: body(30) })).status, 200);
  for (const text of [body(31), body(30_000), nested(30_000), "[".repeat(60_000)]) {
    const { status, json } = await face.send({ headers, body: text });
    assert.deepEqual([status, json.errors[0].extensions.code], [400, "BAD_REQUEST"]);
  }
  const list = `{"query":${JSON.stringify(MUTATION)},"variables":{"publicId":${nested(30)}}}`;
  const { status, json } = await face.send({ headers, body: list });
  assert.deepEqual([status, json.errors[0].extensions.code], [200, "BAD_USER_INPUT"]);
});

test("A2, G9: valid documents without values are remembered, in bounds; others are not", () => {
  const schema = createSchema({ fetchTokensForUser: () => Promise.reject(new Error()) });
  const documents = createDocuments(schema);
  const isRemembered = (query: string) => {
    const [first, errors] = readBoth(query);
    return errors.length === 0 && documents.parse(query) === first;
  };
  const readBoth = (query: string) => {
    const document = documents.parse(query);
    assert.ok(!(document instanceof GraphQLError));
    return [document, documents.check(query, document)] as const;
  };
  const padded = (n: number, length: number) => `{ apiVersion } #${String(n).padEnd(length)}`;
  assert.ok(isRemembered(MUTATION));
  assert.ok(!isRemembered('mutation { fetchTokensForUser(publicId: "x") { scope } }'));
  assert.ok(
    !isRemembered('mutation ($p: String = "x") { fetchTokensForUser(publicId: $p) { scope } }'),
  );
  assert.ok(!isRemembered("{ nothing }"));
  assert.ok(!isRemembered(padded(0, 5000)));
  for (let n = 0; n < 100; n++) {
    assert.ok(isRemembered(padded(n, 4000)));
    assert.ok(isRemembered(MUTATION), "the most recently used stays");
  }
  const first = documents.parse(padded(0, 4000));
  assert.notEqual(documents.parse(padded(0, 4000)), first);
});

/** A memory store that fails for some keys, as told. */
function faultyStore(fails: (keys: object) => Error | null): Store {
  const memory = createMemoryStore();
  const check = (keys: object) => {
    const error = fails(keys);
    return error === null ? Promise.resolve() : Promise.reject(error);
  };
  return {
    ...memory,
    read: (keys) => check(keys).then(() => memory.read(keys)),
    transact: (keys, decide) => check(keys).then(() => memory.transact(keys, decide)),
  };
}

const HUSH = "hush-hush: the password of the database";

test("A3, G9, RF-10: a fault while executing is a retryable error for that field alone", async () => {
  let broken = "";
  const store = faultyStore((keys) =>
    broken !== "" && "user" in keys && keys.user === broken ? new StoreFault(HUSH) : null
  );
  const face = await createFace({}, { store });
  const { users } = face.world;
  broken = users.merchantOnly;
  const { status, json, text } = await send(
    face,
    `mutation {
      good: fetchTokensForUser(publicId: "${users.connected}") { scope }
      bad: fetchTokensForUser(publicId: "${users.merchantOnly}") { scope }
    }`,
  );
  assert.equal(status, 200);
  assert.ok(json.data.good.scope);
  assert.equal(json.data.bad, null);
  const [{ path, extensions, message }] = json.errors;
  const { requestId, outcome, faults } = face.records.at(-1) ?? {};
  assert.deepEqual(path, ["bad"]);
  assert.deepEqual(extensions, { code: "SERVICE_UNAVAILABLE", requestId });
  assert.match(message, /Try again/);
  assert.ok(!text.includes("hush"));
  assert.equal(outcome, "granted,SERVICE_UNAVAILABLE");
  assert.ok(faults?.[0]?.includes(HUSH));
});

test("A3, C7: keys that cannot be had are a retryable error, and the token is not used up", async () => {
  const face = await createFace();
  const { consents } = face.world.ports;
  const verify = consents.verify.bind(consents);
  const consentToken = await face.world.issuer.mint();
  Object.assign(consents, { verify: () => Promise.reject(new KeysUnavailable(HUSH)) });
  const { status, json, text } = await face.mutate({ consentToken });
  assert.equal(status, 200);
  assert.deepEqual(json.data, { fetchTokensForUser: null });
  assert.equal(json.errors[0].extensions.code, "SERVICE_UNAVAILABLE");
  assert.ok(!text.includes("hush"));
  Object.assign(consents, { verify });
  assert.ok((await face.mutate({ consentToken })).json.data.fetchTokensForUser.accessToken);
});

test("A3, G9: any other fault is masked, and is not called retryable", async () => {
  const face = await createFace();
  Object.assign(face.world.service, { fetchTokensForUser: () => Promise.reject(new Error(HUSH)) });
  const { status, json, text } = await face.mutate({ publicId: "x" });
  assert.equal(status, 200);
  assert.deepEqual(json.data, { fetchTokensForUser: null });
  assert.equal(json.errors[0].extensions.code, "INTERNAL_SERVER_ERROR");
  assert.equal(json.errors[0].extensions.requestId, face.records[0]?.requestId);
  assert.ok(!text.includes("hush"));
  assert.ok(face.records[0]?.faults?.[0]?.includes(HUSH));
});

test("A3, G9: a payload that does not fit the schema is masked too", async () => {
  const face = await createFace();
  Object.assign(face.world.service, {
    fetchTokensForUser: () => Promise.resolve({ expiresIn: HUSH, userErrors: [] }),
  });
  const { json, text } = await face.mutate({ publicId: "x" });
  assert.equal(json.data.fetchTokensForUser.expiresIn, null);
  assert.equal(json.errors[0].extensions.code, "INTERNAL_SERVER_ERROR");
  assert.ok(!text.includes("hush"));
});

test("A3, RF-10: where nothing was executed the status is 503 with Retry-After, at every endpoint", async () => {
  let fault: Error | null = null;
  const face = await createFace({}, { store: faultyStore(() => fault) });
  const { json } = await face.mutate({ publicId: face.world.users.connected });
  const { accessToken, refreshToken } = json.data.fetchTokensForUser;
  const ask = async () => [
    await face.mutate({ publicId: "x" }),
    await face.post(PATHS.token, { grant_type: "refresh_token", refresh_token: refreshToken }),
    await face.post(PATHS.revoke, { token: refreshToken }),
    await face.post(PATHS.introspect, { token: refreshToken }),
    await face.send({
      path: PATHS.users,
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
      body: { query: "{ scope }" },
    }),
  ];
  for (const [error, status] of [[new StoreFault(HUSH), 503], [new Error(HUSH), 500]] as const) {
    fault = error;
    for (const answer of await ask()) {
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get("retry-after"), status === 503 ? "5" : null);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.ok(!answer.text.includes("hush"));
      assert.ok(answer.json.error ?? answer.json.errors[0].extensions.code);
    }
    assert.ok(face.records.slice(-5).every(({ faults }) => faults?.[0]?.includes(HUSH)));
  }
  fault = null;
  const form = { grant_type: "refresh_token", refresh_token: refreshToken };
  assert.equal((await face.post(PATHS.token, form)).status, 200);
});

test("RF-10, T4, T7: a fault after authentication is not a success either, and the token lives on", async () => {
  let isBroken = false;
  const fails = (keys: object) => isBroken && "family" in keys ? new StoreFault(HUSH) : null;
  const face = await createFace({}, { store: faultyStore(fails) });
  const { json } = await face.mutate({ publicId: face.world.users.connected });
  const token = json.data.fetchTokensForUser.refreshToken;
  isBroken = true;
  assert.equal((await face.post(PATHS.revoke, { token })).status, 503);
  assert.equal((await face.post(PATHS.introspect, { token })).status, 503);
  const form = { grant_type: "refresh_token", refresh_token: token };
  const refused = await face.post(PATHS.token, form, basic(face.world.partner));
  assert.deepEqual([refused.status, refused.json.error], [503, "temporarily_unavailable"]);
  isBroken = false;
  assert.equal((await face.post(PATHS.introspect, { token })).json.active, true);
  assert.equal((await face.post(PATHS.token, form)).status, 200);
});

test("A2, IN-06, G7: an empty operationName is nobody's name, and runs nothing", async () => {
  const face = await createFace();
  const many = aliased(100, `publicId: "${face.world.users.connected}"`);
  assertTooMany(await send(face, many, { operationName: null }));
  for (const operationName of ["", "Other"]) {
    const { status, json } = await send(face, many, { operationName });
    assert.equal(status, 200);
    assert.equal(json.data, undefined);
    assert.equal(json.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  }
  const two = await send(face, "query A { apiVersion } query B { apiVersion }");
  assert.match(two.json.errors[0].message, /operationName must say which/);
  assert.deepEqual(face.world.events, []);
});

test("A2: fragments are weighed whether they are spread or not, and have an end", async () => {
  const face = await createFace();
  const on = (name: string, selections: string) =>
    `fragment ${name} on FetchTokensForUserPayload { ${selections} }`;
  const ring = Array.from(
    { length: 40 },
    (_, n) => on(`F${n}`, `...F${(n + 1) % 40} ...F${(n + 7) % 40} ...F${(n + 31) % 40} scope`),
  );
  const crowd = Array.from({ length: 51 }, (_, n) => on(`F${n}`, "scope"));
  const tree = Array.from({ length: 9 })
    .reduce((inner) => `ofType { ${inner} } ofType { ${inner} }`, "name");
  const documents = [ring.join("\n"), crowd.join("\n"), `fragment F on __Type { ${tree} }`];
  for (const fragments of documents) {
    const { status, json } = await send(face, `{ apiVersion } ${fragments}`);
    assert.equal(status, 200);
    assert.deepEqual(json.errors.map(codeOf), ["QUERY_TOO_COMPLEX"]);
  }
  assert.deepEqual(face.records.map(({ outcome }) => outcome), Array(3).fill("QUERY_TOO_COMPLEX"));
});

test("G7: a variable of another type is 400 for those who read the newer media type", async () => {
  const face = await createFace();
  const body = { query: MUTATION, variables: { publicId: 7 } };
  const ask = (accept: string) =>
    face.send({ headers: { ...jsonBy(face.world.partner), accept }, body });
  for (
    const [accept, status] of [
      ["application/graphql-response+json", 400],
      ["application/json", 200],
    ] as const
  ) {
    const answer = await ask(accept);
    assert.equal(answer.status, status);
    assert.equal(answer.json.data, undefined);
    assert.deepEqual(answer.json.errors.map(codeOf), ["BAD_USER_INPUT"]);
  }
  assert.deepEqual(face.world.events, []);
});

function codeOf({ extensions }: { readonly extensions: { readonly code: string } }): string {
  return extensions.code;
}
