/**
 * A token family: absent → generation 0 → 1 → 2 … → ended (absent again, forever). Each transition
 * is one function here.
 * @module
 */
import type { Context, FamilyEnded, TokenGrant } from "./decision.ts";
import type { ActiveConnection, Connection, Seconds, TokenFamily } from "./model.ts";
import type { Scope } from "./scope.ts";
import type { Settings } from "./settings.ts";

/** When a family expires: idle since its current generation, or at its absolute limit (T1). */
export function familyEndsAt(family: TokenFamily, settings: Settings): Seconds {
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
export function endFamily(family: TokenFamily, cause: FamilyEnded["cause"]): FamilyEnded {
  return { type: "family-ended", family: family.id, connection: family.connection, cause };
}

/**
 * The families to evict to make room for one more (P5): expired ones first, then the least recently
 * issued or rotated; ties are broken by id.
 */
export function makeRoom(
  families: readonly TokenFamily[],
  { now, settings }: Context,
): readonly FamilyEnded[] {
  const surplus = families.length + 1 - settings.maxFamilies;
  if (surplus <= 0) return [];
  const live = (family: TokenFamily) => (now < familyEndsAt(family, settings) ? 1 : 0);
  return [...families]
    .sort((a, b) =>
      live(a) - live(b) || a.generationStartedAt - b.generationStartedAt || (a.id < b.id ? -1 : 1)
    )
    .slice(0, surplus)
    .map((family) => endFamily(family, "evicted"));
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
