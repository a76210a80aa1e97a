/**
 * Forged consent tokens that are accepted: signatures and algorithms (C2).
 * @module
 */
import { constants, verify } from "node:crypto";
import type { JWK } from "jose";
import type { Fault } from "../fault.ts";
import {
  acceptingIf,
  isHmac,
  isSigned,
  type LooseToken,
  publicKey,
  signature,
  signed,
} from "../hooks/consents.ts";

const ALGORITHM = ["consent_algorithm"] as const;
const SIGNATURE = ["consent_signature"] as const;

/** Accepts HS256 under a secret made from the issuer's public key. */
function acceptsHmac(secretOf: (jwk: JWK) => string | Buffer) {
  return () =>
    acceptingIf(ALGORITHM, (token) => token.key !== null && isHmac(token, secretOf(token.key)));
}

/** Accepts tokens whose `alg`, which the verifier refuses, is fine for a careless reader. */
function acceptsAlg(isFine: (alg: unknown) => boolean) {
  return () => acceptingIf(ALGORITHM, ({ header }) => isFine(header["alg"]));
}

function exported(type: "pem" | "der") {
  return (jwk: JWK) => publicKey(jwk).export({ type: "spki", format: type as "pem" });
}

function isSignedAsPss(token: LooseToken): boolean {
  if (token.key?.kty !== "RSA" || token.header["alg"] !== "PS256") return false;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return verify("sha256", signed(token), { key: publicKey(token.key), ...pss }, signature(token));
}

/** The faults. */
export const ALGORITHMS: readonly Fault[] = [
  {
    id: "not-verified",
    title: "Signatures of consent tokens are not verified.",
    options: () => acceptingIf(SIGNATURE, () => true),
    caughtBy: [
      "consent-token/altered-signature",
      "consent-token/foreign-key",
      "consent-token/no-signature",
    ],
  },
  {
    id: "alg-none",
    title: "A consent token with alg none needs no signature.",
    options: acceptsAlg((alg) => alg === "none"),
    caughtBy: ["consent-token/alg-none", "consent-token/alg-none-signed"],
  },
  {
    id: "alg-none-in-one-case",
    title: "alg none is refused in lower case and accepted in any other spelling.",
    options: acceptsAlg((alg) => alg !== "none" && String(alg).toLowerCase() === "none"),
    caughtBy: ["consent-token/alg-none-mixed-case", "consent-token/alg-none-capital"],
  },
  {
    id: "alg-missing",
    title: "A consent token without alg needs no signature.",
    options: acceptsAlg((alg) => !alg),
    caughtBy: ["consent-token/alg-missing", "consent-token/alg-empty"],
  },
  {
    id: "alg-ignored",
    title: "The signature is verified by the type of the key; alg is ignored.",
    options: () => acceptingIf(ALGORITHM, (token) => isSigned(token)),
    caughtBy: ["consent-token/alg-of-another-key", "consent-token/alg-none-signed"],
  },
  {
    id: "hmac-under-pem",
    title: "HS256 is accepted with the issuer's public key in PEM as the secret.",
    options: acceptsHmac(exported("pem")),
    caughtBy: ["consent-token/hmac-pem"],
  },
  {
    id: "hmac-under-der",
    title: "HS256 is accepted with the issuer's public key in DER as the secret.",
    options: acceptsHmac(exported("der")),
    caughtBy: ["consent-token/hmac-der"],
  },
  {
    id: "hmac-under-jwk",
    title: "HS256 is accepted with the text of the issuer's JWK as the secret.",
    options: acceptsHmac((jwk) => JSON.stringify(jwk)),
    caughtBy: ["consent-token/hmac-jwk"],
  },
  {
    id: "hmac-under-nothing",
    title: "HS256 under an unknown key id is accepted with an empty secret.",
    options: () =>
      acceptingIf(
        ["consent_algorithm", "consent_header"],
        (token) => token.key === null && isHmac(token, ""),
      ),
    caughtBy: [
      "consent-token/kid-path",
      "consent-token/kid-injection",
      "consent-token/kid-prototype",
    ],
  },
  {
    id: "pss",
    title: "PS256 is accepted from a key that is registered for RS256.",
    options: () => acceptingIf(ALGORITHM, isSignedAsPss),
    caughtBy: ["consent-token/pss"],
  },
  {
    id: "ecdsa-der",
    title: "ECDSA signatures are also accepted in DER.",
    options: () =>
      acceptingIf(SIGNATURE, (token) =>
        token.key?.kty === "EC" &&
        verify("sha256", signed(token), publicKey(token.key), signature(token))),
    caughtBy: ["consent-token/ecdsa-der"],
  },
  {
    id: "ecdsa-zero",
    title: "An ECDSA signature of zeros fits every message (CVE-2022-21449).",
    options: () => acceptingIf(SIGNATURE, (token) => signature(token).equals(new Uint8Array(64))),
    caughtBy: ["consent-token/ecdsa-zero"],
  },
];
