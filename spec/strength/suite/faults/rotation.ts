/**
 * Rotation, reuse and scope at refresh (T1, T5, T6).
 * @module
 */
import type { Fault } from "../fault.ts";
import { looksThenWrites } from "./redemptions.ts";

const REFRESH = "core/refresh.ts";
const DIRECT = "adapters/direct.ts";
const REUSED = '{ ...refuse("invalid_grant", "reused"), changes: [endFamily(family, "reused")] };';

/** The faults. */
export const ROTATION: readonly Fault[] = [
  {
    id: "refreshes-race",
    title: "A refresh looks at the family first and writes it later.",
    rules: ["T5"],
    attacks: ["RF-02", "SY-06"],
    edits: [looksThenWrites('command.type === "refresh"')],
    caughtBy: ["tokens-refresh/twenty-at-once"],
  },
  {
    id: "revocation-races",
    title: "A revocation that comes while a refresh is under way is undone by it.",
    rules: ["R2", "T7"],
    attacks: ["RF-08", "SC-11"],
    edits: [looksThenWrites('command.type === "refresh"')],
    caughtBy: ["revocation/while-refreshing"],
  },
  {
    id: "not-rotated",
    title: "A refresh brings no new refresh token.",
    rules: ["T5"],
    attacks: ["RF-05"],
    edits: [[
      REFRESH,
      "const rotated = rotateFamily(family, context);",
      "const rotated = { ...family, generationStartedAt: context.now };",
    ]],
    caughtBy: ["tokens-refresh/rotates"],
  },
  {
    id: "lost-response-forks",
    title: "A refresh that is repeated rotates once more: two chains go on.",
    rules: ["T5"],
    attacks: ["RF-02", "RF-03", "RF-06"],
    edits: [[REFRESH, 'if (age === 1) return "repeatable";', 'if (age === 1) return "current";']],
    caughtBy: ["tokens-refresh/twenty-at-once", "tokens-refresh/lost-response-same-successor"],
  },
  {
    id: "reuse-never-seen",
    title: "Every token of a family can be refreshed, however old.",
    rules: ["T5"],
    attacks: ["RF-05"],
    edits: [[REFRESH, 'if (age === 1) return "repeatable";', 'if (age >= 1) return "repeatable";']],
    caughtBy: ["tokens-refresh/reuse-ends-the-family", "tokens-refresh/delayed-duplicate"],
  },
  {
    id: "reuse-ends-all",
    title: "The reuse of one refresh token ends the connection, with all its families.",
    rules: ["T5"],
    attacks: ["RF-05"],
    edits: [[
      REFRESH,
      REUSED,
      `{ ...refuse("invalid_grant", "reused"), changes: [
           endFamily(family, "reused"),
           { type: "connection-revoked", connection: { ...connection, status: "revoked", revokedAt: context.now } },
         ] };`,
    ]],
    caughtBy: ["tokens-refresh/reuse-ends-the-family"],
  },
  {
    id: "access-token-survives-reuse",
    title: "When reuse ends a family its access tokens live on.",
    rules: ["T5", "R1"],
    attacks: ["RF-05"],
    edits: [
      [
        REFRESH,
        REUSED,
        '{ ...refuse("invalid_grant", "reused"), changes: [{ type: "family-rotated", family: { ...family, generation: 1e9 } }] };',
      ],
    ],
    caughtBy: ["tokens-refresh/reuse-ends-access-tokens"],
  },
  {
    id: "duplicates-refused",
    title: "A delayed duplicate is reuse at once, though a window is declared.",
    rules: ["T5"],
    attacks: ["RF-05"],
    edits: [[REFRESH, "const delayed = age === 2 &&", "const delayed = age === 3 &&"]],
    caughtBy: ["tokens-refresh/delayed-duplicate"],
  },
  {
    id: "idle-a-second-short",
    title: "A family ends one second before its idle time is over.",
    rules: ["T1"],
    attacks: ["RF-15"],
    edits: [[
      "core/family.ts",
      "family.generationStartedAt + settings.refreshIdleSeconds,",
      "family.generationStartedAt + settings.refreshIdleSeconds - 1,",
    ]],
    caughtBy: ["tokens-refresh/idle"],
  },
  {
    id: "absolute-a-second-long",
    title: "A family lives one second past its absolute end.",
    rules: ["T1"],
    attacks: ["RF-15", "SC-14"],
    edits: [[
      "core/family.ts",
      "family.startedAt + settings.refreshAbsoluteSeconds,",
      "family.startedAt + settings.refreshAbsoluteSeconds + 1,",
    ]],
    caughtBy: ["tokens-refresh/idle-begins-anew"],
  },
  {
    id: "one-family",
    title: "A request by public id ends the family that was there.",
    rules: ["P5"],
    attacks: [],
    edits: [[
      "core/family.ts",
      "const surplus = families.length + 1 - settings.maxFamilies;",
      "const surplus = families.length;",
    ]],
    caughtBy: ["tokens-refresh/families-are-independent"],
  },
  {
    id: "too-much-scope-ends",
    title: "To ask for too much scope ends the family.",
    rules: ["T6"],
    attacks: ["SC-07"],
    edits: [[
      REFRESH,
      'return refuse("invalid_scope", "scope_widened");',
      'return { ...refuse("invalid_scope", "scope_widened"), changes: [endFamily(family, "reused")] };',
    ]],
    caughtBy: ["tokens-refresh/scope-wider-harms-nothing"],
  },
  {
    id: "too-much-scope-granted",
    title: "Whatever scope a refresh asks for is granted.",
    rules: ["T6"],
    attacks: ["SC-07"],
    edits: [
      [
        REFRESH,
        'if (!isWithin(requested, family.scope)) return refuse("invalid_scope", "scope_widened");',
        "",
      ],
      [REFRESH, "const scope = intersect(requested, effective);", "const scope = requested;"],
    ],
    caughtBy: ["tokens-refresh/scope-wider", "tokens-refresh/scope-wider-than-family"],
  },
  {
    id: "connection-scope-refreshed",
    title:
      "A refresh gets what the connection has by now, also where that is more than was issued.",
    rules: ["T6"],
    attacks: ["SC-07"],
    edits: [
      [
        REFRESH,
        "const effective = intersect(family.scope, effectiveScope(standing));",
        "const effective = effectiveScope(standing);",
      ],
      [
        REFRESH,
        "const requested = command.scope ?? family.scope;",
        "const requested = command.scope ?? effective;",
      ],
      [REFRESH, "if (!isWithin(requested, family.scope))", "if (!isWithin(requested, effective))"],
    ],
    caughtBy: ["tokens-refresh/scope-wider-than-family"],
  },
  {
    id: "asked-scope-ignored",
    title: "The scope that a refresh asks for is ignored.",
    rules: ["T6"],
    attacks: [],
    edits: [[
      REFRESH,
      "const requested = command.scope ?? family.scope;",
      "const requested = family.scope;",
    ]],
    caughtBy: ["tokens-refresh/scope-narrower"],
  },
  {
    id: "malformed-scope-ignored",
    title: "A malformed scope counts as omitted.",
    rules: ["T6"],
    attacks: [],
    edits: [[DIRECT, "readScope(request.scope) ?? [request.scope]", "readScope(request.scope)"]],
    caughtBy: ["tokens-refresh/scope-malformed"],
  },
  {
    id: "narrowed-scope-refreshed",
    title: "A refresh gets the scope that was issued, whatever the user has taken back since.",
    rules: ["T6", "R1"],
    attacks: ["SC-09", "RF-13"],
    edits: [[
      REFRESH,
      "const effective = intersect(family.scope, effectiveScope(standing));",
      "const effective = family.scope;",
    ]],
    caughtBy: ["tokens-refresh/scope-narrowed-meanwhile"],
  },
  {
    id: "oldest-family-evicted",
    title: "One family too many ends the one that began first, however lately it was refreshed.",
    rules: ["P5"],
    attacks: ["SY-03"],
    edits: [[
      "core/family.ts",
      "a.generationStartedAt - b.generationStartedAt",
      "a.startedAt - b.startedAt",
    ]],
    caughtBy: ["tokens-refresh/least-recently-used-ends"],
  },
];
