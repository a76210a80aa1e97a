/**
 * Forged consent tokens that pass: signatures and algorithms (C2).
 * @module
 */
import type { Edit, Fault } from "../fault.ts";
import { CRYPTO, HOME_MADE } from "./home-made.ts";

const KEYS = "adapters/consent/verifier.ts";
const COMPARE = 'if (key.alg !== header["alg"]) return { rejected: "consent_algorithm" };';
const VERIFY = 'if (!await isSignedBy(token, key)) return { rejected: "consent_signature" };';

/** Takes HMAC under a text that is no secret. */
function takesHmac(secret: string): readonly Edit[] {
  return [
    CRYPTO,
    [
      KEYS,
      'ALGORITHMS: readonly unknown[] = ["ES256",',
      'ALGORITHMS: readonly unknown[] = ["HS256", "ES256",',
    ],
    [
      KEYS,
      COMPARE,
      `if (header["alg"] === "HS256") {
         const secret = ${secret};
         return hmac(token, secret).equals(signatureOf(token))
           ? readConsent(claims, sha256(token)) ?? { rejected: "consent_claims" }
           : { rejected: "consent_signature" };
       }
       ${COMPARE}`,
    ],
  ];
}

/** The faults. */
export const ALGORITHMS: readonly Fault[] = [
  {
    id: "not-verified",
    title: "Signatures of consent tokens are not verified at all.",
    rules: ["C2"],
    attacks: ["CT-24"],
    edits: [[KEYS, VERIFY, ""]],
    caughtBy: [
      "consent-token/altered-signature",
      "consent-token/foreign-key",
      "consent-token/no-signature",
    ],
  },
  {
    id: "alg-none",
    title: "A consent token with alg none needs no signature.",
    rules: ["C2"],
    attacks: ["CT-01"],
    edits: [
      [
        KEYS,
        'ALGORITHMS: readonly unknown[] = ["ES256",',
        'ALGORITHMS: readonly unknown[] = ["none", "ES256",',
      ],
      [
        KEYS,
        COMPARE,
        `if (header["alg"] !== "none" && key.alg !== header["alg"]) return { rejected: "consent_algorithm" };`,
      ],
      [
        KEYS,
        VERIFY,
        `if (header["alg"] !== "none" && !await isSignedBy(token, key)) return { rejected: "consent_signature" };`,
      ],
    ],
    caughtBy: ["consent-token/alg-none", "consent-token/alg-none-signed"],
  },
  {
    id: "alg-none-in-one-case",
    title: "alg none is refused as it is usually spelled, and understood in any case.",
    rules: ["C2"],
    attacks: ["CT-01"],
    edits: [
      [
        KEYS,
        'if (!ALGORITHMS.includes(alg)) return "consent_algorithm";',
        'if (alg === "none") return "consent_algorithm";',
      ],
      [KEYS, COMPARE, ""],
      [
        KEYS,
        VERIFY,
        `if (String(header["alg"]).toLowerCase() !== "none" && !await isSignedBy(token, key)) {
           return { rejected: "consent_signature" };
         }`,
      ],
    ],
    caughtBy: ["consent-token/alg-none-mixed-case", "consent-token/alg-none-capital"],
  },
  {
    id: "alg-missing",
    title: "A consent token without alg is one without a signature to verify.",
    rules: ["C2"],
    attacks: ["CT-01"],
    edits: [
      [
        KEYS,
        'if (!ALGORITHMS.includes(alg)) return "consent_algorithm";',
        'if (alg && !ALGORITHMS.includes(alg)) return "consent_algorithm";',
      ],
      [KEYS, COMPARE, ""],
      [
        KEYS,
        VERIFY,
        `if (header["alg"] && !await isSignedBy(token, key)) return { rejected: "consent_signature" };`,
      ],
    ],
    caughtBy: ["consent-token/alg-missing", "consent-token/alg-empty"],
  },
  {
    id: "alg-ignored",
    title: "The signature is verified by what the key is, and alg is never compared with it.",
    rules: ["C2"],
    attacks: ["CT-03"],
    edits: [
      ...HOME_MADE,
      [KEYS, 'if (!ALGORITHMS.includes(alg)) return "consent_algorithm";', ""],
      [KEYS, COMPARE, ""],
    ],
    caughtBy: ["consent-token/alg-of-another-key", "consent-token/alg-none-signed"],
  },
  {
    id: "hmac-under-pem",
    title: "HS256 is accepted under the issuer's public key as PEM.",
    rules: ["C2"],
    attacks: ["CT-02"],
    edits: takesHmac('spkiOf(key.key, "pem")'),
    caughtBy: ["consent-token/hmac-pem"],
  },
  {
    id: "hmac-under-der",
    title: "HS256 is accepted under the issuer's public key as DER.",
    rules: ["C2"],
    attacks: ["CT-02"],
    edits: takesHmac('spkiOf(key.key, "der")'),
    caughtBy: ["consent-token/hmac-der"],
  },
  {
    id: "hmac-under-jwk",
    title: "HS256 is accepted under the issuer's public key as the text of its JWK.",
    rules: ["C2"],
    attacks: ["CT-02"],
    edits: [
      ...takesHmac('TEXTS.get(key.kid) ?? ""'),
      [
        KEYS,
        "const keys = await importJwks(entry.jwks,",
        `for (const jwk of entry.jwks.keys) TEXTS.set(jwk.kid ?? "", JSON.stringify(jwk));
         const keys = await importJwks(entry.jwks,`,
      ],
      [
        KEYS,
        "const FORBIDDEN_PARAMETERS",
        "const TEXTS = new Map<string, string>(); const FORBIDDEN_PARAMETERS",
      ],
    ],
    caughtBy: ["consent-token/hmac-jwk"],
  },
  {
    id: "hmac-under-nothing",
    title: "An unknown key id is looked for among secrets, and the empty one is found.",
    rules: ["C2"],
    attacks: ["CT-02"],
    edits: [
      CRYPTO,
      [
        KEYS,
        'ALGORITHMS: readonly unknown[] = ["ES256",',
        'ALGORITHMS: readonly unknown[] = ["HS256", "ES256",',
      ],
      [
        KEYS,
        'if (key === null) return { rejected: "consent_key" };',
        `if (key === null) {
           return header["alg"] === "HS256" && hmac(token, "").equals(signatureOf(token))
             ? readConsent(claims, sha256(token)) ?? { rejected: "consent_claims" }
             : { rejected: "consent_key" };
         }`,
      ],
      [KEYS, 'if (typeof kid !== "string" || !isIdentifier(kid)) return "consent_header";', ""],
    ],
    caughtBy: [
      "consent-token/kid-path",
      "consent-token/kid-injection",
      "consent-token/kid-prototype",
    ],
  },
  {
    id: "pss",
    title: "PS256 is accepted from a key that is registered for RS256.",
    rules: ["C2"],
    attacks: ["CT-03"],
    edits: [
      CRYPTO,
      [
        KEYS,
        'ALGORITHMS: readonly unknown[] = ["ES256",',
        'ALGORITHMS: readonly unknown[] = ["PS256", "ES256",',
      ],
      [KEYS, COMPARE, ""],
      [
        KEYS,
        VERIFY,
        `const pss = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
         const signed = header["alg"] === "PS256"
           ? crypto.verify("sha256", inputOf(token), { key: spkiOf(key.key, "pem"), ...pss }, signatureOf(token))
           : await isSignedBy(token, key);
         if (!signed) return { rejected: "consent_signature" };`,
      ],
    ],
    caughtBy: ["consent-token/pss"],
  },
  {
    id: "ecdsa-der",
    title: "ECDSA signatures are also accepted as DER.",
    rules: ["C2"],
    attacks: [],
    edits: [
      CRYPTO,
      [
        KEYS,
        VERIFY,
        `const der = () => crypto.verify("sha256", inputOf(token), spkiOf(key.key, "pem"), signatureOf(token));
         if (!await isSignedBy(token, key) && !(key.alg === "ES256" && der())) return { rejected: "consent_signature" };`,
      ],
    ],
    caughtBy: ["consent-token/ecdsa-der"],
  },
  {
    id: "ecdsa-zero",
    title: "An ECDSA signature of zeros fits every message (CVE-2022-21449).",
    rules: ["C2"],
    attacks: [],
    edits: [
      CRYPTO,
      [
        KEYS,
        VERIFY,
        `const zeros = signatureOf(token).length === 64 && signatureOf(token).every((byte) => byte === 0);
         if (!zeros && !await isSignedBy(token, key)) return { rejected: "consent_signature" };`,
      ],
    ],
    caughtBy: ["consent-token/ecdsa-zero"],
  },
];
