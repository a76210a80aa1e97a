/**
 * Consent tokens in a form that they should not have (C2, C3).
 * @module
 */
import type { Fault } from "../fault.ts";
import { HOME_MADE } from "./home-made.ts";

const KEYS = "adapters/consent/verifier.ts";
const JWS = "adapters/jws/jws.ts";
const TYPE = 'if (typeof typ !== "string" || !TYPE.test(typ)) return "consent_type";';

/** The faults. */
export const FORMS: readonly Fault[] = [
  {
    id: "crit-ignored",
    title: "A critical extension that is not understood is ignored.",
    rules: ["C2"],
    attacks: ["CT-06"],
    edits: [...HOME_MADE, [KEYS, '["crit", "b64", "zip",', '["b64", "zip",']],
    caughtBy: ["consent-token/crit-unknown", "consent-token/crit-empty", "consent-token/crit-text"],
  },
  {
    id: "b64-ignored",
    title: "A consent token may say that its payload is not encoded.",
    rules: ["C2"],
    attacks: ["CT-06"],
    edits: [...HOME_MADE, [KEYS, '["crit", "b64", "zip",', '["crit", "zip",']],
    caughtBy: ["consent-token/b64-false-silently"],
  },
  {
    id: "zip-ignored",
    title: "A consent token may say that it is compressed.",
    rules: ["C2"],
    attacks: ["CT-06"],
    edits: [[KEYS, '"b64", "zip", "jwk"', '"b64", "jwk"']],
    caughtBy: ["consent-token/zip"],
  },
  {
    id: "typ-ignored",
    title: "typ is not looked at: an access token or a logout token of the issuer is as good.",
    rules: ["C3"],
    attacks: ["CT-07"],
    edits: [[KEYS, TYPE, ""]],
    caughtBy: [
      "consent-token/typ-access-token",
      "consent-token/typ-logout",
      "consent-token/typ-dpop",
    ],
  },
  {
    id: "typ-by-ending",
    title: "Every typ that ends in jwt is taken.",
    rules: ["C3"],
    attacks: ["CT-07"],
    edits: [[KEYS, "/^(?:application\\/)?consent\\+jwt$/i", "/jwt$/i"]],
    caughtBy: ["consent-token/typ-access-token", "consent-token/typ-client-assertion"],
  },
  {
    id: "typ-optional",
    title: "typ is compared only where there is one.",
    rules: ["C3"],
    attacks: ["CT-07"],
    edits: [[
      KEYS,
      'if (typeof typ !== "string" || !TYPE.test(typ))',
      "if (typ !== undefined && !TYPE.test(String(typ)))",
    ]],
    caughtBy: ["consent-token/typ-missing"],
  },
  {
    id: "typ-in-one-spelling",
    title: "typ must be spelled in lower case and without application/.",
    rules: ["C3"],
    attacks: [],
    edits: [[KEYS, "/^(?:application\\/)?consent\\+jwt$/i", "/^consent\\+jwt$/"]],
    caughtBy: ["consent-token/typ-case", "consent-token/typ-media-type"],
  },
  {
    id: "more-segments",
    title: "What stands behind the third segment of a consent token is ignored.",
    rules: ["C2"],
    attacks: ["IN-08"],
    edits: [
      ...HOME_MADE,
      [JWS, "if (signature === undefined || rest.length > 0)", "if (signature === undefined)"],
    ],
    caughtBy: ["consent-token/four-segments", "consent-token/trailing-dot"],
  },
  {
    id: "lenient-base64url",
    title: "Base64url is decoded leniently, so one token has many spellings.",
    rules: ["C2"],
    attacks: [],
    edits: [
      ...HOME_MADE,
      [
        "adapters/jws/base64url.ts",
        'return bytes.toString("base64url") === text ? new Uint8Array(bytes) : null;',
        "return new Uint8Array(bytes);",
      ],
    ],
    caughtBy: [
      "consent-token/stray-bit",
      "consent-token/padded-signature",
      "consent-token/inner-space",
    ],
  },
  {
    id: "token-trimmed",
    title: "Blanks around a consent token are dropped.",
    rules: ["C2"],
    attacks: [],
    edits: [[
      "adapters/direct.ts",
      "ports.consents?.verify(token)",
      "ports.consents?.verify(token.trim())",
    ]],
    caughtBy: ["consent-token/trailing-newline", "consent-token/leading-space"],
  },
  {
    id: "bearer-dropped",
    title: "The word Bearer before a consent token is dropped.",
    rules: ["C2"],
    attacks: [],
    edits: [[
      "adapters/direct.ts",
      "ports.consents?.verify(token)",
      'ports.consents?.verify(token.replace(/^Bearer /, ""))',
    ]],
    caughtBy: ["consent-token/bearer-prefix"],
  },
  {
    id: "members-twice",
    title: "Of two JSON members with one name the last counts.",
    rules: ["C2"],
    attacks: [],
    edits: [[JWS, "parseStrictJson(UTF8.decode(bytes))", "JSON.parse(UTF8.decode(bytes))"]],
    caughtBy: [
      "consent-token/header-member-twice",
      "consent-token/claim-twice",
      "consent-token/claim-twice-escaped",
    ],
  },
  {
    id: "lenient-utf-8",
    title: "Claims that are no UTF-8 are repaired.",
    rules: ["C2"],
    attacks: [],
    edits: [[JWS, "fatal: true, ignoreBOM: true", "fatal: false, ignoreBOM: true"]],
    caughtBy: ["consent-token/claims-not-utf-8"],
  },
  {
    id: "byte-order-mark",
    title: "A byte order mark before the claims is skipped.",
    rules: ["C2"],
    attacks: [],
    edits: [[JWS, "fatal: true, ignoreBOM: true", "fatal: true"]],
    caughtBy: ["consent-token/claims-byte-order-mark"],
  },
  {
    id: "no-limit",
    title: "Consent tokens may be of any size.",
    rules: ["C2", "A2"],
    attacks: ["IN-08"],
    edits: [[JWS, 'if (token.length > MAX_JWS_LENGTH) return "too_large";', ""]],
    caughtBy: ["consent-token/above-16-kib"],
  },
  {
    id: "malformed-throws",
    title: "A consent token that is no JWS is a failure of the server.",
    rules: ["C1", "A2"],
    attacks: [],
    edits: [[
      KEYS,
      'if (typeof read === "string")',
      'if (typeof read === "string") throw new TypeError(token); if (read === null)',
    ]],
    caughtBy: [
      "consent-token/two-segments",
      "consent-token/claims-list",
      "tokens-refresh/failure-is-nothing",
    ],
  },
  {
    id: "unknown-parameter-refused",
    title: "Header parameters that are not understood make a consent token invalid.",
    rules: ["C2"],
    attacks: [],
    edits: [[
      KEYS,
      "if (FORBIDDEN_PARAMETERS.some((name) => name in header))",
      "if (Object.keys(header).length > 3)",
    ]],
    caughtBy: ["consent-token/unknown-parameter"],
  },
];
