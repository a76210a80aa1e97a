/**
 * A token family: absent → generation 0 → 1 → 2 … → ended (absent again, forever). Each transition
 * is one function here.
 * @module
 */
import type { Context, Families, FamilyEnded, TokenGrant } from "./decision.ts";
import type {
  ActiveConnection,
  Connection,
  ConnectionId,
  FamilyAge,
  Seconds,
  TokenFamily,
} from "./model.ts";
import type { Scope } from "./scope.ts";
import type { Settings } from "./settings.ts";

/** When a family expires: idle since its current generation, or at its absolute limit (T1). */
export function familyEndsAt(family: FamilyAge, settings: Settings): Seconds {
  return Math.min(
    family.generationStartedAt + settings.refreshIdleSeconds,
    family.startedAt + settings.refreshAbsoluteSeconds,
  );
}

/** Absent → generation 0. */
export function startFamily(
  connection: ActiveConnection,
  scope: Scope,
  { now, fresh }: Context,
): TokenFamily {
  return {
    id: fresh.family,
    connection: connection.id,
    scope,
    startedAt: now,
    generation: 0,
    generationStartedAt: now,
    previousGenerationStartedAt: now,
    salt: fresh.salt,
    keyId: fresh.keyId,
  };
}

/** Generation `g` → `g + 1`, using the active token key (T2, T5). */
export function rotateFamily(family: TokenFamily, { now, fresh }: Context): TokenFamily {
  return {
    ...family,
    generation: family.generation + 1,
    generationStartedAt: now,
    previousGenerationStartedAt: family.generationStartedAt,
    salt: fresh.salt,
    keyId: fresh.keyId,
  };
}

/** Any generation → ended. */
export function endFamily(
  { id, connection }: Pick<TokenFamily, "id" | "connection">,
  cause: FamilyEnded["cause"],
): FamilyEnded {
  return { type: "family-ended", family: id, connection, cause };
}

/** How many families of a connection have to go to make room for one more (P5). */
export function countSurplus(count: number, maxFamilies: number): number {
  return Math.max(0, count + 1 - maxFamilies);
}

/**
 * The families to evict to make room for one more (P5): expired ones first, then the least recently
 * issued or rotated; ties are broken by id. Of the expired ones, those past their absolute end come
 * first; those that expired from inactivity are the least recently used anyway.
 */
export function makeRoom(
  connection: ConnectionId,
  { count, evictable }: Families,
  { now, settings }: Context,
): readonly FamilyEnded[] {
  const isOver = ({ startedAt }: FamilyAge) => startedAt + settings.refreshAbsoluteSeconds <= now;
  return [
    ...evictable.filter(isOver).sort(compareStart),
    ...evictable.filter((family) => !isOver(family)).sort(compareUse),
  ]
    .slice(0, countSurplus(count, settings.maxFamilies))
    .map(({ id }) => endFamily({ id, connection }, "evicted"));
}

/** All that `makeRoom` must know to choose `surplus` of these families, at any time. */
export function selectEvictable(
  families: readonly FamilyAge[],
  surplus: number,
): readonly FamilyAge[] {
  const leastUsed = firstOf(families, surplus, compareUse);
  const oldest = firstOf(families, surplus, compareStart);
  return [...leastUsed, ...oldest.filter((family) => !leastUsed.includes(family))]
    .map(({ id, startedAt, generationStartedAt }) => ({ id, startedAt, generationStartedAt }));
}

function compareUse(a: FamilyAge, b: FamilyAge): number {
  return a.generationStartedAt - b.generationStartedAt || compareId(a, b);
}

function compareStart(a: FamilyAge, b: FamilyAge): number {
  return a.startedAt - b.startedAt || compareId(a, b);
}

function compareId(a: FamilyAge, b: FamilyAge): number {
  return a.id < b.id ? -1 : 1;
}

/** The first `count` rows in an order, without sorting the rest. */
function firstOf<Row>(
  rows: readonly Row[],
  count: number,
  compare: (a: Row, b: Row) => number,
): readonly Row[] {
  const first: Row[] = [];
  for (const row of rows) {
    const place = first.findIndex((other) => compare(row, other) < 0);
    first.splice(place < 0 ? first.length : place, 0, row);
    if (first.length > count) first.pop();
  }
  return first;
}

/**
 * The tokens of a family's current generation, for a scope that is effective now. `repeated` marks
 * a retry.
 */
export function grantTokens(
  family: TokenFamily,
  connection: Connection,
  scope: Scope,
  { now, settings }: Context,
  { repeated = false }: { readonly repeated?: boolean } = {},
): TokenGrant {
  return {
    user: connection.user,
    client: connection.client,
    connection: connection.id,
    family: family.id,
    generation: family.generation,
    salt: family.salt,
    keyId: family.keyId,
    scope,
    issuedAt: now,
    accessExpiresAt: Math.min(now + settings.accessTokenSeconds, familyEndsAt(family, settings)),
    repeated,
  };
}
