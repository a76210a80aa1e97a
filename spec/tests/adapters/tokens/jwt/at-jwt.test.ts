import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from "jose";
import { generatePrivateJwk, publicJwk, signJws } from "../../../../../adapters/jws/private-jwk.ts";
import { KeysUnavailable, type TokenSealer } from "../../../../../adapters/ports.ts";
import { createJwtTokens } from "../../../../../adapters/tokens/jwt/at-jwt.ts";
import {
  newSigningKeys,
  publicJwks,
  type SigningKeys,
} from "../../../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens, TOKEN_PREFIXES } from "../../../../../adapters/tokens/opaque.ts";
import { generateTokenKey } from "../../../../../adapters/tokens/token-keys.ts";
import type { TokenGrant } from "../../../../../core/decision.ts";
import {
  createTestEntropy,
  createWorld,
  seal,
  SERVER_ID,
  START,
  USERS_API,
} from "../../../support/world.ts";
import { assertRefused } from "../../../support/consent-checks.ts";

const entropy = createTestEntropy("jwt");
const tokenKey = generateTokenKey(entropy, "k1");
const opaque = createOpaqueTokens({
  serverId: SERVER_ID,
  keys: { active: "k1", keys: [tokenKey] },
  entropy,
});

function jwtSealer(keys: SigningKeys): Promise<TokenSealer> {
  return createJwtTokens({ issuer: SERVER_ID, audience: USERS_API, keys, opaque, entropy });
}

const GRANT: TokenGrant = {
  user: "user",
  client: "client",
  connection: "01a3185c50009e2d015914168e2fa490",
  family: "01a3185c50009e2d015914168e2fa494",
  generation: 0,
  salt: "00112233445566778899aabbccddeeff",
  keyId: "k1",
  scope: ["email", "openid"],
  issuedAt: START,
  accessExpiresAt: START + 3600,
  repeated: false,
};

for (const algorithm of ["ES256", "EdDSA", "RS256"] as const) {
  test(`T3: a ${algorithm} access token is what RFC 9068 says, for whoever reads the published JWKS`, async () => {
    const keys = await newSigningKeys(algorithm);
    const { accessToken, refreshToken } = await seal(await jwtSealer(keys), GRANT);
    const { payload, protectedHeader } = await jwtVerify(
      accessToken,
      createLocalJWKSet(publicJwks(keys, START) as { keys: JWK[] }),
      {
        issuer: SERVER_ID,
        audience: USERS_API,
        typ: "at+jwt",
        algorithms: [algorithm],
        requiredClaims: ["sub", "client_id", "iat", "exp", "jti", "scope"],
        currentDate: new Date(START * 1000),
      },
    );
    assert.deepEqual(protectedHeader, { alg: algorithm, typ: "at+jwt", kid: keys.active.kid });
    const { jti, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: SERVER_ID,
      aud: USERS_API,
      sub: "user",
      client_id: "client",
      scope: "email openid",
      iat: START,
      exp: START + 3600,
    });
    assert.match(jti ?? "", new RegExp(`^${GRANT.family}\\.[0-9a-f]{32}$`));
    assert.ok(refreshToken.startsWith(TOKEN_PREFIXES.refresh));
  });
}

test("A3, T3: a token of a key that this server lacks gets a retryable error, unless the id is unknown to all", async () => {
  const [ours, theirs] = [await newSigningKeys(), await newSigningKeys()];
  const { accessToken } = await seal(await jwtSealer(theirs), GRANT);
  const missing = new Set<string>();
  const options = { issuer: SERVER_ID, audience: USERS_API, keys: ours, opaque, entropy };
  const tokens = await createJwtTokens({ ...options, missing: () => missing });
  assert.equal(await tokens.open(accessToken), null);
  missing.add(theirs.active.kid ?? "");
  await assert.rejects(async () => await tokens.open(accessToken), KeysUnavailable);
});

test("T3, T7: both kinds are opened, expired or not, and opaque access tokens from before too", async () => {
  const tokens = await jwtSealer(await newSigningKeys());
  const expired = { ...GRANT, issuedAt: 1, accessExpiresAt: 2 };
  const { accessToken, refreshToken } = await seal(tokens, expired);
  const { family, scope, generation, salt } = GRANT;
  const access = { kind: "access", family, scope, issuedAt: 1, expiresAt: 2 };
  assert.deepEqual(await tokens.open(accessToken), access);
  assert.deepEqual(await tokens.open(refreshToken), { kind: "refresh", family, generation, salt });
  assert.deepEqual(await tokens.open((await seal(opaque, expired)).accessToken), access);
  assert.equal(tokens.activeKeyId, "k1");
});

