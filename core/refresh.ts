/**
 * Refresh: rotation of a token family, the retry window, and reuse detection (T4–T6).
 * @module
 */
import { effectiveScope } from "./authority.ts";
import {
  type Context,
  type Decision,
  type Facts,
  grant,
  isRecent,
  type Keys,
  refuse,
  type TokenGrant,
} from "./decision.ts";
import { endFamily, familyEndsAt, grantTokens, rotateFamily } from "./family.ts";
import type { ClientId, FamilyId, TokenFamily } from "./model.ts";
import { isOfLostTime } from "./restore.ts";
import { intersect, isWithin, type Scope } from "./scope.ts";

/** A genuine refresh token, presented by an authenticated client. */
export interface Refresh {
  readonly type: "refresh";
  readonly client: ClientId;
  readonly family: FamilyId;
  readonly generation: number;
  readonly salt: string;
  /** The scope asked for; `null` requests the full scope (T6). */
  readonly scope: Scope | null;
}

/** The facts that {@link decideRefresh} needs. */
export function refreshKeys({ family }: Refresh): Keys {
  return { family };
}

/** How a presented generation relates to the current one (T5). */
export type Presented = "current" | "repeatable" | "reused" | "ahead_of_store";

/** Compares the presented generation with the family's. */
export function comparePresented(
  { generation, salt }: Pick<Refresh, "generation" | "salt">,
  family: TokenFamily,
  context: Context,
): Presented {
  const age = family.generation - generation;
  // After a restore from backup the same number can occur twice; the salt tells the two apart.
  if (age < 0 || (age === 0 && salt !== family.salt)) return "ahead_of_store";
  if (age === 0) return "current";
  if (age === 1) return "repeatable";
  const spentAt = family.previousGenerationStartedAt;
  const delayed = age === 2 && isRecent(spentAt, context.settings.refreshDuplicateSeconds, context);
  if (delayed) return "repeatable";
  return isOfLostTime(salt, context.settings) ? "ahead_of_store" : "reused";
}

/** Decides {@link Refresh}. A refusal changes nothing, except that reuse ends the family. */
export function decideRefresh(
  command: Refresh,
  { family, standing }: Facts,
  context: Context,
): Decision<TokenGrant> {
  if (family === null || standing === null) return refuse("invalid_grant", "family_unknown");
  const { connection } = standing;
  if (connection.client !== command.client) return refuse("invalid_grant", "foreign_client");
  if (context.now >= familyEndsAt(family, context.settings)) {
    return refuse("invalid_grant", "family_expired");
  }
  const effective = intersect(family.scope, effectiveScope(standing));
  if (effective.length === 0) return refuse("invalid_grant", "no_effective_scope");
  const presented = comparePresented(command, family, context);
  if (presented === "ahead_of_store") return refuse("invalid_grant", "ahead_of_store");
  if (presented === "reused") {
    return { ...refuse("invalid_grant", "reused"), changes: [endFamily(family, "reused")] };
  }
  const requested = command.scope ?? family.scope;
  if (!isWithin(requested, family.scope)) return refuse("invalid_scope", "scope_widened");
  const scope = intersect(requested, effective);
  if (scope.length === 0) return refuse("invalid_scope", "scope_not_effective");
  if (presented === "repeatable") {
    return grant(grantTokens(family, connection, scope, context, { repeated: true }), []);
  }
  const rotated = rotateFamily(family, context);
  return grant(grantTokens(rotated, connection, scope, context), [
    { type: "family-rotated", family: rotated },
  ]);
}
