/**
 * Histories. A move is plain data that fits any state ("refresh with the third token from the end"), so
 * that histories shrink; a player knows what was issued so far and turns moves into commands.
 * @module
 */
import fc from "fast-check";
import type { Consent } from "../../../core/consent.ts";
import { type Command, keysOf } from "../../../core/decide.ts";
import type { Context, Decision, Facts, TokenGrant } from "../../../core/decision.ts";
import { factsOf, type State } from "../../../core/evolve.ts";
import type { Client, ConnectionId, User } from "../../../core/model.ts";
import type { Scope } from "../../../core/scope.ts";
import type { SettingsInput } from "../../../core/settings.ts";
import { SCOPE_TOKENS, scopes } from "./generators.ts";
import {
  accessTokenOf,
  AUDIENCE,
  consentOf,
  createMachine,
  type Machine,
  refreshTokenOf,
  register,
} from "./machine.ts";

const CLIENTS = ["partner", "rival", "shop", "store"] as const;
type ClientName = (typeof CLIENTS)[number];

/** A place that a user may take: when one is deleted, another takes it under a new id. */
type Seat = 0 | 1;

/** Something to do. `back` counts from the newest thing of its kind. */
export type Move =
  | {
    readonly do: "connect";
    readonly seat: Seat;
    readonly client: ClientName;
    readonly scope: Scope;
  }
  | { readonly do: "narrow"; readonly back: number; readonly scope: Scope }
  | { readonly do: "revoke-connection"; readonly back: number }
  | { readonly do: "disconnect"; readonly seat: Seat; readonly client: ClientName }
  | { readonly do: "set-user-status"; readonly seat: Seat; readonly status: User["status"] }
  | { readonly do: "delete-user" | "register-user"; readonly seat: Seat }
  | {
    readonly do: "set-client-status";
    readonly client: ClientName;
    readonly status: Client["status"];
  }
  | { readonly do: "set-client-scope"; readonly client: ClientName; readonly scope: Scope }
  | {
    readonly do: "mint";
    readonly seat: Seat;
    readonly consent: Partial<Consent>;
    readonly ago: number;
    /** Has the jti of the consent that was minted before it. */
    readonly sameJti: boolean;
  }
  | { readonly do: "redeem"; readonly back: number; readonly by: ClientName | "owner" }
  | { readonly do: "fetch"; readonly seat: Seat; readonly client: ClientName }
  | {
    readonly do: "refresh";
    readonly back: number;
    readonly by: ClientName | "owner";
    readonly scope: Scope | null;
    readonly forged: "none" | "generation" | "salt";
  }
  | {
    readonly do: "use";
    readonly back: number;
    readonly kind: "access" | "refresh";
    readonly by: ClientName | "bearer";
  }
  | { readonly do: "revoke-token"; readonly back: number; readonly by: ClientName | "owner" }
  | { readonly do: "wait"; readonly seconds: number };

/** Small numbers, so that a history meets every boundary of every lifetime. */
export const SMALL: Partial<SettingsInput> = {
  accessTokenSeconds: 30,
  refreshIdleSeconds: 60,
  refreshAbsoluteSeconds: 70,
  refreshDuplicateSeconds: 3,
  maxFamilies: 2,
  consentSkewSeconds: 2,
  consentMaxLifetimeSeconds: 40,
  consentRetrySeconds: 5,
};

const seat = fc.constantFrom<Seat>(0, 1);
const client = fc.constantFrom(...CLIENTS);
const back = fc.oneof(often(2, 0), fc.nat({ max: 5 }));
const owner = fc.oneof(often(8, "owner" as const), client);
/** Mostly everything: where little is allowed, little happens. */
const scope = fc.oneof(often(3, SCOPE_TOKENS), scopes);
/** Waits that end on, just before and just after what {@link SMALL} sets. */
const seconds = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 2, 3, 5) },
  { weight: 3, arbitrary: fc.constantFrom(9, 10, 11, 20) },
  fc.constantFrom(29, 30, 31, 38, 40, 42, 59, 60, 69, 70),
);

