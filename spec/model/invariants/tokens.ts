/**
 * Refresh, use and revocation of tokens (§6).
 * @module
 */
import type { State } from "../../../core/evolve.ts";
import type { ClientId, Seconds, TokenFamily } from "../../../core/model.ts";
import type { Refresh } from "../../../core/refresh.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Use } from "../../../core/use.ts";
import { familyWorth, inTime, isAlive, isTakenBack } from "../law.ts";
import type { Moment } from "../moment.ts";
import { decideOn, type Step } from "../play.ts";
import { always, everyStep, type Invariant, on, same, sameList, unchanged } from "./invariant.ts";

/** Of refresh: rotation, retries, reuse, scope. */
export const REFRESH: readonly Invariant[] = [
  on(
    ["refresh"],
    "refresh-answer",
    ["T1", "T4", "T5", "T6", "R1", "RF-05", "RF-13", "RF-15", "SC-07", "SC-09"],
    "A refresh is answered exactly as the rules say, by family, owner, age, effective scope, generation and requested scope, in that order.",
    ({ before, command, decision }) => {
      const due = dueOnRefresh(before, command);
      return decision.outcome === "refused"
        ? decision.code === due
        : typeof due !== "string" && sameList(decision.grant.scope, due);
    },
  ),
  on(
    ["refresh"],
    "rotation-advances-by-one",
    ["T5", "T2", "RF-02"],
    "Only the current refresh token rotates a family: to the next generation, begun now, with a fresh salt and the active key, all else as it was.",
    ({ before, after, command, decision, context: { now, fresh } }) => {
      const [old, row] = [before, after].map(({ state }) => state.families.get(command.family));
      if (decision.outcome === "refused" || decision.grant.repeated) {
        return row === undefined ? null : row === old;
      }
      if (old === undefined || row === undefined) return false;
      const rotated: TokenFamily = {
        id: old.id,
        connection: old.connection,
        scope: old.scope,
        startedAt: old.startedAt,
        generation: command.generation + 1,
        generationStartedAt: now,
        previousGenerationStartedAt: old.generationStartedAt,
        salt: fresh.salt,
        keyId: fresh.keyId,
      };
      return command.generation === old.generation && command.salt === old.salt &&
        Object.entries(rotated).every(([key, value]) => same(row[key as keyof TokenFamily], value));
    },
  ),
  on(
    ["refresh"],
    "spent-token-gets-the-current-generation",
    ["T5", "RF-03", "RF-06"],
    "The last spent refresh token is answered with the current generation as long as that is current, the one before only in the duplicate window; nothing is stored.",
    ({ before, after, command, decision }) => {
      if (decision.outcome === "refused" || !decision.grant.repeated) return null;
      const family = before.state.families.get(command.family);
      if (family === undefined) return false;
      const age = family.generation - command.generation;
      const late = before.now - family.previousGenerationStartedAt;
      return decision.grant.generation === family.generation && unchanged(before, after) &&
        (age === 1 ||
          (age === 2 && Math.abs(late) < before.cast.settings.refreshDuplicateSeconds));
    },
  ),
  on(
    ["refresh"],
    "reuse-ends-that-family",
    ["T5", "RF-05"],
    "A refresh token that is older than what is answered again ends its family, while that is alive, and no other.",
    ({ before, after, command, decision }) => {
      const family = before.state.families.get(command.family);
      if (family === undefined || !isReuse(before, family, command)) return null;
      return decision.outcome === "refused" && decision.code === "invalid_grant" &&
        !after.state.families.has(family.id) &&
        after.state.families.size === before.state.families.size - 1;
    },
  ),
  on(
    ["refresh", "revoke-token"],
    "foreign-client-harmless",
    ["T4", "T7", "RF-01"],
    "A client that presents another client's token, spent or current, gets nothing and does no harm.",
    ({ before, after, command, decision }) => {
      const family = before.state.families.get(command.family);
      const connection = before.state.connections.get(family?.connection ?? "");
      if (connection === undefined || connection.client === command.client) return null;
      return unchanged(before, after) &&
        (decision.outcome === "refused" || decision.grant === null);
    },
  ),
  on(
    ["refresh"],
    "ahead-of-store-harmless",
    ["T5", "CT-25"],
    "A refresh token from a future that a restore took back is refused and changes nothing.",
    ({ before, after, command, decision }) => {
      const family = before.state.families.get(command.family);
      if (family === undefined) return null;
      if (!isAhead(family, command) && !isSpentInLostTime(before, family, command)) return null;
      return decision.outcome === "refused" && decision.code === "invalid_grant" &&
        unchanged(before, after);
    },
  ),
  everyStep(
    "families-never-widen",
    ["T6", "SC-07", "P4"],
    "As long as a family lives, its scope, connection and beginning stay as they were issued: no consent, refresh or narrowing changes them.",
    ({ before, after }) => {
      if (before.state === after.state || before.state.families.size === 0) return null;
      return [...before.state.families].every(([id, old]) => {
        const row = after.state.families.get(id);
        return row === undefined || row === old || (row.startedAt === old.startedAt &&
          row.connection === old.connection && sameList(row.scope, old.scope));
      });
    },
  ),
  on(
    ["refresh"],
    "lost-answers-lock-nobody-out",
    ["T5", "RF-06", "RF-09"],
    "A worker that alone holds a family and presents what it last received is refused only once the family or its authority has ended, however many answers were lost.",
    ({ move, before, command, decision }) => {
      if (move.type !== "ask" || move.actor === undefined) return null;
      const shared = before.past.actors.some(({ name, held, inFlight }) =>
        name !== move.actor && [held?.family, inFlight?.family].includes(command.family)
      );
      if (shared) return null;
      const family = before.state.families.get(command.family);
      return decision.outcome === "granted" || family === undefined || !isAlive(before, family);
    },
  ),
  always(
    "lost-refresh-recoverable",
    ["T5", "RF-03", "RF-09"],
    "Whoever holds the last spent refresh token of a live family gets the current generation with it, whenever that is.",
    (moment) => {
      const families = [...moment.state.families.values()]
        .filter((family) => family.generation > 0 && isAlive(moment, family));
      if (families.length === 0) return null;
      return families.every((family) => {
        const answer = refreshBy(moment, family, family.generation - 1, "spent");
        return answer.outcome === "granted" && answer.changes.length === 0 &&
          (answer.grant as { generation: number }).generation === family.generation;
      });
    },
  ),
];

