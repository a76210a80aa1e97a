/**
 * Consent tokens that are redeemed too often, too late, or at someone else's expense (C6, C9–C14).
 * @module
 */
import { Buffer } from "node:buffer";
import type { FetchTokensForUserPayload } from "../../../../adapters/direct.ts";
import type { Decision, Facts } from "../../../../core/decision.ts";
import { CLOCK_MARGIN_SECONDS, RANGES } from "../../../../core/settings.ts";
import type { Fault } from "../fault.ts";
import { readLoosely, verifying } from "../hooks/consents.ts";
import {
  answering,
  combine,
  decidingEarly,
  revealing,
  seeing,
  serving,
  storing,
  writing,
} from "../hooks/ports.ts";

/** Changes what is known about a redeemed consent token. */
function seesUse(change: (facts: Facts, now: number) => Partial<Facts>) {
  return () =>
    seeing((facts, now, keys) =>
      keys.consent && facts.consentUse ? { ...facts, ...change(facts, now) } : facts
    );
}

function redeems({ changes }: Decision<unknown>): boolean {
  return changes.some(({ type }) => type === "consent-redeemed");
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}");

/** The faults. */
export const REDEMPTIONS: readonly Fault[] = [
  {
    id: "look-then-write",
    title: "Whether a consent token was redeemed is checked first and recorded later.",
    options: () => decidingEarly(redeems),
    caughtBy: ["consent-token/twenty-at-once"],
  },
  {
    id: "stale-replica",
    title: "Whether a consent token was redeemed is read from a replica that lags behind.",
    options: seesUse(({ consentUse }, now) =>
      (consentUse?.redeemedAt ?? 0) + 5 > now ? { consentUse: null } : {}
    ),
    caughtBy: ["consent-token/twenty-at-once", "consent-token/twice", "input/aliased-consent"],
  },
  {
    id: "jti-before-signature",
    title:
      "The jti is recorded before the signature is verified: a forged token burns a genuine one.",
    options: () => {
      const seen = new Map<unknown, string>();
      return verifying((strict, issuers) => async (text) => {
        const token = readLoosely(text, issuers);
        const jti = token?.claims["jti"];
        if (token !== null && seen.has(jti) && seen.get(jti) !== text) {
          return { rejected: "consent_redeemed" };
        }
        seen.set(jti, text);
        return await strict(text);
      });
    },
    caughtBy: ["consent-token/burns-nothing-forged", "consent-token/burns-nothing-wrong-audience"],
  },
  {
    id: "jti-of-any-issuer-taken",
    title: "A jti is recorded without its issuer.",
    options: () =>
      combine(
        storing((store) => ({
          transact: ({ consent, ...keys }, decide) =>
            store.transact(
              { ...keys, ...(consent && { consent: { ...consent, issuer: "any" } }) },
              decide,
            ),
        })),
        writing((change) =>
          change.type === "consent-redeemed"
            ? [{ ...change, use: { ...change.use, issuer: "any" } }]
            : [change]
        ),
      ),
    caughtBy: ["consent-token/jti-of-each-issuer"],
  },
  {
    id: "jti-forgotten-at-expiry",
    title:
      "A redeemed jti is forgotten when the token expires; if the clock steps back, it is valid again.",
    options: () =>
      combine(
        storing((store, now) => ({
          async transact(keys, decide) {
            const never = { generationStartedAt: 0, familyStartedAt: 0, withdrawnAt: 0 };
            await store.sweep({ ...never, consentKeepUntil: now() }, 1000);
            return await store.transact(keys, decide);
          },
        })),
        writing((change) =>
          change.type === "consent-redeemed"
            ? [{
              ...change,
              use: { ...change.use, keepUntil: change.use.keepUntil - CLOCK_MARGIN_SECONDS },
            }]
            : [change]
        ),
      ),
    caughtBy: ["consent-token/replay-after-expiry"],
  },
  {
    id: "jti-deleted-with-user",
    title: "The record of a redeemed consent token is deleted together with the user.",
    options: () => {
      let deletedAt = -1;
      return combine(
        writing((change, _facts, now) => {
          if (change.type === "user-deleted") deletedAt = now;
          return [change];
        }),
        seesUse(({ consentUse }) =>
          (consentUse?.redeemedAt ?? 0) <= deletedAt ? { consentUse: null, family: null } : {}
        )(),
      );
    },
    caughtBy: ["consent-token/again-after-deletion"],
  },
  {
    id: "retry-starts-anew",
    title: "A consent token whose family has ended starts another one.",
    options: seesUse(({ family }) => family === null ? { consentUse: null } : {}),
    caughtBy: ["consent-token/again-after-token-revocation"],
  },
  {
    id: "retry-for-ever",
    title: "Retries are answered until the token expires.",
    options: seesUse(({ consentUse }, now) => ({
      consentUse: consentUse && { ...consentUse, redeemedAt: now },
    })),
    caughtBy: ["consent-token/retry-window"],
  },
  {
    id: "retry-a-second-short",
    title: "A retry is refused in the last second of the window.",
    options: () => ({
      undeclared: { consentRetrySeconds: RANGES.consentRetrySeconds.default - 1 },
    }),
    caughtBy: ["consent-token/retry-window"],
  },
  {
    id: "retry-refused",
    title: "No retry is answered, although a window is declared.",
    options: () => ({ undeclared: { consentRetrySeconds: 0 } }),
    caughtBy: ["consent-token/retry"],
  },
  {
    id: "retry-same-access-token",
    title: "A retry is answered with exactly the first response.",
    options: () => {
      const first = new Map<string, FetchTokensForUserPayload>();
      return answering((payload, { consentToken }) => {
        if (!consentToken || payload.accessToken === null) return payload;
        const known = first.get(consentToken) ?? payload;
        first.set(consentToken, known);
        return known;
      });
    },
    caughtBy: ["consent-token/retry", "consent-token/retry-narrowed"],
  },
  {
    id: "refusal-establishes",
    title: "A consent token that is refused for its scope still creates the connection.",
    edits: [[
      "core/fetch.ts",
      'if (scope.length === 0) return refuse("NO_CONSENT", "no_effective_scope"); const existing',
      `if (scope.length === 0) {
         const parties = { user: consent.user, client: client.id, source: source.id };
         const connection = establish(parties, sourceScope, consent.issuedAt, context);
         const changes = [{ type: "connection-established" as const, connection }];
         return { ...refuse("NO_CONSENT", "no_effective_scope"), changes };
       }
       const existing`,
    ]],
    caughtBy: ["consent-token/refusal-establishes-nothing"],
  },
  {
    id: "not-established",
    title: "A redemption issues tokens, but no connection that serves a public ID.",
    options: () =>
      seeing((facts, _now, { consent }) =>
        consent ? facts : {
          ...facts,
          candidates: facts.candidates.filter(({ connection }) => connection.source === null),
        }
      ),
    caughtBy: ["consent-token/then-public-id"],
  },
  {
    id: "reason-told",
    title: "The message of INVALID_TOKEN reveals the reason.",
    options: () => revealing((reason) => reason),
    caughtBy: ["consent-token/one-message"],
  },
  {
    id: "user-before-token",
    title: "The user is checked before the token: an expired token reveals who exists.",
    options: () =>
      serving((service, store) => ({
        async fetchTokensForUser(client, args) {
          const user = args.consentToken && claimsOf(args.consentToken).sub;
          const facts = user ? await store.read({ user }) : null;
          return await service.fetchTokensForUser(
            client,
            facts !== null && facts.user?.status !== "active" ? { publicId: user } : args,
          );
        },
      })),
    caughtBy: ["consent-token/precedence"],
  },
  {
    id: "merchant-withdrawal-forgotten",
    title: "A withdrawal from the merchant does not void consent tokens that were issued before.",
    options: () => seeing((facts) => ({ ...facts, merchantWithdrawal: null })),
    caughtBy: ["consent-token/withdrawn-from-merchant"],
  },
  {
    id: "nothing-to-withdraw",
    title: "Disconnecting without a connection has no effect.",
    options: () =>
      writing((change, facts) =>
        change.type === "withdrawn" &&
          facts.candidates.length === 0 && facts.standing === null
          ? []
          : [change]
      ),
    caughtBy: [
      "consent-token/withdrawn-without-connection-partner",
      "consent-token/withdrawn-without-connection-merchant",
    ],
  },
  {
    id: "retry-after-withdrawal",
    title: "A retry is answered while its family lives, although the user withdrew.",
    options: seesUse(() => ({ clientWithdrawal: null, merchantWithdrawal: null })),
    caughtBy: ["consent-token/again-after-direct-withdrawal"],
  },
  {
    id: "withdrawal-before-redemption",
    title: "A withdrawal from the merchant is checked before the redemption.",
    options: seesUse(({ merchantWithdrawal, clientWithdrawal, consentUse }) =>
      clientWithdrawal === null && merchantWithdrawal !== null &&
        (merchantWithdrawal.directAt ?? -1) >= (consentUse?.redeemedAt ?? 0)
        ? { consentUse: null, family: null }
        : {}
    ),
    caughtBy: ["consent-token/again-after-withdrawal-and-return"],
  },
  {
    id: "no-retry-past-exp",
    title: "A retry is refused from exp on, although clock skew is tolerated elsewhere.",
    options: seesUse(({ consentUse }, now) => {
      const skew = RANGES.consentSkewSeconds.default;
      const isOver = now >= (consentUse?.keepUntil ?? 0) - CLOCK_MARGIN_SECONDS - skew;
      return { consentUse: consentUse && { ...consentUse, ...(isOver && { digest: "" }) } };
    }),
    caughtBy: ["consent-token/retry-past-exp"],
  },
  {
    id: "expired-retry",
    title: "A retry within the window is answered, however long ago the token expired.",
    options: () => {
      const redeemed = new Set<string>();
      return combine(
        verifying((strict, _issuers, now) => async (token) => {
          const consent = await strict(token);
          if ("rejected" in consent || !redeemed.has(consent.jti)) return consent;
          return { ...consent, expiresAt: Math.max(consent.expiresAt, now() + 1) };
        }),
        writing((change) => {
          if (change.type === "consent-redeemed") redeemed.add(change.use.jti);
          return [change];
        }),
      );
    },
    caughtBy: ["consent-token/retry-past-exp"],
  },
  {
    id: "other-partner-served",
    title: "A consent token for another partner is answered from the caller's own connection.",
    options: () =>
      serving((service) => ({
        async fetchTokensForUser(client, args) {
          const payload = await service.fetchTokensForUser(client, args);
          const { client_id, sub } = args.consentToken ? claimsOf(args.consentToken) : {};
          if (payload.accessToken !== null || client_id === client || !sub) return payload;
          const own = await service.fetchTokensForUser(client, { publicId: sub });
          return own.accessToken === null ? payload : own;
        },
      })),
    caughtBy: ["consent-token/other-partner-connected"],
  },
];