const consent: fc.Arbitrary<Partial<Consent>> = fc.record({
  client: fc.oneof(often(3, "partner"), fc.constant("rival")),
  merchant: fc.oneof(often(5, "shop"), often(4, "store"), client),
  scope,
  digest: fc.oneof(often(4, "bytes"), fc.constant("other bytes")),
  audience: fc.oneof(often(12, AUDIENCE), fc.constant("https://other.example")),
});

function often<T>(weight: number, value: T): fc.WeightedArbitrary<T> {
  return { weight, arbitrary: fc.constant(value) };
}

function move<Name extends Move["do"]>(
  weight: number,
  name: Name,
  model: { [Key in Exclude<keyof Extract<Move, { do: Name }>, "do">]: fc.Arbitrary<unknown> },
): fc.WeightedArbitrary<Move> {
  return { weight, arbitrary: fc.record({ do: fc.constant(name), ...model }) as never };
}

/** Any move; what leads to tokens is likelier than what ends them. */
export const moves: fc.Arbitrary<Move> = fc.oneof(
  move(30, "connect", {
    seat,
    client: fc.oneof(often(2, "shop"), often(2, "store"), client),
    scope,
  }),
  move(6, "narrow", { back, scope: scopes }),
  move(4, "revoke-connection", { back }),
  move(4, "disconnect", { seat, client }),
  move(8, "set-user-status", {
    seat,
    status: fc.oneof(often(4, "active"), fc.constant("suspended")),
  }),
  move(12, "set-client-status", {
    client,
    status: fc.oneof(often(5, "enabled"), fc.constant("disabled")),
  }),
  move(12, "set-client-scope", { client, scope }),
  move(1, "delete-user", { seat }),
  move(4, "register-user", { seat }),
  move(40, "mint", {
    seat,
    consent,
    ago: fc.constantFrom(-3, -2, 0, 0, 0, 1, 10),
    sameJti: fc.oneof(often(5, false), fc.constant(true)),
  }),
  move(60, "redeem", { back, by: owner }),
  move(30, "fetch", { seat, client: fc.oneof(often(2, "partner"), client) }),
  move(80, "refresh", {
    back,
    by: owner,
    scope: fc.oneof(often(4, null), scopes),
    forged: fc.oneof(often(10, "none"), fc.constantFrom("generation", "salt")),
  }),
  move(40, "use", {
    back,
    kind: fc.constantFrom("access", "refresh"),
    by: fc.oneof(often(3, "bearer"), client),
  }),
  move(3, "revoke-token", { back, by: owner }),
  move(40, "wait", { seconds }),
);

/** Someone who plays moves on a machine and remembers what came of them. */
export interface Player {
  readonly machine: Machine;
  readonly consents: Consent[];
  readonly grants: TokenGrant[];
  readonly connections: ConnectionId[];
  /** The public id in each seat, and how many sat there. */
  readonly seats: { publicId: string; count: number }[];
}

/** One command, with all that went into its decision and came out of it. */
export interface Step {
  readonly command: Command;
  readonly context: Context;
  readonly facts: Facts;
  readonly before: State;
  readonly decision: Decision<unknown>;
  readonly after: State;
}

/** A player in a world of two users and four clients that may be given everything. */
export function createPlayer(settings: Partial<SettingsInput> = SMALL): Player {
  const machine = createMachine(settings);
  for (const name of CLIENTS) register(machine, name, "email orders profile");
  const seats = ["ann", "bob"].map((publicId) => ({ publicId, count: 0 }));
  for (const { publicId: user } of seats) {
    machine.run({ type: "register-user", user, digest: `digest of ${user}` });
  }
  return { machine, consents: [], grants: [], connections: [], seats };
}

/** Plays one move. `null` where it is no command: time passed, or there was nothing to do it with. */
export function play(player: Player, next: Move): Step | null {
  const { machine } = player;
  if (next.do === "wait") machine.now += next.seconds;
  if (next.do === "mint") player.consents.push(mint(player, next));
  const command = commandOf(player, next);
  if (command === null) return null;
  const before = machine.state;
  const context = machine.context();
  const facts = factsOf(before, keysOf(command));
  const decision = machine.run(command);
  remember(player, command, decision);
  return { command, context, facts, before, decision, after: machine.state };
}

