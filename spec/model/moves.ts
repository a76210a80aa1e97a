/**
 * What can happen next: small generators of moves, from which each world takes its own.
 * @module
 */
import type { Command } from "../../core/decide.ts";
import type { ClientId, PublicId, Seconds } from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import type { Moment } from "./moment.ts";
import type { Answer, Ask, Move, Mutate } from "./play.ts";

/** The moves of one kind that are possible at a moment. */
export type Moves = (moment: Moment) => readonly Move[];

/** All of several generators, in order. */
export function all(...generators: readonly Moves[]): Moves {
  return (moment) => generators.flatMap((generate) => generate(moment));
}

/** The same commands at every moment. */
export function ask(...commands: readonly Command[]): Moves {
  const moves = commands.map((command): Ask => ({ type: "ask", command }));
  return () => moves;
}

/** Each client asks for tokens by each public id. */
export function fetchById(clients: readonly ClientId[], publicIds: readonly PublicId[]): Moves {
  const moves = clients.flatMap((client) =>
    publicIds.map((publicId): Mutate => ({ type: "mutate", client, args: { publicId } }))
  );
  return () => moves;
}

/** Each client presents each consent token of the story, or some of them. */
export function redeem(clients: readonly ClientId[], only?: readonly string[]): Moves {
  const byToken = new Map<unknown, readonly Move[]>();
  return ({ cast: { tokens } }) => {
    let moves = byToken.get(tokens);
    if (moves === undefined) {
      const names = only ?? tokens.map(({ name }) => name);
      moves = clients.flatMap((client) =>
        names.map((consentToken): Mutate => ({ type: "mutate", client, args: { consentToken } }))
      );
      byToken.set(tokens, moves);
    }
    return moves;
  };
}

/** The mutation with both arguments, with neither, with null and with the empty string. */
export function badInputs(client: ClientId, publicId: PublicId, consentToken: string): Moves {
  const moves = [
    {},
    { publicId: null, consentToken: null },
    { publicId, consentToken },
    { publicId: "", consentToken },
    { publicId, consentToken: null },
    { publicId: undefined, consentToken },
    { publicId: "" },
    { consentToken: "" },
  ].map((args): Mutate => ({ type: "mutate", client, args }));
  return () => moves;
}

/** How refresh tokens are presented. */
export interface Presenting {
  readonly clients: readonly ClientId[];
  /** Generations before the current one; negative ones come from a store that was restored since. */
  readonly ages: readonly number[];
  readonly scopes: readonly (Scope | null)[];
}

/** Each client presents refresh tokens of every family, of each age that exists. */
export function refresh({ clients, ages, scopes }: Presenting): Moves {
  return ({ state }) => {
    const moves: Ask[] = [];
    for (const { id: family, generation: current, salt } of state.families.values()) {
      for (const age of ages) {
        if (age > current) continue;
        const token = { family, generation: current - age, salt: age === 0 ? salt : "spent" };
        for (const client of clients) {
          for (const scope of scopes) {
            moves.push({ type: "ask", command: { type: "refresh", client, ...token, scope } });
          }
        }
      }
    }
    return moves;
  };
}

/** A refresh token with the current number and another salt: from before a restore. */
export function refreshOtherHistory(client: ClientId): Moves {
  return ({ state }) =>
    [...state.families.values()].map(({ id: family, generation }): Ask => {
      const token = { family, generation, salt: "of another history" };
      return { type: "ask", command: { type: "refresh", client, ...token, scope: null } };
    });
}

/** Refresh tokens of every family, of these ages, whose salts were drawn at each of these seconds. */
export function refreshDrawnAt(
  client: ClientId,
  ages: readonly number[],
  seconds: readonly Seconds[],
): Moves {
  return ({ state }) =>
    [...state.families.values()].flatMap(({ id: family, generation: current }) =>
      ages.filter((age) => age <= current).flatMap((age) =>
        seconds.map((second): Ask => {
          const salt = `${(second * 1000 + 999).toString(16).padStart(11, "0")} and the rest`;
          const token = { family, generation: current - age, salt };
          return { type: "ask", command: { type: "refresh", client, ...token, scope: null } };
        })
      )
    );
}

