/**
 * Consent tokens verified with keys that nobody should trust (C2, C4, C7).
 * @module
 */
import type { Fault } from "../fault.ts";
import { CRYPTO } from "./home-made.ts";

const KEYS = "adapters/consent/verifier.ts";
const FIND = 'const key = await source.find(header["kid"] as string);';

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
];
