/**
 * How authority begins and ends (§7): connections, users, clients.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { State } from "../../../core/evolve.ts";
import type { ClientId, PublicId } from "../../../core/model.ts";
import { activeConnections } from "../law.ts";
import type { Moment } from "../moment.ts";
import { decideOn } from "../play.ts";
import { always, everyStep, type Invariant, on, sameList, unchanged } from "./invariant.ts";

const FAR = Number.MAX_SAFE_INTEGER;

/** Of connections: how they begin, change and end. */
export const CONNECTION: readonly Invariant[] = [
  on(
    ["connect"],
    "connect-answer",
    ["R1", "R3", "C10"],
    "A user who signs in has afterwards one direct connection with exactly that scope, from now: the one there was, or a new one.",
    ({ before, after, command, decision, context: { now, fresh } }) => {
      const { user, client, scope } = command;
      const { clients, users } = before.state;
      const code = clients.get(client)?.status !== "enabled"
        ? "UNKNOWN_CLIENT"
        : users.get(user)?.status !== "active"
        ? "UNKNOWN_USER"
        : scope.length === 0
        ? "INVALID_ARGUMENT"
        : null;
      if (decision.outcome === "refused") return decision.code === code;
      const [was, is] = [before, after].map(({ state }) =>
        activeConnections(state, user, client).filter(({ source }) => source === null)
      );
      return code === null && is?.length === 1 &&
        is[0]?.id === (was?.[0]?.id ?? fresh.connection) &&
        is[0].consentedAt === now && sameList(is[0].scope, scope) && decision.grant.id === is[0].id;
    },
  ),
  on(
    ["narrow"],
    "narrow-only-narrows",
    ["R1", "C10", "SC-09"],
    "Narrowing leaves an active connection with the part of its scope that was allowed to remain, and consent dated up to the skew after it does not widen it again.",
    ({ before, after, command, decision, context: { now, settings } }) => {
      const was = before.state.connections.get(command.connection);
      const is = after.state.connections.get(command.connection);
      if (was?.status !== "active") {
        return decision.outcome === "refused" && decision.code === "UNKNOWN_CONNECTION";
      }
      return decision.outcome === "granted" && is?.status === "active" &&
        is.consentedAt === Math.max(was.consentedAt, now + settings.consentSkewSeconds + 1) &&
        is.source === was.source &&
        sameList(is.scope, was.scope.filter((token) => command.scope.includes(token)));
    },
  ),
  on(
    ["revoke-connection"],
    "revoke-is-final-and-repeatable",
    ["R2", "R3", "C14"],
    "Revoking ends that connection and no other, leaves a withdrawal of now, and twice is once; what never was is refused.",
    ({ before, after, command, decision, context: { now } }) => {
      const was = before.state.connections.get(command.connection);
      if (was === undefined) {
        return decision.outcome === "refused" && decision.code === "UNKNOWN_CONNECTION";
      }
      if (decision.outcome === "refused") return false;
      if (was.status === "revoked") return unchanged(before, after);
      const is = after.state.connections.get(command.connection);
      return is?.status === "revoked" && is.revokedAt === now && is.source === was.source &&
        withdrawnNow(after, was.user, was.client, was.source === null) &&
        othersStand(before.state, after.state, [command.connection]);
    },
  ),
  on(
    ["disconnect"],
    "disconnect-is-whole",
    ["P3", "R2", "C14"],
    "Withdrawing from a client ends every connection of this user with this client in one step and no other, and counts even if there was none.",
    ({ before, after, command: { user, client }, decision }) => {
      const { clients, users } = before.state;
      const code = !clients.has(client)
        ? "UNKNOWN_CLIENT"
        : !users.has(user)
        ? "UNKNOWN_USER"
        : null;
      if (decision.outcome === "refused") return decision.code === code;
      const was = activeConnections(before.state, user, client);
      return code === null && activeConnections(after.state, user, client).length === 0 &&
        withdrawnNow(after, user, client, true) &&
        othersStand(before.state, after.state, was.map(({ id }) => id));
    },
  ),
  everyStep(
    "no-connection-lives-again",
    ["R3"],
    "A revoked connection stays revoked, an id that is gone stays gone, and a new connection has a new id.",
    ({ before, after, context: { fresh } }) => {
      const [was, is] = [before.state.connections, after.state.connections];
      if (was === is) return null;
      return [...is].every(([id, row]) => {
        const old = was.get(id);
        if (old === undefined) return id === fresh.connection && row.status === "active";
        return old.status === "active" || row === old;
      });
    },
  ),
  everyStep(
    "no-family-lives-again",
    ["R3", "P5"],
    "A family that has no row never has one again: every family begins by the mutation, with an id of its own.",
    ({ kind, before, after, context: { fresh } }) => {
      const [was, is] = [before.state.families, after.state.families];
      if (was === is) return null;
      const begun = [...is.keys()].filter((id) => !was.has(id));
      return begun.length === 0 || (kind === "fetch" && sameList(begun, [fresh.family]));
    },
  ),
  always(
    "nothing-live-after-the-end",
    ["R2", "R3", "T7", "SC-10", "SC-11", "RF-08"],
    "Once a revoke, deletion, eviction or reuse has returned, no token of that family is live at any face, whatever is consented later.",
    (moment) => {
      const { cast, state, past, now, next } = moment;
      if (past.dead.length === 0) return null;
      const context = { now, settings: cast.settings, fresh: cast.fresh(next, now) };
      return past.dead.every(({ family, client, scope, generation, salt }) => {
        const refresh = { kind: "refresh", family, generation, salt } as const;
        const access = { kind: "access", family, scope, issuedAt: now, expiresAt: FAR } as const;
        const commands: Command[] = [
          { type: "use", caller: null, token: access },
          { type: "use", caller: null, token: refresh },
          { type: "refresh", client, family, generation, salt, scope: null },
        ];
        if (generation > 0) {
          const spent = { family, generation: generation - 1, salt: "spent" };
          commands.push({ type: "refresh", client, ...spent, scope: null });
        }
        return commands.every((command) => {
          const decision = decideOn(cast, state, command, context);
          return decision.outcome === "refused" && decision.changes.length === 0;
        });
      });
    },
  ),
];

/** Whether all other connections, and all families, are as they were. */
function othersStand(before: State, after: State, except: readonly string[]): boolean {
  return before.connections.size === after.connections.size &&
    before.families.size === after.families.size &&
    [...before.connections].every(([id, row]) =>
      except.includes(id) || after.connections.get(id) === row
    );
}

function withdrawnNow(
  { state, now }: Moment,
  user: PublicId,
  client: ClientId,
  direct: boolean,
): boolean {
  const row = state.withdrawals.get(`${user} ${client}`);
  return row !== undefined && row.at >= now && (!direct || (row.directAt ?? -1) >= now);
}