function mint({ machine, seats, consents }: Player, next: Move & { do: "mint" }): Consent {
  const before = next.sameJti ? consents.at(-1) : undefined;
  return consentOf(machine, {
    user: seats[next.seat]?.publicId ?? "",
    issuedAt: machine.now - next.ago,
    jti: before?.jti ?? `jti-${consents.length}`,
    ...next.consent,
  });
}

function remember(player: Player, command: Command, decision: Decision<unknown>): void {
  for (const change of decision.changes) {
    if (change.type === "connection-established") player.connections.push(change.connection.id);
  }
  if (decision.outcome === "refused") return;
  if (command.type === "fetch" || command.type === "refresh") {
    player.grants.push(decision.grant as TokenGrant);
  }
}

/** The command that a move means now, or `null`. */
function commandOf(player: Player, next: Move): Command | null {
  switch (next.do) {
    case "wait":
    case "mint":
      return null;
    case "connect":
      return {
        type: "connect",
        user: sitting(player, next),
        client: next.client,
        scope: next.scope,
      };
    case "disconnect":
      return { type: "disconnect", user: sitting(player, next), client: next.client };
    case "fetch": {
      const publicId = sitting(player, next);
      return { type: "fetch", by: "publicId", client: next.client, publicId };
    }
    case "set-user-status":
      return { type: "set-user-status", user: sitting(player, next), status: next.status };
    case "delete-user": {
      const user = sitting(player, next);
      return { type: "delete-user", user, digest: `digest of ${user}` };
    }
    case "register-user":
      return registerNext(player, next.seat);
    case "set-client-status":
      return { type: "set-client-status", client: next.client, status: next.status };
    case "set-client-scope":
      return { type: "set-client-scope", client: next.client, scope: next.scope };
    case "narrow":
    case "revoke-connection":
      return aboutConnection(player, next);
    case "redeem": {
      const consent = player.consents.at(-1 - next.back);
      if (consent === undefined) return null;
      const by = next.by === "owner" ? consent.client : next.by;
      return { type: "fetch", by: "consentToken", client: by, consent };
    }
    case "refresh":
    case "use":
    case "revoke-token":
      return aboutToken(player, next);
  }
}

function sitting({ seats }: Player, { seat }: { readonly seat: Seat }): string {
  return seats[seat]?.publicId ?? "";
}

/** Registers the same id again where it is taken, and every other time where it is retired. */
function registerNext({ seats, machine }: Player, seat: Seat): Command {
  const place = seats[seat] ?? { publicId: "", count: 0 };
  if (!machine.state.users.has(place.publicId) && (place.count += 1) % 2 === 0) {
    place.publicId = `${place.publicId.split("-")[0]}-${place.count}`;
  }
  const { publicId: user } = place;
  return { type: "register-user", user, digest: `digest of ${user}` };
}

function aboutConnection(
  { connections }: Player,
  next: Move & { do: "narrow" | "revoke-connection" },
): Command | null {
  const connection = connections.at(-1 - next.back);
  if (connection === undefined) return null;
  return next.do === "narrow"
    ? { type: "narrow", connection, scope: next.scope }
    : { type: "revoke-connection", connection };
}

function aboutToken(
  { grants, machine }: Player,
  next: Move & { do: "refresh" | "use" | "revoke-token" },
): Command | null {
  const grant = grants.at(-1 - next.back);
  if (grant === undefined) return null;
  if (next.do === "use") {
    const token = next.kind === "access" ? accessTokenOf(grant) : refreshTokenOf(grant);
    const caller = machine.state.clients.has(next.by) ? next.by : null;
    return { type: "use", caller, token };
  }
  const by = next.by === "owner" ? grant.client : next.by;
  if (next.do === "revoke-token") return { type: "revoke-token", client: by, family: grant.family };
  const generation = grant.generation + (next.forged === "generation" ? 1 : 0);
  const salt = next.forged === "salt" ? "forged" : grant.salt;
  const { family } = grant;
  return { type: "refresh", client: by, family, generation, salt, scope: next.scope };
}
