import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { createConsentVerifier } from "../../../../adapters/consent/verifier.ts";
import { generatePrivateJwk, publicJwk } from "../../../../adapters/jws/private-jwk.ts";
import { isRocaModulus } from "../../../../adapters/jws/roca.ts";
import { createWorld, ISSUER } from "../../support/world.ts";

const ec = await generatePrivateJwk("ES256", "ec");
const rsa = await generatePrivateJwk("RS256", "rsa");
const ed = await generatePrivateJwk("EdDSA", "ed");

const trust = (...keys: unknown[]) =>
  createConsentVerifier([{ issuer: ISSUER, jwks: { keys: keys as JWK[] } }]);

/** The modulus cut down to this many bytes: weaker, and otherwise like any other. */
const shorter = (bytes: number) =>
  Buffer.from(publicJwk(rsa).n ?? "", "base64url").subarray(0, bytes).toString("base64url");

/** Asserts that a set is refused with a message that names the flaw and holds no key material. */
async function assertUnusable(message: RegExp, ...keys: unknown[]): Promise<void> {
  await assert.rejects(trust(...keys), (error: Error) => {
    assert.ok(error instanceof RangeError, `${error}`);
    assert.match(error.message, message);
    for (const key of keys.filter((key) => typeof key === "object" && key !== null)) {
      for (const member of ["d", "p", "q", "k", "n"] as const) {
        const value = (key as JWK)[member];
        assert.ok(value === undefined || value === "" || !error.message.includes(value));
      }
    }
    return true;
  });
}

test("C2, C7: public keys of the three kinds are taken, each for one algorithm", async () => {
  const keys = [ec, rsa, ed].map(publicJwk);
  await trust(...keys);
  await trust(...keys.map(({ alg: _, use: __, ...rest }) => rest));
  await trust(
    ...keys.map((key) => ({ ...key, key_ops: ["verify"], ext: false, x5c: ["ignored"] })),
  );
  await trust({ ...publicJwk(ed), alg: "Ed25519" });
});

test("C2: a private or symmetric key is refused at the start", async () => {
  for (const key of [ec, rsa, ed]) await assertUnusable(/is private or symmetric/, key);
  await assertUnusable(/is private or symmetric/, {
    kty: "oct",
    kid: "h",
    k: "c2VjcmV0",
    alg: "HS256",
  });
  await assertUnusable(/"h".*private/, { ...publicJwk(ec), kid: "h", d: "" });
});

test("C2: key_ops must be a list with verify in it", async () => {
  for (const operations of [null, "verify", [], ["sign"], {}]) {
    const key = { ...publicJwk(ec), key_ops: operations as unknown as string[] };
    await assertUnusable(/"key_ops" must include "verify"/, key);
  }
});

test("C2: RSA keys have 2048 bits or more and an exponent that protects", async () => {
  const key = publicJwk(rsa);
  const padded = Buffer.concat([Buffer.alloc(256), Buffer.from(shorter(128), "base64url")]);
  await assertUnusable(/2048 to 16384 bits/, { ...key, n: shorter(128) });
  await assertUnusable(/2048 to 16384 bits/, { ...key, n: shorter(255) });
  await assertUnusable(/2048 to 16384 bits/, { ...key, n: padded.toString("base64url") });
  const huge = Buffer.alloc(2049, 0xff).toString("base64url");
  await assertUnusable(/2048 to 16384 bits/, { ...key, n: huge });
  for (const e of ["", "AA", "AQ", "AAE", "Ag", "AQAA", "AQAB=", undefined, 65537]) {
    await assertUnusable(/its parameters do not form a valid key/, { ...key, e });
  }
});

test("C2: a key whose numbers are missing, cut short or off the curve is refused", async () => {
  const key = publicJwk(ec);
  const wrong = [undefined, "", "AA", `${key.x}=`, `${key.x}AA`, 7];
  for (const x of wrong) {
    await assertUnusable(/its parameters do not form a valid key/, { ...key, x });
    await assertUnusable(/its parameters do not form a valid key/, { ...publicJwk(ed), x });
  }
  await assertUnusable(/its parameters do not form a valid key/, { ...key, y: key.x });
  await assertUnusable(/its parameters do not form a valid key/, {
    ...publicJwk(rsa),
    n: "",
    e: "AQAB=",
  });
});

test("C2: a key of another kind, algorithm or use is refused", async () => {
  const key = publicJwk(ec);
  const p384 = await exportJWK((await generateKeyPair("ES384")).publicKey);
  await assertUnusable(/only ES256/, { ...p384, kid: "p384" });
  for (const alg of ["ES384", "RS256", "HS256", "none", ""]) {
    await assertUnusable(/only ES256/, { ...key, alg });
  }
  for (const alg of ["PS256", "RS512", "RSA-OAEP"]) {
    await assertUnusable(/only ES256/, { ...publicJwk(rsa), alg });
  }
  await assertUnusable(/only ES256/, { ...publicJwk(ed), crv: "X25519" });
  await assertUnusable(/only ES256/, { kty: "AKP", kid: "x" });
  await assertUnusable(/only ES256/, { kid: "x" });
  await assertUnusable(/"use" must be "sig"/, { ...key, use: "enc" });
  await assertUnusable(/"key_ops" must include "verify"/, { ...key, key_ops: ["sign"] });
});

