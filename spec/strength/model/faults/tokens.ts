/**
 * Faults of token families, refresh and use.
 * @module
 */
import { type Fault, fault } from "./fault.ts";

/** Faults of token families, refresh and use. */
export const TOKENS: readonly Fault[] = [
  fault("family.ts", "generation-not-advanced", "a refresh does not advance the generation", [
    "generation: family.generation + 1,",
    "generation: family.generation,",
  ]),
  fault("family.ts", "salt-kept", "a refresh keeps the salt", [
    "previousGenerationStartedAt: family.generationStartedAt,\n    salt: fresh.salt,",
    "previousGenerationStartedAt: family.generationStartedAt,",
  ]),
  fault(
    "family.ts",
    "spent-time-of-now",
    "the moment a token was spent is taken from the wrong generation",
    [
      "previousGenerationStartedAt: family.generationStartedAt,",
      "previousGenerationStartedAt: now,",
    ],
  ),
  fault("family.ts", "absolute-end-ignored", "a family that is refreshed lives for ever", [
    "return Math.min(\n    family.generationStartedAt",
    "return Math.max(\n    family.generationStartedAt",
  ]),
  fault("family.ts", "idle-from-the-start", "idle time counts from the family's start", [
    "family.generationStartedAt + settings.refreshIdleSeconds,",
    "family.startedAt + settings.refreshIdleSeconds,",
  ]),
  fault("family.ts", "most-recent-evicted", "the most recently used family is evicted", [
    "a.generationStartedAt - b.generationStartedAt ||",
    "b.generationStartedAt - a.generationStartedAt ||",
  ]),
  fault("family.ts", "one-family-too-many", "one more family than allowed is kept", [
    "const surplus = families.length + 1 - settings.maxFamilies;",
    "const surplus = families.length - settings.maxFamilies;",
  ]),
  fault("family.ts", "access-outlives-family", "an access token lives past its family's end", [
    "Math.min(now + settings.accessTokenSeconds, familyEndsAt(family, settings))",
    "now + settings.accessTokenSeconds",
  ]),
  fault("refresh.ts", "anyones-refresh-token", "any client may refresh with any refresh token", [
    'if (connection.client !== command.client) return refuse("invalid_grant", "foreign_client");',
    "",
  ]),
  fault(
    "refresh.ts",
    "foreign-reuse-kills",
    "a spent token in another client's hands ends the family",
    [
      'if (connection.client !== command.client) return refuse("invalid_grant", "foreign_client");',
      `if (connection.client !== command.client) {
      const changes = command.generation < family.generation ? [endFamily(family, "reused")] : [];
      return { ...refuse("invalid_grant", "foreign_client"), changes };
    }`,
    ],
  ),
  fault(
    "refresh.ts",
    "alive-one-second-longer",
    "a family can be refreshed at the second of its end",
    [
      "if (context.now >= familyEndsAt(family, context.settings)) {",
      "if (context.now > familyEndsAt(family, context.settings)) {",
    ],
  ),
  fault("refresh.ts", "no-retry", "a lost answer to a refresh is reuse", [
    'if (age === 1) return "repeatable";',
    'if (age === 1) return "reused";',
  ]),
  fault(
    "refresh.ts",
    "duplicate-one-second-longer",
    "a delayed duplicate is answered a second too long",
    [
      "now < spentAt + settings.refreshDuplicateSeconds",
      "now <= spentAt + settings.refreshDuplicateSeconds",
    ],
  ),
  fault("refresh.ts", "reuse-forgiven", "reuse is refused and the family lives on", [
    'changes: [endFamily(family, "reused")] };',
    "changes: [] };",
  ]),
  fault(
    "refresh.ts",
    "other-history-taken",
    "a token from before a restore is taken for the current one",
    [
      "(age === 0 && salt !== family.salt)",
      '(age === 0 && salt === "")',
    ],
  ),
  fault("refresh.ts", "scope-widens", "a refresh may ask for more than was issued", [
    'if (!isWithin(requested, family.scope)) return refuse("invalid_scope", "scope_widened");\n  const scope = intersect(requested, effective);',
    "const scope = intersect(requested, effectiveScope(standing));",
  ]),
  fault("refresh.ts", "narrowing-sticks", "a narrower refresh narrows the family for good", [
    '{ type: "family-rotated", family: rotated },',
    '{ type: "family-rotated", family: { ...rotated, scope } },',
  ]),
  fault("use.ts", "expired-access-token", "an access token works at the second of its end", [
    'token.kind === "access" && now >= token.expiresAt',
    'token.kind === "access" && now > token.expiresAt',
  ]),
  fault("use.ts", "spent-token-active", "a spent refresh token looks active", [
    '!== "current") {',
    '=== "ahead_of_store") {',
  ]),
  fault("use.ts", "scope-of-the-token", "an access token keeps the scope it was issued with", [
    "const scope = intersect(granted, effectiveScope(standing));",
    "const scope = effectiveScope(standing).length === 0 ? [] : granted;",
  ]),
  fault("use.ts", "anyone-introspects", "any client may introspect any token", [
    'caller.role !== "resource-server" && caller.id !== client',
    'caller.role !== "resource-server" && caller.id === ""',
  ]),
  fault("use.ts", "anyone-revokes", "any client may revoke any token", [
    "  if (standing.connection.client !== client) return grant(null, []);\n",
    "",
  ]),
  fault("family.ts", "family-id-reused", "every family of a connection has the same id", [
    "id: fresh.family,",
    "id: `f-${connection.id}`,",
  ]),
  fault("family.ts", "salt-not-random", "all families begin with the same salt", [
    "previousGenerationStartedAt: now,\n    salt: fresh.salt,",
    'previousGenerationStartedAt: now,\n    salt: "00",',
  ]),
  fault("family.ts", "hidden-counter", "an answer depends on how often was asked", [
    "/** The tokens of a family's current generation, for",
    "let asked = 0;\n\n/** The tokens of a family's current generation, for",
  ], ["    issuedAt: now,", "    issuedAt: now + (asked++ % 7 === 6 ? 1 : 0),"]),
  fault(
    "refresh.ts",
    "unknown-family-throws",
    "a token of a family that is gone is an internal error",
    [
      'if (family === null || standing === null) return refuse("invalid_grant", "family_unknown");',
      "if (family === null || standing === null) throw new TypeError();",
    ],
  ),
  fault(
    "refresh.ts",
    "answer-of-the-spent-generation",
    "a refresh is answered with the generation it spent",
    [
      "return grant(grantTokens(rotated, connection, scope, false, context), [",
      "return grant(grantTokens(family, connection, scope, false, context), [",
    ],
  ),
  fault("refresh.ts", "code-of-the-mutation", "a refresh without effective scope is NO_CONSENT", [
    'if (effective.length === 0) return refuse("invalid_grant", "no_effective_scope");',
    'if (effective.length === 0) return refuse("NO_CONSENT", "no_effective_scope");',
  ]),
  fault("refresh.ts", "refusal-ends-suspended", "a refresh while suspended ends the family", [
    'if (effective.length === 0) return refuse("invalid_grant", "no_effective_scope");',
    'if (effective.length === 0) {\n    const changes = [endFamily(family, "revoked")];\n    return { ...refuse("invalid_grant", "no_effective_scope"), changes };\n  }',
  ]),
  fault("use.ts", "foreign-look-kills", "introspection by another client ends the family", [
    'return refuse("invalid_token", "foreign_client");',
    'return { ...refuse("invalid_token", "foreign_client"), changes: [endFamily(family, "revoked")] };',
  ]),
];
