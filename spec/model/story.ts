/**
 * A path through a world, told as the requests that were made.
 * @module
 */
import type { Command } from "../../core/decide.ts";
import type { TokenGrant } from "../../core/decision.ts";
import type { Scope } from "../../core/scope.ts";
import type { Violation } from "./explore.ts";
import type { Moment } from "./moment.ts";
import type { Move, Step } from "./play.ts";

/** Tells a path, one line a step. */
export function tell(path: readonly Step[]): readonly string[] {
  return path.map((step, index) => `${index + 1}. ${tellStep(step)}`);
}

/** Tells why a walk stopped: what does not hold, in words, and the shortest way to see it. */
export function tellViolation(
  { properties, path, thrown }: Violation<Step>,
  textOf: (id: string) => string,
): readonly string[] {
  return [
    ...properties.map((id) => `✗ ${id}: ${textOf(id)}`),
    ...(thrown === null ? [] : [`  (a check met what it could not read: ${thrown})`]),
    ...tell(path).map((line) => `  ${line}`),
  ];
}

function tellStep(step: Step): string {
  const { before, move, decision, fault, kind } = step;
  const at = `t=${before.now}`;
  if (fault !== null) return `${at} ${tellMove(move, before)} → threw ${fault}`;
  if (kind === "input") return `${at} ${tellMove(move, before)} → bad input`;
  if (decision === null) return `${at} ${tellMove(move, before)}`;
  if (decision.outcome === "refused") {
    const ended = decision.changes.length > 0 ? ", the family ended" : "";
    return `${at} ${tellMove(move, before)} → ${decision.code} (${decision.reason})${ended}`;
  }
  return `${at} ${tellMove(move, before)} → ${tellGrant(step)}`;
}

function tellGrant({ command, decision }: Step): string {
  if (decision?.outcome !== "granted") return "";
  if (command?.type === "fetch" || command?.type === "refresh") {
    const { family, generation, scope, connection, repeated } = decision.grant as TokenGrant;
    const again = repeated ? "again " : "";
    const ended = decision.changes.flatMap((change) =>
      change.type === "family-ended" ? `, ${change.family} ended` : []
    );
    return `granted ${again}family ${family} generation ${generation} ${quote(scope)} ` +
      `of connection ${connection}${ended.join("")}`;
  }
  if (command?.type === "use") {
    return `active, ${quote((decision.grant as { scope: Scope }).scope)}`;
  }
  if (command?.type === "connect") {
    return `granted connection ${(decision.grant as { id: string }).id}`;
  }
  return decision.changes.length === 0 ? "granted, nothing changed" : "granted";
}

function tellMove(move: Move, { now }: Moment): string {
  switch (move.type) {
    case "ask":
      return (move.actor === undefined ? "" : `${move.actor}: `) + tellCommand(move.command);
    case "mutate": {
      const who = move.actor === undefined ? move.client : `${move.actor}: ${move.client}`;
      const given = Object.entries(move.args).filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name} ${value === null ? "null" : `"${value}"`}`);
      return `${who} fetches tokens by ${given.join(" and ") || "nothing"}`;
    }
    case "clock":
      return `the clock ${move.to > now ? "goes on" : "is set back"} to ${move.to}`;
    case "sweep":
      return "the store sweeps";
    case "answer":
      return `${move.actor}: the answer ${move.arrives ? "arrives" : "is lost"}`;
  }
}

function tellCommand(command: Command): string {
  switch (command.type) {
    case "fetch":
      return `${command.client} fetches tokens`;
    case "refresh": {
      const { client, family, generation, salt, scope } = command;
      const kind = salt === "of another history" ? ` ${salt}` : "";
      const wanted = scope === null ? "" : ` for ${quote(scope)}`;
      return `${client} refreshes with generation ${generation} of ${family}${kind}${wanted}`;
    }
    case "use": {
      const { caller, token } = command;
      const who = caller === null ? "the Users API is shown" : `${caller} introspects`;
      const what = token.kind === "access"
        ? `an access token ${quote(token.scope)} until ${token.expiresAt}`
        : `refresh token generation ${token.generation}`;
      return `${who} ${what} of ${token.family}`;
    }
    case "revoke-token":
      return `${command.client} revokes a token of ${command.family}`;
    case "connect":
      return `${command.user} signs in to ${command.client} with ${quote(command.scope)}`;
    case "narrow":
      return `the user narrows ${command.connection} to ${quote(command.scope)}`;
    case "revoke-connection":
      return `the user revokes ${command.connection}`;
    case "disconnect":
      return `${command.user} withdraws from ${command.client}`;
    case "register-client":
      return `the operator registers client "${command.client}"`;
    case "set-client-scope":
      return `the operator sets the scope of ${command.client} to ${quote(command.scope)}`;
    case "set-client-status":
      return `the operator sets ${command.client} ${command.status}`;
    case "rotate-secret":
      return `the operator rotates the secret of ${command.client}`;
    case "end-old-secrets":
      return `the operator ends the old secrets of ${command.client}`;
    case "register-user":
      return `the operator registers user "${command.user}"`;
    case "set-user-status":
      return `the operator sets ${command.user} ${command.status}`;
    case "delete-user":
      return `the operator deletes ${command.user}`;
  }
}

function quote(scope: Scope): string {
  return `"${scope.join(" ")}"`;
}