/**
 * Each caller asks what tokens of every family are worth: the refresh tokens, and every access token
 * that could be: of each scope, about to expire and just expired. An access token says all of itself, so
 * those that were never issued are asked after, too.
 */
export function use(callers: readonly (ClientId | null)[], scopes: readonly Scope[]): Moves {
  return ({ state, now }) => {
    const moves: Ask[] = [];
    for (const { id: family, generation, salt } of state.families.values()) {
      for (const caller of callers) {
        const about = (token: Extract<Command, { readonly type: "use" }>["token"]) =>
          moves.push({ type: "ask", command: { type: "use", caller, token } });
        about({ kind: "refresh", family, generation, salt });
        if (generation > 0) {
          about({ kind: "refresh", family, generation: generation - 1, salt: "spent" });
        }
        for (const scope of scopes) {
          about({ kind: "access", family, scope, issuedAt: now, expiresAt: now + 1 });
          about({ kind: "access", family, scope, issuedAt: now, expiresAt: now });
        }
      }
    }
    return moves;
  };
}

/** Each client revokes a token of every family, and of one that never was. */
export function revokeToken(clients: readonly ClientId[]): Moves {
  return ({ state }) =>
    [...state.families.keys(), "f000"].flatMap((family) =>
      clients.map((client): Ask => ({
        type: "ask",
        command: { type: "revoke-token", client, family },
      }))
    );
}

/** The user signs in to a client with a scope. */
export function connect(user: PublicId, client: ClientId, scope: Scope): Command {
  return { type: "connect", user, client, scope };
}

/** Every connection of these clients is narrowed to each scope. */
export function narrow(clients: readonly ClientId[], scopes: readonly Scope[]): Moves {
  return (moment) =>
    connectionsWith(moment, clients).flatMap((connection) =>
      scopes.map((scope): Ask => ({ type: "ask", command: { type: "narrow", connection, scope } }))
    );
}

/** Every connection of these clients is revoked. */
export function revoke(clients: readonly ClientId[]): Moves {
  return (moment) =>
    connectionsWith(moment, clients).map((connection): Ask => ({
      type: "ask",
      command: { type: "revoke-connection", connection },
    }));
}

function connectionsWith({ state }: Moment, clients: readonly ClientId[]): readonly string[] {
  return [...state.connections.values()]
    .flatMap(({ id, client }) => clients.includes(client) ? id : []);
}

/** Time goes on to the next second at which something can happen. */
export const tick: Moves = ({ cast: { times }, now }) => {
  const to = times.find((time) => time > now);
  return to === undefined ? [] : [{ type: "clock", to }];
};

/** The clock is set back, by an hour at most from the latest it has shown. */
export const stepBack: Moves = ({ cast: { times }, now, past: { latest } }) =>
  times.filter((time) => time < now && time >= latest - 3600)
    .map((to) => ({ type: "clock", to }) as const);

/** The broom passes, at any moment. */
export function sweep(): Moves {
  const moves = [{ type: "sweep" }] as const;
  return () => moves;
}

/**
 * Every actor that waits for nothing presents what it has: its refresh token, or a consent token, or the
 * public id. Every answer that is awaited arrives or is lost.
 */
export function act(consentToken: string, publicId: PublicId): Moves {
  return ({ past: { actors } }) =>
    actors.flatMap(({ name, client, held, inFlight }): readonly Move[] => {
      if (inFlight !== null) return [true, false].map((arrives) => answer(name, arrives));
      if (held !== null) {
        const command = { type: "refresh", client, ...held, scope: null } as const;
        return [{ type: "ask", command, actor: name }];
      }
      return [{ consentToken }, { publicId }]
        .map((args): Mutate => ({ type: "mutate", client, args, actor: name }));
    });
}

function answer(actor: string, arrives: boolean): Answer {
  return { type: "answer", actor, arrives };
}
