/**
 * Ends that do not end, or end too much (T7, R1–R3).
 * @module
 */
import { errorJson, json } from "../../../../adapters/http/exchange.ts";
import type { Facts, Standing } from "../../../../core/decision.ts";
import type { Client } from "../../../../core/model.ts";
import type { Fault } from "../fault.ts";
import { admittingHolders, receivingForm, REVOKE } from "../hooks/http.ts";
import { combine, seeing, serving, writing } from "../hooks/ports.ts";

/** Changes what the authority of a token is computed from. */
function sees(change: (standing: Standing) => Partial<Standing>) {
  return () =>
    seeing((facts) => ({
      ...facts,
      standing: facts.standing && { ...facts.standing, ...change(facts.standing) },
      candidates: facts.candidates.map((one) => ({ ...one, ...change(one) }) as typeof one),
    }));
}

/** Writes something else when a family is revoked. */
function revokesAs(change: (family: NonNullable<Facts["family"]>) => NonNullable<Facts["family"]>) {
  return () =>
    writing((written, { family }) =>
      written.type === "family-ended" && written.cause === "revoked" && family !== null
        ? [{ type: "family-rotated", family: change(family) }]
        : [written]
    );
}

function enabled(client: Client | null): Client | null {
  return client && { ...client, status: "enabled" };
}

/** The faults. */
export const ENDS: readonly Fault[] = [
  {
    id: "revokes-nothing",
    title: "Revocation answers 200 and does nothing.",
    options: () => serving(() => ({ revokeToken: () => Promise.resolve() })),
    caughtBy: ["revocation/refresh-token", "revocation/hint"],
  },
  {
    id: "revokes-later",
    title: "Revocation answers first and revokes a little later.",
    options: () =>
      serving((service) => ({
        revokeToken(client, token) {
          setTimeout(() => void service.revokeToken(client, token).catch(() => {}), 100);
          return Promise.resolve();
        },
      })),
    caughtBy: ["revocation/refresh-token", "revocation/while-refreshing"],
  },
  {
    id: "revokes-refresh-token-alone",
    title: "Revoking a refresh token leaves its access tokens live.",
    options: revokesAs((family) => ({ ...family, generation: 1e9 })),
    caughtBy: ["revocation/refresh-token-ends-access-token", "revocation/access-token"],
  },
  {
    id: "access-token-not-revoked",
    title: "Access tokens cannot be revoked.",
    options: () =>
      serving((service) => ({
        async revokeToken(client, token) {
          if (await service.authorize(token) === null) await service.revokeToken(client, token);
        },
      })),
    caughtBy: ["revocation/access-token"],
  },
  {
    id: "spent-token-not-revoked",
    title: "Only a live token can be revoked.",
    options: () =>
      serving((service) => ({
        async revokeToken(client, token) {
          if (await service.introspect(client, token)) await service.revokeToken(client, token);
        },
      })),
    caughtBy: ["revocation/spent-refresh-token"],
  },
  {
    id: "revocation-ends-connection",
    title: "Revoking a token ends the connection with all its families.",
    options: () =>
      writing((change, { standing }) =>
        change.type === "family-ended" && change.cause === "revoked" && standing !== null
          ? [change, {
            type: "connection-revoked",
            connection: { ...standing.connection, status: "revoked", revokedAt: 0 },
          }]
          : [change]
      ),
    caughtBy: ["revocation/other-families-live"],
  },
  {
    id: "unknown-token-400",
    title: "Revoking an unknown token is an error.",
    options: () =>
      receivingForm(
        REVOKE,
        (form) =>
          form.get("token")?.startsWith("ftfu_")
            ? undefined
            : errorJson(400, "invalid_request", "This is not a token."),
      ),
    caughtBy: ["revocation/unknown-token"],
  },
  {
    id: "revocation-hint",
    title: "Revocation looks only where token_type_hint points.",
    options: () =>
      receivingForm(REVOKE, (form) =>
        form.get("token_type_hint") === "access_token" &&
          !form.get("token")?.startsWith("ftfu_at_")
          ? json(200, {})
          : undefined),
    caughtBy: ["revocation/hint"],
  },
  {
    id: "revocation-without-client",
    title: "Anyone who holds a token may revoke it.",
    options: () => admittingHolders(REVOKE, "token"),
    caughtBy: ["revocation/unauthenticated"],
  },
  {
    id: "disabled-client-alive",
    title: "Tokens of a disabled client keep working.",
    options: sees(({ client, merchant }) => ({
      client: enabled(client),
      merchant: enabled(merchant),
    })),
    caughtBy: ["revocation/direct-client-disabled", "revocation/delegated-merchant-disabled"],
  },
  {
    id: "disabled-merchant-alive",
    title: "Delegations of a disabled merchant keep working.",
    options: sees(({ merchant }) => ({ merchant: enabled(merchant) })),
    caughtBy: ["revocation/delegated-merchant-disabled"],
  },
  {
    id: "suspension-is-final",
    title: "A user who was suspended once stays suspended.",
    options: () => {
      const suspended = new Set<string>();
      return combine(
        writing((change) => {
          if (change.type === "user-written" && change.user.status === "suspended") {
            suspended.add(change.user.publicId);
          }
          return [change];
        }),
        sees(({ user }) => ({
          user: user && (suspended.has(user.publicId) ? { ...user, status: "suspended" } : user),
        }))(),
      );
    },
    caughtBy: ["revocation/direct-user-suspended", "revocation/delegated-user-suspended"],
  },
  {
    id: "withdrawal-from-all",
    title: "Withdrawing from one client withdraws from all.",
    options: () => {
      const gone = new Set<string>();
      return combine(
        writing((change) => {
          if (change.type === "connection-revoked") gone.add(change.connection.user);
          return [change];
        }),
        sees(({ user }) => ({ user: user && (gone.has(user.publicId) ? null : user) }))(),
      );
    },
    caughtBy: ["revocation/others-live", "scope-delegation/delegations-are-separate"],
  },
  {
    id: "withdrawal-ignored",
    title: "Tokens outlive the withdrawal of the connection that they rest on.",
    options: sees(({ connection }) => ({
      connection: {
        scope: ["email", "openid", "profile"],
        consentedAt: 0,
        ...connection,
        status: "active",
      },
    })),
    caughtBy: ["revocation/direct-connection-revoked", "consent-token/withdrawn-is-dead"],
  },
];
