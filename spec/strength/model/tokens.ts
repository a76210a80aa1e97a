/**
 * Faults of token families, refresh and use.
 * @module
 */
import { type CoreFault, coreFault } from "./fault.ts";

/** Faults of token families, refresh and use. */
export const TOKENS: readonly CoreFault[] = [
  coreFault("family.ts", "generation-not-advanced", "A refresh does not advance the generation.", [
    "generation: family.generation + 1,",
    "generation: family.generation,",
  ]),
  coreFault("family.ts", "salt-kept", "A refresh keeps the salt.", [
    "previousGenerationStartedAt: family.generationStartedAt,\n    salt: fresh.salt,",
    "previousGenerationStartedAt: family.generationStartedAt,",
  ]),
  coreFault(
    "family.ts",
    "spent-time-of-now",
    "The wrong moment is recorded for when a refresh token was spent.",
    [
      "previousGenerationStartedAt: family.generationStartedAt,",
      "previousGenerationStartedAt: now,",
    ],
  ),
  coreFault(
    "family.ts",
    "absolute-end-ignored",
    "A family that keeps being refreshed lives forever.",
    [
      "return Math.min(\n    family.generationStartedAt",
      "return Math.max(\n    family.generationStartedAt",
    ],
  ),
  coreFault(
    "family.ts",
    "idle-from-the-start",
    "Idle time is counted from the start of the family.",
    [
      "family.generationStartedAt + settings.refreshIdleSeconds,",
      "family.startedAt + settings.refreshIdleSeconds,",
    ],
  ),
  coreFault("family.ts", "most-recent-evicted", "The most recently used family is evicted.", [
    "    ...evictable.filter((family) => !isOver(family)).sort(compareUse),",
    "    ...evictable.filter((family) => !isOver(family)).sort((a, b) => compareUse(b, a)),",
  ]),
  coreFault("family.ts", "one-family-too-many", "One more family than allowed is kept.", [
    "return Math.max(0, count + 1 - maxFamilies);",
    "return Math.max(0, count - maxFamilies);",
  ]),
  coreFault("family.ts", "access-outlives-family", "An access token outlives its family.", [
    "Math.min(now + settings.accessTokenSeconds, familyEndsAt(family, settings))",
    "now + settings.accessTokenSeconds",
  ]),
  coreFault("refresh.ts", "anyones-refresh-token", "Any client may use any refresh token.", [
    'if (connection.client !== command.client) return refuse("invalid_grant", "foreign_client");',
    "",
  ]),
  coreFault(
    "refresh.ts",
    "foreign-reuse-kills",
    "A spent refresh token in another client's hands ends the family.",
    [
      'if (connection.client !== command.client) return refuse("invalid_grant", "foreign_client");',
      `if (connection.client !== command.client) {
      const changes = command.generation < family.generation ? [endFamily(family, "reused")] : [];
      return { ...refuse("invalid_grant", "foreign_client"), changes };
    }`,
    ],
  ),
  coreFault(
    "refresh.ts",
    "alive-one-second-longer",
    "A family can still be refreshed in the second in which it ends.",
    [
      "if (context.now >= familyEndsAt(family, context.settings)) {",
      "if (context.now > familyEndsAt(family, context.settings)) {",
    ],
  ),
  coreFault(
    "refresh.ts",
    "no-retry",
    "A refresh that is retried after a lost response counts as reuse.",
    [
      'if (age === 1) return "repeatable";',
      'if (age === 1) return "reused";',
    ],
  ),
  coreFault(
    "refresh.ts",
    "duplicate-one-second-longer",
    "A delayed duplicate is answered one second too long.",
    [
      "isRecent(spentAt, context.settings.refreshDuplicateSeconds, context)",
      "isRecent(spentAt, context.settings.refreshDuplicateSeconds + 1, context)",
    ],
  ),
  coreFault("refresh.ts", "reuse-forgiven", "Reuse is refused, but the family lives on.", [
    'changes: [endFamily(family, "reused")] };',
    "changes: [] };",
  ]),
  coreFault(
    "refresh.ts",
    "other-history-taken",
    "A refresh token from before a restore is accepted as the current one.",
    [
      "(age === 0 && salt !== family.salt)",
      '(age === 0 && salt === "")',
    ],
  ),
  coreFault(
    "refresh.ts",
    "lost-time-is-reuse",
    "An old refresh token of a time that a restore took back ends the restored family.",
    ['isOfLostTime(salt, context.settings) ? "ahead_of_store" : "reused"', '"reused"'],
  ),
  coreFault(
    "restore.ts",
    "every-old-token-is-of-lost-time",
    "After a restore, no reuse of a refresh token is detected any more.",
    [
      "    drawnAt >= from - consentSkewSeconds && drawnAt <= until + consentSkewSeconds",
      "    from <= until",
    ],
  ),
  coreFault(
    "consent.ts",
    "consent-survives-restore",
    "A consent token that was redeemed in a time that a restore took back is redeemed again.",
    ['  if (precedesRestore(issuedAt, settings)) return "consent_before_restore";\n', ""],
  ),
  coreFault("refresh.ts", "scope-widens", "A refresh may ask for more scope than was issued.", [
    'if (!isWithin(requested, family.scope)) return refuse("invalid_scope", "scope_widened");\n  const scope = intersect(requested, effective);',
    "const scope = intersect(requested, effectiveScope(standing));",
  ]),
  coreFault(
    "refresh.ts",
    "narrowing-sticks",
    "A narrower refresh narrows the family permanently.",
    [
      '{ type: "family-rotated", family: rotated },',
      '{ type: "family-rotated", family: { ...rotated, scope } },',
    ],
  ),
  coreFault(
    "use.ts",
    "expired-access-token",
    "An access token still works in the second in which it expires.",
    [
      'token.kind === "access" && now >= token.expiresAt',
      'token.kind === "access" && now > token.expiresAt',
    ],
  ),
  coreFault("use.ts", "spent-token-active", "A spent refresh token is reported as active.", [
    '!== "current") {',
    '=== "ahead_of_store") {',
  ]),
  coreFault("use.ts", "scope-of-the-token", "An access token keeps the scope it was issued with.", [
    "const scope = intersect(granted, effectiveScope(standing));",
    "const scope = effectiveScope(standing).length === 0 ? [] : granted;",
  ]),
  coreFault("use.ts", "anyone-introspects", "Any client may introspect any token.", [
    "caller !== null && caller !== client && !seesAll",
    'caller === "" && !seesAll',
  ]),
  coreFault("use.ts", "anyone-revokes", "Any client may revoke any token.", [
    "  if (standing.connection.client !== client) return grant(null, []);\n",
    "",
  ]),
  coreFault("family.ts", "family-id-reused", "Every family of a connection has the same id.", [
    "id: fresh.family,",
    "id: `f-${connection.id}`,",
  ]),
  coreFault("family.ts", "salt-not-random", "Every family starts with the same salt.", [
    "previousGenerationStartedAt: now,\n    salt: fresh.salt,",
    'previousGenerationStartedAt: now,\n    salt: "00",',
  ]),
  coreFault("family.ts", "hidden-counter", "Answers depend on how many were given before.", [
    "export function grantTokens(",
    "let asked = 0;\nexport function grantTokens(",
  ], ["    issuedAt: now,", "    issuedAt: now + (asked++ % 7 === 6 ? 1 : 0),"]),
  coreFault(
    "refresh.ts",
    "unknown-family-throws",
    "A token of a family that is gone causes an internal error.",
    [
      'if (family === null || standing === null) return refuse("invalid_grant", "family_unknown");',
      "if (family === null || standing === null) throw new TypeError();",
    ],
  ),
  coreFault(
    "refresh.ts",
    "answer-of-the-spent-generation",
    "A refresh is answered with the generation that it spent.",
    [
      "return grant(grantTokens(rotated, connection, scope, context), [",
      "return grant(grantTokens(family, connection, scope, context), [",
    ],
  ),
  coreFault(
    "refresh.ts",
    "code-of-the-mutation",
    "A refresh without effective scope is answered with NO_CONSENT.",
    [
      'if (effective.length === 0) return refuse("invalid_grant", "no_effective_scope");',
      'if (effective.length === 0) return refuse("NO_CONSENT", "no_effective_scope");',
    ],
  ),
  coreFault(
    "refresh.ts",
    "refusal-ends-suspended",
    "A refresh while the user is suspended ends the family.",
    [
      'if (effective.length === 0) return refuse("invalid_grant", "no_effective_scope");',
      'if (effective.length === 0) {\n    const changes = [endFamily(family, "revoked")];\n    return { ...refuse("invalid_grant", "no_effective_scope"), changes };\n  }',
    ],
  ),
  coreFault("use.ts", "foreign-look-kills", "Introspection by another client ends the family.", [
    'return refuse("invalid_token", "foreign_client");',
    'return { ...refuse("invalid_token", "foreign_client"), changes: [endFamily(family, "revoked")] };',
  ]),
];
