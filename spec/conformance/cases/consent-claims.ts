/**
 * What a consent token says (C4, C8, G10): claims that are missing, malformed or about somebody else.
 * @module
 */
import { ATTACKER } from "../stage/attacker.ts";
import {
  consent,
  controlConsent,
  draft,
  flawedConsent,
  sign,
  signAnything,
} from "../stage/consents.ts";
import type { CaseSpec } from "../case.ts";
import { signWith } from "../base/jws.ts";
import { granted, notGranted, redeem, refused } from "../stage/product.ts";
import { actor, now, type Stage, unknownUser, user } from "../stage/stage.ts";
import { offered, someScope } from "../target/target.ts";
import type { Level } from "../../requirements/model.ts";
import { type Flaw, flawed, orReady } from "./flawed.ts";

const REQUIRED =
  "Require iss, aud, sub, client_id, azp, iat, exp and jti, each of its own type, before anything is looked up.";
const EXACT = "Compare byte for byte: no prefixes, no trailing slash, no case folding.";

/** A token whose claims are replaced. */
function claim(
  slug: string,
  level: Level,
  requirements: readonly string[],
  what: string,
  change: (stage: Stage, claims: Readonly<Record<string, unknown>>) => object,
  remedy: string,
  attacks: readonly string[] = [],
): CaseSpec {
  const flaw: Flaw = {
    slug,
    level,
    requirements,
    attacks,
    what,
    remedy,
    make: (stage, good) =>
      sign(stage, { ...good, claims: { ...good.claims, ...change(stage, good.claims) } }),
  };
  return slug === "aud-other" ? orReady(flaw, "wrongAudience") : flawed(flaw);
}

const NAMES = ["iss", "aud", "sub", "client_id", "azp", "iat", "exp", "jti"];

const MISSING: readonly CaseSpec[] = NAMES.map((name) =>
  claim(
    `${name.replace("_", "-")}-missing`,
    name === "aud" || name === "iss" ? "MUST" : name === "azp" || name === "iat" ? "MAY" : "SHOULD",
    ["C4"],
    `without ${name}`,
    () => ({ [name]: undefined }),
    REQUIRED,
    name === "aud" ? ["CT-14"] : [],
  )
);

