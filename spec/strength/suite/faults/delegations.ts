/**
 * More scope than was consented to, or someone else's (P1–P4, C8, C10, R4).
 * @module
 */
import type { FetchTokensForUserPayload } from "../../../../adapters/direct.ts";
import type { Candidate, Facts } from "../../../../core/decision.ts";
import type { Fault } from "../fault.ts";
import { claiming } from "../hooks/consents.ts";
import { answering, combine, revealing, seeing, writing } from "../hooks/ports.ts";

const FETCH = "core/fetch.ts";
const ALL = ["email", "openid", "profile"];

/** Changes the facts of a request by consent token. */
function seesDelegation(change: (facts: Facts) => Partial<Facts>) {
  return () =>
    seeing((facts, _now, { consent }) => consent ? { ...facts, ...change(facts) } : facts);
}

/** Changes the connections from which a public ID is served. */
function serves(change: (candidates: readonly Candidate[], facts: Facts) => readonly Candidate[]) {
  return () =>
    seeing((facts, _now, { user, client, consent }) =>
      user && client && !consent ? { ...facts, candidates: change(facts.candidates, facts) } : facts
    );
}

/** Gives a connection another scope, and its source, which limits it. */
function withScope(
  { connection, source, ...rest }: Candidate,
  scope: readonly string[],
): Candidate {
  return {
    ...rest,
    connection: { ...connection, scope },
    source: source?.status === "active" ? { ...source, scope } : source,
  };
}

function isDirect({ connection }: Candidate): boolean {
  return connection.source === null;
}

/** Answers one error code in place of another. */
function renamesCode(from: string, to: string) {
  return () =>
    answering((payload: FetchTokensForUserPayload) => ({
      ...payload,
      userErrors: payload.userErrors.map((error) =>
        error.code === from ? { ...error, code: to } : error
      ),
    }));
}

