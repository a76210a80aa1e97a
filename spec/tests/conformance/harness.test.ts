import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createAdjustableClock } from "../../../adapters/dev/clock.ts";
import { createHarness } from "../../../adapters/dev/harness.ts";
import { createDevIssuers } from "../../../adapters/dev/issuers.ts";
import type { HttpHandler } from "../../../adapters/http/exchange.ts";
import { startServer } from "../../../adapters/http/server.ts";
import { type Reference, startReference } from "../support/reference.ts";
import { cases, conform } from "../../conformance/mod.ts";
import { readSchema } from "./schema.ts";

let reference: Reference;
before(async () => void (reference = await startReference()));
after(() => reference.stop());

async function send(
  command: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${reference.harness}/${command}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

test("tool: the harness refuses what a web page could send", async () => {
  assert.equal((await send("describe", "{}", { "content-type": "text/plain" })).status, 415);
  assert.equal(
    (await send("describe", "{}", { "content-type": "application/x-www-form-urlencoded" })).status,
    415,
  );
  const get = await fetch(`${reference.harness}/describe`);
  assert.equal(get.status, 405);
});

/** Asks a harness of its own; 400 means that it was let in, since the command is not JSON. */
async function knock(
  secret: string | undefined,
  peer: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const handler = createHarness({
    service: () => assert.fail("nothing may be asked"),
    clock: createAdjustableClock({ now: () => 0 }),
    issuers: createDevIssuers(() => Promise.resolve()),
    description: () => assert.fail("nothing may be told"),
    key: {},
    ...(secret !== undefined && { secret }),
  });
  const sent: Readonly<Record<string, string>> = { "content-type": "application/json", ...headers };
  const { status } = await handler({
    method: "POST",
    target: "/harness/describe",
    ...(peer !== undefined && { peer }),
    header: (name) => sent[name] ?? null,
    body: () => Promise.resolve("no JSON"),
  });
  return status;
}

test("G8, SY-31: without a secret, the harness serves loopback peers only, whatever Host says", async () => {
  const host = "127.0.0.1:8787";
  for (const peer of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(await knock(undefined, peer, { host }), 400, peer);
  }
  for (const peer of ["172.17.0.1", "::ffff:10.0.0.9", "fe80::1", "::2", "", undefined]) {
    assert.equal(await knock(undefined, peer, { host }), 403, peer);
  }
  // A page of a name that was rebound to this machine, and a proxy on it.
  for (const name of ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:80"]) {
    assert.equal(await knock(undefined, "127.0.0.1", { host: name }), 403, name);
  }
  for (const name of ["forwarded", "x-forwarded-for"]) {
    assert.equal(await knock(undefined, "127.0.0.1", { host, [name]: "203.0.113.5" }), 403, name);
  }
});

test("G8, SY-31: with a secret, the harness serves whoever has it", async () => {
  for (const peer of ["127.0.0.1", "172.17.0.1", undefined]) {
    const authorize = (authorization: string) =>
      knock("the-secret", peer, { host: "server:8787", authorization });
    assert.equal(await authorize("Bearer the-secret"), 400, peer);
    assert.equal(await authorize("Bearer wrong"), 401, peer);
    assert.equal(await knock("the-secret", peer, { host: "127.0.0.1" }), 401, peer);
  }
});

test("tool: the harness answers mistakes in good order and changes nothing", async () => {
  assert.equal((await send("nonsense", {})).status, 404);
  assert.equal((await send("__proto__", {})).status, 404);
  for (
    const [command, body] of [
      ["seed", "{"],
      ["seed", "[]"],
      ["seed", '{"users":[],"users":[]}'],
      ["seed", { users: {} }],
      ["seed", { users: [{ publicId: 1 }] }],
      ["seed", { clients: [{ id: "a b", secret: "s", scope: "" }] }],
      ["seed", { clients: [{ id: "c", secret: "s", scope: "", role: "king" }] }],
      ["seed", { connections: [{ user: "nobody", client: "nobody", scope: "x" }] }],
      ["trust", { issuer: "i", jwks: {}, merchants: [] }],
      ["trust", {
        issuer: "i",
        jwks: { keys: [{ kty: "oct", k: "AA", kid: "k" }] },
        merchants: [],
      }],
      ["mint", { header: "x", claims: {} }],
      ["clock", { now: -1 }],
      ["clock", { now: "noon" }],
      ["user-status", { user: "nobody", status: "asleep" }],
      ["user-status", { user: "nobody", status: "suspended" }],
      ["client-secret", { client: "nobody", secret: "s" }],
    ] as const
  ) {
    const { status, json } = await send(command, body);
    assert.equal(status, 400, `${command} ${JSON.stringify(body)}`);
    assert.equal(typeof json["error"], "string");
  }
  assert.equal((await send("revoke", { user: "nobody", client: "nobody" })).status, 200);
});

test("tool: the clock stops, moves and runs again", async () => {
  assert.deepEqual((await send("clock", { now: 2_000_000_000 })).json, { now: 2_000_000_000 });
  assert.deepEqual((await send("clock", { advanceSeconds: 60 })).json, { now: 2_000_000_060 });
  assert.deepEqual((await send("clock", {})).json, { now: 2_000_000_060 });
  const { now } = (await send("clock", { now: null })).json;
  assert.ok(Number(now) < 2_000_000_000 && Number(now) > 1_700_000_000);
});

test("tool: a clock runs like the one below until it is stopped", () => {
  let time = 5000;
  const clock = createAdjustableClock({ now: () => time });
  assert.equal(clock.now(), 5000);
  clock.stopAt(100);
  time = 6000;
  assert.equal(clock.now(), 100_000);
  clock.stopAt(null);
  assert.equal(clock.now(), 6000);
});

test("tool: reset ends what was seeded, trusted and stopped", async () => {
  const client = { id: "reset-client", secret: "reset-secret", scope: "openid", role: "app" };
  await send("seed", { clients: [client], users: [{ publicId: "reset-user" }] });
  await send("seed", { connections: [{ user: "reset-user", client: client.id, scope: "openid" }] });
  await send("clock", { now: 2_000_000_000 });
  const ask = async () =>
    (await fetch(reference.endpoint, {
      method: "POST",
      headers: {
        "authorization": `Basic ${btoa("reset-client:reset-secret")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        query: 'mutation { fetchTokensForUser(publicId: "reset-user") { scope } }',
      }),
    })).status;
  assert.equal(await ask(), 200);
  assert.deepEqual((await send("reset", {})).json, {});
  assert.equal(await ask(), 401);
  assert.ok(Number((await send("clock", {})).json["now"]) < 2_000_000_000);
  assert.equal((await send("seed", { users: [{ publicId: "reset-user" }] })).status, 400);
});

/** Cases that between them use every command. */
const COMMANDING = cases.filter(({ id, group }) =>
  group === "revocation" || group === "scope-delegation" || group === "histories" ||
  /^client-authentication\/(?:disabled|old|new)|^consent-token\/(?:again|withdrawn|key-)/.test(id)
);

/** A harness that passes everything on and checks both directions against the schema. */
async function startChecked(flaws: string[], seen: Set<string>) {
  const { check } = await readSchema("harness.schema.json");
  const handler: HttpHandler = async (request) => {
    const name = request.target.split("/").at(-1) ?? "";
    const text = await request.body(1 << 20);
    const { status, json } = await send(name, text);
    const exchange = { [name]: { request: JSON.parse(text), response: json } };
    if (status === 200) flaws.push(...check(exchange));
    seen.add(name);
    return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(json) };
  };
  return await startServer({ handler, port: 0, host: "127.0.0.1" });
}

test("tool: what the suite sends and the reference answers meets the schema of the protocol", async () => {
  const flaws: string[] = [];
  const seen = new Set<string>();
  const checked = await startChecked(flaws, seen);
  const report = await conform({
    endpoint: reference.endpoint,
    harness: checked.url,
    cases: COMMANDING,
    histories: 1,
  });
  await checked.stop(0);
  assert.deepEqual(flaws, []);
  assert.equal(report.summary.passed, COMMANDING.length);
  const { schema } = await readSchema("harness.schema.json");
  const commands = Object.keys(schema["properties"] as object);
  assert.deepEqual(commands.filter((name) => !seen.has(name)), ["mint"]); // the next but one test
});

test("tool: the schema of the harness protocol rejects invalid exchanges", async () => {
  const { check } = await readSchema("harness.schema.json");
  const bad = [
    { clock: { request: { now: "noon" }, response: { now: 1 } } },
    { clock: { request: {}, response: {} } },
    { seed: { request: { users: [{ publicId: "" }] }, response: {} } },
    { seed: { request: { users: [{}] }, response: {} } },
    { seed: { request: { people: [] }, response: {} } },
    { "user-status": { request: { user: "u", status: "asleep" }, response: {} } },
    { describe: { request: {}, response: { protocol: 2, commands: [] } } },
    { describe: { request: {}, response: { protocol: 1, commands: [], scopes: ["a", "b"] } } },
    {
      describe: {
        request: {},
        response: { protocol: 1, commands: [], policy: { maxFamilies: 0 } },
      },
    },
  ];
  for (const value of bad) assert.notDeepEqual(check(value), [], JSON.stringify(value));
});

test("tool: the example shim is a whole harness", async () => {
  const pass = (name: string) => async (body: object) => {
    const { status, json } = await send(name, body);
    if (status !== 200) throw new Error(String(json["error"]));
    return json;
  };
  const description = (await send("describe", {})).json;
  const { startShim } = await import(
    String(new URL("../../conformance/examples/shim.mjs", import.meta.url))
  );
  const shim = await startShim({
    reset: () => pass("reset")({}),
    addClient: (id: string, secret: string, scope: string, role: string) =>
      pass("seed")({ clients: [{ id, secret, scope, role }] }),
    addUser: (publicId: string) => pass("seed")({ users: [{ publicId }] }),
    connect: (user: string, client: string, scope: string) =>
      pass("seed")({ connections: [{ user, client, scope }] }),
    trustIssuer: (issuer: string, jwks: object, merchants: string[]) =>
      pass("trust")({ issuer, jwks, merchants }),
    setClock: async (change: object) => (await pass("clock")(change))["now"],
    revoke: (user: string, client: string, via?: string) => pass("revoke")({ user, client, via }),
    narrow: (user: string, client: string, via: string | undefined, scope: string) =>
      pass("narrow")({ user, client, via, scope }),
    disconnect: (user: string, client: string) => pass("disconnect")({ user, client }),
    setUserStatus: (user: string, status: string) => pass("user-status")({ user, status }),
    setClientStatus: (client: string, status: string) => pass("client-status")({ client, status }),
    setClientScope: (client: string, scope: string) => pass("client-scope")({ client, scope }),
    setClientSecret: (client: string, secret: string) => pass("client-secret")({ client, secret }),
  }, { ...description, commands: undefined, issuer: undefined });
  const report = await conform({
    endpoint: reference.endpoint,
    harness: shim.url,
    cases: COMMANDING,
    histories: 1,
  });
  await shim.stop();
  assert.deepEqual(
    report.cases.flatMap(({ id, outcome, reason }) =>
      outcome === "passed" ? [] : [`${id} ${reason}`]
    ),
    [],
  );
});

test("tool: with mint instead of trust most consent cases still run", async () => {
  const minting: HttpHandler = async (request) => {
    const name = request.target.split("/").at(-1) ?? "";
    const { status, json } = await send(name, await request.body(1 << 20));
    const commands = (json["commands"] as string[] | undefined)?.filter((command) =>
      command !== "trust"
    );
    const body = name === "trust" ? {} : commands === undefined ? json : { ...json, commands };
    return {
      status: name === "trust" ? 404 : status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
  };
  const server = await startServer({ handler: minting, port: 0, host: "127.0.0.1" });
  const selected = cases.filter(({ group }) => group === "consent-token");
  const report = await conform({
    endpoint: reference.endpoint,
    harness: server.url,
    cases: selected,
  });
  await server.stop(0);
  assert.equal(report.summary.failed + report.summary.warned, 0);
  assert.ok(report.summary.passed > 120, JSON.stringify(report.summary));
  const reasons = report.cases.filter(({ outcome }) => outcome === "skipped").map(({ reason }) =>
    reason ?? ""
  );
  for (const reason of reasons) {
    assert.match(reason, /^needs (?:an issuer whose|issuers that|ES256|RS256|EdDSA)/);
  }
});
