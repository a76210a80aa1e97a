/**
 * Consent tokens in a form that must be refused, or refused in one that must not (C2, C3).
 * @module
 */
import { DEMO_AUDIENCE } from "../../../../adapters/dev/demo.ts";
import { sha256 } from "../../../../adapters/entropy.ts";
import { readConsent } from "../../../../core/consent.ts";
import type { Fault } from "../fault.ts";
import {
  acceptingIf,
  isSigned,
  type LooseToken,
  readLoosely,
  rejecting,
  verifying,
} from "../hooks/consents.ts";
import { asking } from "../hooks/ports.ts";

const ALL = "email openid profile";

/** Accepts tokens with a header parameter that changes how they are read. */
function ignores(parameter: string) {
  return () =>
    acceptingIf(["consent_header"], (token) => parameter in token.header && isSigned(token));
}

/** Accepts tokens with another `typ`. */
function acceptsTyp(isFine: (typ: unknown) => boolean) {
  return () =>
    acceptingIf(["consent_type"], (token) => isFine(token.header["typ"]) && isSigned(token));
}

/** Accepts signed tokens that are not well-formed. */
function acceptsMalformed(isFine: (token: LooseToken) => boolean) {
  return () => acceptingIf(["consent_malformed"], (token) => isFine(token) && isSigned(token));
}

/** Changes the consent token before it is read. */
function edits(edit: (token: string) => string) {
  return () =>
    asking((args) =>
      typeof args.consentToken === "string"
        ? { ...args, consentToken: edit(args.consentToken) }
        : args
    );
}

/** The faults. */
export const FORMS: readonly Fault[] = [
  {
    id: "crit-ignored",
    title: "A critical extension that is not understood is ignored.",
    options: ignores("crit"),
    caughtBy: ["consent-token/crit-unknown", "consent-token/crit-empty", "consent-token/crit-text"],
  },
  {
    id: "b64-ignored",
    title: "A consent token may declare that its payload is not encoded.",
    options: ignores("b64"),
    caughtBy: ["consent-token/b64-false-silently"],
  },
  {
    id: "zip-ignored",
    title: "A consent token may declare that it is compressed.",
    options: ignores("zip"),
    caughtBy: ["consent-token/zip"],
  },
  {
    id: "typ-ignored",
    title: "typ is not checked: the issuer's access tokens and logout tokens are accepted, too.",
    options: acceptsTyp(() => true),
    caughtBy: [
      "consent-token/typ-access-token",
      "consent-token/typ-logout",
      "consent-token/typ-dpop",
    ],
  },
  {
    id: "any-jwt-is-consent",
    title: "Any JWT that the issuer signed for the partner is taken for consent.",
    options: () => {
      let azp: unknown; // of the last consent token: the one merchant that such a server knows
      return verifying((strict, issuers) => async (text) => {
        const result = await strict(text);
        const token = readLoosely(text, issuers);
        if (!("rejected" in result)) azp = token?.claims["azp"];
        if (!("rejected" in result) || token === null || !isSigned(token)) return result;
        const { iss, sub, iat, exp, client_id, aud, scope = ALL } = token.claims;
        const made = { iss, sub, iat, exp, azp, scope, client_id: client_id ?? aud };
        const jti = text.slice(-40);
        return readConsent({ ...made, aud: DEMO_AUDIENCE, jti }, sha256(text)) ?? result;
      });
    },
    caughtBy: ["consent-token/id-token", "consent-token/access-token-of-the-issuer"],
  },
  {
    id: "typ-by-ending",
    title: "Every typ that ends in jwt is accepted.",
    options: acceptsTyp((typ) => /jwt$/i.test(String(typ))),
    caughtBy: ["consent-token/typ-access-token", "consent-token/typ-client-assertion"],
  },
  {
    id: "typ-optional",
    title: "typ is checked only if it is present.",
    options: acceptsTyp((typ) => typ === undefined),
    caughtBy: ["consent-token/typ-missing"],
  },
  {
    id: "typ-in-one-spelling",
    title: "typ must be in lower case and without application/.",
    options: () => rejecting(({ header }) => header["typ"] !== "consent+jwt", "consent_type"),
    caughtBy: ["consent-token/typ-case", "consent-token/typ-media-type"],
  },
  {
    id: "more-segments",
    title: "Everything after the third segment of a consent token is ignored.",
    options: acceptsMalformed(({ segments }) => segments.length > 3),
    caughtBy: ["consent-token/four-segments", "consent-token/trailing-dot"],
  },
  {
    id: "lenient-base64url",
    title: "Base64url is decoded leniently, so one token has many spellings.",
    options: acceptsMalformed(({ canonical }) => !canonical),
    caughtBy: [
      "consent-token/stray-bit",
      "consent-token/padded-signature",
      "consent-token/inner-space",
    ],
  },
  {
    id: "token-trimmed",
    title: "White space around a consent token is ignored.",
    options: edits((token) => token.trim()),
    caughtBy: ["consent-token/trailing-newline", "consent-token/leading-space"],
  },
  {
    id: "bearer-dropped",
    title: "The word Bearer before a consent token is ignored.",
    options: edits((token) => token.replace(/^Bearer /, "")),
    caughtBy: ["consent-token/bearer-prefix"],
  },
  {
    id: "members-twice",
    title: "Of two JSON members with the same name, the last one counts.",
    options: acceptsMalformed(({ canonical, decoded }) =>
      canonical && !/[\ufeff\ufffd]/.test(decoded)
    ),
    caughtBy: [
      "consent-token/header-member-twice",
      "consent-token/claim-twice",
      "consent-token/claim-twice-escaped",
    ],
  },
  {
    id: "lenient-utf-8",
    title: "Invalid UTF-8 in claims is replaced.",
    options: acceptsMalformed(({ decoded }) => decoded.includes("\ufffd")),
    caughtBy: ["consent-token/claims-not-utf-8"],
  },
  {
    id: "byte-order-mark",
    title: "A byte order mark before the claims is ignored.",
    options: acceptsMalformed(({ decoded }) => decoded.includes("\ufeff")),
    caughtBy: ["consent-token/claims-byte-order-mark"],
  },
  {
    id: "no-limit",
    title: "Consent tokens may have any size.",
    options: () => acceptingIf(["consent_too_large"], (token) => isSigned(token)),
    caughtBy: ["consent-token/above-16-kib"],
  },
  {
    id: "malformed-throws",
    title: "A consent token that is not a JWS causes an internal error.",
    options: () =>
      verifying((strict) => async (token) => {
        const result = await strict(token);
        if ("rejected" in result && result.rejected === "consent_malformed") throw new TypeError();
        return result;
      }),
    caughtBy: [
      "consent-token/two-segments",
      "consent-token/claims-list",
      "tokens-refresh/failure-is-nothing",
    ],
  },
  {
    id: "unknown-parameter-refused",
    title: "Unknown header parameters make a consent token invalid.",
    options: () => rejecting(({ header }) => Object.keys(header).length > 3, "consent_header"),
    caughtBy: ["consent-token/unknown-parameter"],
  },
];
