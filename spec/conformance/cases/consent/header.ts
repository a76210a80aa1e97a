/**
 * Header parameters of a consent token (C2, C3): critical extensions, encodings, kinds of token.
 * @module
 */
import type { Level } from "../../../requirements/model.ts";
import type { CaseSpec } from "../../case.ts";
import { accepted, type Flaw, flawed } from "./flaw.ts";

const CRITICAL =
  "Refuse crit unless every extension in it is understood and processed (RFC 7515 §4.1.11).";
const ALWAYS_ENCODED = "Refuse b64 (RFC 7797): a JWT is always encoded.";

/** A header that a token should not have. */
interface Header {
  readonly slug: string;
  readonly level: Level;
  readonly what: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly remedy?: string;
}

const EXTENSIONS: readonly Header[] = [
  {
    slug: "crit-unknown",
    level: "MUST",
    what: "with an unknown critical extension",
    header: { crit: ["urn:unknown"], "urn:unknown": true },
  },
  {
    slug: "crit-empty",
    level: "MUST",
    what: "with an empty list of critical extensions",
    header: { crit: [] },
  },
  {
    slug: "crit-absent",
    level: "MUST",
    what: "whose critical extension is not in the header",
    header: { crit: ["exp"] },
  },
  {
    slug: "crit-registered",
    level: "MUST",
    what: "that lists a registered parameter as critical",
    header: { crit: ["alg"] },
  },
  { slug: "crit-text", level: "MUST", what: "whose crit is a string", header: { crit: "exp" } },
  {
    slug: "b64-false",
    level: "MUST",
    what: "that declares an unencoded payload as critical",
    header: { b64: false, crit: ["b64"] },
    remedy: ALWAYS_ENCODED,
  },
  {
    slug: "b64-false-silently",
    level: "SHOULD",
    what: "that declares an unencoded payload",
    header: { b64: false },
    remedy: ALWAYS_ENCODED,
  },
  {
    slug: "zip",
    level: "SHOULD",
    what: "that declares compression",
    header: { zip: "DEF" },
    remedy: "Refuse zip: it is for encrypted tokens.",
  },
];

const TYPES: readonly Header[] = [
  { slug: "typ-missing", level: "MAY", what: "without typ", header: { typ: undefined } },
  {
    slug: "typ-jwt",
    level: "MAY",
    what: "with the typ of many ID tokens, JWT,",
    header: { typ: "JWT" },
  },
  {
    slug: "typ-access-token",
    level: "SHOULD",
    what: "with the typ of an access token, at+jwt,",
    header: { typ: "at+jwt" },
  },
  {
    slug: "typ-logout",
    level: "SHOULD",
    what: "with the typ of a logout token, logout+jwt,",
    header: { typ: "logout+jwt" },
  },
  {
    slug: "typ-client-assertion",
    level: "SHOULD",
    what: "with the typ of a client assertion, client-authentication+jwt,",
    header: { typ: "client-authentication+jwt" },
  },
  {
    slug: "typ-dpop",
    level: "SHOULD",
    what: "with the typ of a DPoP proof, dpop+jwt,",
    header: { typ: "dpop+jwt" },
  },
  {
    slug: "typ-list",
    level: "SHOULD",
    what: "whose typ is a list",
    header: { typ: ["consent+jwt"] },
  },
];

/** Another kind of JWT, as the issuer really makes it: no implementation may take it for consent. */
const OTHER_KINDS: readonly (Header & Pick<Flaw, "claims">)[] = [
  {
    slug: "id-token",
    level: "MUST",
    what: "that is an ID token for the partner",
    header: { typ: "JWT" },
    claims: ({ claims }) => ({
      aud: claims["client_id"],
      client_id: undefined,
      azp: undefined,
      jti: undefined,
      scope: undefined,
      nonce: "n-0S6_WzA2Mj",
    }),
  },
  {
    slug: "access-token-of-the-issuer",
    level: "MUST",
    what: "that is an access token for the partner (RFC 9068)",
    header: { typ: "at+jwt" },
    claims: { azp: undefined },
  },
];

const EQUIVALENT: readonly CaseSpec[] = [
  accepted({
    slug: "unknown-parameter",
    level: "MUST",
    requirements: ["C2"],
    title: "Unknown header parameters are ignored.",
    header: { note: "ignored" },
    remedy: "Ignore header parameters that you do not know, unless crit lists them (RFC 7515 §4).",
  }),
  accepted({
    slug: "typ-media-type",
    level: "MAY",
    requirements: ["C3"],
    title: "typ may start with application/.",
    header: { typ: "application/consent+jwt" },
    remedy: "Treat typ with and without application/ alike (RFC 7515 §4.1.9).",
  }),
  accepted({
    slug: "typ-case",
    level: "MAY",
    requirements: ["C3"],
    title: "typ is not case-sensitive.",
    header: { typ: "Consent+JWT" },
    remedy: "Media types are not case-sensitive (RFC 7515 §4.1.9).",
  }),
];

/** Cases about header parameters. */
export const HEADER: readonly CaseSpec[] = [
  ...EQUIVALENT,
  ...EXTENSIONS.map((row) =>
    flawed({ requirements: ["C2.4"], attacks: ["CT-06"], remedy: CRITICAL, ...row })
  ),
  ...[...TYPES, ...OTHER_KINDS].map((row) =>
    flawed({
      requirements: ["C3"],
      attacks: ["CT-07"],
      remedy: "Compare typ with consent+jwt before you read the claims (RFC 8725 §3.11).",
      ...row,
    })
  ),
];
