/**
 * Random histories. A move is plain data that fits any state ("refresh with the third token from the end"),
 * so that histories shrink. A player knows what was issued so far, turns moves into those of the formal
 * spec, and makes them: whatever is played, the invariants of spec/model/ can be asked of it.
 * @module
 */
import fc from "fast-check";
import type { Consent } from "../../../core/consent.ts";
import type { Command } from "../../../core/decide.ts";
import type { Fresh, TokenGrant } from "../../../core/decision.ts";
import type { Client, ClientId, ConnectionId, Seconds, User } from "../../../core/model.ts";
import type { Scope } from "../../../core/scope.ts";
import {
  CLOCK_MARGIN_SECONDS,
  type Numbers,
  type NumericSetting,
  RANGES,
  readSettings,
  type TrustedIssuer,
} from "../../../core/settings.ts";
import { begin } from "../../model/build.ts";
import { type Machine, REAL_CORE } from "../../model/machine.ts";
import { type Cast, type ConsentToken, digestOf, type Moment } from "../../model/moment.ts";
import { type Move as ModelMove, play as makeMove, type Step } from "../../model/play.ts";
import { numbers, SCOPE_TOKENS, scopes } from "./generators.ts";
import { accessTokenOf, AUDIENCE, consentOf, ISSUER, refreshTokenOf, START } from "./machine.ts";

/** Short lifetimes within the ranges of an operator, so that a history meets every boundary. */
export const SMALL = {
  accessTokenSeconds: 30,
  refreshIdleSeconds: 60,
  refreshAbsoluteSeconds: 70,
  refreshDuplicateSeconds: 3,
  maxFamilies: 2,
  consentSkewSeconds: 2,
  consentMaxLifetimeSeconds: 40,
  consentRetrySeconds: 5,
  secretOverlapSeconds: 10,
} as const;

const SETTINGS = Object.keys(RANGES) as readonly NumericSetting[];
const OTHER_ISSUER = "https://other-consent.example";
const REGISTERED = ["partner", "rival", "shop", "store"] as const;
/** `guest` is not registered at first. */
const CLIENTS = ["partner", "rival", "shop", "store", "guest"] as const;
type ClientName = (typeof CLIENTS)[number];
const USERS_API = "api";
/** A seat is a place for a user: when one is deleted, another takes it under a new id. */
const SEATS = ["ann", "bob", "eve"].map((name) => [name, `${name}-2`, `${name}-3`, `${name}-4`]);
type Seat = 0 | 1 | 2;

const seat = fc.constantFrom<Seat>(0, 0, 0, 1, 1, 2);
const registered = fc.constantFrom(...REGISTERED);
const client = fc.oneof(often(6, registered), often(1, fc.constant("guest" as const)));
/** Counts from the newest thing of its kind. */
const back = fc.oneof(often(2, fc.constant(0)), often(1, fc.nat({ max: 5 })));
const owner = fc.oneof(often(8, fc.constant("owner" as const)), often(1, registered));
/** Mostly of families that have not ended. */
const ofEnded = mostly(5, false, fc.constant(true));
/** Mostly everything: where little is allowed, little happens. */
const scope = mostly<Scope>(3, SCOPE_TOKENS, scopes);
const caller = fc.oneof(
  often(3, fc.constant("bearer" as const)),
  often(2, registered),
  often(1, fc.constant(USERS_API)),
);

const consent = fc.record({
  issuer: mostly(6, ISSUER, fc.constant(OTHER_ISSUER)),
  client: mostly(3, "partner", fc.constant("rival")),
  merchant: fc.oneof(
    often(5, fc.constant("shop")),
    often(4, fc.constant("store")),
    often(2, client),
  ),
  scope,
  audience: mostly(12, AUDIENCE, fc.constant("https://other.example")),
});

/** What each move consists of. `back` counts from the newest thing of its kind. */
interface Shapes {
  "connect": { seat: Seat; client: ClientName; scope: Scope };
  "narrow": { back: number; scope: Scope };
  "revoke-connection": { back: number };
  "disconnect": { seat: Seat; client: ClientName };
  "set-user-status": { seat: Seat; status: User["status"] };
  "delete-user": { seat: Seat };
  "register-user": { seat: Seat };
  "register-client": { client: ClientName; scope: Scope };
  "rotate-secret": { client: ClientName; number: number };
  "set-client-status": { client: ClientName; status: Client["status"] };
  "set-client-scope": { client: ClientName; scope: Scope };
  "mint": {
    seat: Seat;
    consent: Partial<Consent>;
    ago: Seconds;
    /** Seconds beyond the longest lifetime. */
    longer: Seconds;
    /** Seconds between `iat` and `nbf`. */
    notBefore: Seconds | null;
    /** Signs the consent before it again, with another scope. */
    sameJti: boolean;
  };
  /** `also`: beside a public id. */
  "redeem": { back: number; by: ClientName | "owner"; also: boolean };
  "fetch": { seat: Seat; client: ClientName };
  "refresh": {
    back: number;
    /** Whether families count that have ended; see {@link grantOf}. */
    ofEnded: boolean;
    by: ClientName | "owner";
    scope: Scope | null;
    forged: "none" | "generation" | "salt";
  };
  "use": { back: number; ofEnded: boolean; kind: "access" | "refresh"; by: ClientId };
  "revoke-token": { back: number; ofEnded: boolean; by: ClientName | "owner" };
  /** To a boundary, or just before or after one. */
  "wait": { until: NumericSetting | null; more: Seconds };
  "wait-long": { seconds: Seconds };
  "clock-back": { seconds: Seconds };
  /** Stores sweep in steps of so many rows, the model all at once. */
  "sweep": { limit: number };
}

