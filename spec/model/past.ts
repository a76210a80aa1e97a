/**
 * What is remembered of the past after a command: only what "never again" is asked of.
 * @module
 */
import type { Command } from "../../core/decide.ts";
import type { Decision } from "../../core/decision.ts";
import type { State } from "../../core/evolve.ts";
import type { ConnectionId, Seconds, TokenFamily, Withdrawal } from "../../core/model.ts";
import type { DeadTokens, Moment, Past } from "./moment.ts";

/** The past once a command has been decided and its changes made. */
export function remember(
  { cast, now, state, past }: Moment,
  command: Command,
  decision: Decision<unknown>,
  after: State,
): Past {
  return {
    ...past,
    started: startedBy(past.started, command, decision),
    withdrawals: withdrawnBy(past.withdrawals, command, decision, state, now),
    dead: cast.remembersDead ? deadAfter(past.dead, state, after) : past.dead,
  };
}

function startedBy(
  started: readonly string[],
  command: Command,
  { changes }: Decision<unknown>,
): readonly string[] {
  if (command.type !== "fetch" || command.by !== "consentToken") return started;
  const key = `${command.consent.issuer} ${command.consent.jti}`;
  const starts = changes.some(({ type }) => type === "family-started");
  return starts && !started.includes(key) ? [...started, key].sort() : started;
}

/** Every connection that a user revoked, and every client that a user withdrew from (C14). */
function withdrawnBy(
  withdrawals: readonly Withdrawal[],
  command: Command,
  decision: Decision<unknown>,
  before: State,
  now: Seconds,
): readonly Withdrawal[] {
  if (decision.outcome === "refused") return withdrawals;
  if (command.type === "delete-user") {
    return withdrawals.filter(({ user }) => user !== command.user);
  }
  if (command.type === "disconnect") {
    const { user, client } = command;
    return addWithdrawal(withdrawals, { user, client, directAt: now, at: now });
  }
  if (command.type !== "revoke-connection") return withdrawals;
  const connection = before.connections.get(command.connection);
  if (connection?.status !== "active") return withdrawals;
  const { user, client, source } = connection;
  return addWithdrawal(withdrawals, {
    user,
    client,
    directAt: source === null ? now : null,
    at: now,
  });
}

/** Clocks can step back, so the later moment counts. */
function addWithdrawal(
  withdrawals: readonly Withdrawal[],
  { user, client, directAt, at }: Withdrawal,
): readonly Withdrawal[] {
  const old = withdrawals.find((one) => one.user === user && one.client === client);
  const direct = [directAt, old?.directAt ?? null].filter((time) => time !== null);
  const merged = {
    user,
    client,
    directAt: direct.length === 0 ? null : Math.max(...direct),
    at: Math.max(at, old?.at ?? at),
  };
  const others = withdrawals.filter((one) => one !== old);
  return [...others, merged].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ user, client }: Withdrawal): string {
  return `${user} ${client}`;
}

/** Families that ended in this step, by whatever cause, or whose connection did. */
function deadAfter(
  dead: readonly DeadTokens[],
  before: State,
  after: State,
): readonly DeadTokens[] {
  const ended: DeadTokens[] = [];
  for (const family of before.families.values()) {
    if (!stands(before, family) || stands(after, family)) continue;
    const connection = before.connections.get(family.connection);
    if (connection === undefined) continue;
    const { client, user } = connection;
    const { id, scope, generation, salt } = family;
    ended.push({ family: id, client, user, scope, generation, salt });
  }
  if (ended.length === 0) return dead;
  // Of families that left no row one is as good as another.
  const rows = [...dead, ...ended];
  const gone = rows.findLast(({ family }) => !after.families.has(family));
  return rows.filter((tokens) => tokens === gone || after.families.has(tokens.family));
}

/** Whether nothing final has happened to a family: it is there, and so are its connection and source. */
function stands(state: State, { id, connection }: TokenFamily): boolean {
  if (!state.families.has(id)) return false;
  const row = state.connections.get(connection);
  return row?.status === "active" && (row.source === null || isActive(state, row.source));
}

function isActive(state: State, id: ConnectionId): boolean {
  return state.connections.get(id)?.status === "active";
}
