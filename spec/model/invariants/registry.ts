/**
 * Users and clients: registered, suspended, narrowed, deleted (§7).
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { State } from "../../../core/evolve.ts";
import { digestOf } from "../moment.ts";
import { decideOn } from "../play.ts";
import { type Invariant, on, same, sameList, sameState, unchanged } from "./invariant.ts";

/** Of users and clients. */
export const REGISTRY: readonly Invariant[] = [
  on(
    ["set-user-status", "set-client-status", "set-client-scope"],
    "suspension-is-reversible",
    ["R1", "T6"],
    "Suspending, disabling and narrowing a registration write one row, and taking them back leaves everything as it was.",
    ({ before, after, command, context }) => {
      if (unchanged(before, after)) return null;
      const inverse = inverseOf(command, before.state);
      if (inverse === null) return false;
      const { cast, state } = after;
      const { changes } = decideOn(cast, state, inverse, context);
      return sameState(cast.machine.evolve(state, changes), before.state);
    },
  ),
  on(
    [
      "set-user-status",
      "set-client-status",
      "set-client-scope",
      "rotate-secret",
      "end-old-secrets",
    ],
    "settings-of-a-party-do-what-they-say",
    ["R1", "CA-09"],
    "A status or scope is set exactly as it was asked, a new secret works beside the old ones until their overlap ends, old ones can be ended at once, and the unknown are refused.",
    ({ before, after, command, decision, context: { now, settings } }) => {
      if (command.type === "set-user-status") {
        const is = after.state.users.get(command.user);
        if (!before.state.users.has(command.user)) return decision.outcome === "refused";
        return decision.outcome === "granted" && is?.status === command.status;
      }
      const was = before.state.clients.get(command.client);
      const is = after.state.clients.get(command.client);
      if (was === undefined) return decision.outcome === "refused";
      if (is === undefined || decision.outcome === "refused") return false;
      switch (command.type) {
        case "set-client-status":
          return is.status === command.status && sameList(is.scope, was.scope);
        case "set-client-scope":
          return sameList(is.scope, command.scope) && is.status === was.status;
        case "end-old-secrets":
          return same(is.secrets, was.secrets.filter(({ expiresAt }) => expiresAt === null));
        case "rotate-secret": {
          // The new secret, and each old one up to the second at which it would have ended, or does now.
          const end = now + settings.secretOverlapSeconds;
          const old = was.secrets.filter(({ expiresAt }) => now < (expiresAt ?? Infinity)).slice(
            0,
            3,
          );
          const work = (at: number) =>
            old.filter(({ expiresAt }) => at < Math.min(expiresAt ?? end, end))
              .map(({ digest }) => digest);
          const live = (at: number) =>
            before.cast.machine.liveSecrets(is, at).map(({ digest }) => digest);
          return is.secrets.length <= 4 &&
            [now, end - 1, end].every((at) =>
              at < now || sameList(live(at), [command.secretDigest, ...work(at)])
            );
        }
      }
    },
  ),
  on(
    ["register-user", "register-client"],
    "ids-are-never-reused",
    ["R1", "G10"],
    "An id can be registered once: one that is in use is refused, and so, forever, is the id of a deleted user.",
    ({ before, after, command, decision }) => {
      const { state } = before;
      if (command.type === "register-client") {
        const malformed = !/^[\w.~-]+$/.test(command.client);
        const known = state.clients.has(command.client);
        return decision.outcome === "refused"
          ? malformed || known
          : !malformed && !known && after.state.clients.get(command.client)?.status === "enabled";
      }
      const malformed = command.user === "" || command.user.includes(" ");
      const known = state.users.has(command.user) || state.retired.has(digestOf(command.user));
      return decision.outcome === "refused"
        ? malformed || known
        : !malformed && !known && after.state.users.get(command.user)?.status === "active";
    },
  ),
  on(
    ["delete-user"],
    "deletion-is-whole",
    ["R1", "C13"],
    "A deleted user leaves no connection, family or withdrawal behind, only the digest that keeps the id from use, and what redeemed tokens leave.",
    ({ before, after, command: { user }, decision }) => {
      const { state } = after;
      if (!before.state.users.has(user)) {
        return decision.outcome === "refused" && unchanged(before, after);
      }
      const left = [...state.connections.values(), ...state.withdrawals.values()]
        .filter((row) => row.user === user);
      const orphans = [...state.families.values()]
        .filter(({ connection }) => !state.connections.has(connection));
      return decision.outcome === "granted" && left.length === 0 && orphans.length === 0 &&
        !state.users.has(user) && state.retired.has(digestOf(user)) &&
        state.consentUses.size === before.state.consentUses.size;
    },
  ),
];

/** The command that takes another back. */
function inverseOf(command: Command, { users, clients }: State): Command | null {
  switch (command.type) {
    case "set-user-status": {
      const user = users.get(command.user);
      return user === undefined ? null : { ...command, status: user.status };
    }
    case "set-client-status": {
      const client = clients.get(command.client);
      return client === undefined ? null : { ...command, status: client.status };
    }
    case "set-client-scope": {
      const client = clients.get(command.client);
      return client === undefined ? null : { ...command, scope: client.scope };
    }
    case "connect":
    case "delete-user":
    case "disconnect":
    case "fetch":
    case "narrow":
    case "refresh":
    case "register-client":
    case "register-user":
    case "revoke-connection":
    case "revoke-token":
    case "rotate-secret":
    case "end-old-secrets":
    case "use":
      return null;
  }
}