/** Values of the wrong type. */
const TYPES: readonly CaseSpec[] = [
  ...(["sub", "client_id", "azp", "jti"] as const).flatMap((name) => [
    claim(
      `${name.replace("_", "-")}-number`,
      "SHOULD",
      ["C4", "G10"],
      `with a number for ${name}`,
      () => ({ [name]: 1 }),
      REQUIRED,
    ),
    claim(
      `${name.replace("_", "-")}-empty`,
      "SHOULD",
      ["C4", "G10"],
      `with an empty ${name}`,
      () => ({ [name]: "" }),
      REQUIRED,
    ),
  ]),
  claim(
    "sub-list",
    "SHOULD",
    ["C4", "G10"],
    "with a list of one for sub",
    (_, { sub }) => ({ sub: [sub] }),
    REQUIRED,
  ),
  claim(
    "jti-long",
    "SHOULD",
    ["G10"],
    "with a jti of 256 characters",
    () => ({ jti: "j".repeat(256) }),
    "An identifier has at most 255 characters.",
  ),
  claim(
    "jti-space",
    "SHOULD",
    ["G10"],
    "with a space in its jti",
    () => ({ jti: "a b" }),
    "An identifier has no spaces.",
  ),
  claim(
    "sub-space",
    "SHOULD",
    ["G10"],
    "with a space behind its sub",
    (_, { sub }) => ({ sub: `${sub} ` }),
    "A claim that cannot be a public id makes an invalid token, without a look-up.",
  ),
  claim(
    "exp-text",
    "MUST",
    ["C5"],
    "with a text for exp",
    (_, { exp }) => ({ exp: `${exp}` }),
    "A NumericDate is a JSON number (RFC 7519 §2).",
  ),
  claim(
    "exp-null",
    "MUST",
    ["C5"],
    "with null for exp",
    () => ({ exp: null }),
    "A NumericDate is a JSON number (RFC 7519 §2).",
  ),
  claim(
    "exp-fraction",
    "MAY",
    ["C4"],
    "with a fraction in exp",
    (_, { exp }) => ({ exp: Number(exp) - 0.5 }),
    "Times are whole seconds.",
  ),
  claim(
    "exp-negative",
    "MUST",
    ["C5"],
    "with a negative exp",
    () => ({ exp: -1 }),
    "It expired before 1970.",
  ),
  claim(
    "exp-huge",
    "SHOULD",
    ["C5"],
    "with an exp of 1e300",
    () => ({ exp: 1e300 }),
    "Limit lifetimes, and take only safe integers.",
  ),
  claim(
    "iat-text",
    "MUST",
    ["C5"],
    "with a text for iat",
    (_, { iat }) => ({ iat: `${iat}` }),
    "A NumericDate is a JSON number (RFC 7519 §2).",
  ),
  claim(
    "iat-negative",
    "SHOULD",
    ["C5"],
    "with a negative iat",
    () => ({ iat: -1 }),
    "Its lifetime is longer than any allowed.",
  ),
  claim(
    "nbf-text",
    "MUST",
    ["C5"],
    "with a text for nbf",
    (_, { iat }) => ({ nbf: `${iat}` }),
    "A NumericDate is a JSON number (RFC 7519 §2).",
    ["CT-19"],
  ),
  claim(
    "nbf-null",
    "MUST",
    ["C5"],
    "with null for nbf",
    () => ({ nbf: null }),
    "A NumericDate is a JSON number (RFC 7519 §2).",
    ["CT-19"],
  ),
  claim(
    "scope-list",
    "SHOULD",
    ["C4", "G6"],
    "with a list for scope",
    (_, { scope }) => ({ scope: String(scope).split(" ") }),
    "scope is one text (RFC 6749 §3.3).",
  ),
  claim(
    "scope-double-space",
    "SHOULD",
    ["G6"],
    "with two spaces in scope",
    (stage) => ({ scope: someScope(stage.target, 0, 1).replace(" ", "  ") }),
    "Scope tokens are separated by single spaces (RFC 6749 §3.3).",
  ),
  claim(
    "scope-quote",
    "SHOULD",
    ["G6"],
    "with a quotation mark in scope",
    (stage) => ({ scope: `${someScope(stage.target, 0)} "all"` }),
    "A scope token has no quotation marks (RFC 6749 §3.3).",
  ),
];