/** The faults. */
export const DELEGATIONS: readonly Fault[] = [
  {
    id: "scope-union",
    title: "A delegation gets the union of the token's and the source's scope.",
    edits: [[
      FETCH,
      "const scope = intersect(intersect(consent.scope, sourceScope), client.scope);",
      "const scope = intersect([...new Set([...consent.scope, ...sourceScope])].sort(), client.scope);",
    ]],
    caughtBy: ["scope-delegation/delegated-scope"],
  },
  {
    id: "source-scope-ignored",
    title: "A delegation gets the token's scope, whatever the user consented to at the merchant.",
    options: seesDelegation(({ source, merchant }) => ({
      source: source && { ...source, scope: ALL },
      merchant: merchant && { ...merchant, scope: ALL },
    })),
    caughtBy: ["scope-delegation/within-source", "scope-delegation/within-merchant-registration"],
  },
  {
    id: "token-scope-ignored",
    title: "A delegation gets the scope of its source, whatever the token says.",
    options: () => claiming(() => ({ scope: ALL.join(" ") })),
    caughtBy: ["scope-delegation/delegated-scope", "consent-token/no-scope"],
  },
  {
    id: "merchant-registration-ignored",
    title: "A delegation is not limited to the merchant's registered scope.",
    options: seesDelegation(({ source, merchant }) => ({
      merchant: merchant && { ...merchant, scope: source?.scope ?? [] },
    })),
    caughtBy: ["scope-delegation/within-merchant-registration"],
  },
  {
    id: "connections-merged",
    title: "The scopes of all connections of a user and a client are united.",
    options: serves((candidates) => {
      const all = [...new Set(candidates.flatMap(({ connection }) => connection.scope))].sort();
      return candidates.map((candidate) => withScope(candidate, all));
    }),
    caughtBy: ["scope-delegation/never-merged"],
  },
  {
    id: "delegated-before-direct",
    title: "A delegation takes precedence over the direct connection.",
    options: serves((candidates) => {
      const delegated = candidates.filter((candidate) => !isDirect(candidate));
      return delegated.length > 0 ? delegated : candidates;
    }),
    caughtBy: ["scope-delegation/direct-first"],
  },
  {
    id: "oldest-connection-serves",
    title: "The connection that was created first is used.",
    options: serves((candidates) => candidates.slice(0, 1)),
    caughtBy: [
      "scope-delegation/direct-first-made-last",
      "scope-delegation/latest-consent-first-redeemed-last",
    ],
  },
  {
    id: "first-delegation-serves",
    title: "Of several delegations, the one that was created first is used.",
    options: serves((candidates) => [
      ...candidates.filter(isDirect),
      ...candidates.filter((candidate) => !isDirect(candidate)).slice(0, 1),
    ]),
    caughtBy: ["scope-delegation/latest-consent-first-redeemed-last"],
  },
  {
    id: "latest-consent-before-direct",
    title: "The connection with the latest consent is used, direct or delegated.",
    options: serves((candidates) =>
      [...candidates].sort((a, b) => b.connection.consentedAt - a.connection.consentedAt).slice(
        0,
        1,
      )
    ),
    caughtBy: ["scope-delegation/direct-first-though-older"],
  },
  {
    id: "narrowed-direct-yields",
    title: "A direct connection loses its precedence when it is narrowed.",
    options: () => {
      const narrowed = new Set<string>();
      return combine(
        serves((candidates) => {
          const others = candidates.filter(({ connection }) => !narrowed.has(connection.id));
          return others.length > 0 ? others : candidates;
        })(),
        writing((change) => {
          if (change.type === "connection-changed" && change.cause === "narrowed") {
            narrowed.add(change.connection.id);
          }
          return [change];
        }),
      );
    },
    caughtBy: ["scope-delegation/direct-first-though-narrowed"],
  },
  {
    id: "consents-added-up",
    title: "A later consent is added to an earlier one instead of replacing it.",
    options: () =>
      writing((change, { candidates }) => {
        if (change.type !== "connection-changed" || change.cause !== "consented") return [change];
        const { connection } = change;
        const before = candidates.find((candidate) => candidate.connection.id === connection.id);
        const scope = [...new Set([...connection.scope, ...before?.connection.scope ?? []])].sort();
        return [{ ...change, connection: { ...connection, scope } }];
      }),
    caughtBy: ["scope-delegation/consented-anew", "scope-delegation/newer-consent-replaces"],
  },
  {
    id: "first-consent-governs",
    title: "A later consent token does not change an existing delegation.",
    options: seesDelegation(({ candidates }) => ({
      candidates: candidates.map((candidate) => ({
        ...candidate,
        connection: { ...candidate.connection, consentedAt: Number.MAX_SAFE_INTEGER },
      })),
    })),
    caughtBy: ["scope-delegation/newer-consent-replaces", "scope-delegation/newer-consent-widens"],
  },
  {
    id: "registered-scope-issued",
    title: "Tokens by public ID carry the registered scope, not the consented one.",
    options: serves((candidates, { client }) =>
      candidates.map((candidate) => withScope(candidate, client?.scope ?? []))
    ),
    caughtBy: ["scope-delegation/consented", "scope-delegation/narrowed"],
  },
  {
    id: "no-scope-no-matter",
    title: "If consent and registration have nothing in common, tokens without scope are issued.",
    edits: [[
      FETCH,
      'if (scope.length > 0) return { outcome: "verified"',
      'return { outcome: "verified"',
    ]],
    caughtBy: ["scope-delegation/nothing-in-common"],
  },
  {
    id: "unknown-user-no-consent",
    title: "An unknown user is answered with NO_CONSENT.",
    options: renamesCode("NO_USER", "NO_CONSENT"),
    caughtBy: ["scope-delegation/unknown-user", "scope-delegation/deleted-user"],
  },
  {
    id: "unconnected-user-no-user",
    title: "A user without a connection is answered with NO_USER.",
    options: renamesCode("NO_CONSENT", "NO_USER"),
    caughtBy: ["scope-delegation/unconnected-user", "scope-delegation/merchant-user"],
  },
  {
    id: "connection-oracle",
    title: "NO_CONSENT shows whether the user withdrew or never consented.",
    options: () =>
      revealing((reason, { clientWithdrawal }) =>
        clientWithdrawal === null ? reason : "The user withdrew."
      ),
    caughtBy: ["scope-delegation/same-no-consent"],
  },
];