test("T2: no JWT access token arises twice", async () => {
  const tokens = await jwtSealer(await newSigningKeys("EdDSA"));
  const sealed = await Promise.all(Array.from({ length: 50 }, () => seal(tokens, GRANT)));
  assert.equal(new Set(sealed.map(({ accessToken }) => accessToken)).size, 50);
  assert.equal(new Set(sealed.map(({ refreshToken }) => refreshToken)).size, 1);
});

test("T3: only what this server signed as an access token for the Users API is opened", async () => {
  const keys = await newSigningKeys();
  const tokens = await jwtSealer(keys);
  const { accessToken } = await seal(tokens, GRANT);
  const header = decodeProtectedHeader(accessToken);
  const claims = decodeJwt(accessToken);
  const sign = (headers: object, members: object, key: JWK | null = keys.active) =>
    signJws({ ...header, ...headers }, { ...claims, ...members }, key);
  assert.ok(await tokens.open(await sign({}, {})));
  const stranger = await generatePrivateJwk("ES256", keys.active.kid);
  const oct = { kty: "oct", k: publicJwk(keys.active).x ?? "" };
  const refused = [
    sign({}, {}, stranger),
    sign({}, {}, null),
    sign({ alg: "none" }, {}, null),
    sign({ alg: "HS256" }, {}, oct),
    sign({ alg: "RS256" }, {}),
    sign({ kid: "other" }, {}),
    sign({ kid: undefined }, {}),
    sign({ kid: undefined, jwk: publicJwk(stranger) }, {}, stranger),
    sign({ typ: "JWT" }, {}),
    sign({ typ: "consent+jwt" }, {}),
    sign({ typ: undefined }, {}),
    sign({ crit: ["x"], x: 1 }, {}),
    sign({ b64: false, crit: ["b64"] }, {}),
    sign({}, { iss: `${SERVER_ID}/` }),
    sign({}, { aud: [USERS_API] }),
    sign({}, { aud: "https://partners.example" }),
    sign({}, { jti: "short" }),
    sign({}, { jti: { toString: 1 } }),
    sign({}, { jti: `${GRANT.family}.` }),
    sign({}, { scope: undefined }),
    sign({}, { scope: 'em"ail' }),
    sign({}, { iat: `${START}` }),
    sign({}, { exp: undefined }),
  ];
  for (const [index, token] of refused.entries()) {
    assert.equal(await tokens.open(await token), null, `token ${index}`);
  }
  for (let at = 0; at < accessToken.length; at++) {
    const char = accessToken[at] === "A" ? "B" : "A";
    assert.equal(
      await tokens.open(accessToken.slice(0, at) + char + accessToken.slice(at + 1)),
      null,
    );
    assert.equal(await tokens.open(accessToken.slice(0, at)), null);
  }
  for (const text of ["", ".", "..", "a.b.c", "x".repeat(1 << 20)]) {
    assert.equal(await tokens.open(text), null);
  }
});

test("T3, C3: the Partners API and the Users API never take each other's tokens", async () => {
  const world = await createWorld({ jwt: true });
  const { partner, users, service } = world;
  const { accessToken, refreshToken } = await service.fetchTokensForUser(partner.id, {
    publicId: users.connected,
  });
  assert.ok(accessToken && refreshToken);
  assert.ok(await service.authorize(accessToken));
  await assertRefused(world, accessToken, "consent_type");
  await assertRefused(world, refreshToken, "consent_malformed");
  const consentToken = await world.issuer.mint();
  assert.equal(await service.authorize(consentToken), null);
  assert.equal(await service.authorize(refreshToken), null);
  const misused = await service.refresh(partner.id, { refreshToken: accessToken });
  assert.equal("error" in misused && misused.error, "invalid_grant");
});

test("T7: revoking an expired JWT access token ends its family", async () => {
  const world = await createWorld({ jwt: true });
  const { partner, users, service, clock } = world;
  const { accessToken, refreshToken } = await service.fetchTokensForUser(partner.id, {
    publicId: users.connected,
  });
  clock.advance(3600);
  assert.equal(await service.authorize(accessToken ?? ""), null);
  await service.revokeToken(partner.id, accessToken ?? "");
  const refreshed = await service.refresh(partner.id, { refreshToken: refreshToken ?? "" });
  assert.equal("error" in refreshed && refreshed.error, "invalid_grant");
});

test("T3: a token that would be too long to be opened is not signed", async () => {
  const tokens = await jwtSealer(await newSigningKeys());
  await assert.rejects(async () => await tokens.seal({ ...GRANT, scope: ["x".repeat(12_000)] }), {
    name: "RangeError",
    message: /scope is too long/,
  });
});
