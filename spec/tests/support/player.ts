/**
 * Plays random moves. A player knows what was issued so far, turns moves into those of the formal spec, and
 * makes them: whatever is played, the invariants of spec/model/ can be asked of it.
 * @module
 */
import fc from "fast-check";
import type { Consent } from "../../../core/consent.ts";
import type { Command } from "../../../core/decide.ts";
import type { Fresh, TokenGrant } from "../../../core/decision.ts";
import type { ConnectionId, Seconds } from "../../../core/model.ts";
import {
  CLOCK_MARGIN_SECONDS,
  type Numbers,
  readSettings,
  type TrustedIssuer,
} from "../../../core/settings.ts";
import { begin } from "../../model/build.ts";
import { type Machine, REAL_CORE } from "../../model/machine.ts";
import { type Cast, type ConsentToken, digestOf, type Moment } from "../../model/moment.ts";
import { type Move as ModelMove, play as makeMove, type Step } from "../../model/play.ts";
import { numbers, SCOPE_TOKENS } from "./generators.ts";
import { accessTokenOf, AUDIENCE, consentOf, ISSUER, refreshTokenOf, START } from "./machine.ts";
import {
  CLIENTS,
  type Do,
  type Move,
  OTHER_ISSUER,
  REGISTERED,
  type Seat,
  SEATS,
  SMALL,
  USERS_API,
} from "./moves.ts";

/** What a history is played with. */
export interface Setup {
  /** Default: {@link SMALL}. */
  readonly numbers?: Numbers;
  /** Default: one that may speak for all merchants. */
  readonly issuers?: readonly TrustedIssuer[];
  /** Whether ids have another order than the moments at which they are drawn; default: the same. */
  readonly shuffled?: boolean;
  /** Default: the core as it is shipped. */
  readonly machine?: Machine;
}

/** Lifetimes and bounds of any small size, and two issuers. */
export const setups: fc.Arbitrary<Setup> = fc.record({
  numbers,
  shuffled: fc.boolean(),
  issuers: fc.constantFrom<readonly TrustedIssuer[]>(
    [{ issuer: ISSUER, merchants: "all" }],
    [{ issuer: ISSUER, merchants: ["shop", "partner"] }, {
      issuer: OTHER_ISSUER,
      merchants: ["store", "shop"],
    }],
  ),
});

/** Someone who plays moves and remembers what came of them. */
export interface Player {
  moment: Moment;
  readonly consents: ConsentToken[];
  readonly grants: TokenGrant[];
  readonly connections: ConnectionId[];
  /** For each seat: how many sat there before. */
  readonly seats: number[];
}

/** A player in a world of three users, and four clients that may be given everything. */
export function createPlayer(
  {
    shuffled = false,
    numbers = SMALL,
    issuers = [{ issuer: ISSUER, merchants: "all" }],
    machine = REAL_CORE,
  }: Setup = {},
): Player {
  const consents: ConsentToken[] = [];
  const cast: Cast = {
    machine,
    settings: { ...readSettings({ audience: AUDIENCE, issuers }), ...numbers },
    clients: [...CLIENTS, USERS_API],
    users: SEATS.flat(),
    scopes: SCOPE_TOKENS,
    tokens: consents,
    jtis: new Map(),
    digests: new Map(),
    times: [],
    fresh: (number, now) => freshOf(shuffled ? Math.imul(number, 0x9e3779b1) >>> 0 : number, now),
    remembersDead: true,
    usersAlike: false,
  };
  const register = { type: "register-client", scope: SCOPE_TOKENS, secretDigest: "00" } as const;
  const moment = begin(cast, START, [
    ...REGISTERED.map((client): Command => ({ ...register, client, role: "app" })),
    { ...register, client: USERS_API, role: "resource-server" },
    ...SEATS.map(([user = ""]): Command => ({
      type: "register-user",
      user,
      digest: digestOf(user),
    })),
  ]);
  const ready = { ...moment, unswept: moment.state };
  return { moment: ready, consents, grants: [], connections: [], seats: SEATS.map(() => 0) };
}

function freshOf(number: number, now: Seconds): Fresh {
  const place = number.toString(16).padStart(31, "0");
  return { connection: `c${place}`, family: `f${place}`, salt: `5${place}`, keyId: `k${now % 2}` };
}

/** Plays one move. `null`: there was nothing to do it with, or nothing happened yet. */
export function play(player: Player, next: Move): Step | null {
  if (next.do === "mint") player.consents.push(mint(player, next));
  const move = moveOf(player, next);
  return move === null ? null : make(player, move);
}

/** Makes a move of the formal spec. */
export function make(player: Player, move: ModelMove): Step {
  const step = makeMove(player.moment, move);
  const { state } = step.after;
  player.moment = seesSweeps(step) ? { ...step.after, unswept: state } : step.after;
  for (const change of step.decision?.changes ?? []) {
    if (change.type === "connection-established") player.connections.push(change.connection.id);
  }
  if (step.decision?.outcome === "granted" && (step.kind === "fetch" || step.kind === "refresh")) {
    player.grants.push(step.decision.grant as TokenGrant);
  }
  return step;
}

/**
 * Whether the history without sweeps may differ from here on: a user named a connection that was swept, or
 * the clock took back the end of a family, which is alive again unless it was swept.
 */
function seesSweeps({ move, command, before: { now, state } }: Step): boolean {
  if (move.type === "clock") return move.to < now;
  return (command?.type === "narrow" || command?.type === "revoke-connection") &&
    !state.connections.has(command.connection);
}

