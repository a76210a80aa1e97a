/**
 * Worlds of consent tokens.
 * @module
 */
import { ISSUER, type Plan, token } from "../build.ts";
import {
  all,
  ask,
  badInputs,
  connect,
  fetchById,
  narrow,
  redeem,
  refresh,
  revoke,
  stepBack,
  tick,
} from "../moves.ts";
import { connectionsUpTo, M, N, P, Q } from "./cast.ts";

/** Every flaw a token can have, at every second around every boundary. */
export const JUDGING: Plan = {
  name: "consent-judging",
  text: "Good and flawed consent tokens, presented by two partners at every second of their lives.",
  quick: true,
  issuers: [{ issuer: ISSUER, merchants: ["m", "p", "z"] }, { issuer: "other", merchants: ["n"] }],
  clients: [P, Q, M, N],
  users: ["u"],
  scopes: ["r", "w"],
  times: [1, 2, 3, 4, 5, 6, 7],
  numbers: { maxFamilies: 1 },
  given: [
    connect("u", "m", ["r", "w"]),
    connect("u", "n", ["r"]),
  ],
  tokens: [
    token("good", { iat: 3, exp: 5 }),
    token("nbf", { iat: 2, nbf: 4, exp: 5, aud: ["this-server"] }),
    token("longest", { iat: 3, exp: 6, scope: "r" }),
    token("for-q", { iat: 3, exp: 5, client_id: "q", scope: "x" }),
    token("other-bytes", { iat: 3, exp: 5, jti: "good" }),
    token("namesake", { iat: 3, exp: 5, jti: "good", iss: "other", azp: "n" }),
    token("forged", { iat: 3, exp: 5, jti: "good", aud: "another-server" }),
    token("stolen-jti", { iat: 3, exp: 5, jti: "good", client_id: "q", aud: "another-server" }),
    token("unknown-issuer", { iat: 3, exp: 5, iss: "shop.", jti: "good" }),
    token("wrong-issuer", { iat: 3, exp: 5, iss: "other" }),
    token("wrong-merchant", { iat: 3, exp: 5, azp: "n" }),
    token("no-merchant", { iat: 3, exp: 5, azp: "z" }),
    token("own-merchant", { iat: 3, exp: 5, azp: "p" }),
    token("two-audiences", { iat: 3, exp: 5, aud: ["this-server", "another-server"] }),
    token("too-long", { iat: 2, exp: 6 }),
    token("no-life", { iat: 4, exp: 4 }),
    token("nbf-at-exp", { iat: 3, nbf: 5, exp: 5 }),
    token("no-scope", { iat: 3, exp: 5, scope: undefined }),
    token("empty-scope", { iat: 3, exp: 5, scope: "" }),
    token("other-scope", { iat: 3, exp: 5, scope: "x" }),
    token("unknown-user", { iat: 3, exp: 5, sub: "nobody" }),
    token("text-time", { iat: 3, exp: 5, nbf: "3" }),
  ],
  moves: all(
    badInputs("p", "nobody", "good"),
    redeem(["p"]),
    redeem(["q"], ["good", "forged", "stolen-jti", "for-q", "own-merchant"]),
    fetchById(["q"], ["u", "no id"]),
    tick,
  ),
  sometimes: [
    "fetch granted",
    "fetch repeated",
    "fetch consent_audience",
    "fetch consent_claims",
    "fetch consent_expired",
    "fetch consent_issuer",
    "fetch consent_lifetime",
    "fetch consent_merchant",
    "fetch consent_not_yet_valid",
    "fetch consent_other_client",
    "fetch consent_redeemed",
    "fetch no_effective_scope",
    "fetch no_connection",
    "fetch user_unknown",
    "fetch id_malformed",
    "input",
  ],
};

/** Redemption, retries, newer and older consent, withdrawals. */
export const LIFECYCLE: Plan = {
  name: "consent-lifecycle",
  text:
    "An older and a newer consent of one user for one partner, withdrawals and new consent between them.",
  quick: true,
  clients: [P, M],
  pedantic: true,
  users: ["u"],
  scopes: ["r", "w"],
  times: [0, 1, 2, 3],
  numbers: { maxFamilies: 1, refreshIdleSeconds: 2 },
  tokens: [
    token("older", { iat: 1, exp: 3, scope: "r" }),
    token("newer", { iat: 2, exp: 4, scope: "r w" }),
  ],
  given: [connect("u", "m", ["r", "w"])],
  moves: all(
    redeem(["p"]),
    ask(
      connect("u", "m", ["r"]),
      { type: "disconnect", user: "u", client: "p" },
    ),
    narrow(["p"], [["w"]]),
    revoke(["m"]),
    tick,
  ),
  within: connectionsUpTo(3),
  sometimes: [
    "fetch granted",
    "fetch repeated",
    "fetch consent_redeemed",
    "fetch withdrawn_after_consent",
    "fetch no_source_connection",
    "connection-changed consented",
    "disconnect granted",
  ],
};

/**
 * Two nodes whose clocks differ, and an issuer whose clock is ahead or behind: the clock steps back and
 * forth between any two commands.
 */
export const SKEW: Plan = {
  ...LIFECYCLE,
  name: "clock-skew",
  text:
    "Two nodes and an issuer with clocks that differ by the skew: no withdrawal and no narrowing is undone, and new consent is taken after twice the skew.",
  pedantic: false,
  times: [0, 1, 2, 3],
  tokens: [
    token("during", { iat: 1, exp: 3, scope: "r" }),
    token("after", { iat: 3, exp: 5, scope: "r w" }),
  ],
  moves: all(
    redeem(["p"]),
    ask({ type: "disconnect", user: "u", client: "p" }),
    narrow(["p"], [["w"]]),
    tick,
    stepBack,
  ),
  within: connectionsUpTo(2),
  sometimes: ["fetch granted", "fetch withdrawn_after_consent", "narrow granted"],
};

/** The same with everything that a user and a partner can do between. */
export const LIFECYCLE_FULL: Plan = {
  ...LIFECYCLE,
  name: "consent-lifecycle-full",
  text: "The same with use by public id and refresh between, and a merchant that gives more again.",
  quick: false,
  measured: [166_849, 1_741_267],
  pedantic: false,
  numbers: { maxFamilies: 1 },
  moves: all(
    LIFECYCLE.moves,
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0], scopes: [null] }),
    ask(connect("u", "m", ["r", "w"])),
  ),
  within: connectionsUpTo(3, 1),
};
