import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLocalJWKSet, type JWK, jwtVerify } from "jose";
import { createService } from "../../../../../adapters/direct.ts";
import { generatePrivateJwk } from "../../../../../adapters/jws/private-jwk.ts";
import { createJwtTokens } from "../../../../../adapters/tokens/jwt/at-jwt.ts";
import {
  activateNextSigningKey,
  allKeys,
  dropRetiredSigningKeys,
  loadOrCreateSigningKeys,
  newSigningKeys,
  publicJwks,
  PUBLISH_SECONDS,
  publishNextSigningKey,
  readSigningKeys,
  removeSigningKey,
  saveSigningKeys,
  type SigningKeys,
  writeSigningKeys,
} from "../../../../../adapters/tokens/jwt/signing-keys.ts";
import { createOpaqueTokens } from "../../../../../adapters/tokens/opaque.ts";
import { createWorld, SERVER_ID, START, USERS_API } from "../../../support/world.ts";

const DAY = 86_400;
const MARGIN = 3600;
const kidsOf = (keys: SigningKeys, now: number) => publicJwks(keys, now).keys.map(({ kid }) => kid);

const first = await newSigningKeys();
const nextJwk = await generatePrivateJwk("EdDSA", "next");
const announced = publishNextSigningKey(first, nextJwk, START);
const rotated = activateNextSigningKey(announced, START + PUBLISH_SECONDS, DAY);

test("T3: a key is published before it is used, and after, until its last token has expired", () => {
  const { kid } = first.active;
  assert.deepEqual(kidsOf(first, START), [kid]);
  assert.deepEqual(kidsOf(announced, START), [kid, "next"]);
  assert.equal(announced.active.kid, kid);
  const early = START + PUBLISH_SECONDS - 1;
  assert.throws(() => activateNextSigningKey(announced, early, DAY), /wait 1 seconds/);

  assert.equal(rotated.active.kid, "next");
  const end = START + PUBLISH_SECONDS + DAY + MARGIN;
  assert.deepEqual(kidsOf(rotated, end - 1), ["next", kid]);
  assert.deepEqual(kidsOf(rotated, end), ["next"]);
  assert.equal(dropRetiredSigningKeys(rotated, end - 1).retired.length, 1);
  assert.equal(dropRetiredSigningKeys(rotated, end).retired.length, 0);
});

test("T3: a second rotation leaves the key of the first one published for its time", async () => {
  const again = publishNextSigningKey(rotated, await generatePrivateJwk("ES256", "third"), START);
  const twice = activateNextSigningKey(again, START + 2 * PUBLISH_SECONDS, DAY);
  const ends = twice.retired.map(({ keepUntil }) => keepUntil);
  assert.deepEqual(kidsOf(twice, START), ["third", first.active.kid, "next"]);
  assert.deepEqual(kidsOf(twice, ends[0] ?? 0), ["third", "next"]);
  assert.deepEqual(kidsOf(twice, ends[1] ?? 0), ["third"]);
  assert.equal((ends[1] ?? 0) - (ends[0] ?? 0), PUBLISH_SECONDS);
});

test("T3: a rotation step that makes no sense is refused", () => {
  assert.throws(() => activateNextSigningKey(first, START, DAY), /publish one first/);
  assert.throws(() => publishNextSigningKey(announced, nextJwk, START), /one exists/);
  assert.throws(() => publishNextSigningKey(first, first.active, START), /same kid/);
  const { d: _, ...withoutPrivatePart } = nextJwk;
  assert.throws(() => publishNextSigningKey(first, withoutPrivatePart, START), /private key/);
});

test("T3: a compromised key is gone at once, whatever its state", () => {
  const kid = first.active.kid ?? "";
  assert.deepEqual(removeSigningKey(announced, "next"), first);
  const replaced = removeSigningKey(announced, kid);
  assert.deepEqual(replaced, { active: nextJwk, next: null, retired: [] });
  assert.deepEqual(removeSigningKey(rotated, kid), { ...rotated, retired: [] });
  assert.throws(() => removeSigningKey(first, kid), /publish a next key first/);
  assert.throws(() => removeSigningKey(first, "unknown"), /no such key/);
});

test("T3: nothing private is published", () => {
  for (const key of publicJwks(rotated, START).keys) {
    const names = Object.keys(key).sort();
    assert.ok(["alg,crv,kid,kty,use,x", "alg,crv,kid,kty,use,x,y"].includes(names.join()));
    assert.equal(key.use, "sig");
  }
});

