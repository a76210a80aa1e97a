/**
 * What a step may touch and what it may not, whatever it is (§8).
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { Decision } from "../../../core/decision.ts";
import type { State } from "../../../core/evolve.ts";
import type { PublicId } from "../../../core/model.ts";
import { inTime } from "../law.ts";
import { decideOn } from "../play.ts";
import { everyStep, type Invariant, same, sameSet } from "./invariant.ts";

/** Of every step: what it may touch, and that nothing depends on anything unsaid. */
export const FRAME: readonly Invariant[] = [
  everyStep(
    "total",
    ["A1", "A2"],
    "The core answers every command in every state; it never throws.",
    ({ command, fault }) => (command === null ? null : fault === null),
  ),
  everyStep(
    "refusal-changes-nothing",
    ["R1", "C6", "E2", "T5", "SC-07"],
    "A refusal changes nothing, but that a reused refresh token ends its family.",
    ({ command, decision, before, after }) => {
      if (decision?.outcome !== "refused") return null;
      const { changes } = decision;
      return changes.length === 0 ? after.state === before.state : changes.length === 1 &&
        command?.type === "refresh" && changes[0]?.type === "family-ended" &&
        changes[0].cause === "reused" && changes[0].family === command.family;
    },
  ),
  everyStep(
    "one-user-at-a-time",
    ["A1", "R1", "P2"],
    "A command about one user writes nothing of another user.",
    ({ command, before, after }) => {
      if (command === null || before.cast.users.length < 2) return null;
      const users = before.cast.users.filter((user) => user !== userOf(command, before.state));
      return users.every((user) => sameRows(rowsOf(before.state, user), rowsOf(after.state, user)));
    },
  ),
  everyStep(
    "others-are-not-read",
    ["A1", "P2", "SC-06"],
    "What is decided about one user is the same with and without all other users.",
    ({ command, decision, before, context }) => {
      if (command === null || before.cast.users.length < 2) return null;
      const user = userOf(command, before.state);
      if (user === null) return null;
      return same(decision, decideOn(before.cast, without(before.state, user), command, context));
    },
  ),
  everyStep(
    "one-client-at-a-time",
    ["P2", "T4", "T7", "CT-15"],
    "A client that fetches, refreshes or revokes a token never touches another client's connections and families.",
    ({ command, before, after }) => {
      if (
        command?.type !== "fetch" && command?.type !== "refresh" &&
        command?.type !== "revoke-token"
      ) return null;
      if (before.state === after.state) return null;
      const rows = ({ connections, families }: State) => [
        ...[...connections.values()].filter(({ client }) => client !== command.client),
        ...[...families.values()].filter(({ connection }) =>
          connections.get(connection)?.client !== command.client
        ),
      ];
      return sameRows(rows(before.state), rows(after.state));
    },
  ),
  everyStep(
    "families-end-for-a-cause",
    ["P5", "T5", "T7", "R1", "R5", "SY-03"],
    "A family's row goes only by eviction, reuse, its client's revoke, its user's deletion or a sweep of what is over.",
    ({ kind, command, decision, before, after }) => {
      if (before.state.families === after.state.families) return null;
      const gone = [...before.state.families.values()]
        .filter(({ id }) => !after.state.families.has(id));
      if (gone.length === 0) return null;
      if (kind === "sweep") return true;
      if (command?.type === "delete-user") {
        return gone.every(({ connection }) =>
          before.state.connections.get(connection)?.user === command.user
        );
      }
      const causes =
        decision?.changes.flatMap((change) =>
          change.type === "family-ended" ? `${change.family} ${change.cause}` : []
        ) ?? [];
      const cause = kind === "fetch" ? "evicted" : kind === "refresh" ? "reused" : "revoked";
      return ["fetch", "refresh", "revoke-token"].includes(kind) &&
        sameSet(causes, gone, ({ id }) => `${id} ${cause}`);
    },
  ),
  everyStep(
    "sweep-unobservable",
    ["R5", "C13", "C14"],
    "No one who asks for, refreshes, uses or revokes tokens can tell whether what is over was swept.",
    ({ command, decision, unsweptDecision, before }) => {
      if (decision === null || unsweptDecision === null) return null;
      // A user who names a connection can see whether it is still there.
      if (
        (command?.type === "narrow" || command?.type === "revoke-connection") &&
        !before.state.connections.has(command.connection)
      ) return null;
      return same(visible(decision), visible(unsweptDecision));
    },
  ),
  everyStep(
    "sweep-leaves-nothing-over",
    ["R5", "SY-03"],
    "After a sweep no revoked connection, no delegation from one and no expired family is left.",
    ({ kind, after: { state, now, cast } }) => {
      if (kind !== "sweep") return null;
      return [...state.families.values()].every((family) => inTime(family, now, cast.settings)) &&
        [...state.connections.values()].every(({ status, source }) =>
          status === "active" &&
          (source === null || state.connections.get(source)?.status === "active")
        );
    },
  ),
];

/** The user that a command is about, as far as the state shows; `null` for commands about clients. */
function userOf(command: Command, { connections, families }: State): PublicId | null {
  switch (command.type) {
    case "fetch":
      return command.by === "publicId" ? command.publicId : command.consent.user;
    case "refresh":
    case "revoke-token":
      return connections.get(families.get(command.family)?.connection ?? "")?.user ?? null;
    case "use":
      return connections.get(families.get(command.token.family)?.connection ?? "")?.user ?? null;
    case "narrow":
    case "revoke-connection":
      return connections.get(command.connection)?.user ?? null;
    case "connect":
    case "disconnect":
    case "register-user":
    case "set-user-status":
    case "delete-user":
      return command.user;
    case "register-client":
    case "set-client-scope":
    case "set-client-status":
    case "rotate-secret":
    case "end-old-secrets":
      return null;
  }
}

/** All rows of a user but the consent uses, which belong to issuers. */
function rowsOf(state: State, publicId: PublicId): readonly unknown[] {
  const { users, connections, families, withdrawals } = state;
  return [
    users.get(publicId),
    ...[...connections.values()].filter(({ user }) => user === publicId),
    ...[...withdrawals.values()].filter(({ user }) => user === publicId),
    ...[...families.values()].filter(({ connection }) =>
      connections.get(connection)?.user === publicId
    ),
  ];
}

/** The state as if this were the only user there is. */
function without(state: State, only: PublicId): State {
  const connections = filter(state.connections, ({ user }) => user === only);
  const families = filter(state.families, ({ connection }) => connections.has(connection));
  return {
    ...state,
    users: filter(state.users, ({ publicId }) => publicId === only),
    connections,
    families,
    withdrawals: filter(state.withdrawals, ({ user }) => user === only),
    connectionsOfUser: filter(state.connectionsOfUser, (_, user) => user === only),
    familiesOfConnection: filter(state.familiesOfConnection, (_, id) => connections.has(id)),
  };
}

function filter<Key, Row>(
  table: Map<Key, Row>,
  wanted: (row: Row, key: Key) => boolean,
): Map<Key, Row> {
  return new Map([...table].filter(([key, row]) => wanted(row, key)));
}

function sameRows(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((row) => b.includes(row));
}

/** What a caller can see of a decision: not the internal reason, not the changes. */
function visible(decision: Decision<unknown>): unknown {
  return decision.outcome === "refused" ? decision.code : decision.grant;
}
