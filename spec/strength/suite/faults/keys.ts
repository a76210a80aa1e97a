/**
 * Consent tokens verified with keys that nobody should trust (C2, C4, C7).
 * @module
 */
import type { Edit, Fault } from "../fault.ts";
import { CRYPTO, HOME_MADE } from "./home-made.ts";

const KEYS = "adapters/consent/verifier.ts";
const JWK = "adapters/jws/jwk.ts";
const FIND = 'const key = await source.find(header["kid"] as string);';

/** Imports keys of one type by what they are, not by the algorithm that they are published for. */
function asItIs(kty: "EC" | "RSA", algorithm: string): Edit {
  return [
    JWK,
    "return await importCryptoKey(bare, alg);",
    `if (kty !== "${kty}") return await importCryptoKey(bare, alg);
     return await crypto.subtle.importKey("jwk", bare as never, ${algorithm} as never, true, ["verify"]);`,
  ];
}

/** The faults. */
export const KEY_FAULTS: readonly Fault[] = [
  {
    id: "embedded-jwk",
    title: "A consent token is verified with the key that it brings along.",
    rules: ["C2"],
    attacks: ["CT-04"],
    edits: [
      [KEYS, '"zip", "jwk", "jku"', '"zip", "jku"'],
      [
        KEYS,
        FIND,
        `const kid = header["kid"] as string;
         const brought = header["jwk"] as object | undefined;
         const key = brought === undefined
           ? await source.find(kid)
           : (await importJwks({ keys: [{ ...brought, kid }] }, "")).get(kid) ?? null;`,
      ],
    ],
    caughtBy: ["consent-token/embedded-jwk", "consent-token/embedded-jwk-same-kid"],
  },
  {
    id: "embedded-certificate",
    title:
      "A consent token is verified with the certificate that it brings along, whoever issued it.",
    rules: ["C2"],
    attacks: ["CT-04"],
    edits: [
      CRYPTO,
      [KEYS, '"x5u", "x5c"]', '"x5u"]'],
      [
        KEYS,
        FIND,
        `const kid = header["kid"] as string;
         const [certificate] = (header["x5c"] ?? []) as string[];
         const jwk = certificate === undefined
           ? null
           : new crypto.X509Certificate(Buffer.from(certificate, "base64")).publicKey.export({ format: "jwk" });
         const key = jwk === null
           ? await source.find(kid)
           : (await importJwks({ keys: [{ ...jwk, kid }] }, "")).get(kid) ?? null;`,
      ],
    ],
    caughtBy: ["consent-token/embedded-certificate"],
  },
  {
    id: "jku-fetched",
    title: "Keys are fetched from wherever jku of a consent token leads.",
    rules: ["C2"],
    attacks: ["CT-04"],
    edits: [
      [KEYS, '"jwk", "jku", "x5u"', '"jwk", "x5u"'],
      [
        KEYS,
        FIND,
        `const kid = header["kid"] as string;
         const address = header["jku"] as string | undefined;
         const fetched = address === undefined ? null : await (await fetch(address)).json();
         const key = fetched === null
           ? await source.find(kid)
           : (await importJwks(fetched, "")).get(kid) ?? null;`,
      ],
    ],
    caughtBy: ["consent-token/jku-not-fetched"],
  },
  {
    id: "x5u-visited",
    title: "The address in x5u is visited, and what is found there is not used.",
    rules: ["C2"],
    attacks: ["CT-04"],
    edits: [
      [KEYS, '"jku", "x5u", "x5c"', '"jku", "x5c"'],
      [
        KEYS,
        FIND,
        `if (header["x5u"]) await fetch(String(header["x5u"])).catch(() => null); ${FIND}`,
      ],
    ],
    caughtBy: ["consent-token/x5u-not-fetched"],
  },
  {
    id: "keys-of-all-issuers",
    title: "Keys are found by kid alone, among those of all issuers.",
    rules: ["C2", "C4"],
    attacks: ["CT-11"],
    edits: [
      [
        KEYS,
        "const FORBIDDEN_PARAMETERS",
        "const POOL = new Map<string, VerificationKey>(); const FORBIDDEN_PARAMETERS",
      ],
      [
        KEYS,
        "sources.set(issuer, { find: (kid) => keys.get(kid) ?? null });",
        `for (const [kid, key] of keys) POOL.set(kid, key);
         sources.set(issuer, { find: (kid) => POOL.get(kid) ?? null });`,
      ],
    ],
    caughtBy: ["consent-token/key-of-another-issuer"],
  },
  {
    id: "keys-never-removed",
    title: "New keys of an issuer are added to the old ones, which stay good.",
    rules: ["C7"],
    attacks: ["CT-27"],
    edits: [
      [
        KEYS,
        "const FORBIDDEN_PARAMETERS",
        "const POOL = new Map<string, VerificationKey>(); const FORBIDDEN_PARAMETERS",
      ],
      [
        KEYS,
        "sources.set(issuer, { find: (kid) => keys.get(kid) ?? null });",
        `for (const [kid, key] of keys) POOL.set(issuer + kid, key);
         sources.set(issuer, { find: (kid) => POOL.get(issuer + kid) ?? null });`,
      ],
    ],
    caughtBy: ["consent-token/key-removed"],
  },
  {
    id: "any-key-of-the-issuer",
    title: "Where kid is missing or unknown the issuer's first key is tried.",
    rules: ["C2"],
    attacks: ["CT-27"],
    edits: [
      [KEYS, 'if (typeof kid !== "string" || !isIdentifier(kid)) return "consent_header";', ""],
      [
        KEYS,
        "find: (kid) => keys.get(kid) ?? null",
        "find: (kid) => keys.get(kid) ?? [...keys.values()][0] ?? null",
      ],
    ],
    caughtBy: [
      "consent-token/kid-missing",
      "consent-token/kid-unknown",
      "consent-token/kid-number",
    ],
  },
  {
    id: "weak-rsa",
    title: "RSA keys of 1024 bits verify.",
    rules: ["C2"],
    attacks: [],
    edits: [...HOME_MADE, [JWK, "min: 2048", "min: 1024"]],
    caughtBy: ["consent-token/rsa-1024"],
  },
  {
    id: "any-curve",
    title: "An EC key of any curve verifies ES256.",
    rules: ["C2"],
    attacks: ["CT-03"],
    edits: [
      ...HOME_MADE,
      [JWK, 'if (kty === "EC" && crv === "P-256") return', 'if (kty === "EC") return'],
      asItIs("EC", '{ name: "ECDSA", namedCurve: crv }'),
    ],
    caughtBy: ["consent-token/curve-of-another-algorithm"],
  },
  {
    id: "any-type",
    title: "An RSA key that says ES256 verifies under that name, with its own algorithm.",
    rules: ["C2"],
    attacks: ["CT-03"],
    edits: [
      ...HOME_MADE,
      [
        JWK,
        'if (kty === "RSA") return',
        'if (kty === "RSA" && alg === "ES256") return alg; if (kty === "RSA") return',
      ],
      asItIs("RSA", '{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }'),
    ],
    caughtBy: ["consent-token/type-of-another-algorithm"],
  },
];