/** Of use, introspection and revocation. */
export const USE: readonly Invariant[] = [
  on(
    ["use"],
    "use-answer",
    ["R1", "T1", "T7", "T8", "SC-09", "SC-10"],
    "A token is active exactly while its family, its own lifetime and every link of authority stand, with the scope that all of them permit now.",
    ({ before, command, decision }) => {
      const due = dueOnUse(before, command);
      return decision.outcome === "refused"
        ? due === null
        : due !== null && same(decision.grant, due);
    },
  ),
  on(
    ["use"],
    "use-changes-nothing",
    ["T7"],
    "Using or introspecting a token never changes anything.",
    ({ before, after }) => unchanged(before, after),
  ),
  on(
    ["use"],
    "not-yours-looks-inactive",
    ["T7"],
    "Another client sees a living token as it sees a dead one.",
    ({ before, command: { caller, token }, decision }) => {
      const family = before.state.families.get(token.family);
      const owner = before.state.connections.get(family?.connection ?? "")?.client;
      if (owner === undefined || maySee(before.state, caller, owner)) return null;
      return decision.outcome === "refused" && decision.code === "invalid_token";
    },
  ),
  always(
    "one-live-generation",
    ["T5", "T7", "RF-02", "RF-06"],
    "Of all refresh tokens of a family at most one is active: the current one, while the family is alive.",
    (moment) => {
      if (moment.state.families.size === 0) return null;
      return [...moment.state.families.values()].every((family) => {
        for (let generation = 0; generation <= family.generation + 1; generation++) {
          const current = generation === family.generation;
          const active = isActive(moment, family, generation, current ? family.salt : "spent");
          if (active !== (current && isAlive(moment, family))) return false;
        }
        return !isActive(moment, family, family.generation, "of another history");
      });
    },
  ),
  on(
    ["revoke-token"],
    "revoked-token-ends-its-family",
    ["T7", "RF-18", "RF-19"],
    "Revoking a client's own token ends its family and nothing else; unknown and foreign tokens are ignored.",
    ({ before, after, command, decision }) => {
      if (decision.outcome === "refused") return false;
      const { families, connections } = before.state;
      const family = families.get(command.family);
      const own = connections.get(family?.connection ?? "")?.client === command.client;
      return own
        ? !after.state.families.has(command.family) &&
          after.state.families.size === families.size - 1
        : unchanged(before, after);
    },
  ),
];

