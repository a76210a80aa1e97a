import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CompactSign, type CryptoKey, importJWK } from "jose";
import { generatePrivateJwk, publicJwk, signJws } from "../../../../adapters/jws/private-jwk.ts";
import { createWorld } from "../../support/world.ts";
import { assertGranted, assertRefused, draft } from "../../support/consent-checks.ts";

const base64url = (text: string) => Buffer.from(text).toString("base64url");

test("C2, CT-01: no spelling of alg none is accepted, with or without a signature", async () => {
  const world = await createWorld();
  for (const alg of ["none", "None", "nOnE", "NONE", "", " none", null, 0, ["ES256"], undefined]) {
    const { header, claims } = draft(world);
    const unsigned = await signJws({ ...header, alg }, claims, null);
    const signed = await world.issuer.sign({ ...header, alg }, claims);
    await assertRefused(world, unsigned, "consent_algorithm");
    await assertRefused(world, signed, "consent_algorithm");
  }
  const { header, claims } = draft(world);
  await assertRefused(world, await signJws(header, claims, null), "consent_signature");
  const unknown = await world.issuer.sign({ ...header, alg: "none", kid: "unknown" }, claims);
  await assertRefused(world, unknown, "consent_algorithm", { hint: "before a key is looked for" });
});

test("C2, CT-02: no HMAC keyed with a public key is accepted", async () => {
  const world = await createWorld();
  for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
    const jwk = publicJwk(world.issuer.keys[alg]);
    const key = createPublicKey({ key: jwk as Record<string, unknown>, format: "jwk" });
    const secrets = [
      Buffer.from(key.export({ type: "spki", format: "pem" })),
      Buffer.from(String(key.export({ type: "spki", format: "pem" })).trim()),
      key.export({ type: "spki", format: "der" }),
      Buffer.from(JSON.stringify(jwk)),
      Buffer.from(String(jwk.x ?? jwk.n)),
      Buffer.from(String(jwk.x ?? jwk.n), "base64url"),
    ];
    for (const secret of secrets) {
      const { header, claims } = draft(world, alg);
      const oct = { kty: "oct", k: secret.toString("base64url") };
      for (const hmac of ["HS256", "HS384", "HS512"]) {
        const token = await signJws({ ...header, alg: hmac }, claims, oct);
        await assertRefused(world, token, "consent_algorithm");
      }
      await assertRefused(world, await signJws(header, claims, oct), "consent_signature");
    }
  }
});

test("C2, CT-03: a key verifies its own algorithm and no other", async () => {
  const world = await createWorld();
  const others = ["ES384", "ES256K", "PS256", "RS384", "RS512", "Ed448", "ML-DSA-44", "es256"];
  for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
    for (const claimed of ["ES256", "RS256", "EdDSA", "Ed25519", ...others]) {
      const { header, claims } = draft(world, alg);
      const token = await world.issuer.sign({ ...header, alg: claimed }, claims, alg);
      if (claimed === alg) await assertGranted(world, token);
      else await assertRefused(world, token, "consent_algorithm", { hint: `${claimed} by ${alg}` });
    }
  }
  const { header, claims } = draft(world, "RS256");
  const pss = await importJWK({ ...world.issuer.keys.RS256, alg: "PS256" }, "PS256") as CryptoKey;
  const genuinePss = await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ ...header, alg: "PS256" }).sign(pss);
  await assertRefused(world, genuinePss, "consent_algorithm");
  const [, payload, signature] = genuinePss.split(".");
  const disguised = `${base64url(JSON.stringify(header))}.${payload}.${signature}`;
  await assertRefused(world, disguised, "consent_signature");
});

test("C2, CT-04: a key that comes along with the token is neither used nor fetched", async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const world = await createWorld();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    const key = await generatePrivateJwk("ES256", "es");
    const baits = [
      { jwk: publicJwk(key) },
      { jwk: publicJwk(world.issuer.keys.ES256) },
      { jku: url },
      { x5u: url },
      { x5c: ["MIIB"] },
      { jwk: null },
    ];
    for (const bait of baits) {
      const { header, claims } = draft(world);
      for (const signer of [key, world.issuer.keys.ES256]) {
        const token = await signJws({ ...header, ...bait }, claims, signer);
        await assertRefused(world, token, "consent_header");
      }
    }
    assert.equal(requests, 0);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("C2, CT-06: crit, b64 and zip are refused, whatever they say", async () => {
  const world = await createWorld();
  const parameters = [
    { crit: ["exp"], exp: 1 },
    { crit: [] },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { b64: false },
    { b64: true },
    { zip: "DEF" },
    { zip: null },
  ];
  for (const parameter of parameters) {
    const { header, claims } = draft(world);
    const token = await world.issuer.sign({ ...header, ...parameter }, claims);
    await assertRefused(world, token, "consent_header", { hint: JSON.stringify(parameter) });
  }
});

test("C3, CT-07: only a token typed consent+jwt is taken for one", async () => {
  const world = await createWorld();
  const wrong = [
    "at+jwt",
    "JWT",
    "client-authentication+jwt",
    "dpop+jwt",
    "logout+jwt",
    "consent",
    "consent+jwt ",
    "consent+jwt\n",
    "xconsent+jwt",
    "application/at+jwt",
    "application/application/consent+jwt",
    "text/consent+jwt",
    "application/consent+jwt; charset=utf-8",
    "",
    null,
    7,
    ["consent+jwt"],
    undefined,
  ];
  for (const typ of wrong) {
    const { header, claims } = draft(world);
    const token = await world.issuer.sign({ ...header, typ }, claims);
    await assertRefused(world, token, "consent_type", { hint: JSON.stringify(typ) });
  }
  for (
    const typ of [
      "consent+jwt",
      "CONSENT+JWT",
      "application/consent+jwt",
      "Application/Consent+JWT",
    ]
  ) {
    const { header, claims } = draft(world);
    await assertGranted(world, await world.issuer.sign({ ...header, typ }, claims), typ);
  }
});

test("C2, G10: the kid must be there and well formed, and must be the issuer's", async () => {
  const world = await createWorld();
  for (const kid of [undefined, null, 7, "", " es", "es ", "é", "x".repeat(256), ["es"]]) {
    const { header, claims } = draft(world);
    const token = await world.issuer.sign({ ...header, kid }, claims);
    await assertRefused(world, token, "consent_header", { hint: JSON.stringify(kid) });
  }
  for (const kid of ["ES", "es2", "x".repeat(255), "__proto__", "constructor"]) {
    const { header, claims } = draft(world);
    await assertRefused(world, await world.issuer.sign({ ...header, kid }, claims), "consent_key");
  }
});

test("C4, CT-11: the issuer is compared byte for byte, before any key is looked for", async () => {
  const world = await createWorld();
  const { issuer } = world.issuer;
  const wrong = [
    `${issuer}/`,
    issuer.toUpperCase(),
    issuer.replace("https", "http"),
    ` ${issuer}`,
    "",
    7,
    null,
    undefined,
    [issuer],
    { toString: 1, valueOf: 1 },
    "__proto__",
  ];
  for (const iss of wrong) {
    const { header, claims } = draft(world);
    const token = await world.issuer.sign({ ...header, kid: "unknown" }, { ...claims, iss });
    await assertRefused(world, token, "consent_issuer", { hint: JSON.stringify(iss) });
  }
});
