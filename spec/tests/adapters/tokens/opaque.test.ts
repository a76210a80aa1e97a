import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac, hkdfSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { createService } from "../../../../adapters/direct.ts";
import type { TokenSealer } from "../../../../adapters/ports.ts";
import { createOpaqueTokens, TOKEN_PREFIXES } from "../../../../adapters/tokens/opaque.ts";
import { generateTokenKey, type TokenKeys } from "../../../../adapters/tokens/token-keys.ts";
import type { TokenGrant } from "../../../../core/decision.ts";
import { createTestEntropy, createWorld, seal, SERVER_ID } from "../../support/world.ts";

const entropy = createTestEntropy("tokens");
const [k1, k2] = [generateTokenKey(entropy, "k1"), generateTokenKey(entropy, "k2")];

function sealer(
  keys: TokenKeys["keys"],
  active = keys[0]?.id ?? "",
  serverId = "srv",
): TokenSealer {
  return createOpaqueTokens({ serverId, keys: { active, keys }, entropy });
}

const GRANT: TokenGrant = {
  user: "user",
  client: "client",
  connection: "01a3185c50009e2d015914168e2fa490",
  family: "01a3185c50009e2d015914168e2fa494",
  generation: 7,
  salt: "00112233445566778899aabbccddeeff",
  keyId: "k1",
  scope: ["email", "openid"],
  issuedAt: 1_800_000_000,
  accessExpiresAt: 1_800_003_600,
  repeated: false,
};

const hex16 = fc.uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const uint48 = fc.oneof(fc.nat(), fc.nat(2 ** 48 - 1), fc.constantFrom(0, 2 ** 32, 2 ** 48 - 1));
const scope = fc.uniqueArray(fc.string({ minLength: 1, unit: fc.constantFrom(..."aZ0!~[:/") }))
  .map((tokens) => tokens.sort());
const grants: fc.Arbitrary<TokenGrant> = fc.record({
  user: fc.constant("user"),
  client: fc.constant("client"),
  connection: hex16,
  family: hex16,
  generation: uint48,
  salt: hex16,
  keyId: fc.constantFrom("k1", "k2"),
  scope,
  issuedAt: uint48,
  accessExpiresAt: uint48,
  repeated: fc.boolean(),
});

test("T2: what is sealed is what is opened", async () => {
  const tokens = sealer([k1, k2], "k2");
  await fc.assert(
    fc.asyncProperty(grants, async (grant) => {
      const { accessToken, refreshToken } = await seal(tokens, grant);
      const { family, generation, salt, scope, issuedAt, accessExpiresAt: expiresAt } = grant;
      assert.deepEqual(await tokens.open(accessToken), {
        kind: "access",
        family,
        scope,
        issuedAt,
        expiresAt,
      });
      assert.deepEqual(await tokens.open(refreshToken), {
        kind: "refresh",
        family,
        generation,
        salt,
      });
    }),
    { seed: 1 },
  );
});

test("T2: one generation, one refresh token; another generation, salt, family or key, another token", async () => {
  const tokens = sealer([k1, k2]);
  const { refreshToken } = await seal(tokens, GRANT);
  const others: Partial<TokenGrant>[] = [
    { generation: 8 },
    { salt: "00112233445566778899aabbccddeefe" },
    { family: "01a3185c50009e2d015914168e2fa495" },
    { keyId: "k2" },
  ];
  for (const other of others) {
    assert.notEqual((await seal(tokens, { ...GRANT, ...other })).refreshToken, refreshToken);
  }
  const later = { ...GRANT, scope: ["email"], issuedAt: 1, accessExpiresAt: 2, repeated: true };
  assert.equal((await seal(tokens, later)).refreshToken, refreshToken);
  assert.equal((await seal(sealer([k1, k2], "k2"), GRANT)).refreshToken, refreshToken);
});