/** What a refresh must give: the scope, or a code (T4–T6). */
function dueOnRefresh(
  moment: Moment,
  command: Refresh,
): Scope | "invalid_grant" | "invalid_scope" {
  const { state, now, cast: { settings } } = moment;
  const family = state.families.get(command.family);
  const owner = state.connections.get(family?.connection ?? "")?.client;
  if (family === undefined || owner !== command.client) return "invalid_grant";
  if (!inTime(family, now, settings)) return "invalid_grant";
  const effective = familyWorth(moment, family);
  if (effective.length === 0) return "invalid_grant";
  if (isAhead(family, command) || isReuse(moment, family, command)) return "invalid_grant";
  if (isSpentInLostTime(moment, family, command)) return "invalid_grant";
  const wanted = command.scope ?? family.scope;
  if (wanted.some((token) => !family.scope.includes(token))) return "invalid_scope";
  const scope = effective.filter((token) => wanted.includes(token));
  return scope.length === 0 ? "invalid_scope" : scope;
}

/** Too old to be answered again, and from a time that a restore took back: no reuse (T5). */
function isSpentInLostTime(moment: Moment, family: TokenFamily, command: Refresh): boolean {
  const { settings } = moment.cast;
  const age = family.generation - command.generation;
  const late = Math.abs(moment.now - family.previousGenerationStartedAt);
  const isAnswered = age < 2 || (age === 2 && late < settings.refreshDuplicateSeconds);
  return !isAnswered && isTakenBack(command.salt, settings);
}

function isAhead(family: TokenFamily, { generation, salt }: Refresh): boolean {
  return generation > family.generation ||
    (generation === family.generation && salt !== family.salt);
}

/** Presented by its owner, while the family is alive, too old to be a retry or a duplicate (T5). */
function isReuse(moment: Moment, family: TokenFamily, command: Refresh): boolean {
  const age = family.generation - command.generation;
  if (age < 2 || !isAlive(moment, family)) return false;
  if (moment.state.connections.get(family.connection)?.client !== command.client) return false;
  const spentFor: Seconds = moment.now - family.previousGenerationStartedAt;
  if (isTakenBack(command.salt, moment.cast.settings)) return false;
  return age > 2 || Math.abs(spentFor) >= moment.cast.settings.refreshDuplicateSeconds;
}

/** What introspection must say, or `null` for "not active" (T7, R1). */
function dueOnUse(moment: Moment, { caller, token }: Use): unknown {
  const { state, now, cast: { settings } } = moment;
  const family = state.families.get(token.family);
  const connection = state.connections.get(family?.connection ?? "");
  if (family === undefined || connection === undefined) return null;
  if (!maySee(state, caller, connection.client) || !inTime(family, now, settings)) return null;
  const { user, client } = connection;
  const worth = familyWorth(moment, family);
  const about = { kind: token.kind, user, client, family: family.id };
  const ends = Math.min(
    family.generationStartedAt + settings.refreshIdleSeconds,
    family.startedAt + settings.refreshAbsoluteSeconds,
  );
  if (token.kind === "access") {
    const scope = worth.filter((item) => token.scope.includes(item));
    if (now >= token.expiresAt || scope.length === 0) return null;
    // A clock that steps back can bring the end of a family forward, past tokens that were issued.
    const expiresAt = Math.min(token.expiresAt, ends);
    return { ...about, scope, issuedAt: token.issuedAt, expiresAt };
  }
  if (token.generation !== family.generation || token.salt !== family.salt) return null;
  const issuedAt = family.generationStartedAt;
  return worth.length > 0 ? { ...about, scope: worth, issuedAt, expiresAt: ends } : null;
}

function maySee({ clients }: State, caller: ClientId | null, owner: ClientId): boolean {
  if (caller === null || caller === owner) return true;
  const asking = clients.get(caller);
  return asking?.role === "resource-server" && asking.status === "enabled";
}

function isActive(moment: Moment, { id }: TokenFamily, generation: number, salt: string): boolean {
  const token = { kind: "refresh", family: id, generation, salt } as const;
  return probe(moment, { type: "use", caller: null, token }).outcome === "granted";
}

function refreshBy(moment: Moment, family: TokenFamily, generation: number, salt: string) {
  const client = moment.state.connections.get(family.connection)?.client ?? "";
  return probe(moment, {
    type: "refresh",
    client,
    family: family.id,
    generation,
    salt,
    scope: null,
  });
}

/** What a command would come to at a moment, without making its changes. */
function probe(moment: Moment, command: NonNullable<Step["command"]>) {
  const { cast, now, next, state } = moment;
  const context = { now, settings: cast.settings, fresh: cast.fresh(next, now) };
  return decideOn(cast, state, command, context);
}
