/**
 * More scope than was consented to, and whose (P1–P4, C8, C10, R4).
 * @module
 */
import type { Fault } from "../fault.ts";

const FETCH = "core/fetch.ts";
const CUT = "const scope = intersect(intersect(consent.scope, sourceScope), client.scope);";

/** The faults. */
export const DELEGATIONS: readonly Fault[] = [
  {
    id: "scope-union",
    title: "A delegation gets what the token and its source have together.",
    rules: ["C8", "P4"],
    attacks: ["SC-02"],
    edits: [[
      FETCH,
      CUT,
      "const scope = intersect([...new Set([...consent.scope, ...sourceScope])].sort(), client.scope);",
    ]],
    caughtBy: ["scope-delegation/delegated-scope"],
  },
  {
    id: "source-scope-ignored",
    title: "A delegation gets what the token says, whatever the user consented to at the merchant.",
    rules: ["C8", "P4"],
    attacks: ["SC-02"],
    edits: [[FETCH, CUT, "const scope = intersect(consent.scope, client.scope);"]],
    caughtBy: ["scope-delegation/within-source", "scope-delegation/within-merchant-registration"],
  },
  {
    id: "token-scope-ignored",
    title: "A delegation gets all that the source has, whatever the token says.",
    rules: ["C8"],
    attacks: ["SC-02"],
    edits: [[FETCH, CUT, "const scope = intersect(sourceScope, client.scope);"]],
    caughtBy: ["scope-delegation/delegated-scope", "consent-token/no-scope"],
  },
  {
    id: "merchant-registration-ignored",
    title: "A delegation is not cut to what the merchant is registered for.",
    rules: ["C8", "P4"],
    attacks: ["SC-02"],
    edits: [
      [
        FETCH,
        "const sourceScope = directScope(source, facts.merchant, facts.user);",
        "const sourceScope = directScope(source, { ...facts.merchant, scope: source.scope }, facts.user);",
      ],
    ],
    caughtBy: ["scope-delegation/within-merchant-registration"],
  },
  {
    id: "connections-merged",
    title: "The scopes of all connections of a user and a client are added up.",
    rules: ["P3"],
    attacks: [],
    edits: [[
      FETCH,
      'if (scope.length > 0) return { stage: "verified", candidate, scope };',
      `const all = [...new Set(facts.candidates.flatMap((other) => effectiveScope(other)))].sort();
       if (scope.length > 0) return { stage: "verified", candidate, scope: all };`,
    ]],
    caughtBy: ["scope-delegation/never-merged"],
  },
  {
    id: "delegated-before-direct",
    title: "A delegation serves before the direct connection.",
    rules: ["P3"],
    attacks: [],
    edits: [[FETCH, "return a.source === null ? -1 : 1;", "return a.source === null ? 1 : -1;"]],
    caughtBy: ["scope-delegation/direct-first"],
  },
  {
    id: "oldest-connection-serves",
    title: "The connection that was made first serves.",
    rules: ["P3"],
    attacks: [],
    edits: [[FETCH, "[...facts.candidates].sort(byPrecedence)", "facts.candidates"]],
    caughtBy: [
      "scope-delegation/direct-first-made-last",
      "scope-delegation/latest-consent-first-redeemed-last",
    ],
  },
  {
    id: "first-delegation-serves",
    title: "Of two delegations the one that was made first serves.",
    rules: ["P3"],
    attacks: [],
    edits: [[
      FETCH,
      "return b.consentedAt - a.consentedAt || (a.id < b.id ? -1 : 1);",
      "return 0;",
    ]],
    caughtBy: ["scope-delegation/latest-consent-first-redeemed-last"],
  },
  {
    id: "latest-consent-before-direct",
    title: "The latest consent serves, be it direct or delegated.",
    rules: ["P3"],
    attacks: [],
    edits: [[
      FETCH,
      "if ((a.source === null) !== (b.source === null)) return",
      "if (a.consentedAt === b.consentedAt && (a.source === null) !== (b.source === null)) return",
    ]],
    caughtBy: ["scope-delegation/direct-first-though-older"],
  },
  {
    id: "narrowed-direct-yields",
    title: "A direct connection serves first until it is narrowed.",
    rules: ["P3"],
    attacks: [],
    edits: [
      [
        "core/connection.ts",
        "scope: intersect(connection.scope, scope), consentedAt: Math",
        "scope: intersect(connection.scope, scope), ...{ narrowed: true }, consentedAt: Math",
      ],
      [
        FETCH,
        "if ((a.source === null) !== (b.source === null)) return",
        `const narrowed = "narrowed" in a || "narrowed" in b;
         if (!narrowed && (a.source === null) !== (b.source === null)) return`,
      ],
    ],
    caughtBy: ["scope-delegation/direct-first-though-narrowed"],
  },
  {
    id: "consents-added-up",
    title: "A later consent is added to an earlier one instead of replacing it.",
    rules: ["C10", "P4"],
    attacks: [],
    edits: [[
      "core/connection.ts",
      "connection: { ...connection, scope, consentedAt },",
      "connection: { ...connection, scope: [...new Set([...connection.scope, ...scope])].sort(), consentedAt },",
    ]],
    caughtBy: ["scope-delegation/consented-anew", "scope-delegation/newer-consent-replaces"],
  },
  {
    id: "first-consent-governs",
    title: "A later consent token changes nothing about a delegation that is there.",
    rules: ["C10"],
    attacks: [],
    edits: [[
      FETCH,
      "if (consent.issuedAt < existing.connection.consentedAt) {",
      "if (consent.issuedAt >= 0) {",
    ]],
    caughtBy: ["scope-delegation/newer-consent-replaces", "scope-delegation/newer-consent-widens"],
  },
  {
    id: "registered-scope-issued",
    title: "Tokens by public id carry the registered scope, not the consented one.",
    rules: ["P4"],
    attacks: [],
    edits: [[
      "core/authority.ts",
      "return intersect(connection.scope, client.scope);",
      "return client.scope;",
    ]],
    caughtBy: ["scope-delegation/consented", "scope-delegation/narrowed"],
  },
  {
    id: "no-scope-no-matter",
    title: "Where consent and registration have nothing in common there are tokens without scope.",
    rules: ["P2", "P4"],
    attacks: [],
    edits: [[
      FETCH,
      'if (scope.length > 0) return { stage: "verified"',
      'return { stage: "verified"',
    ]],
    caughtBy: ["scope-delegation/nothing-in-common"],
  },
  {
    id: "unknown-user-no-consent",
    title: "An unknown user is answered with NO_CONSENT.",
    rules: ["P1"],
    attacks: [],
    edits: [[
      FETCH,
      'return refuse("NO_USER", isIdentifier(publicId) ? "user_unknown" : "id_malformed");',
      'return refuse("NO_CONSENT", isIdentifier(publicId) ? "user_unknown" : "id_malformed");',
    ]],
    caughtBy: ["scope-delegation/unknown-user", "scope-delegation/deleted-user"],
  },
  {
    id: "unconnected-user-no-user",
    title: "A user without a connection is answered with NO_USER.",
    rules: ["P2"],
    attacks: ["SC-06"],
    edits: [[FETCH, 'return refuse("NO_CONSENT", reason);', 'return refuse("NO_USER", reason);']],
    caughtBy: ["scope-delegation/unconnected-user", "scope-delegation/merchant-user"],
  },
  {
    id: "connection-oracle",
    title: "NO_CONSENT tells whether the user withdrew or never consented.",
    rules: ["P2"],
    attacks: ["SC-06"],
    edits: [
      [
        FETCH,
        'return refuse("NO_CONSENT", reason);',
        'return refuse("NO_CONSENT", facts.clientWithdrawal === null ? reason : "connection_revoked");',
      ],
      [
        "adapters/direct.ts",
        "return refused(field, code); }",
        `const answer = refused(field, code);
         return { ...answer, userErrors: [{ ...answer.userErrors[0], message: decision.reason }] }; }`,
      ],
    ],
    caughtBy: ["scope-delegation/same-no-consent"],
  },
];
