/**
 * Rotation, reuse and scope at refresh (T1, T5, T6).
 * @module
 */
import type { Change, Decision, Facts } from "../../../../core/decision.ts";
import { readScope } from "../../../../core/scope.ts";
import { type Numbers, RANGES } from "../../../../core/settings.ts";
import type { RefreshGranted, Service } from "../../../../adapters/direct.ts";
import type { Fault } from "../fault.ts";
import { deciding, decidingEarly, seeing, serving, writing } from "../hooks/ports.ts";

const REFRESH = "core/refresh.ts";

/** Follows another setting than the one that is declared. */
function follows(name: keyof Numbers, change: number) {
  return () => ({ undeclared: { [name]: RANGES[name].default + change } });
}

/** Writes something else when reuse ends a family. */
function onReuse(change: (written: Change, facts: Facts) => readonly Change[]) {
  return () =>
    writing((written, facts) =>
      written.type === "family-ended" && written.cause === "reused"
        ? change(written, facts)
        : [written]
    );
}

/** Changes the scope that a refresh asks for. */
function asksFor(change: (scope: string | undefined) => string | undefined) {
  return () =>
    serving((service: Service) => ({
      refresh: (client, { refreshToken, scope }) =>
        service.refresh(client, { refreshToken, scope: change(scope ?? undefined) }),
    }));
}

/** Gives the connection of a refresh token another scope, or its family. */
function seesRefresh(change: (facts: Facts) => Partial<Facts>) {
  return () => seeing((facts, _now, { family }) => family ? { ...facts, ...change(facts) } : facts);
}

function rotates({ changes }: Decision<unknown>): boolean {
  return changes.some(({ type }) => type === "family-rotated");
}