test("T3, RF-16: tokens and refresh chains outlive a rotation of the signing key", async () => {
  const world = await createWorld();
  const { partner, users } = world;
  const opaque = createOpaqueTokens({ serverId: SERVER_ID, keys: world.tokenKeys });
  const serviceWith = async (keys: SigningKeys) => {
    const tokens = await createJwtTokens({ issuer: SERVER_ID, audience: USERS_API, keys, opaque });
    return createService({ ...world.ports, tokens }, world.settings);
  };
  const verify = (token: string, keys: SigningKeys, now: number) =>
    jwtVerify(token, createLocalJWKSet(publicJwks(keys, now) as { keys: JWK[] }), {
      currentDate: new Date(now * 1000),
    });
  const before = await (await serviceWith(announced)).fetchTokensForUser(partner.id, {
    publicId: users.connected,
  });
  world.clock.advance(PUBLISH_SECONDS);
  const service = await serviceWith(rotated);
  assert.ok(await service.authorize(before.accessToken ?? ""));
  await verify(before.accessToken ?? "", rotated, world.clock.seconds());
  const after = await service.refresh(partner.id, { refreshToken: before.refreshToken ?? "" });
  assert.ok("accessToken" in after);
  const { protectedHeader } = await verify(after.accessToken, rotated, world.clock.seconds());
  assert.equal(protectedHeader.kid, "next");
  // Whoever fetched the JWKS before the rotation can verify tokens from after it.
  await verify(after.accessToken, announced, world.clock.seconds());

  const purged = await serviceWith(removeSigningKey(rotated, first.active.kid ?? ""));
  assert.equal(await purged.authorize(before.accessToken ?? ""), null);
  assert.ok(await purged.authorize(after.accessToken));
});

test("T3: the key file is created once, for its owner alone, and saved in one step", async () => {
  const folder = await mkdtemp(join(tmpdir(), "signing-keys-"));
  try {
    const path = join(folder, "keys.json");
    const created = await loadOrCreateSigningKeys(path, "EdDSA");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(created.active.crv, "Ed25519");
    assert.deepEqual(await loadOrCreateSigningKeys(path), created);
    await saveSigningKeys(path, rotated);
    assert.deepEqual(await loadOrCreateSigningKeys(path), rotated);
    await assert.rejects(saveSigningKeys(path, { ...rotated, active: {} as JWK }), RangeError);
    assert.equal(await readFile(path, "utf8"), writeSigningKeys(rotated));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("T3, G9: invalid keys are refused without quoting them", async () => {
  const rs384 = { ...await generatePrivateJwk("RS256", "r"), alg: "RS384" };
  const wrong: unknown[] = [
    null,
    [],
    {},
    { ...first, active: null },
    { ...first, next: undefined },
    { ...first, next: {} },
    { ...first, next: { jwk: nextJwk } },
    { ...first, next: { publishedAt: 1 } },
    { ...first, retired: null },
    { ...first, retired: [{ jwk: nextJwk }] },
    { ...first, retired: [{ keepUntil: 1 }] },
    { ...first, active: { ...first.active, kid: undefined } },
    { ...first, active: { ...first.active, kid: "a b" } },
    { ...first, active: rs384 },
    { ...first, next: { jwk: first.active, publishedAt: 1 } },
  ];
  const secrets = [...allKeys(rotated), rs384].map(({ d }) => d ?? "");
  for (const value of wrong) {
    assert.throws(() => readSigningKeys(JSON.stringify(value)), (error: Error) => {
      assert.ok(error instanceof RangeError);
      return secrets.every((secret) => !`${error.stack}`.includes(secret.slice(0, 8)));
    });
  }
  assert.throws(() => readSigningKeys(`${writeSigningKeys(first)}x`), {
    name: "SyntaxError",
    message: "The text is not valid JSON",
  });
  const weak = { ...first, active: { ...first.active, x: "AA" } };
  const options = { issuer: SERVER_ID, audience: USERS_API, keys: weak };
  const opaque = createOpaqueTokens({
    serverId: SERVER_ID,
    keys: (await createWorld()).tokenKeys,
  });
  await assert.rejects(createJwtTokens({ ...options, opaque }), RangeError);
});

test("T3, SY-24: a signing key that cannot sign is refused by its kid, without key material", async () => {
  const jwk = await generatePrivateJwk("ES256");
  const refusal = (part: object) => {
    const text = JSON.stringify({ active: { ...jwk, ...part }, next: null, retired: [] });
    try {
      return void readSigningKeys(text);
    } catch (error) {
      assert.ok(error instanceof RangeError);
      return error.message;
    }
  };
  for (const part of [{ d: "AA" }, { d: `${jwk.d}=` }, { x: jwk.y }]) {
    assert.match(refusal(part) ?? "", new RegExp(`"${jwk.kid}": its parameters do not form`));
  }
  for (const key_ops of [[], ["verify"], null]) {
    assert.match(refusal({ key_ops }) ?? "", /"key_ops" must include "sign"/);
  }
  assert.equal(refusal({ key_ops: ["sign"] }), undefined);
});