const WHO: readonly CaseSpec[] = [
  claim(
    "aud-other",
    "MUST",
    ["C4"],
    "for another server",
    () => ({ aud: "https://another.server.invalid" }),
    EXACT,
    ["CT-14"],
  ),
  claim(
    "aud-prefix",
    "MUST",
    ["C4"],
    "whose aud is the beginning of this server's identifier",
    (_, { aud }) => ({ aud: String(aud).slice(0, -1) }),
    EXACT,
    ["CT-14"],
  ),
  claim(
    "aud-longer",
    "MUST",
    ["C4"],
    "whose aud begins with this server's identifier",
    (_, { aud }) => ({ aud: `${aud}.evil.invalid` }),
    EXACT,
    ["CT-14"],
  ),
  claim(
    "aud-slash",
    "MUST",
    ["C4"],
    "whose aud has a slash more",
    (_, { aud }) => ({ aud: `${aud}/` }),
    EXACT,
    ["CT-14"],
  ),
  claim("aud-null", "MUST", ["C4"], "with null for aud", () => ({ aud: null }), REQUIRED, [
    "CT-14",
  ]),
  claim(
    "aud-empty-list",
    "MUST",
    ["C4"],
    "with an empty list for aud",
    () => ({ aud: [] }),
    REQUIRED,
    ["CT-14"],
  ),
  claim(
    "aud-object",
    "MUST",
    ["C4"],
    "with an object for aud",
    (_, { aud }) => ({ aud: { 0: aud } }),
    REQUIRED,
    ["CT-14"],
  ),
  claim(
    "aud-two",
    "MAY",
    ["C4"],
    "for this server and another",
    (_, { aud }) => ({ aud: [aud, "https://another.server.invalid"] }),
    "Take a list of one at most: a token for two servers can be redeemed at both.",
    ["CT-14"],
  ),
  claim(
    "iss-unknown",
    "MUST",
    ["C4"],
    "of an unknown issuer",
    () => ({ iss: "https://unknown.issuer.invalid" }),
    EXACT,
    ["CT-11"],
  ),
  claim(
    "iss-slash",
    "SHOULD",
    ["C4"],
    "whose iss has a slash more",
    (_, { iss }) => ({ iss: `${iss}/` }),
    EXACT,
    ["CT-11"],
  ),
  claim(
    "iss-case",
    "SHOULD",
    ["C4"],
    "whose iss is in upper case",
    (_, { iss }) => ({ iss: String(iss).toUpperCase() }),
    EXACT,
    ["CT-11"],
  ),
  claim("iss-number", "SHOULD", ["C4"], "with a number for iss", () => ({ iss: 1 }), REQUIRED, [
    "CT-11",
  ]),
  claim(
    "iss-prototype",
    "MUST",
    ["C4"],
    "with __proto__ for iss",
    () => ({ iss: "__proto__" }),
    "Keep issuers in a map, not in a plain object.",
    ["CT-11"],
  ),
  claim(
    "azp-is-partner",
    "SHOULD",
    ["C4"],
    "whose merchant is the partner itself",
    (stage) => ({ azp: actor(stage, "partner").id }),
    "Refuse azp equal to client_id: nobody delegates to himself.",
  ),
  {
    slug: "other-partner",
    level: "MUST",
    requirements: ["C1", "C4"],
    attacks: ["CT-15"],
    title: "A consent token for another partner is refused.",
    does: "Presents a good consent token with the credentials of another partner.",
    expects: "userErrors code INVALID_TOKEN, and no tokens.",
    remedy: "Compare client_id with the authenticated client.",
    needs: ["client"],
    run: async (stage) => {
      const ready = flawedConsent(stage, "otherClient");
      if (ready !== null) return refused(await redeem(stage, ready), "INVALID_TOKEN");
      await controlConsent(stage);
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      refused(await redeem(stage, token, actor(stage, "otherPartner")), "INVALID_TOKEN");
    },
  },
  {
    slug: "other-partner-connected",
    level: "MUST",
    requirements: ["C4"],
    attacks: ["CT-15"],
    title:
      "A consent token for another partner is refused even where the user is connected to the caller.",
    does:
      "Presents a token for one partner as another one, to whom the user is connected directly.",
    expects: "No tokens.",
    remedy: "Judge the token; do not fall back to a connection that happens to exist.",
    needs: ["client", "second-client", "seed", "sign"],
    run: async (stage) => {
      await controlConsent(stage);
      const otherPartner = actor(stage, "otherPartner");
      const subject = await user(stage, actor(stage, "merchant"), otherPartner);
      notGranted(await redeem(stage, await consent(stage, { user: subject }), otherPartner));
    },
  },
  {
    slug: "merchant-of-another-issuer",
    level: "SHOULD",
    requirements: ["C1", "C4"],
    attacks: ["CT-31"],
    title: "An issuer speaks for its own merchants only.",
    does:
      "Presents a token of the second issuer about a merchant that only the first may speak for.",
    expects:
      "userErrors code INVALID_TOKEN; with a merchant of its own the second issuer's token is granted.",
    remedy: "List the merchants of each issuer, and compare azp with the list.",
    needs: ["client", "seed", "issuers"],
    run: async (stage) => {
      const other = offered(stage.target.otherIssuer, "issuers");
      const [own, foreign] = [actor(stage, "otherMerchant"), actor(stage, "merchant")];
      await controlConsent(stage, { issuer: other, merchant: own });
      const subject = await user(stage, own, foreign);
      const token = await consent(stage, { user: subject, issuer: other, merchant: foreign });
      refused(await redeem(stage, token), "INVALID_TOKEN");
    },
  },
  flawed({
    slug: "unknown-issuer-own-key",
    level: "MUST",
    requirements: ["C2", "C4"],
    attacks: ["CT-11"],
    what: "of an unknown issuer, signed with that issuer's own key",
    remedy: "Trust configured issuers only; never discover one from a token.",
    make: (stage, { header, claims }) =>
      signAnything(
        stage,
        { ...header, alg: "ES256", kid: ATTACKER.kid },
        { ...claims, iss: "https://attacker.invalid" },
        signWith(ATTACKER),
      ),
  }),
];

