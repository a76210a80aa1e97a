/**
 * Signatures verified by hand, as faults of verification need it.
 * @module
 */
import type { Edit } from "../fault.ts";

const KEYS = "adapters/consent/verifier.ts";

/** What it takes to verify signatures by hand. */
export const CRYPTO: Edit = [
  KEYS,
  'import { compactVerify, errors } from "jose";',
  `import { compactVerify, errors } from "jose";
   import { Buffer } from "node:buffer";
   import * as crypto from "node:crypto";
   const inputOf = (token: string) => Buffer.from(token.slice(0, token.lastIndexOf(".")));
   const signatureOf = (token: string) => Buffer.from(token.split(".")[2] ?? "", "base64url");
   const spkiOf = (key: unknown, type: "pem" | "der") =>
     crypto.KeyObject.from(key).export({ type: "spki", format: type });
   const hmac = (token: string, secret: string) =>
     crypto.createHmac("sha256", secret).update(inputOf(token)).digest();`,
];

/** A home-made check of ES256 signatures over the first three segments, whatever the header says. */
export const HOME_MADE: readonly Edit[] = [
  CRYPTO,
  [
    KEYS,
    "await compactVerify(token, key, { algorithms: [alg] }); return true;",
    `const dsaEncoding = "ieee-p1363";
     const text = token.split(".").slice(0, 3).join(".");
     const options = alg === "ES256" ? { key: crypto.KeyObject.from(key), dsaEncoding } : crypto.KeyObject.from(key);
     return crypto.verify(alg === "EdDSA" ? null : "sha256", inputOf(text), options, signatureOf(text));`,
  ],
];