/** Something to do. */
export type Move = {
  [Name in keyof Shapes]: { readonly do: Name } & Readonly<Shapes[Name]>;
}[keyof Shapes];

/** Whatever can happen; what leads to tokens is likelier than what ends them. */
const MOVES: { readonly [Name in keyof Shapes]: fc.WeightedArbitrary<Shapes[Name]> } = {
  "connect": often(
    30,
    fc.record({
      seat,
      client: fc.oneof(often(4, fc.constantFrom("shop", "store")), often(1, client)),
      scope,
    }),
  ),
  "narrow": often(6, fc.record({ back, scope: scopes })),
  "revoke-connection": often(4, fc.record({ back })),
  "disconnect": often(4, fc.record({ seat, client })),
  "set-user-status": often(
    8,
    fc.record({ seat, status: mostly<User["status"]>(4, "active", fc.constant("suspended")) }),
  ),
  "delete-user": often(1, fc.record({ seat })),
  "register-user": often(8, fc.record({ seat })),
  "register-client": often(2, fc.record({ client, scope })),
  "rotate-secret": often(3, fc.record({ client, number: fc.nat({ max: 9 }) })),
  "set-client-status": often(
    12,
    fc.record({ client, status: mostly<Client["status"]>(5, "enabled", fc.constant("disabled")) }),
  ),
  "set-client-scope": often(12, fc.record({ client, scope })),
  "mint": often(
    40,
    fc.record({
      seat,
      consent,
      ago: fc.constantFrom(-3, -2, 0, 0, 0, 1, 10),
      longer: mostly(8, 0, fc.constantFrom(-41, -40, -20, 1)),
      notBefore: mostly<number | null>(8, null, fc.constantFrom(-1, 0, 2, 3, 40)),
      sameJti: mostly(5, false, fc.constant(true)),
    }),
  ),
  "redeem": often(60, fc.record({ back, by: owner, also: mostly(30, false, fc.constant(true)) })),
  "fetch": often(30, fc.record({ seat, client: mostly<ClientName>(2, "partner", client) })),
  "refresh": often(
    80,
    fc.record({
      back,
      ofEnded,
      by: owner,
      scope: mostly<Scope | null>(2, null, scopes),
      forged: mostly<"none" | "generation" | "salt">(
        10,
        "none",
        fc.constantFrom("generation", "salt"),
      ),
    }),
  ),
  "use": often(
    40,
    fc.record({ back, ofEnded, kind: fc.constantFrom("access", "refresh"), by: caller }),
  ),
  "revoke-token": often(3, fc.record({ back, ofEnded, by: owner })),
  "wait": often(
    40,
    fc.record({
      until: mostly<NumericSetting | null>(4, null, fc.constantFrom(...SETTINGS)),
      more: fc.constantFrom(-1, 0, 0, 1, 2, 3, 5),
    }),
  ),
  /** Longer than anything is kept. */
  "wait-long": often(2, fc.record({ seconds: fc.constantFrom(3600, 4000) })),
  "clock-back": often(3, fc.record({ seconds: fc.constantFrom(1, 2, 5, 30, 3600) })),
  "sweep": often(4, fc.record({ limit: fc.integer({ min: 1, max: 5 }) })),
};

type Do<Name extends Move["do"]> = Extract<Move, { readonly do: Name }>;

/** Any move. */
export const moves: fc.Arbitrary<Move> = fc.oneof(
  ...Object.entries(MOVES).map(([name, { weight, arbitrary }]) =>
    often(
      weight,
      (arbitrary as fc.Arbitrary<object>).map((rest) => ({ do: name, ...rest }) as Move),
    )
  ),
);

/** Moves after which tokens can be issued. */
export const CONNECTED: readonly Move[] = (["shop", "partner"] as const).map((client) =>
  ({ do: "connect", seat: 0, client, scope: SCOPE_TOKENS }) as const
);

function often<T>(
  weight: number,
  arbitrary: fc.Arbitrary<T>,
): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight, arbitrary };
}

/** So many times as often this value as one of the others. */
function mostly<T>(weight: number, value: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(often(weight, fc.constant(value)), often(1, others));
}

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