test("T2: no access token arises twice, not even from the same grant in the same second", async () => {
  const tokens = sealer([k1]);
  const sealed = await Promise.all(Array.from({ length: 1000 }, () => seal(tokens, GRANT)));
  assert.equal(new Set(sealed.map(({ accessToken }) => accessToken)).size, 1000);
});

test("T2: a changed, dropped, added or swapped character makes a token nobody's", async () => {
  const tokens = sealer([k1, k2]);
  const alphabet = "AZaz09-_=.+ \u0000é";
  for (const token of Object.values(await seal(tokens, GRANT))) {
    for (let at = 0; at < token.length; at++) {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      for (const char of alphabet) {
        if (char !== token[at]) assert.equal(await tokens.open(before + char + after), null);
        assert.equal(await tokens.open(before + char + token.slice(at)), null);
      }
      assert.equal(await tokens.open(before), null);
      assert.equal(await tokens.open(before + after), null);
      assert.equal(await tokens.open(token.slice(at + 1)), null);
    }
    for (const suffix of ["=", "==", "A", ".", " ", "\n"]) {
      assert.equal(await tokens.open(token + suffix), null);
    }
    assert.ok(await tokens.open(token));
  }
});

test("T2: every single flipped bit is noticed", async () => {
  const tokens = sealer([k1]);
  for (const [name, token] of Object.entries(await seal(tokens, GRANT))) {
    const prefix = TOKEN_PREFIXES[name === "accessToken" ? "access" : "refresh"];
    const bytes = Buffer.from(token.slice(prefix.length), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(await tokens.open(prefix + changed.toString("base64url")), null, `bit ${bit}`);
    }
  }
});

test("T2, RF-12: neither kind of token is taken for the other", async () => {
  const tokens = sealer([k1]);
  const { accessToken, refreshToken } = await seal(tokens, GRANT);
  const access = TOKEN_PREFIXES.refresh + accessToken.slice(TOKEN_PREFIXES.access.length);
  const refresh = TOKEN_PREFIXES.access + refreshToken.slice(TOKEN_PREFIXES.refresh.length);
  assert.equal(await tokens.open(access), null);
  assert.equal(await tokens.open(refresh), null);
  assert.equal(await tokens.open(TOKEN_PREFIXES.access + accessToken), null);
});

test("T2: a token is nobody's at another server, or under another key of the same id", async () => {
  const other = sealer([k1], "k1", "srv2");
  const stranger = sealer([{ ...k2, id: "k1" }]);
  for (const token of Object.values(await seal(sealer([k1]), GRANT))) {
    assert.equal(await other.open(token), null);
    assert.equal(await stranger.open(token), null);
  }
});

test("T2: no string and no length makes opening throw", async () => {
  const tokens = sealer([k1]);
  const prefix = fc.constantFrom("", ...Object.values(TOKEN_PREFIXES));
  const body = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) =>
      Buffer.from([1, ...bytes]).toString("base64url")
    ),
  );
  await fc.assert(
    fc.asyncProperty(prefix, body, async (prefix, body) => {
      assert.equal(await tokens.open(prefix + body), null);
    }),
    { seed: 2, numRuns: 500 },
  );
  for (const prefix of ["", ...Object.values(TOKEN_PREFIXES)]) {
    for (const length of [0, 1, 43, 44, 16_383, 16_384, 16_385, 1 << 24]) {
      assert.equal(await tokens.open(prefix + "A".repeat(length)), null);
    }
  }
});

test("T2: a prefix makes a leaked token recognisable, and says which kind it is", async () => {
  const { accessToken, refreshToken } = await seal(sealer([k1]), GRANT);
  assert.match(accessToken, /^ftfu_at_[A-Za-z0-9_-]{100,}$/);
  assert.match(refreshToken, /^ftfu_rt_[A-Za-z0-9_-]{100,}$/);
});