function mint(player: Player, next: Do<"mint">): ConsentToken {
  const { consents, moment: { now, cast: { settings } } } = player;
  const name = `token-${consents.length}`;
  const digest = digestOf(name);
  const before = consents.at(-1)?.consent;
  if (next.sameJti && before && isRemembered(before, player.moment)) {
    return { name, consent: { ...before, scope: next.consent.scope ?? before.scope, digest } };
  }
  const issuedAt = now - next.ago;
  const consent = consentOf({ now, settings }, {
    user: sitting(player, next),
    issuedAt,
    notBefore: next.notBefore === null ? null : issuedAt + next.notBefore,
    expiresAt: issuedAt + settings.consentMaxLifetimeSeconds + next.longer,
    jti: `jti-${consents.length}`,
    digest,
    ...next.consent,
  });
  return { name, consent };
}

/** Issuers must not use a `jti` again; one that does is refused as long as the first use is remembered (C13). */
function isRemembered({ expiresAt }: Consent, { past, cast: { settings } }: Moment): boolean {
  return past.latest < expiresAt + settings.consentSkewSeconds + CLOCK_MARGIN_SECONDS;
}

/** What a move means now, or `null`. */
function moveOf(player: Player, next: Move): ModelMove | null {
  const { now, past, cast: { settings } } = player.moment;
  switch (next.do) {
    case "mint":
      return null;
    case "wait": {
      const seconds = (next.until === null ? 0 : settings[next.until]) + next.more;
      return { type: "clock", to: now + Math.max(0, seconds) };
    }
    case "wait-long":
      return { type: "clock", to: now + next.seconds };
    case "clock-back":
      return { type: "clock", to: Math.max(now - next.seconds, past.latest - 3600) };
    case "sweep":
      return { type: "sweep" };
    case "fetch":
      return { type: "mutate", client: next.client, args: { publicId: sitting(player, next) } };
    case "redeem": {
      const token = player.consents.at(-1 - next.back);
      if (!token?.consent) return null;
      const client = next.by === "owner" ? token.consent.client : next.by;
      const also = next.also ? { publicId: token.consent.user } : {};
      return { type: "mutate", client, args: { consentToken: token.name, ...also } };
    }
    default: {
      const command = commandOf(player, next);
      return command === null ? null : { type: "ask", command };
    }
  }
}

type Asking = Exclude<
  Move,
  { do: "mint" | "wait" | "wait-long" | "clock-back" | "sweep" | "fetch" | "redeem" }
>;

/** The command that a move means now, or `null`. */
function commandOf(player: Player, next: Asking): Command | null {
  switch (next.do) {
    case "connect":
      return {
        type: "connect",
        user: sitting(player, next),
        client: next.client,
        scope: next.scope,
      };
    case "disconnect":
      return { type: "disconnect", user: sitting(player, next), client: next.client };
    case "set-user-status":
      return { type: "set-user-status", user: sitting(player, next), status: next.status };
    case "delete-user": {
      const user = sitting(player, next);
      return { type: "delete-user", user, digest: digestOf(user) };
    }
    case "register-user":
      return registerNext(player, next.seat);
    case "register-client": {
      const { client, scope } = next;
      return { type: "register-client", client, role: "app", scope, secretDigest: "00" };
    }
    case "rotate-secret":
      return { type: "rotate-secret", client: next.client, secretDigest: `0${next.number}` };
    case "set-client-status":
      return { type: "set-client-status", client: next.client, status: next.status };
    case "set-client-scope":
      return { type: "set-client-scope", client: next.client, scope: next.scope };
    case "narrow":
    case "revoke-connection":
      return aboutConnection(player, next);
    case "refresh":
    case "use":
    case "revoke-token":
      return aboutToken(player, next);
  }
}

function sitting({ seats }: Player, { seat }: { readonly seat: Seat }): string {
  return SEATS[seat]?.[seats[seat] ?? 0] ?? "";
}

/** Registers the same id again where it is taken, and every other time where it is retired. */
function registerNext(player: Player, seat: Seat): Command {
  const { seats, moment: { state, next } } = player;
  if (!state.users.has(sitting(player, { seat })) && next % 2 === 0) {
    seats[seat] = Math.min((seats[seat] ?? 0) + 1, (SEATS[seat]?.length ?? 0) - 1);
  }
  const user = sitting(player, { seat });
  return { type: "register-user", user, digest: digestOf(user) };
}

function aboutConnection(
  { connections }: Player,
  next: Do<"narrow" | "revoke-connection">,
): Command | null {
  const connection = connections.at(-1 - next.back);
  if (connection === undefined) return null;
  return next.do === "narrow"
    ? { type: "narrow", connection, scope: next.scope }
    : { type: "revoke-connection", connection };
}

/** A move that is about a token. */
type AboutToken = Do<"refresh" | "use" | "revoke-token">;

/** The grant whose token a move is about. */
export function grantOf(
  { grants, moment: { state } }: Player,
  { back, ofEnded }: AboutToken,
): TokenGrant | undefined {
  return (ofEnded ? grants : grants.slice(-30).filter(({ family }) => state.families.has(family)))
    .at(-1 - back);
}

function aboutToken(player: Player, next: AboutToken): Command | null {
  const grant = grantOf(player, next);
  if (grant === undefined) return null;
  if (next.do === "use") {
    const token = next.kind === "access" ? accessTokenOf(grant) : refreshTokenOf(grant);
    const caller = next.by === "bearer" ? null : next.by;
    return { type: "use", caller, token };
  }
  const by = next.by === "owner" ? grant.client : next.by;
  if (next.do === "revoke-token") return { type: "revoke-token", client: by, family: grant.family };
  const generation = grant.generation + (next.forged === "generation" ? 1 : 0);
  const salt = next.forged === "salt" ? "forged" : grant.salt;
  const { family } = grant;
  return { type: "refresh", client: by, family, generation, salt, scope: next.scope };
}
