/** T4–T7 at the OAuth endpoints: forms, client authentication, responses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import { SCOPE } from "../../support/world.ts";
import { type Answer, basic, createFace, type Face, ORIGIN } from "../../support/http-face.ts";

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

async function tokensOf({ world }: Face): Promise<Tokens> {
  const { service, partner, users } = world;
  const payload = await service.fetchTokensForUser(partner.id, { publicId: users.connected });
  return { access: payload.accessToken ?? "", refresh: payload.refreshToken ?? "" };
}

const refreshForm = ({ refresh }: Tokens) => ({
  grant_type: "refresh_token",
  refresh_token: refresh,
});

function assertError({ status, json, headers }: Answer, expected: number, error: string): void {
  assert.deepEqual([status, json?.error], [expected, error]);
  assert.match(json.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/); // RFC 6749 §5.2
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.has("www-authenticate"), expected === 401);
}

test("T4, T6, G9: a refresh answers as RFC 6749 §5.1 says, and is not to be stored", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const { status, json, headers } = await face.post(PATHS.token, refreshForm(tokens));
  assert.equal(status, 200);
  const { access_token, refresh_token, ...rest } = json;
  assert.deepEqual(rest, { token_type: "Bearer", expires_in: 3600, scope: SCOPE });
  assert.equal(new Set([access_token, refresh_token, tokens.access, tokens.refresh]).size, 4);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("pragma"), "no-cache");
  assert.ok(headers.get("content-type")?.startsWith("application/json"));
});

test("T6: a scope is asked for by its parameter; an empty one counts as omitted", async () => {
  const face = await createFace();
  const form = refreshForm(await tokensOf(face));
  const refresh = async (scope: string) => (await face.post(PATHS.token, { ...form, scope })).json;
  assert.equal((await refresh("email")).scope, "email");
  assert.equal((await refresh("")).scope, SCOPE);
  assert.equal((await refresh("email admin")).error, "invalid_scope");
  assert.equal((await refresh("email  openid")).error, "invalid_scope");
  assert.equal((await refresh("openid")).scope, "openid");
});

test("T4: clients authenticate by Basic or by parameters, plain or form-encoded", async () => {
  const face = await createFace();
  const form = refreshForm(await tokensOf(face));
  const { id, secret } = face.world.partner;
  const status = async (more: object, headers: Record<string, string> = {}) =>
    (await face.post(PATHS.token, { ...form, ...more }, headers)).status;
  assert.equal(await status({}, basic(face.world.partner)), 200);
  assert.equal(await status({ client_id: id, client_secret: secret }), 200);
  assert.equal(await status({ client_id: id }, basic(face.world.partner)), 200);
  assert.equal(await status({ client_id: id, client_secret: "" }, basic(face.world.partner)), 200);
  const encoded = { id: id.replaceAll("p", "%70"), secret: secret.replaceAll("-", "%2D") };
  assert.equal(await status({}, basic(encoded)), 200);
});

test("CA-02, T4, T6: two ways to authenticate at once are invalid_request, whatever they hold", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const { partner, otherPartner } = face.world;
  const assertion = { client_assertion: "x", client_assertion_type: "urn:x" };
  const both: readonly [object, Record<string, string>][] = [
    [{ client_id: partner.id, client_secret: partner.secret }, basic(partner)],
    [{ client_secret: partner.secret }, basic(partner)],
    [{ client_id: otherPartner.id }, basic(partner)],
    [{ client_id: partner.id, client_secret: partner.secret }, { authorization: "Bearer x" }],
    [{ client_id: partner.id, client_secret: partner.secret, ...assertion }, {}],
    [assertion, basic(partner)],
  ];
  for (const path of [PATHS.token, PATHS.revoke, PATHS.introspect]) {
    for (const [more, headers] of both) {
      const form = { ...refreshForm(tokens), token: tokens.refresh, ...more };
      assertError(await face.post(path, form, headers), 400, "invalid_request");
    }
  }
  const { json } = await face.post(PATHS.introspect, { token: tokens.refresh });
  assert.equal(json.active, true);
});

test("T4, T7: failed client authentication is 401 invalid_client, with the same bytes", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const { partner, otherPartner, service } = face.world;
  await service.disableClient(otherPartner.id);
  const failures: readonly [object, Record<string, string>][] = [
    [{}, {}],
    [{ client_id: partner.id }, {}],
    [{ client_secret: partner.secret }, {}],
    [{ client_id: partner.id, client_secret: "wrong" }, {}],
    [{ client_id: "nobody", client_secret: partner.secret }, {}],
    [{ client_id: "no body", client_secret: "\u0000" }, {}],
    [{ client_id: otherPartner.id, client_secret: otherPartner.secret }, {}],
    [{ client_assertion: "x", client_assertion_type: "urn:x" }, {}],
    [{}, basic({ id: partner.id, secret: "wrong" })],
    [{}, basic(otherPartner)],
    [{}, { authorization: "Basic !" }],
    [{ client_id: partner.id }, { authorization: "Basic !" }],
    [{}, { authorization: `Bearer ${tokens.access}` }],
  ];
  for (const path of [PATHS.token, PATHS.revoke, PATHS.introspect]) {
    const bodies = new Set<string>();
    for (const [more, headers] of failures) {
      const form = { ...refreshForm(tokens), token: tokens.refresh, ...more };
      const answer = await face.post(path, form, headers);
      assertError(answer, 401, "invalid_client");
      assert.match(
        answer.headers.get("www-authenticate") ?? "",
        /^Basic realm="[^"]+", charset="UTF-8"$/,
      );
      bodies.add(answer.text);
    }
    assert.equal(bodies.size, 1);
  }
  assert.equal((await face.post(PATHS.introspect, { token: tokens.refresh })).json.active, true);
});

test("T6, IN-10: a parameter that is repeated is invalid_request, even an unknown or empty one", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const good = `grant_type=refresh_token&refresh_token=${tokens.refresh}&token=${tokens.refresh}`;
  const repeated = [
    `${good}&grant_type=refresh_token`,
    `${good}&refresh_token=${tokens.refresh}`,
    `${good}&token=${tokens.refresh}`,
    `${good}&scope=&scope=`,
    `${good}&scope=email&scope=`,
    `${good}&unknown=1&unknown=1`,
    `${good}&unknown=1&%75nknown=1`,
    `${good}&client_id=partner&client_id=partner`,
  ];
  for (const path of [PATHS.token, PATHS.revoke, PATHS.introspect]) {
    for (const form of repeated) {
      assertError(await face.post(path, form), 400, "invalid_request");
    }
  }
  assert.equal((await face.post(PATHS.token, `${good}&unknown=1&scope=`)).status, 200);
});

test("T4, T7, IN-10: only forms are read, and only short ones", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const form = String(new URLSearchParams(refreshForm(tokens)));
  for (const path of [PATHS.token, PATHS.revoke, PATHS.introspect]) {
    for (const type of ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]) {
      const headers = { ...basic(face.world.partner), "content-type": type };
      assertError(await face.post(path, form, headers), 400, "invalid_request");
    }
    const long = `${form}&token=x&padding=${"x".repeat(16_384)}`;
    assertError(await face.post(path, long), 413, "invalid_request");
  }
  const withCharset = "application/x-www-form-urlencoded; charset=UTF-8";
  const headers = { ...basic(face.world.partner), "content-type": withCharset };
  assert.equal((await face.post(PATHS.token, form, headers)).status, 200);
});

test("T4: the grant type and the refresh token are required, and no other grant is served", async () => {
  const face = await createFace();
  const { refresh } = await tokensOf(face);
  const ask = (form: object) => face.post(PATHS.token, form);
  assertError(await ask({}), 400, "invalid_request");
  assertError(await ask({ grant_type: "" }), 400, "invalid_request");
  assertError(await ask({ grant_type: "refresh_token" }), 400, "invalid_request");
  assertError(
    await ask({ grant_type: "refresh_token", refresh_token: "" }),
    400,
    "invalid_request",
  );
  for (const grant of ["client_credentials", "password", "REFRESH_TOKEN", "refresh_token "]) {
    const form = { grant_type: grant, refresh_token: refresh };
    assertError(await ask(form), 400, "unsupported_grant_type");
  }
  assertError(await ask({ grant_type: "refresh_token", refresh_token: "x" }), 400, "invalid_grant");
});

test("T4, RF-01, RF-12: another client's, or an access token, is invalid_grant and harms nothing", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const { otherPartner } = face.world;
  const foreign = await face.post(PATHS.token, refreshForm(tokens), basic(otherPartner));
  assertError(foreign, 400, "invalid_grant");
  const wrong = await face.post(PATHS.token, refreshForm({ ...tokens, refresh: tokens.access }));
  assertError(wrong, 400, "invalid_grant");
  assert.equal(wrong.text, foreign.text);
  assert.equal((await face.post(PATHS.token, refreshForm(tokens))).status, 200);
});

test("T7, RF-18, RF-12: revocation is 200 with nothing, whatever the token and the hint are", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const others = await tokensOf(face);
  const { otherPartner, partner } = face.world;
  const revoke = async (token: string, by = partner, hint = "access_token") => {
    const form = { token, token_type_hint: hint };
    const { status, text, headers } = await face.post(PATHS.revoke, form, basic(by));
    assert.deepEqual([status, text, headers.get("cache-control")], [200, "", "no-store"]);
  };
  const isActive = async (token: string): Promise<boolean> =>
    (await face.post(PATHS.introspect, { token })).json.active;
  await revoke("unknown");
  await revoke(tokens.refresh, otherPartner);
  assert.equal(await isActive(tokens.access), true);
  await revoke(tokens.refresh);
  assert.deepEqual([await isActive(tokens.access), await isActive(tokens.refresh)], [false, false]);
  await revoke(tokens.refresh);
  assert.equal(await isActive(others.access), true);
  await revoke(others.access, partner, "nonsense");
  assert.equal(await isActive(others.refresh), false);
  assertError(await face.post(PATHS.revoke, { token: "" }), 400, "invalid_request");
});

test("T7: introspection tells the owner and a resource server what a token is worth", async () => {
  const face = await createFace();
  const tokens = await tokensOf(face);
  const { clock, partner, usersApi, users } = face.world;
  const now = clock.seconds();
  const common = { active: true, scope: SCOPE, client_id: partner.id, sub: users.connected };
  for (const by of [partner, usersApi]) {
    const access = await face.post(PATHS.introspect, { token: tokens.access }, basic(by));
    assert.deepEqual(access.json, {
      ...common,
      token_type: "Bearer",
      exp: now + 3600,
      iat: now,
      iss: ORIGIN,
    });
    assert.equal(access.headers.get("cache-control"), "no-store");
    const refresh = await face.post(PATHS.introspect, { token: tokens.refresh }, basic(by));
    const exp = now + 90 * 86_400;
    assert.deepEqual(refresh.json, { ...common, token_type: "N_A", exp, iat: now, iss: ORIGIN });
  }
});

test("T7: inactive, unknown and not-yours are the same bytes, and nothing changes", async () => {
  const face = await createFace();
  const { world } = face;
  const tokens = await tokensOf(face);
  const spent = await tokensOf(face);
  await face.post(PATHS.token, refreshForm(spent));
  const ended = await tokensOf(face);
  await face.post(PATHS.revoke, { token: ended.access });
  const family = () => world.ports.store.read({ user: "user-connected", client: "partner" });
  const before = await family();
  const asked: readonly [string, typeof world.partner][] = [
    ["unknown", world.partner],
    [spent.refresh, world.partner],
    [ended.access, world.partner],
    [ended.refresh, world.partner],
    [tokens.access, world.otherPartner],
    [tokens.refresh, world.otherPartner],
    [tokens.access, world.merchant],
    ["x".repeat(8000), world.usersApi],
  ];
  for (const [token, by] of asked) {
    const { status, text } = await face.post(PATHS.introspect, { token }, basic(by));
    assert.deepEqual([status, text], [200, '{"active":false}']);
  }
  assert.deepEqual(await family(), before);
  world.clock.advance(3600);
  assert.equal(
    (await face.post(PATHS.introspect, { token: tokens.access })).text,
    '{"active":false}',
  );
  assertError(await face.post(PATHS.introspect, {}), 400, "invalid_request");
});

test("T7: the metadata name this server's endpoints, and the JWKS is empty for opaque tokens", async () => {
  const face = await createFace();
  const metadata = await face.send({ method: "GET", path: PATHS.metadata });
  assert.equal(metadata.status, 200);
  assert.equal(metadata.json.issuer, ORIGIN);
  const named = [
    metadata.json.token_endpoint,
    metadata.json.revocation_endpoint,
    metadata.json.introspection_endpoint,
    metadata.json.jwks_uri,
  ];
  for (const url of named) {
    const path = url.slice(ORIGIN.length);
    assert.equal(url, ORIGIN + path);
    assert.notEqual((await face.send({ method: "GET", path })).status, 404);
  }
  const jwks = await face.send({ method: "GET", path: PATHS.jwks });
  assert.deepEqual([jwks.status, jwks.json], [200, { keys: [] }]);
});

test("T4, T5, T6: a malformed scope saves neither a foreign client nor a reused token", async () => {
  const face = await createFace();
  const { otherPartner } = face.world;
  const scope = 'email "';
  let tokens = await tokensOf(face);
  const first = refreshForm(tokens);
  const foreign = await face.post(PATHS.token, { ...first, scope }, basic(otherPartner));
  assertError(foreign, 400, "invalid_grant");
  assertError(await face.post(PATHS.token, { ...first, scope }), 400, "invalid_scope");
  for (let generation = 1; generation <= 3; generation++) {
    const { json } = await face.post(PATHS.token, refreshForm(tokens));
    tokens = { access: json.access_token, refresh: json.refresh_token };
  }
  assertError(await face.post(PATHS.token, { ...first, scope }), 400, "invalid_grant");
  assertError(await face.post(PATHS.token, refreshForm(tokens)), 400, "invalid_grant");
});