test("T2: new tokens use the active key, and tokens of the key before stay good", async () => {
  const before = await seal(sealer([k1]), GRANT);
  const rotated = sealer([k1, k2], "k2");
  assert.equal(rotated.activeKeyId, "k2");
  for (const token of Object.values(before)) assert.ok(await rotated.open(token));
  const after = await seal(rotated, GRANT);
  assert.equal(await sealer([k1]).open(after.accessToken), null);
  assert.ok(await sealer([k2]).open(after.accessToken));
  assert.equal(after.refreshToken, before.refreshToken);
});

test("T2: removing a key ends its tokens at once, and what it derived is not given again", async () => {
  const tokens = await seal(sealer([k1]), GRANT);
  const removed = sealer([k2]);
  for (const token of Object.values(tokens)) assert.equal(await removed.open(token), null);
  assert.equal(await removed.seal(GRANT), null);
});

test("T2, RF-16: refresh chains survive a key rotation, and end with a key that is removed", async () => {
  const world = await createWorld();
  const { partner, users } = world;
  const [active] = world.tokenKeys.keys;
  assert.ok(active);
  const withKeys = (keys: TokenKeys["keys"], id: string) => {
    const tokens = createOpaqueTokens({ serverId: SERVER_ID, keys: { active: id, keys } });
    return createService({ ...world.ports, tokens }, world.settings);
  };
  const first = await world.service.fetchTokensForUser(partner.id, { publicId: users.connected });
  const rotated = withKeys([active, k2], "k2");
  assert.ok(await rotated.authorize(first.accessToken ?? ""));
  const second = await rotated.refresh(partner.id, { refreshToken: first.refreshToken ?? "" });
  assert.ok("refreshToken" in second);
  assert.equal(
    (await sealer([k2], "k2", SERVER_ID).open(second.refreshToken))?.kind,
    "refresh",
  );

  const purged = withKeys([k2], "k2");
  assert.equal(await purged.authorize(first.accessToken ?? ""), null);
  assert.ok(await purged.authorize(second.accessToken));
  const reuse = await purged.refresh(partner.id, { refreshToken: first.refreshToken ?? "" });
  assert.equal("error" in reuse && reuse.error, "invalid_grant");
  assert.ok("refreshToken" in await purged.refresh(partner.id, second));
});

test("T2: what a store knows is not enough to derive a token", async () => {
  const { refreshToken } = await seal(sealer([k1]), GRANT);
  const guess = sealer([{ id: "k1", secret: generateTokenKey(entropy).secret }]);
  assert.notEqual((await seal(guess, GRANT)).refreshToken, refreshToken);
  const mac = Buffer.from(refreshToken.slice(TOKEN_PREFIXES.refresh.length), "base64url").subarray(
    -32,
  );
  assert.ok(!JSON.stringify(GRANT).includes(mac.toString("hex")));
});

test("T2: ids that are not 128 bits are refused, not cut short", () => {
  const tokens = sealer([k1]);
  const wrong = [
    "",
    "00",
    "zz".repeat(16),
    "AA".repeat(16),
    `${GRANT.family}00`,
    `${GRANT.family}0`,
  ];
  for (const id of wrong) {
    assert.throws(() => tokens.seal({ ...GRANT, family: id }), RangeError);
    assert.throws(() => tokens.seal({ ...GRANT, salt: id }), RangeError);
  }
  for (const number of [-1, 2 ** 48, Number.NaN, Infinity]) {
    assert.throws(() => tokens.seal({ ...GRANT, generation: number }), RangeError);
    assert.throws(() => tokens.seal({ ...GRANT, issuedAt: number }), RangeError);
    assert.throws(() => tokens.seal({ ...GRANT, accessExpiresAt: number }), RangeError);
  }
});

