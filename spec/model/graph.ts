/**
 * The state machines as they were seen during a walk: for each, the edges that were taken and why.
 * @module
 */
import type { TokenGrant } from "../../core/decision.ts";
import type { State } from "../../core/evolve.ts";
import type { Connection } from "../../core/model.ts";
import { inTime, isAlive } from "./law.ts";
import type { Moment } from "./moment.ts";
import type { Step } from "./play.ts";

/** The machines that are drawn. */
export type MachineName = "mutation" | "connection" | "consent" | "family" | "liveness";

/** Edges by `from → to`, each with everything that made somebody take it. */
export type Edges = Map<string, Set<string>>;

/** All machines' edges. */
export type Graphs = Readonly<Record<MachineName, Edges>>;

/** No edge seen yet. */
export function noGraphs(): Graphs {
  return {
    mutation: new Map(),
    connection: new Map(),
    consent: new Map(),
    family: new Map(),
    liveness: new Map(),
  };
}

/** Adds what one step shows. */
export function watch(graphs: Graphs, step: Step): void {
  watchMutation(graphs.mutation, step);
  watchConsent(graphs.consent, step);
  watchLiveness(graphs.liveness, step);
  watchFamilies(graphs.family, step);
  if (step.before.state.connections !== step.after.state.connections) {
    watchConnections(graphs.connection, step);
  }
}

/** Where a machine begins and ends. */
export const OUTSIDE = "[*]";

function take(edges: Edges, from: string, to: string, why: string): void {
  const key = `${from} → ${to}`;
  const seen = edges.get(key);
  if (seen === undefined) edges.set(key, new Set([why]));
  else seen.add(why);
}

/** received → selected → verified → established → issued, or refused. */
function watchMutation(edges: Edges, { kind, selected, decision }: Step): void {
  if (kind !== "fetch" && kind !== "input") return;
  take(edges, OUTSIDE, "received", "");
  if (selected?.outcome === "refused") {
    take(edges, "received", selected.code, selected.reason);
    return;
  }
  const chosen = selected?.by === "publicId" ? "selected by publicId" : "selected by consentToken";
  take(edges, "received", chosen, "");
  if (decision === null) {
    take(edges, chosen, "INVALID_TOKEN", "consent_claims");
    return;
  }
  if (decision.outcome === "refused") {
    take(edges, chosen, decision.code, decision.reason);
    return;
  }
  take(edges, chosen, "verified", "");
  if ((decision.grant as TokenGrant).repeated) {
    take(edges, "verified", "issued", "the same answer again");
    return;
  }
  const types = decision.changes.map(({ type }) => type);
  const how = types.includes("connection-established")
    ? "new delegated connection"
    : types.includes("connection-changed")
    ? "newer consent replaces the scope"
    : selected?.by === "publicId"
    ? "the connection that serves"
    : "older consent changes nothing";
  take(edges, "verified", "established", how);
  take(
    edges,
    "established",
    "issued",
    types.includes("family-ended") ? "family started, another evicted" : "family started",
  );
}

const CAUSES: Readonly<Record<string, string>> = {
  "connect": "signed in",
  "fetch": "consent redeemed",
  "narrow": "narrowed",
  "revoke-connection": "revoked",
  "disconnect": "withdrawn from the client",
  "delete-user": "user deleted",
  "sweep": "swept",
};

/** absent → active → revoked. */
function watchConnections(edges: Edges, { kind, before, after }: Step): void {
  const cause = CAUSES[kind] ?? kind;
  const [was, is] = [before.state.connections, after.state.connections];
  for (const [id, row] of was) {
    const now = is.get(id);
    if (now === row) continue;
    take(
      edges,
      row.status,
      now?.status ?? OUTSIDE,
      now === undefined && kind === "sweep" &&
        row.status === "active"
        ? "swept because its source is over"
        : cause,
    );
  }
  for (const [id, row] of is) if (!was.has(id)) take(edges, OUTSIDE, row.status, cause);
}

