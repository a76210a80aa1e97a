/**
 * Worlds of several users and clients, and of those who come and go.
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
  redeem,
  refresh,
  revoke,
  revokeToken,
  tick,
  use,
} from "../moves.ts";
import { connectionsUpTo, M, P, Q, setScope, setStatus } from "./cast.ts";

const DELETE: Command = { type: "delete-user", user: "u", digest: digestOf("u") };

/** Clients and users come and go. */
export const REGISTRATION: Plan = {
  name: "registration",
  pedantic: true,
  text:
    "A client and a user are registered, changed, deleted and registered again; secrets overlap as long as they should.",
  quick: true,
  clients: [M],
  users: [],
  unregistered: ["p", "u"],
  scopes: ["r", "w"],
  times: [0, 1],
  moves: all(
    ask(
      { type: "register-client", client: "p", role: "app", scope: ["r"], secretDigest: "secret 1" },
      {
        type: "register-client",
        client: "no id",
        role: "app",
        scope: [],
        secretDigest: "secret 1",
      },
      { type: "rotate-secret", client: "p", secretDigest: "secret 2" },
      { type: "rotate-secret", client: "p", secretDigest: "secret 3" },
      { type: "end-old-secrets", client: "p" },
      setScope("p", ["w"]),
      setStatus("p", "disabled"),
      setStatus("p", "enabled"),
      { type: "register-user", user: "u", digest: digestOf("u") },
      { type: "register-user", user: "", digest: digestOf("") },
      { type: "set-user-status", user: "u", status: "suspended" },
      { type: "set-user-status", user: "u", status: "active" },
      DELETE,
      connect("u", "p", ["r"]),
      { type: "disconnect", user: "u", client: "p" },
      { type: "narrow", connection: "c000", scope: [] },
      { type: "revoke-connection", connection: "c000" },
    ),
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0], scopes: [null] }),
    tick,
  ),
  within: connectionsUpTo(1, 0),
  numbers: { maxFamilies: 1, secretOverlapSeconds: 1 },
  sometimes: [
    "register-client granted",
    "register-client client_exists",
    "register-client id_malformed",
    "rotate-secret granted",
    "rotate-secret client_unknown",
    "set-client-scope client_unknown",
    "set-user-status user_unknown",
    "delete-user user_unknown",
    "register-user user_exists",
    "register-user id_malformed",
    "register-user user_id_retired",
    "connect client_unknown",
    "connect user_unknown",
    "disconnect client_unknown",
    "disconnect user_unknown",
    "narrow connection_unknown",
    "revoke-connection connection_unknown",
    "fetch client_unknown",
    "fetch client_disabled",
  ],
};

/** Two users who do the same things at the same time. */
export const USERS: Plan = {
  name: "two-users",
  text:
    "Two users with a merchant and a partner: nothing about one can be told from, or changes, anything about the other.",
  quick: true,
  clients: [P, M],
  users: ["u", "v"],
  scopes: ["r"],
  times: [1],
  numbers: { maxFamilies: 1 },
  usersAlike: true,
  tokens: [
    token("of-u", { iat: 1, exp: 3 }),
    token("of-v", { iat: 1, exp: 3, sub: "v" }),
  ],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u", "v"]),
    refresh({ clients: ["p"], ages: [0, 1], scopes: [null] }),
    use([null], [["r"]]),
    revokeToken(["p"]),
    ...["u", "v"].map((user) =>
      ask(
        connect(user, "m", ["r"]),
        { type: "disconnect", user, client: "p" },
        { type: "set-user-status", user, status: "suspended" },
        { type: "set-user-status", user, status: "active" },
        { type: "delete-user", user, digest: digestOf(user) },
      )
    ),
    revoke(["m"]),
  ),
  within: ({ state, cast }) =>
    cast.users.every((user) =>
      [...state.connections.values()].filter((one) => one.user === user).length <= 2
    ) && [...state.families.values()].every(({ generation }) => generation <= 1),
  sometimes: ["fetch granted", "refresh granted", "user-deleted", "fetch withdrawn_after_consent"],
};

/** The same at two moments. */
export const USERS_FULL: Plan = {
  ...USERS,
  name: "two-users-full",
  text: "The same over two seconds, where a withdrawal can come after a consent.",
  quick: false,
  measured: [58_906, 1_487_087],
  times: [1, 2],
  moves: all(USERS.moves, tick),
};

/** Two partners, one of them a thief of tokens, over everything that a user can do. */
export const PARTNERS_FULL: Plan = {
  name: "partners-full",
  text:
    "Two partners of one user and one merchant, each with a consent, each presenting the other's tokens, while the user comes and goes.",
  quick: false,
  measured: [15_537, 459_374],
  clients: [P, Q, M],
  users: ["u"],
  scopes: ["r"],
  times: [1, 2],
  numbers: { maxFamilies: 1, refreshDuplicateSeconds: 0 },
  tokens: [
    token("for-p", { iat: 1, exp: 3 }),
    token("for-q", { iat: 1, exp: 3, client_id: "q" }),
  ],
  given: [connect("u", "m", ["r"])],
  moves: all(
    redeem(["p", "q"]),
    fetchById(["p", "q"], ["u"]),
    refresh({ clients: ["p", "q"], ages: [0, 1, 2], scopes: [null] }),
    revokeToken(["p", "q"]),
    use([null], [["r"]]),
    ask(connect("u", "m", ["r"]), { type: "disconnect", user: "u", client: "p" }, DELETE),
    revoke(["m"]),
    tick,
  ),
  within: connectionsUpTo(4, 2),
  sometimes: ["refresh foreign_client", "fetch consent_other_client", "refresh reused"],
};
