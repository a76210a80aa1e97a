/**
 * Who and what the worlds have in common.
 * @module
 */
import type { Command } from "../../../core/decide.ts";
import type { Client, ClientId } from "../../../core/model.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Registration } from "../build.ts";
import type { Moment } from "../moment.ts";

/** A partner. */
export const P: Registration = { id: "p", scope: ["r", "w"] };
/** Another partner: a thief, or one that is a merchant, too. */
export const Q: Registration = { id: "q", scope: ["r", "w"] };
/** A merchant. */
export const M: Registration = { id: "m", scope: ["r", "w"] };
/** Another merchant. */
export const N: Registration = { id: "n", scope: ["r", "w"] };

/** The operator disables or enables a client. */
export function setStatus(client: ClientId, status: Client["status"]): Command {
  return { type: "set-client-status", client, status };
}

/** The operator sets what a client is registered for. */
export function setScope(client: ClientId, scope: Scope): Command {
  return { type: "set-client-scope", client, scope };
}

/** Bounds how often a family is rotated. */
export function generationsUpTo(most: number): (moment: Moment) => boolean {
  return ({ state }) => [...state.families.values()].every(({ generation }) => generation <= most);
}

/** Bounds how many connections there are, revoked ones counted, and how often families are rotated. */
export function connectionsUpTo(
  most: number,
  generations: number = Infinity,
): (moment: Moment) => boolean {
  const few = generationsUpTo(generations);
  return (moment) => moment.state.connections.size <= most && few(moment);
}
