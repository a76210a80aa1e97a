/**
 * Worlds of forgetting, of clocks that step back, and of answers that are lost.
 * @module
 */
import { type Plan, token } from "../build.ts";
import {
  act,
  all,
  ask,
  connect,
  fetchById,
  redeem,
  refresh,
  revoke,
  revokeToken,
  stepBack,
  sweep,
  tick,
  use,
} from "../moves.ts";
import { connectionsUpTo, generationsUpTo, M, P, Q } from "./cast.ts";

/** Around the moments at which a redemption and a withdrawal may be forgotten. */
const HOUR_LATER = [3603, 3604, 3605, 3606, 3607];

/** Every history twice: once swept at any moments, once never. */
export const FORGETTING: Plan = {
  name: "forgetting",
  text:
    "Every history twice, swept at any moments and never swept: nobody who asks for tokens can tell the two apart.",
  quick: true,
  clients: [P, M],
  users: ["u"],
  scopes: ["r"],
  times: [1, 2, 3604, 3606],
  numbers: { maxFamilies: 1, refreshIdleSeconds: 1, refreshAbsoluteSeconds: 2 },
  comparesSweep: true,
  tokens: [token("first", { iat: 1, exp: 3 })],
  given: [connect("u", "m", ["r"])],
  moves: all(
    redeem(["p"]),
    fetchById(["p"], ["u"]),
    refresh({ clients: ["p"], ages: [0, 1], scopes: [null] }),
    use([null], [["r"]]),
    revokeToken(["p"]),
    ask(connect("u", "m", ["r"]), { type: "disconnect", user: "u", client: "p" }),
    revoke(["m"]),
    sweep(),
    tick,
  ),
  within: ({ unswept }) =>
    (unswept?.connections.size ?? 0) <= 3 &&
    [...unswept?.families.values() ?? []].every(({ generation }) => generation <= 1),
  sometimes: ["sweep", "fetch granted", "fetch consent_redeemed", "fetch withdrawn_after_consent"],
};

/** The same with every second around the hour. */
export const FORGETTING_FULL: Plan = {
  ...FORGETTING,
  name: "forgetting-full",
  text: "The same with every second around the moments at which rows may be forgotten.",
  quick: false,
  measured: [405_803, 3_630_654],
  times: [1, 2, 4, ...HOUR_LATER],
};

/** Sweeps, and clocks that are set back by up to an hour after them. */
export const CLOCK_STEPS: Plan = {
  name: "clock-steps",
  text:
    "Clocks are set back by up to an hour after any sweep: no consent token starts a second family, no withdrawal is undone.",
  quick: true,
  clients: [P, M],
  users: ["u"],
  scopes: ["r"],
  times: [1, 2, 3, ...HOUR_LATER],
  numbers: { maxFamilies: 1 },
  tokens: [token("first", { iat: 1, exp: 3 })],
  given: [connect("u", "m", ["r"])],
  moves: all(
    redeem(["p"]),
    ask(connect("u", "m", ["r"]), { type: "disconnect", user: "u", client: "p" }),
    sweep(),
    tick,
    stepBack,
  ),
  within: connectionsUpTo(2),
  sometimes: ["sweep", "fetch consent_redeemed", "fetch withdrawn_after_consent"],
};

/** The same with two consent tokens. */
export const CLOCK_STEPS_FULL: Plan = {
  ...CLOCK_STEPS,
  name: "clock-steps-full",
  text: "The same with an older and a newer consent token.",
  quick: false,
  measured: [122_724, 919_738],
  tokens: [token("first", { iat: 1, exp: 3 }), token("second", { iat: 2, exp: 4 })],
};

/** Two workers of one partner and a thief, whose answers get lost. */
export const ACTORS: Plan = {
  name: "lost-answers",
  text:
    "Two workers of one partner share a consent token and a thief shows theirs as another client; any answer can be lost or late, and a worker repeats what it asked.",
  quick: true,
  clients: [P, Q, M],
  users: ["u"],
  scopes: ["r"],
  times: [1, 2],
  numbers: { maxFamilies: 2, consentRetrySeconds: 1, refreshDuplicateSeconds: 1 },
  tokens: [token("consent", { iat: 1, exp: 3 })],
  given: [connect("u", "m", ["r"])],
  actors: [{ name: "worker A", client: "p" }, { name: "worker B", client: "p" }],
  moves: all(
    act("consent", "u"),
    refresh({ clients: ["q"], ages: [0, 1], scopes: [null] }),
    revokeToken(["q"]),
    redeem(["q"]),
    tick,
  ),
  within: generationsUpTo(2),
  sometimes: ["answer", "fetch repeated", "refresh granted", "refresh repeated"],
};

/** The same for longer. */
export const ACTORS_FULL: Plan = {
  ...ACTORS,
  name: "lost-answers-full",
  text: "The same for a second longer, with one generation more.",
  quick: false,
  measured: [37_936, 397_545],
  times: [1, 2, 3],
  numbers: { maxFamilies: 2 },
  within: generationsUpTo(3),
  sometimes: [...ACTORS.sometimes, "refresh reused"],
};
