/**
 * Consent tokens that are accepted too long, too early, or not long enough (C5).
 * @module
 */
import { RANGES } from "../../../../core/settings.ts";
import type { Fault } from "../fault.ts";
import { claiming, consenting } from "../hooks/consents.ts";

const SKEW = RANGES.consentSkewSeconds.default;
const LIFETIME = RANGES.consentMaxLifetimeSeconds.default;

/** The faults. */
export const TIMES: readonly Fault[] = [
  {
    id: "expiry-ignored",
    title: "Consent tokens never expire.",
    options: () =>
      consenting(({ expiresAt }, now) =>
        now < expiresAt + SKEW ? {} : { issuedAt: now - 1, expiresAt: now + 1 }
      ),
    caughtBy: [
      "consent-token/expired",
      "consent-token/expired-long-ago",
      "consent-token/edge-exp-skew-past",
    ],
  },
  {
    id: "expires-a-second-early",
    title: "A consent token expires one second too early.",
    options: () => consenting(({ expiresAt }) => ({ expiresAt: expiresAt - 1 })),
    caughtBy: ["consent-token/edge-exp-skew-last"],
  },
  {
    id: "no-skew-at-expiry",
    title: "No clock skew is tolerated at expiry, although some is declared.",
    options: () => consenting(({ expiresAt }) => ({ expiresAt: expiresAt - SKEW })),
    caughtBy: ["consent-token/edge-exp-skew-last"],
  },
  {
    id: "expiry-optional",
    title: "A consent token without exp lives for five minutes.",
    options: () => claiming(({ exp, iat }) => ({ exp: exp ?? Number(iat) + 300 })),
    caughtBy: ["consent-token/exp-missing", "consent-token/exp-null"],
  },
  {
    id: "times-coerced",
    title: "Strings are accepted as times.",
    options: () =>
      claiming(({ iat, exp, nbf }) => ({
        iat: Number(iat),
        exp: Number(exp),
        nbf: nbf === undefined ? nbf : Number(nbf),
      })),
    caughtBy: [
      "consent-token/exp-text",
      "consent-token/iat-text",
      "consent-token/nbf-text",
      "consent-token/nbf-null",
    ],
  },
  {
    id: "fractions",
    title: "Times may have fractions.",
    options: () => claiming(({ exp }) => ({ exp: Math.floor(Number(exp)) })),
    caughtBy: ["consent-token/exp-fraction"],
  },
  {
    id: "future-accepted",
    title: "A consent token may be issued in the future.",
    options: () =>
      consenting(({ issuedAt, expiresAt }, now) =>
        issuedAt <= now ? {} : { issuedAt: now, expiresAt: Math.min(expiresAt, now + LIFETIME) }
      ),
    caughtBy: [
      "consent-token/issued-in-the-future",
      "consent-token/issued-far-in-the-future",
      "consent-token/edge-iat-skew-past",
    ],
  },
  {
    id: "no-skew-at-beginning",
    title: "No clock skew is tolerated at iat and nbf, although some is declared.",
    options: () =>
      consenting(({ issuedAt, notBefore }) => ({
        issuedAt: issuedAt + SKEW,
        notBefore: notBefore && notBefore + SKEW,
      })),
    caughtBy: ["consent-token/edge-iat-skew-last", "consent-token/edge-nbf-skew-last"],
  },
  {
    id: "begins-a-second-late",
    title: "A consent token becomes valid one second too late.",
    options: () => consenting(({ issuedAt }) => ({ issuedAt: issuedAt + 1 })),
    caughtBy: ["consent-token/edge-iat-skew-last"],
  },
  {
    id: "not-before-a-second-early",
    title: "A consent token is accepted one second before nbf allows.",
    options: () => consenting(({ notBefore }) => ({ notBefore: notBefore && notBefore - 1 })),
    caughtBy: ["consent-token/edge-nbf-skew-past"],
  },
  {
    id: "lifetime-unlimited",
    title: "A consent token may live for ten years.",
    options: () =>
      consenting(({ issuedAt, expiresAt }, now) => {
        const recent = Math.max(issuedAt, now - 60);
        return { issuedAt: recent, expiresAt: Math.min(expiresAt, recent + LIFETIME) };
      }),
    caughtBy: [
      "consent-token/long-lived",
      "consent-token/one-year-old",
      "consent-token/edge-lifetime-too-long",
    ],
  },
  {
    id: "lifetime-from-now",
    title: "The limit applies to the remaining lifetime of a consent token, not to the whole.",
    options: () => consenting(({ issuedAt }, now) => ({ issuedAt: Math.max(issuedAt, now) })),
    caughtBy: ["consent-token/one-year-old", "consent-token/edge-lifetime-too-long-at-its-end"],
  },
  {
    id: "lifetime-a-second-short",
    title: "The declared maximum lifetime is refused.",
    options: () => ({ undeclared: { consentMaxLifetimeSeconds: LIFETIME - 1 } }),
    caughtBy: ["consent-token/edge-lifetime-longest", "consent-token/edge-ahead-and-longest"],
  },
  {
    id: "order-of-times",
    title: "A consent token may expire before it becomes valid.",
    options: () =>
      consenting(({ issuedAt, notBefore, expiresAt }) => ({
        issuedAt: Math.min(issuedAt, expiresAt - 1),
        notBefore: notBefore && Math.min(notBefore, expiresAt - 1),
      })),
    caughtBy: ["consent-token/expires-before-issued", "consent-token/expires-when-issued"],
  },
];
