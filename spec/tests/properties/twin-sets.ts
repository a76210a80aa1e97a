/**
 * The sets that the twin (twin.ts) is made of, and what follows from them. Nothing that ended is
 * forgotten: a family is the list of moments at which its generations began, a withdrawal an entry.
 * @module
 */
import type { Consent } from "../../../core/consent.ts";
import type { Settings } from "../../../core/settings.ts";

/** A connection. */
export interface Edge {
  readonly id: string;
  readonly user: string;
  readonly client: string;
  readonly via: Edge | null;
  scope: Set<string>;
  at: number;
  gone: boolean;
}

/** A token family. */
export interface Chain {
  readonly id: string;
  readonly edge: Edge;
  readonly scope: Set<string>;
  /** When each generation began. */
  readonly births: number[];
  readonly salts: string[];
  ended: boolean;
}

/** A withdrawal. */
export interface Parting {
  readonly user: string;
  readonly client: string;
  readonly direct: boolean;
  readonly at: number;
}

/** Everything there is. */
export interface Sets {
  readonly settings: Settings;
  readonly users: Map<string, "active" | "suspended" | "deleted">;
  readonly apps: Map<string, { on: boolean; may: Set<string> }>;
  readonly edges: Edge[];
  readonly chains: Chain[];
  readonly spent: Map<string, { consent: Consent; chain: Chain; at: number }>;
  readonly partings: Parting[];
}

/** The tokens in which a connection and all it rests on agree. */
export function worth(sets: Sets, { user, client, via, scope, gone }: Edge): Set<string> {
  const app = sets.apps.get(client);
  if (gone || sets.users.get(user) !== "active" || !app?.on) return new Set();
  if (via?.via) return new Set();
  return meet(scope, app.may, ...(via ? [worth(sets, via)] : []));
}

/** When a family ends by itself. */
export function endOf({ settings }: Sets, { births }: Chain): number {
  const idle = (births.at(-1) ?? 0) + settings.refreshIdleSeconds;
  return Math.min(idle, (births[0] ?? 0) + settings.refreshAbsoluteSeconds);
}

/** The connections between these two that are not revoked. */
export function edgesOf({ edges }: Sets, user: string, client: string): readonly Edge[] {
  return edges.filter((edge) => !edge.gone && edge.user === user && edge.client === client);
}

/** The family with this id, unless it ended. */
export function chainOf({ chains }: Sets, family: string): Chain | undefined {
  return chains.find(({ id, ended }) => id === family && !ended);
}

/** What all of these hold. */
export function meet(first: Set<string>, ...others: readonly Set<string>[]): Set<string> {
  return new Set([...first].filter((item) => others.every((other) => other.has(item))));
}

/** A set as one text. */
export function text(scope: Set<string>): string {
  return [...scope].sort().join(" ");
}

/** Compares lists item by item. */
export function compare(a: readonly unknown[], b: readonly unknown[]): number {
  const at = a.findIndex((item, index) => item !== b[index]);
  return at < 0 ? 0 : (a[at] as string | number) < (b[at] as string | number) ? -1 : 1;
}