/** A variation of the claims that is as good as the ordinary form. */
function same(
  slug: string,
  level: Level,
  requirements: readonly string[],
  title: string,
  claims: (stage: Stage) => object,
): CaseSpec {
  return {
    slug,
    level,
    requirements,
    title,
    does: "Presents such a token.",
    expects: "Tokens.",
    remedy: "Accept it: it says the same.",
    needs: ["client", "merchant-user", "sign"],
    run: async (stage) => {
      const good = draft(stage, { user: await user(stage, actor(stage, "merchant")) });
      const changed = { ...good, claims: { ...good.claims, ...claims(stage) } };
      granted(await redeem(stage, await sign(stage, changed)));
    },
  };
}

const SAME: readonly CaseSpec[] = [
  same(
    "aud-list-of-one",
    "MAY",
    ["C4"],
    "aud may be a list of one.",
    ({ target }) => ({ aud: [target.audience] }),
  ),
  same(
    "nbf",
    "SHOULD",
    ["C5"],
    "A token whose nbf has passed is valid.",
    (stage) => ({ nbf: now(stage) - 5 }),
  ),
  same("scope-order", "SHOULD", ["C8"], "The order of a scope means nothing.", ({ target }) => ({
    scope: [...target.scopes].reverse().join(" "),
  })),
  same("jti-longest", "MAY", ["G10"], "A jti may have 255 printable characters.", (stage) => ({
    jti: `${now(stage)}!#$%&'()*+,-./:;<=>?@[]^_{|}~`.padEnd(
      255,
      Math.abs(stage.random.below(1e9)).toString(36),
    ),
  })),
];

/** Good tokens that find nobody, or nothing, to issue tokens for. */
const FINDINGS: readonly CaseSpec[] = [
  finding(
    "unknown-user",
    "for a user whom nobody knows",
    "NO_USER",
    () => ({ sub: unknownUser() }),
    "After the token itself, look at the user, then at the consent.",
  ),
  finding(
    "unknown-merchant",
    "of a merchant to whom the user is not connected",
    "NO_CONSENT",
    (stage) => ({ azp: actor(stage, "otherMerchant").id }),
    "The source is the user's own connection with the merchant that azp names.",
  ),
  finding(
    "no-scope",
    "without scope",
    "NO_CONSENT",
    () => ({ scope: undefined }),
    "A missing scope is no scope, never all.",
  ),
  finding(
    "empty-scope",
    "with an empty scope",
    "NO_CONSENT",
    () => ({ scope: "" }),
    "An empty scope is no scope, never all.",
  ),
  finding(
    "foreign-scope",
    "with nothing but a scope that nobody consented to",
    "NO_CONSENT",
    () => ({ scope: "admin" }),
    "Issue what token, source and registration have in common; nothing in common is NO_CONSENT.",
  ),
];

function finding(
  slug: string,
  what: string,
  code: "NO_CONSENT" | "NO_USER",
  change: (stage: Stage) => object,
  remedy: string,
): CaseSpec {
  return flawed({
    slug,
    level: "SHOULD",
    requirements: ["C8", code === "NO_USER" ? "P1" : "P2"],
    attacks: slug.endsWith("scope") ? ["SC-01", "SC-02"] : [],
    what,
    remedy,
    needs: slug === "unknown-merchant" ? ["sign", "seed"] : ["sign"],
    code,
    make: (stage, good) => sign(stage, { ...good, claims: { ...good.claims, ...change(stage) } }),
  });
}

/** Cases about claims. */
export const CLAIMS: readonly CaseSpec[] = [...SAME, ...MISSING, ...TYPES, ...WHO, ...FINDINGS];
