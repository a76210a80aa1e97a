/**
 * Consent tokens verified with keys that must not be trusted (C2, C4, C7).
 * @module
 */
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import type { JWK } from "jose";
import type { Reason } from "../../../../core/decision.ts";
import type { Fault } from "../fault.ts";
import { accepting, acceptingIf, isSigned, type LooseToken, verifying } from "../hooks/consents.ts";
import { combine } from "../hooks/ports.ts";

const BROUGHT: readonly Reason[] = ["consent_header", "consent_key", "consent_signature"];

/** Accepts tokens that are signed with the key that `find` returns. */
function trusts(find: (token: LooseToken) => JWK | null | Promise<JWK | null>) {
  return () =>
    accepting(async (token, reason) => {
      const key = BROUGHT.includes(reason) ? await find(token) : null;
      return key !== null && isSigned(token, key) ? token.claims : null;
    });
}

/** Accepts keys that the verifier does not import. */
function imports(isKnown: (jwk: JWK) => boolean) {
  return () =>
    acceptingIf(
      ["consent_key"],
      (token) => token.key !== null && isKnown(token.key) && isSigned(token),
    );
}

/** The faults. */
export const KEY_FAULTS: readonly Fault[] = [
  {
    id: "embedded-jwk",
    title: "A consent token is verified with the key in its own header.",
    options: trusts(({ header }) => (header["jwk"] ?? null) as JWK | null),
    caughtBy: ["consent-token/embedded-jwk", "consent-token/embedded-jwk-same-kid"],
  },
  {
    id: "embedded-certificate",
    title: "A consent token is verified with the certificate in its own header, whoever issued it.",
    options: trusts(({ header }) => {
      const [certificate] = (header["x5c"] ?? []) as readonly string[];
      if (certificate === undefined) return null;
      const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"));
      return publicKey.export({ format: "jwk" }) as JWK;
    }),
    caughtBy: ["consent-token/embedded-certificate"],
  },
  {
    id: "jku-fetched",
    title: "Keys are fetched from the jku of a consent token, wherever it leads.",
    options: trusts(async ({ header }) => {
      if (header["jku"] === undefined) return null;
      const { keys } = await (await fetch(String(header["jku"]))).json();
      return keys.find(({ kid }: JWK) => kid === header["kid"]) ?? null;
    }),
    caughtBy: ["consent-token/jku-not-fetched"],
  },
  {
    id: "x5u-visited",
    title: "The address in x5u is fetched, and the response is ignored.",
    options: trusts(async ({ header, key }) => {
      if (header["x5u"]) await fetch(String(header["x5u"])).catch(() => null);
      return key;
    }),
    caughtBy: ["consent-token/x5u-not-fetched"],
  },
  {
    id: "keys-of-all-issuers",
    title: "Keys are looked up by kid alone, among those of all issuers.",
    options: () =>
      accepting((token, _reason, issuers) => {
        const keys = [...issuers.values()].flat().filter(({ kid }) => kid === token.header["kid"]);
        return keys.some((key) => isSigned(token, key)) ? token.claims : null;
      }),
    caughtBy: ["consent-token/key-of-another-issuer"],
  },
  {
    id: "keys-never-removed",
    title: "New keys of an issuer are added to the old ones, which stay valid.",
    options: () => {
      const all = new Map<unknown, JWK>();
      return combine(
        verifying((strict, issuers) => (text) => {
          for (const key of [...issuers.values()].flat()) all.set(key.kid, key);
          return strict(text);
        }),
        accepting((token) =>
          isSigned(token, all.get(token.header["kid"]) ?? null) ? token.claims : null
        ),
      );
    },
    caughtBy: ["consent-token/key-removed"],
  },
  {
    id: "any-key-of-the-issuer",
    title: "If kid is missing or unknown, the issuer's first key is tried.",
    options: () =>
      accepting((token, _reason, issuers) => {
        const [key] = issuers.get(String(token.claims["iss"])) ?? [];
        return token.key === null && key !== undefined && isSigned(token, key)
          ? token.claims
          : null;
      }),
    caughtBy: [
      "consent-token/kid-missing",
      "consent-token/kid-unknown",
      "consent-token/kid-number",
    ],
  },
  {
    id: "weak-rsa",
    title: "RSA keys of 1024 bits are accepted.",
    options: imports(({ kty, alg }) => kty === "RSA" && alg === "RS256"),
    caughtBy: ["consent-token/rsa-1024"],
  },
  {
    id: "any-curve",
    title: "An EC key on any curve is accepted for ES256.",
    options: imports(({ kty }) => kty === "EC"),
    caughtBy: ["consent-token/curve-of-another-algorithm"],
  },
  {
    id: "any-type",
    title: "An RSA key that is published for ES256 is accepted, with its own algorithm.",
    options: imports(({ kty, alg }) => kty === "RSA" && alg === "ES256"),
    caughtBy: ["consent-token/type-of-another-algorithm"],
  },
];
