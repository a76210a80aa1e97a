import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { type CryptoKey, importJWK } from "jose";
import { createWorld } from "../../support/world.ts";
import { assertGranted, assertRefused, draft } from "../../support/consent-checks.ts";

const base64url = (text: string) => Buffer.from(text).toString("base64url");

test("C2: nothing but three segments of strict base64url is a consent token", async () => {
  const world = await createWorld();
  const token = await world.issuer.mint();
  const [header = "", payload = "", signature = ""] = token.split(".");
  const general = { payload, signatures: [{ protected: header, signature }] };
  const wrong = [
    "",
    ".",
    "..",
    "...",
    "x",
    header,
    `${header}.${payload}`,
    `${token}.`,
    `.${token}`,
    `${token}.${signature}`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    `${token}..`,
    ` ${token}`,
    `${token}\n`,
    `Bearer ${token}`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}=.${signature}`,
    `${token}==`,
    `${header}.${payload}.+/${signature.slice(2)}`,
    `${header}.${payload.slice(0, 8)}\n${payload.slice(8)}.${signature}`,
    `${header}.${payload}.é${signature}`,
    JSON.stringify(general),
    JSON.stringify({ payload, protected: header, signature }),
  ];
  for (const text of wrong) {
    await assertRefused(world, text, "consent_malformed", { hint: JSON.stringify(text) });
  }
  await assertGranted(world, token);
});

test("C2, IN-11: claims that nest deeper than 32 levels are malformed", async () => {
  const world = await createWorld();
  const { header, claims } = draft(world);
  const signed = (depth: number) => {
    const note = JSON.parse("[".repeat(depth) + "]".repeat(depth));
    return world.issuer.sign(header, { ...claims, note });
  };
  await assertRefused(world, await signed(32), "consent_malformed");
  await assertRefused(world, await signed(3000), "consent_malformed");
  await assertGranted(world, await signed(31));
});

test("C2: no segment has bits behind its last byte", async () => {
  const world = await createWorld();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // Claims of each length modulo 3, so that each number of spare bits arises in the payload.
  for (const note of ["", "x", "xx"]) {
    const { header, claims } = draft(world);
    const token = await world.issuer.sign(header, { ...claims, note });
    const segments = token.split(".");
    segments.forEach((segment) => assert.notEqual(segment.length % 4, 1));
    for (const [index, segment] of segments.entries()) {
      const spare = [0, 0, 16, 4][segment.length % 4] ?? 0;
      const last = alphabet.indexOf(segment.at(-1) ?? "");
      for (let bits = 1; bits < spare; bits++) {
        const changed = segments.with(index, segment.slice(0, -1) + alphabet[last + bits]);
        assert.deepEqual(
          Buffer.from(changed[index] ?? "", "base64url"),
          Buffer.from(segment, "base64url"),
        );
        await assertRefused(world, changed.join("."), "consent_malformed");
      }
    }
    await assertGranted(world, token);
  }
});

test("C2, IN-10: a member name that stands twice is refused, at any depth and in any spelling", async () => {
  const world = await createWorld();
  const { header, claims } = draft(world);
  const extend = (object: object, text: string) =>
    `${JSON.stringify(object).slice(0, -1)},${text}}`;
  const twice = ['"sub":"x"', '"s\\u0075b":"x"', '"a":{"b":1,"b":2}', '"a":[{"b":[],"b" :[]}]'];
  for (const text of twice) {
    const token = await world.issuer.sign(header, extend(claims, text));
    await assertRefused(world, token, "consent_malformed", { hint: text });
  }
  for (const text of ['"alg":"ES256"', '"kid":"es"', '"x":{"y":1,"y":1}']) {
    const token = await world.issuer.sign(extend(header, text), claims);
    await assertRefused(world, token, "consent_malformed", { hint: text });
  }
  const once = '"a":{"sub":"x","a":{}},"b":["sub","sub","a\\":"],"c":"{\\"d\\":1,\\"d\\":1}"';
  await assertGranted(world, await world.issuer.sign(header, extend(claims, once)));
});

test("C2: header and payload are JSON objects in valid UTF-8", async () => {
  const world = await createWorld();
  const { header, claims } = draft(world);
  const texts = [
    "",
    "null",
    "1",
    '"x"',
    "[]",
    `[${JSON.stringify(claims)}]`,
    "{",
    "{}{}",
    "\ufeff{}",
  ];
  for (const text of texts) {
    await assertRefused(world, await world.issuer.sign(header, text), "consent_malformed");
    await assertRefused(world, await world.issuer.sign(text, claims), "consent_malformed");
  }
  const [protectedHeader] = (await world.issuer.sign(header, claims)).split(".");
  const bytes = Buffer.concat([
    Buffer.from(JSON.stringify(claims).slice(0, -1) + ',"note":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
  const input = `${protectedHeader}.${bytes.toString("base64url")}`;
  const key = await importJWK(world.issuer.keys.ES256, "ES256") as CryptoKey;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, key, Buffer.from(input));
  const token = `${input}.${Buffer.from(signature).toString("base64url")}`;
  await assertRefused(world, token, "consent_malformed");
});

test("C2, IN-08: 16 KiB is the most that is read, and the length is checked before any decoding", async () => {
  const world = await createWorld();
  const { header, claims } = draft(world);
  const plain = (await world.issuer.sign(header, { ...claims, note: "" })).length;
  let longest = "";
  for (let filler = Math.floor((16_384 - plain) * 0.75) - 3; longest.length < 16_384; filler++) {
    longest = await world.issuer.sign(header, { ...claims, note: "x".repeat(filler) });
  }
  assert.equal(longest.length, 16_384);
  await assertGranted(world, longest);

  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (...args: Parameters<typeof parse>) => {
    parsed++;
    return parse(...args);
  };
  try {
    const keys = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1]));
    const tooLarge = [
      "x".repeat(1 << 20),
      "a.".repeat(100_000),
      `${longest}x`,
      await world.issuer.sign({ ...header, ...keys }, claims),
    ];
    for (const token of tooLarge) await assertRefused(world, token, "consent_too_large");
    assert.equal(parsed, 0);
    await assertRefused(world, "a.".repeat(8_192), "consent_malformed");
    assert.equal(parsed, 0);
  } finally {
    JSON.parse = parse;
  }
});

test("C1, C2: any single changed, dropped or added character makes a token invalid", async () => {
  const world = await createWorld();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
  for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
    const token = await world.issuer.mint({ alg });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...alphabet),
        fc.constantFrom("change", "drop", "add"),
        async (at, char, how) => {
          fc.pre(how !== "change" || token[at] !== char);
          const rest = token.slice(how === "add" ? at : at + 1);
          const changed = token.slice(0, at) + (how === "drop" ? "" : char) + rest;
          const result = await world.ports.consents.verify(changed);
          assert.ok("rejected" in result, changed);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
    await assertGranted(world, token);
  }
});

test("C1: no string at all makes the verifier throw", async () => {
  const world = await createWorld();
  const json = fc.json().map(base64url);
  const segment = fc.oneof(fc.string(), fc.base64String(), json, fc.constant(""));
  const header = fc.record({
    alg: fc.oneof(fc.constant("ES256"), fc.jsonValue()),
    typ: fc.oneof(fc.constant("consent+jwt"), fc.jsonValue()),
    kid: fc.oneof(fc.constant("es"), fc.jsonValue()),
  }).map((value) => base64url(JSON.stringify(value)));
  const claims = fc.record({ iss: fc.oneof(fc.constant(world.issuer.issuer), fc.jsonValue()) })
    .map((value) => base64url(JSON.stringify(value)));
  const token = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(segment, { maxLength: 5 }).map((parts) => parts.join(".")),
    fc.tuple(header, claims, segment).map((parts) => parts.join(".")),
    fc.tuple(header, claims, fc.uint8Array({ maxLength: 300 })).map(([a, b, bytes]) =>
      `${a}.${b}.${Buffer.from(bytes).toString("base64url")}`
    ),
  );
  await fc.assert(
    fc.asyncProperty(token, async (text) => {
      assert.ok("rejected" in await world.ports.consents.verify(text));
    }),
    { seed: 2, numRuns: 1_000 },
  );
});