test("C2, G10: every key has a kid of its own", async () => {
  const key = publicJwk(ec);
  for (const kid of [undefined, "", "a b", "é", "x".repeat(256), 7]) {
    await assertUnusable(/"kid" must be/, { ...key, kid });
  }
  await assertUnusable(/two keys have the kid "ec"/, key, { ...publicJwk(ed), kid: "ec" });
  await assertUnusable(/"kid" must be/, null);
  await assertUnusable(/"kid" must be/, [key]);
});

test("C4: issuers are well formed, distinct and have keys", async () => {
  const jwks = { keys: [publicJwk(ec)] };
  await assertUnusable(/give \{"keys"/);
  for (const empty of [undefined, null, {}, { keys: {} }, []]) {
    const issuers = [{ issuer: ISSUER, jwks: empty as unknown as typeof jwks }];
    await assert.rejects(
      createConsentVerifier(issuers),
      /^RangeError: Cannot use the JWKS of issuer/,
    );
  }
  await assert.rejects(createConsentVerifier([{ issuer: "a b", jwks }]), RangeError);
  const twice = [{ issuer: ISSUER, jwks }, { issuer: ISSUER, jwks }];
  await assert.rejects(createConsentVerifier(twice), /twice/);
  await createConsentVerifier([]);
});

test("C2, CT-03: a key without alg is bound to the algorithm that its type implies", async () => {
  const world = await createWorld();
  const bare = world.issuer.jwks.keys.map(({ alg: _, ...key }) => key);
  const { verify } = await trust(...bare);
  for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
    assert.ok("issuer" in await verify(await world.issuer.mint({ alg })), alg);
  }
  const header = { alg: "PS256", typ: "consent+jwt", kid: "rs" };
  const token = await world.issuer.sign(header, { iss: ISSUER }, "RS256");
  assert.deepEqual(await verify(token), { rejected: "consent_algorithm" });
});

test("C2: EdDSA and Ed25519 are two names, and a key answers to one of them", async () => {
  const key = await generatePrivateJwk("Ed25519", "ed");
  assert.equal(key.alg, "Ed25519");
  const world = await createWorld();
  const { verify } = await trust(publicJwk(key));
  const token = await world.issuer.mint({ key });
  assert.ok("issuer" in await verify(token));
  const renamed = await world.issuer.mint({ key: { ...key, alg: "EdDSA" } });
  assert.deepEqual(await verify(renamed), { rejected: "consent_algorithm" });
});

test("C7, CT-27: a key that is gone from the set verifies nothing", async () => {
  const world = await createWorld();
  const token = await world.issuer.mint();
  const rest = world.issuer.jwks.keys.filter(({ kid }) => kid !== "es");
  const { verify } = await trust(...rest);
  assert.deepEqual(await verify(token), { rejected: "consent_key" });
});

/** A product of two numbers that are drawn as the library draws its primes; nobody asks whether they are. */
function rocaModulus(): bigint {
  const primes = Array.from({ length: 700 }, (_, index) => index + 2)
    .filter((number, _, all) => all.every((other) => other >= number || number % other !== 0));
  const product = primes.slice(0, 126).reduce((all, prime) => all * BigInt(prime), 1n);
  const draw = (factor: bigint, exponent: number) => {
    let power = 1n;
    for (let step = 0; step < exponent; step++) power = power * 65_537n % product;
    return factor * product + power;
  };
  return draw((1n << 53n) - 1n, 1_234) * draw((1n << 53n) - 3n, 987);
}

const modulusJwk = (modulus: bigint): JWK => ({
  ...publicJwk(rsa),
  n: Buffer.from(modulus.toString(16).padStart(512, "0"), "hex").toString("base64url"),
});

test("C2, CT-40: an RSA key of the ROCA class is refused at the start; its neighbours are not", async () => {
  const modulus = rocaModulus();
  assert.equal(modulus.toString(2).length, 2048);
  await assertUnusable(/"rsa".*ROCA/, modulusJwk(modulus));
  for (const distance of [2n, 4n, 1_000n]) await trust(modulusJwk(modulus + distance));
});

test("C2: of random moduli none is taken for one of the ROCA class", () => {
  let modulus = 0x9e3779b97f4a7c15n ** 32n;
  for (let draw = 0; draw < 10_000; draw++) {
    modulus = (modulus * 6364136223846793005n + 1442695040888963407n) % (1n << 2048n);
    assert.ok(!isRocaModulus(modulus | 1n));
  }
});