/** The faults. */
export const ROTATION: readonly Fault[] = [
  {
    id: "refreshes-race",
    title: "A refresh reads the family first and writes it later.",
    options: () => decidingEarly(rotates),
    caughtBy: ["tokens-refresh/twenty-at-once"],
  },
  {
    id: "revocation-races",
    title: "A refresh that is in progress undoes a revocation.",
    options: () => decidingEarly(rotates),
    caughtBy: ["revocation/while-refreshing"],
  },
  {
    id: "not-rotated",
    title: "A refresh returns no new refresh token.",
    options: () =>
      serving((service) => ({
        async refresh(client, request) {
          const tokens = await service.refresh(client, request);
          const { refreshToken } = request;
          return "error" in tokens ? tokens : { ...tokens, refreshToken } as RefreshGranted;
        },
      })),
    caughtBy: ["tokens-refresh/rotates"],
  },
  {
    id: "lost-response-forks",
    title: "A repeated refresh rotates again, so two chains continue.",
    edits: [[REFRESH, 'if (age === 1) return "repeatable";', 'if (age === 1) return "current";']],
    caughtBy: [
      "tokens-refresh/twenty-at-once",
      "tokens-refresh/lost-response-same-successor",
      "tokens-refresh/leapfrog",
    ],
  },
  {
    id: "reuse-never-seen",
    title: "Every refresh token of a family works, however old.",
    edits: [[REFRESH, 'if (age === 1) return "repeatable";', 'if (age >= 1) return "repeatable";']],
    caughtBy: ["tokens-refresh/reuse-ends-the-family", "tokens-refresh/delayed-duplicate"],
  },
  {
    id: "reuse-ends-all",
    title: "Reuse of one refresh token ends the connection with all its families.",
    options: onReuse((written, { standing }) =>
      standing === null ? [written] : [written, {
        type: "connection-revoked",
        connection: { ...standing.connection, status: "revoked", revokedAt: 0 },
      }]
    ),
    caughtBy: ["tokens-refresh/reuse-ends-the-family"],
  },
  {
    id: "access-token-survives-reuse",
    title: "When reuse ends a family, its access tokens stay live.",
    options: onReuse((written, { family }) =>
      family === null
        ? [written]
        : [{ type: "family-rotated", family: { ...family, generation: 1e9 } }]
    ),
    caughtBy: ["tokens-refresh/reuse-ends-access-tokens"],
  },
  {
    id: "duplicates-refused",
    title: "A delayed duplicate counts as reuse at once, although a window is declared.",
    options: () => ({ undeclared: { refreshDuplicateSeconds: 0 } }),
    caughtBy: ["tokens-refresh/delayed-duplicate"],
  },
  {
    id: "idle-a-second-short",
    title: "A family ends one second before its idle time is over.",
    options: follows("refreshIdleSeconds", -1),
    caughtBy: ["tokens-refresh/idle"],
  },
  {
    id: "absolute-a-second-long",
    title: "A family lives one second past its absolute end.",
    options: follows("refreshAbsoluteSeconds", 1),
    caughtBy: ["tokens-refresh/idle-begins-anew"],
  },
  {
    id: "one-family",
    title: "A request by public ID ends the existing family.",
    options: () => ({ undeclared: { maxFamilies: 1 } }),
    caughtBy: ["tokens-refresh/families-are-independent"],
  },
  {
    id: "too-much-scope-ends",
    title: "Asking for too much scope ends the family.",
    options: () =>
      deciding((decision, { family }) =>
        decision.outcome === "refused" && decision.reason === "scope_widened" && family !== null
          ? {
            ...decision,
            changes: [{
              type: "family-ended",
              family: family.id,
              connection: family.connection,
              cause: "reused",
            }],
          }
          : decision
      ),
    caughtBy: ["tokens-refresh/scope-wider-harms-nothing"],
  },
  {
    id: "too-much-scope-granted",
    title: "A refresh gets whatever scope it asks for.",
    options: () =>
      serving((service) => ({
        async refresh(client, { refreshToken, scope }) {
          const tokens = await service.refresh(client, { refreshToken, scope });
          if (!("error" in tokens) || tokens.error !== "invalid_scope") return tokens;
          const granted = await service.refresh(client, { refreshToken });
          return { ...granted, ...(scope && { scope }) };
        },
      })),
    caughtBy: ["tokens-refresh/scope-wider", "tokens-refresh/scope-wider-than-family"],
  },
  {
    id: "connection-scope-refreshed",
    title: "A refresh gets the connection's current scope, even if that is more than was issued.",
    options: seesRefresh(({ family, standing }) => ({
      family: family && standing?.connection.status === "active"
        ? { ...family, scope: standing.connection.scope }
        : family,
    })),
    caughtBy: ["tokens-refresh/scope-wider-than-family"],
  },
  {
    id: "asked-scope-ignored",
    title: "The scope that a refresh asks for is ignored.",
    options: asksFor(() => undefined),
    caughtBy: ["tokens-refresh/scope-narrower"],
  },
  {
    id: "malformed-scope-ignored",
    title: "A malformed scope counts as omitted.",
    options: asksFor((scope) => scope && readScope(scope) === null ? undefined : scope),
    caughtBy: ["tokens-refresh/scope-malformed"],
  },
  {
    id: "narrowed-scope-refreshed",
    title: "A refresh gets the scope that was issued, although the user has narrowed it since.",
    options: seesRefresh(({ family, standing }) => ({
      standing: family && standing?.connection.status === "active"
        ? { ...standing, connection: { ...standing.connection, scope: family.scope } }
        : standing,
    })),
    caughtBy: ["tokens-refresh/scope-narrowed-meanwhile"],
  },
  {
    id: "oldest-family-evicted",
    title: "One family too many evicts the one that started first, even if it was just refreshed.",
    options: () =>
      seeing((facts) => ({
        ...facts,
        candidates: facts.candidates.map((candidate) => ({
          ...candidate,
          families: {
            ...candidate.families,
            evictable: candidate.families.evictable.map((family) => ({
              ...family,
              generationStartedAt: family.startedAt,
            })),
          },
        })),
      })),
    caughtBy: ["tokens-refresh/least-recently-used-ends"],
  },
];
