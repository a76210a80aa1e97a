/**
 * Worlds of several connections of one user with one partner.
 * @module
 */
import { ISSUER, type Plan, token } from "../build.ts";
import { all, ask, connect, fetchById, narrow, redeem, revoke, tick } from "../moves.ts";
import { connectionsUpTo, M, N, P, Q, setStatus } from "./cast.ts";

/** A direct connection and two delegations beside each other: which one serves? */
export const PRECEDENCE: Plan = {
  name: "precedence",
  text:
    "One user's direct connection and two delegations from two merchants with one partner: the right one serves, and they are never merged.",
  quick: true,
  clients: [P, M, N],
  users: ["u"],
  scopes: ["r", "w"],
  times: [1, 2],
  numbers: { maxFamilies: 1 },
  tokens: [
    token("through-m", { iat: 1, exp: 4, scope: "r" }),
    token("through-n", { iat: 2, exp: 4, azp: "n", scope: "r w" }),
  ],
  given: [connect("u", "m", ["r", "w"]), connect("u", "n", ["r", "w"])],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u"]),
    ask(connect("u", "p", ["r"]), setStatus("n", "disabled")),
    narrow(["p"], [[]]),
    tick,
  ),
  sometimes: ["fetch granted", "fetch no_effective_scope", "fetch no_connection"],
};

/** The same with every withdrawal. */
export const PRECEDENCE_FULL: Plan = {
  ...PRECEDENCE,
  name: "precedence-full",
  text: "The same while the user withdraws from one connection or from all, and signs in anew.",
  quick: false,
  measured: [52_803, 627_392],
  moves: all(
    PRECEDENCE.moves,
    ask({ type: "disconnect", user: "u", client: "p" }),
    revoke(["p"]),
  ),
  within: connectionsUpTo(5),
};

/** The same where each new id sorts before the ones there are: ties go the other way. */
export const PRECEDENCE_DESCENDING: Plan = {
  ...PRECEDENCE,
  name: "precedence-descending",
  text:
    "The same with two consents of one second, where each new id sorts before the ones there are.",
  pedantic: true,
  times: [2],
  ids: "descending",
  moves: all(PRECEDENCE.moves, ask({ type: "disconnect", user: "u", client: "p" })),
  within: connectionsUpTo(5),
  tokens: [
    token("through-m", { iat: 1, exp: 4, scope: "r" }),
    token("through-n", { iat: 1, exp: 4, azp: "n", scope: "w" }),
  ],
};

/** A partner that is a merchant, too, and has itself only what another merchant delegated. */
export const CHAIN: Plan = {
  name: "delegation-chain",
  issuers: [{ issuer: ISSUER, merchants: "all" }],
  text:
    "A partner that is a merchant, too: what was delegated to it is never a source for another.",
  quick: true,
  clients: [P, Q, M],
  users: ["u"],
  scopes: ["r", "w"],
  times: [1, 2],
  numbers: { maxFamilies: 1 },
  tokens: [
    token("m-to-q", { iat: 1, exp: 4, client_id: "q" }),
    token("q-to-p", { iat: 1, exp: 4, azp: "q" }),
  ],
  given: [connect("u", "m", ["r", "w"])],
  moves: all(
    redeem(["p"], ["q-to-p"]),
    redeem(["q"], ["m-to-q"]),
    fetchById(["p", "q"], ["u"]),
    ask(connect("u", "q", ["r"])),
    revoke(["m", "q"]),
    tick,
  ),
  within: connectionsUpTo(4),
  sometimes: ["fetch granted", "fetch no_source_connection", "fetch withdrawn_after_consent"],
};
