/** Signatures: what node:crypto verifies and what jose verifies is the same, at the edges too. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { compactVerify, importJWK } from "jose";
import { importJwks } from "../../../../adapters/jws/jwk.ts";
import { generatePrivateJwk, publicJwk, signJws } from "../../../../adapters/jws/private-jwk.ts";

/** The orders of the groups of P-256 and Ed25519. */
const P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519 = 2n ** 252n + 27742317777372353535851937790883648493n;

for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
  test(`C2, CT-24: ${alg} signatures at the edges are valid exactly where jose says so`, async () => {
    const jwk = await generatePrivateJwk(alg, "key");
    const key = (await importJwks({ keys: [publicJwk(jwk)] }, "the test")).get("key");
    const joseKey = await importJWK(publicJwk(jwk), alg);
    const [header, payload, signature = ""] = (await signJws({ alg }, { a: 1 }, jwk)).split(".");
    let valid = 0;
    for (const bytes of [Buffer.from(signature, "base64url")].flatMap(variants[alg])) {
      for (const input of [`${header}.${payload}`, `${header}.${payload}A`]) {
        const token = `${input}.${bytes.toString("base64url")}`;
        const byJose = await compactVerify(token, joseKey, { algorithms: [alg] })
          .then(() => true, () => false);
        assert.equal(await key?.isSigned(token), byJose, bytes.toString("hex"));
        if (byJose) valid++;
      }
    }
    assert.equal(valid, alg === "ES256" ? 2 : 1); // of (r, s) and (r, n - s), both verify
  });
}

const ofAnyLength = (genuine: Buffer) => [
  genuine,
  Buffer.alloc(0),
  Buffer.alloc(genuine.length),
  Buffer.alloc(genuine.length, 255),
  genuine.subarray(0, -1),
  Buffer.concat([genuine, Buffer.alloc(1)]),
  Buffer.concat([Buffer.alloc(1), genuine]),
  ...Array.from(genuine, (byte, at) => {
    const flipped = Buffer.from(genuine);
    flipped[at] = byte ^ (1 << at % 8);
    return flipped;
  }),
];

const bigEndian = (number: bigint) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");
const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

const variants: Readonly<Record<"ES256" | "RS256" | "EdDSA", (genuine: Buffer) => Buffer[]>> = {
  RS256: ofAnyLength,
  ES256(genuine) {
    const [r, s] = [integer(genuine.subarray(0, 32)), integer(genuine.subarray(32))];
    const pairs = [[0n, s], [r, 0n], [0n, 0n], [P256, s], [r, P256], [r, P256 - s], [1n, 1n]];
    const der = Buffer.from("3006020101020101", "hex");
    return [
      ...ofAnyLength(genuine),
      ...pairs.map((pair) => Buffer.concat(pair.map(bigEndian))),
      der,
    ];
  },
  EdDSA(genuine) {
    const [point, s] = [genuine.subarray(0, 32), genuine.subarray(32)];
    const greater = bigEndian(integer(Buffer.from(s).reverse()) + ED25519).reverse();
    return [
      ...ofAnyLength(genuine),
      Buffer.concat([point, greater]),
      Buffer.concat([Buffer.alloc(32), s]),
    ];
  },
};
