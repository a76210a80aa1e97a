/**
 * Worlds of authority that is taken back and given again, and of its ends.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import { type Plan, token } from "../build.ts";
import { digestOf } from "../moment.ts";
import {
  all,
  ask,
  connect,
  fetchById,
  narrow,
  redeem,
  refresh,
  revoke,
  revokeToken,
  tick,
  use,
} from "../moves.ts";
import { connectionsUpTo, generationsUpTo, M, P, setScope, setStatus } from "./cast.ts";

const DELETE: Command = { type: "delete-user", user: "u", digest: digestOf("u") };

/** Everything that can be taken back and given again, in every combination, over one family. */
export const REVERSIBLE: Plan = {
  name: "reversible-authority",
  pedantic: true,
  text:
    "A delegated connection and its family while user, partner, merchant and their scopes are suspended, narrowed and restored in every order.",
  quick: true,
  clients: [P, M],
  users: ["u"],
  scopes: ["r", "w"],
  times: [1],
  numbers: { maxFamilies: 1 },
  tokens: [token("consent", { iat: 1, exp: 3 })],
  given: [connect("u", "m", ["r", "w"])],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0, 1], scopes: [null, ["r"], ["w"]] }),
    use([null], [["r"], ["r", "w"]]),
    ask(
      { type: "set-user-status", user: "u", status: "suspended" },
      { type: "set-user-status", user: "u", status: "active" },
      setStatus("p", "disabled"),
      setStatus("p", "enabled"),
      setStatus("m", "disabled"),
      setStatus("m", "enabled"),
      setScope("p", ["r"]),
      setScope("p", ["r", "w"]),
      setScope("m", ["w"]),
      setScope("m", ["r", "w"]),
      connect("u", "m", ["r"]),
      connect("u", "m", ["r", "w"]),
      connect("u", "m", []),
    ),
    narrow(["p"], [["w"]]),
  ),
  within: generationsUpTo(1),
  sometimes: [
    "fetch user_suspended",
    "fetch client_disabled",
    "fetch merchant_disabled",
    "fetch no_effective_scope",
    "refresh no_effective_scope",
    "refresh scope_not_effective",
    "use no_effective_scope",
    "connect client_disabled",
    "connect user_suspended",
    "connect scope_empty",
    "connection-changed narrowed",
    "connection-changed consented",
  ],
};

/** Every way in which tokens end forever, and every way to consent anew. */
export const ENDINGS: Plan = {
  name: "endings",
  text:
    "A delegated connection and its family, ended by every means, with new consent after it: what has ended never works again.",
  quick: true,
  clients: [P, M],
  users: ["u"],
  scopes: ["r"],
  times: [1, 2],
  numbers: { maxFamilies: 1, refreshDuplicateSeconds: 0 },
  remembersDead: true,
  tokens: [token("first", { iat: 1, exp: 3 }), token("second", { iat: 2, exp: 4 })],
  given: [connect("u", "m", ["r"])],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0, 2], scopes: [null] }),
    revokeToken(["p"]),
    ask(
      connect("u", "m", ["r"]),
      { type: "disconnect", user: "u", client: "p" },
      DELETE,
      { type: "register-user", user: "u", digest: digestOf("u") },
    ),
    revoke(["p", "m"]),
    tick,
  ),
  within: connectionsUpTo(3, 2),
  sometimes: [
    "connection-revoked",
    "user-deleted",
    "register-user user_id_retired",
    "refresh no_effective_scope",
    "fetch withdrawn_after_consent",
    "family-ended evicted",
    "family-ended reused",
    "family-ended revoked",
  ],
};

/** The same beside a direct connection of the partner's own. */
export const ENDINGS_FULL: Plan = {
  ...ENDINGS,
  name: "endings-full",
  text: "The same beside a direct connection of the partner's own.",
  quick: false,
  measured: [79_036, 1_349_238],
  moves: all(
    ENDINGS.moves,
    ask(connect("u", "p", ["r"]), { type: "disconnect", user: "u", client: "m" }),
  ),
};

/** Everything at once, over one user and one partner. */
export const EVERYTHING: Plan = {
  ...REVERSIBLE,
  name: "everything",
  text:
    "One user, one merchant and one partner with consent, refresh, suspension, narrowing, withdrawal and deletion in every order, for all lifetimes.",
  quick: false,
  measured: [404_154, 9_616_412],
  pedantic: false,
  scopes: ["r"],
  times: [1, 2, 3, 4],
  numbers: { maxFamilies: 1, refreshDuplicateSeconds: 1 },
  remembersDead: true,
  tokens: [token("first", { iat: 1, exp: 3 }), token("second", { iat: 2, exp: 4 })],
  given: [connect("u", "m", ["r"])],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [-1, 0, 1, 2], scopes: [null] }),
    use([null], [["r"]]),
    revokeToken(["p"]),
    ask(
      { type: "set-user-status", user: "u", status: "suspended" },
      { type: "set-user-status", user: "u", status: "active" },
      setStatus("p", "disabled"),
      setStatus("p", "enabled"),
      connect("u", "m", ["r"]),
      { type: "disconnect", user: "u", client: "p" },
      DELETE,
    ),
    narrow(["p"], [[]]),
    revoke(["m"]),
    tick,
  ),
  within: connectionsUpTo(3, 2),
  sometimes: [
    "fetch granted",
    "fetch repeated",
    "refresh granted",
    "refresh reused",
    "user-deleted",
    "fetch withdrawn_after_consent",
  ],
};