/** The format once more, written down independently: prefix, version, framed fields, MAC over all. */
function tokenByHand(kind: "access" | "refresh", fields: readonly Uint8Array[]): string {
  const frame = (parts: readonly Uint8Array[]) =>
    Buffer.concat(parts.map((part) => Buffer.from([part.length >> 8, part.length & 255, ...part])));
  const context = frame(
    ["fetch-tokens-for-user", "1", kind, "srv"].map((text) => Buffer.from(text)),
  );
  const secret = Buffer.from(k1.secret, "base64url");
  const key = Buffer.from(hkdfSync("sha256", secret, "", context, 32));
  const body = frame([Buffer.from("k1"), ...fields]);
  const mac = createHmac("sha256", key).update(Buffer.concat([context, body])).digest();
  return TOKEN_PREFIXES[kind] + Buffer.concat([Buffer.from([1]), body, mac]).toString("base64url");
}

test("T2: the format is what it was: a token that was issued once stays good", async () => {
  const family = Buffer.from(GRANT.family, "hex");
  const time = (seconds: number) => Buffer.from(seconds.toString(16).padStart(12, "0"), "hex");
  const refresh = tokenByHand("refresh", [family, time(7), Buffer.from(GRANT.salt, "hex")]);
  assert.equal((await seal(sealer([k1]), GRANT)).refreshToken, refresh);

  const times = [time(GRANT.issuedAt), time(GRANT.accessExpiresAt)];
  const access = (scope: string) =>
    tokenByHand("access", [family, ...times, Buffer.from(scope), new Uint8Array(16)]);
  const opened = await sealer([k1]).open(access("email openid"));
  assert.ok(opened?.kind === "access");
  assert.deepEqual([opened.scope, opened.issuedAt], [["email", "openid"], GRANT.issuedAt]);
  assert.ok(await sealer([k1]).open(access("x".repeat(12_000))));
  assert.equal(await sealer([k1]).open(access("x".repeat(12_500))), null);
});

test("T2: no token is sealed that is too long to be opened", async () => {
  const tokens = sealer([k1]);
  const longest = await seal(tokens, { ...GRANT, scope: ["x".repeat(12_000)] });
  assert.ok(await tokens.open(longest.accessToken));
  for (const length of [12_500, 65_535, 65_536, 1_000_000]) {
    assert.throws(() => tokens.seal({ ...GRANT, scope: ["x".repeat(length)] }), RangeError);
  }
});

test("C11, T5, T2: an answer whose key was removed is not given again, and nothing is lost", async () => {
  const world = await createWorld();
  const { partner, events } = world;
  const [k0] = world.tokenKeys.keys;
  assert.ok(k0);
  const service = (keys: TokenKeys["keys"], active: string) => {
    const tokens = createOpaqueTokens({ serverId: SERVER_ID, keys: { active, keys } });
    return createService({ ...world.ports, tokens }, world.settings);
  };
  const consentToken = await world.issuer.mint();
  const first = await world.service.fetchTokensForUser(partner.id, { consentToken });
  const refreshToken = first.refreshToken ?? "";
  const fetchAgain = await service([k2], "k2").fetchTokensForUser(partner.id, { consentToken });
  assert.deepEqual(fetchAgain.userErrors.map(({ code }) => code), ["INVALID_TOKEN"]);
  assert.equal(fetchAgain.accessToken, null);
  assert.deepEqual([events.at(-1)?.outcome, events.at(-1)?.reason], [
    "refused",
    "token_key_removed",
  ]);

  const second = await service([k0, k2], "k2").refresh(partner.id, { refreshToken });
  assert.ok("refreshToken" in second);
  const refreshAgain = await service([k0], k0.id).refresh(partner.id, { refreshToken });
  assert.equal("error" in refreshAgain && refreshAgain.error, "invalid_grant");
  assert.deepEqual([events.at(-1)?.action, events.at(-1)?.reason], [
    "refresh",
    "token_key_removed",
  ]);

  const repeated = await service([k0, k2], "k2").refresh(partner.id, { refreshToken });
  assert.equal("refreshToken" in repeated && repeated.refreshToken, second.refreshToken);
});
