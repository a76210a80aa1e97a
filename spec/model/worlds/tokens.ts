/**
 * Worlds of token families.
 * @module
 */
import { type Plan, type Registration, token } from "../build.ts";
import {
  all,
  ask,
  connect,
  fetchById,
  redeem,
  refresh,
  refreshDrawnAt,
  refreshOtherHistory,
  revokeToken,
  tick,
  use,
} from "../moves.ts";
import { generationsUpTo, M, P, Q } from "./cast.ts";

const USERS_API: Registration = { id: "api", scope: [], role: "resource-server" };

/** One family, to its fourth generation, and everybody who holds any of its tokens. */
export const ROTATION: Plan = {
  name: "rotation",
  text:
    "One family through four generations and all its lifetimes; its owner and a thief present every token of it that ever was, or never was.",
  quick: true,
  clients: [P, Q, USERS_API],
  users: ["u"],
  scopes: ["r", "w", "x"],
  times: [0, 1, 2, 3, 4, 5, 6],
  numbers: { maxFamilies: 1, refreshAbsoluteSeconds: 5 },
  given: [connect("u", "p", ["r", "w"])],
  keyIdAt: (now) => (now < 2 ? "key 1" : "key 2"),
  moves: all(
    fetchById(["p"], ["u"]),
    refresh({
      clients: ["p", "q"],
      ages: [-1, 0, 1, 2, 3, 4],
      scopes: [null, ["r"], ["r", "w"], ["x"], ["w", "x"]],
    }),
    refreshOtherHistory("p"),
    use([null, P.id, Q.id, USERS_API.id], [["r"], ["r", "w"], ["r", "x"], ["x"]]),
    revokeToken(["p", "q"]),
    tick,
  ),
  within: generationsUpTo(4),
  sometimes: [
    "refresh granted",
    "refresh repeated",
    "refresh reused",
    "refresh ahead_of_store",
    "refresh family_expired",
    "refresh foreign_client",
    "refresh scope_widened",
    "use granted",
    "use foreign_client",
    "use not_current",
    "use token_expired",
    "use family_expired",
    "family-ended reused",
    "family-ended revoked",
  ],
};

/** A database that was restored: tokens and consents from before, from the lost time and from after it. */
export const RESTORED: Plan = {
  name: "restored",
  text:
    "A database that was restored at second 3 from a backup of second 2; tokens and consents of every second are presented.",
  quick: true,
  clients: [P, M],
  users: ["u"],
  scopes: ["r"],
  times: [3, 4, 5, 6, 7],
  numbers: { maxFamilies: 1, refreshIdleSeconds: 4, refreshAbsoluteSeconds: 9 },
  lostTimes: [{ from: 2, until: 3 }],
  tokens: [3, 4, 5].map((iat) => token(`second-${iat}`, { iat, exp: iat + 3, scope: "r" })),
  given: [connect("u", "p", ["r"]), connect("u", "m", ["r"])],
  moves: all(
    fetchById(["p"], ["u"]),
    redeem(["p"]),
    refresh({ clients: ["p"], ages: [0, 1], scopes: [null] }),
    refreshDrawnAt("p", [1, 2, 3], [0, 1, 2, 3, 4, 5]),
    tick,
  ),
  within: generationsUpTo(3),
  sometimes: [
    "fetch consent_before_restore",
    "fetch granted",
    "refresh granted",
    "refresh repeated",
    "refresh reused",
    "refresh ahead_of_store",
  ],
};

/** Many families of one connection that are issued and used in every order. */
export const FAMILIES: Plan = {
  name: "families",
  text:
    "Families of one connection, issued and rotated in every order, until there is no room and the right one has to go.",
  quick: true,
  clients: [P, Q],
  users: ["u"],
  scopes: ["r"],
  times: [0, 1, 2, 3],
  numbers: { maxFamilies: 3, refreshIdleSeconds: 2 },
  given: [connect("u", "p", ["r"])],
  moves: all(
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0, 1], scopes: [null] }),
    revokeToken(["p"]),
    tick,
  ),
  within: generationsUpTo(1),
  sometimes: [
    "family-ended evicted",
    "family-ended revoked",
    "refresh granted",
    "refresh repeated",
    "refresh family_expired",
  ],
};

/** The same where a later id sorts before an earlier one, as ids of one millisecond may. */
export const FAMILIES_DESCENDING: Plan = {
  ...FAMILIES,
  name: "families-descending",
  text: "The same where each new id sorts before the ones there are.",
  numbers: { maxFamilies: 2, refreshIdleSeconds: 2 },
  ids: "descending",
};

/** Two families to the third generation at once. */
export const FAMILIES_FULL: Plan = {
  ...FAMILIES,
  name: "families-full",
  text: "Two families side by side through three generations, with every retry, reuse and thief.",
  quick: false,
  measured: [12_214, 302_473],
  times: [0, 1, 2, 3, 4, 5],
  numbers: { maxFamilies: 2, refreshIdleSeconds: 3, refreshAbsoluteSeconds: 5 },
  moves: all(
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p", "q"], ages: [-1, 0, 1, 2, 3], scopes: [null] }),
    revokeToken(["p", "q"]),
    ask({ type: "set-client-status", client: "p", status: "enabled" }),
    tick,
  ),
  within: generationsUpTo(3),
  sometimes: [...FAMILIES.sometimes, "refresh reused"],
};