/** unseen → redeemed → forgotten. */
function watchConsent(edges: Edges, step: Step): void {
  const { kind, before, after, command, decision } = step;
  if (kind === "sweep") {
    const { consentUses } = before.state;
    if (after.state.consentUses.size < consentUses.size) {
      take(edges, "redeemed", "forgotten", "swept, an hour after its last second");
    }
    return;
  }
  if (command?.type !== "fetch" || command.by !== "consentToken" || decision === null) return;
  const key = `${command.consent.issuer} ${command.consent.jti}`;
  const was = before.state.consentUses.has(key)
    ? "redeemed"
    : before.past.started.includes(key)
    ? "forgotten"
    : "unseen";
  const is = after.state.consentUses.has(key) ? "redeemed" : was;
  take(edges, OUTSIDE, "unseen", "signed by its issuer");
  const why = decision.outcome === "refused"
    ? decision.code
    : was === "redeemed"
    ? "same family again (retry)"
    : "redeemed, family started";
  take(edges, was, is, why);
}

/** generation 0 → n → n + 1 → ended. */
function watchFamilies(edges: Edges, { kind, before, after, command, decision }: Step): void {
  if (before.state.families !== after.state.families) {
    const [was, is] = [before.state.families, after.state.families];
    for (const [id, row] of is) {
      const old = was.get(id);
      if (old === undefined) take(edges, OUTSIDE, "generation 0", "issued");
      else if (old !== row) {
        take(edges, generationName(old.generation), generationName(row.generation), "rotated");
      }
    }
    for (const [id, row] of was) {
      if (is.has(id)) continue;
      take(edges, generationName(row.generation), "ended", endCause({ kind, decision }, id));
    }
  }
  if (command?.type === "refresh" && decision?.outcome === "granted") {
    const { generation, repeated } = decision.grant as TokenGrant;
    const name = generationName(generation);
    if (repeated) take(edges, name, name, "answered again to an earlier token");
  }
}

function generationName(generation: number): string {
  return generation === 0 ? "generation 0" : "later generation";
}

function endCause({ kind, decision }: Pick<Step, "kind" | "decision">, id: string): string {
  for (const change of decision?.changes ?? []) {
    if (change.type === "family-ended" && change.family === id) return change.cause;
  }
  return kind === "delete-user" ? "user deleted" : "swept";
}

/** What happened to the authority of a family. */
function authorityCause({ kind, command }: Step): string {
  switch (command?.type) {
    case "set-user-status":
      return command.status === "active" ? "user resumed" : "user suspended";
    case "set-client-status":
      return command.status === "enabled" ? "client enabled" : "client disabled";
    case "set-client-scope":
      return "registered scope changed";
    case "connect":
    case "fetch":
      return "another scope consented";
    case "narrow":
      return "consent narrowed";
    case "revoke-connection":
    case "disconnect":
      return "connection or source revoked";
    case "delete-user":
    case "refresh":
    case "register-client":
    case "register-user":
    case "revoke-token":
    case "rotate-secret":
    case "end-old-secrets":
    case "use":
    case undefined:
      return kind === "clock" ? "idle or too old" : kind;
  }
}

/** What a family is worth: alive, dormant (can come back), over (cannot, its row is still there). */
function watchLiveness(edges: Edges, step: Step): void {
  const { before, after } = step;
  if (before === after || before.state.families.size === 0) return;
  for (const [id, row] of after.state.families) {
    const old = before.state.families.get(id);
    if (old === undefined || after.now < before.now) continue;
    const [was, is] = [livenessOf(before, old), livenessOf(after, row)];
    if (was !== is) take(edges, was, is, authorityCause(step));
  }
}

function livenessOf(moment: Moment, family: Parameters<typeof isAlive>[1]): string {
  if (isAlive(moment, family)) return "alive";
  const { state, now, cast } = moment;
  const connection = state.connections.get(family.connection);
  const stands = isActive(connection) &&
    (connection?.source === null || isActive(sourceOf(state, connection)));
  return stands && inTime(family, now, cast.settings) ? "dormant" : "over";
}

function isActive(connection: Connection | undefined): boolean {
  return connection?.status === "active";
}

function sourceOf(state: State, connection: Connection | undefined): Connection | undefined {
  return state.connections.get(connection?.source ?? "");
}
