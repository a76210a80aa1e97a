/**
 * The mutation: by public id (§4) and by consent token (§5).
 * @module
 */
import type { FetchByConsent, FetchByPublicId } from "../../../core/fetch.ts";
import type { ActiveConnection, TokenFamily } from "../../../core/model.ts";
import {
  delegatedScope,
  delegationOf,
  firstRedemption,
  inTime,
  isFlawed,
  isWithdrawn,
  repeatable,
  servingConnection,
  sourceOf,
  worth,
} from "../law.ts";
import { familyWorth } from "../law.ts";
import type { Moment } from "../moment.ts";
import { decideOn, type Step } from "../play.ts";
import { everyStep, type Invariant, on, sameList, unchanged } from "./invariant.ts";

const MARGIN_SECONDS = 3600;

/** Of the mutation by public id. */
export const PUBLIC_ID: readonly Invariant[] = [
  on(
    ["fetch"],
    "public-id-answer",
    ["P1", "P2", "G8", "SC-06"],
    "A public id gets tokens exactly when the user is active and has a usable connection with this client: else NO_USER, then NO_CONSENT.",
    (step) => {
      if (!byPublicId(step)) return null;
      const { before, command, decision } = step;
      const { state } = before;
      const code = decision.outcome === "refused" ? decision.code : null;
      if (state.clients.get(command.client)?.status !== "enabled") return code === "invalid_client";
      if (state.users.get(command.publicId)?.status !== "active") return code === "NO_USER";
      const serving = servingConnection(before, command.publicId, command.client);
      return code === (serving === null ? "NO_CONSENT" : null);
    },
  ),
  on(
    ["fetch"],
    "first-usable-connection-serves",
    ["P3", "P4"],
    "The direct connection serves if usable, else the one with the latest consent, ties by id; its scope is its own effective scope, never merged.",
    (step) => {
      if (!byPublicId(step) || step.decision.outcome === "refused") return null;
      const { before, command, decision } = step;
      const serving = servingConnection(before, command.publicId, command.client);
      if (serving === null) return false;
      return decision.grant.connection === serving.id && !decision.grant.repeated &&
        sameList(decision.grant.scope, worth(before, serving.id));
    },
  ),
  on(
    ["fetch"],
    "public-id-starts-a-family",
    ["P5"],
    "Each success by public id starts one new family at generation 0 with the granted scope, and leaves connections and consents alone.",
    (step) => {
      if (!byPublicId(step) || step.decision.outcome === "refused") return null;
      const { before, after } = step;
      return startsFamily(step) && before.state.connections.size === after.state.connections.size &&
        [...before.state.connections].every(([id, row]) =>
          after.state.connections.get(id) === row
        ) && before.state.consentUses.size === after.state.consentUses.size;
    },
  ),
  on(
    ["fetch"],
    "eviction-order",
    ["P5", "SY-03"],
    "A new family evicts others of its connection only when there is no room: expired ones first, then the least recently used, ties by id.",
    (step) => {
      const { before, after, decision } = step;
      if (decision.outcome === "refused" || decision.grant.repeated) return null;
      const old = [...before.state.families.values()]
        .filter(({ connection }) => connection === decision.grant.connection);
      const ended = old.filter(({ id }) => !after.state.families.has(id));
      const surplus = Math.max(0, old.length + 1 - before.cast.settings.maxFamilies);
      const kept = old.filter((family) => !ended.includes(family));
      return ended.length === surplus &&
        ended.every((gone) => kept.every((stays) => goesBefore(gone, stays, before)));
    },
  ),
];

/** Of the mutation by consent token. */
export const CONSENT: readonly Invariant[] = [
  on(
    ["fetch"],
    "flawed-consent-refused",
    ["C1", "C4", "C5", "C6", "CT-14", "CT-15", "CT-17", "CT-18", "CT-19", "CT-24", "CT-31"],
    "A consent token with any flaw of trust, audience, binding or time is INVALID_TOKEN and consumes nothing, whatever it says otherwise.",
    (step) => {
      if (!byConsent(step)) return null;
      const { command, before, after, decision, context } = step;
      const { consent, client } = command;
      if (before.state.clients.get(client)?.status !== "enabled") return null;
      if (!isFlawed(consent, client, context.now, context.settings)) return null;
      return decision.outcome === "refused" && decision.code === "INVALID_TOKEN" &&
        unchanged(before, after);
    },
  ),
  on(
    ["fetch"],
    "first-redemption-answer",
    ["C4", "C5", "C8", "C10", "C14", "SC-01", "SC-02", "SC-03", "SC-13", "CT-13", "CT-30"],
    "A token that was never redeemed gets exactly what the rules say: INVALID_TOKEN, then NO_USER, then NO_CONSENT, else the delegated scope.",
    (step) => {
      if (!byConsent(step) || wasRedeemed(step)) return null;
      const { before, command, decision } = step;
      const due = firstRedemption(before, command.consent, command.client);
      return decision.outcome === "refused" ? decision.code === due : typeof due !== "string" &&
        !decision.grant.repeated && sameList(decision.grant.scope, due) && startsFamily(step);
    },
  ),
  on(
    ["fetch"],
    "used-consent-answer",
    ["C11", "CT-21", "CT-22", "CT-23", "CT-25"],
    "A token that was redeemed is answered again, with the family it started, exactly while the retry rule allows; else it is INVALID_TOKEN.",
    (step) => {
      if (!byConsent(step) || !wasRedeemed(step)) return null;
      const { before, after, command, decision } = step;
      if (before.state.clients.get(command.client)?.status !== "enabled") return null;
      const { consent, client } = command;
      const use = before.state.consentUses.get(`${consent.issuer} ${consent.jti}`);
      const family = use === undefined ? null : repeatable(before, consent, client, use);
      if (family === null) {
        return decision.outcome === "refused" && decision.code === "INVALID_TOKEN" &&
          unchanged(before, after);
      }
      if (decision.outcome === "refused" || !unchanged(before, after)) return false;
      const { grant } = decision;
      return grant.repeated && grant.family === family.id && grant.generation === 0 &&
        grant.salt === family.salt && sameList(grant.scope, familyWorth(before, family));
    },
  ),
  on(
    ["fetch"],
    "redeemed-in-one-step",
    ["C9", "C13"],
    "A first redemption consumes the token, has its delegated connection and starts one family, all in one step, and the consumed token names that family.",
    (step) => {
      if (!byConsent(step) || step.decision.outcome === "refused") return null;
      if (step.decision.grant.repeated) return null;
      const { after, command: { consent, client }, decision: { grant }, context } = step;
      const use = after.state.consentUses.get(`${consent.issuer} ${consent.jti}`);
      const connection = after.state.connections.get(grant.connection);
      const source = sourceOf(step.before, consent);
      const until = consent.expiresAt + context.settings.consentSkewSeconds + MARGIN_SECONDS;
      const uses = [step.before, after].map(({ state }) => state.consentUses.size);
      return uses[1] === (uses[0] as number) + 1 && use?.family === grant.family &&
        use.client === client &&
        use.digest === consent.digest && use.redeemedAt === context.now &&
        use.keepUntil === until && connection?.status === "active" &&
        connection.source === source?.id && startsFamily(step);
    },
  ),
  on(
    ["fetch"],
    "jti-starts-one-family",
    ["C9", "C13", "CT-21", "CT-22", "CT-23"],
    "A consent token starts at most one family, ever: whoever presents it, however often, in whatever bytes.",
    (step) => {
      if (!byConsent(step)) return null;
      const { before, command: { consent }, decision } = step;
      const started = decision.changes.filter(({ type }) => type === "family-started").length;
      if (started === 0) return null;
      return started === 1 && !before.past.started.includes(`${consent.issuer} ${consent.jti}`);
    },
  ),
  everyStep(
    "jti-remembered",
    ["C13", "CT-23"],
    "What is remembered of a redeemed token never changes and outlives its user; it is forgotten only by a sweep after exp, skew and an hour.",
    ({ kind, before, after, context: { now } }) => {
      const { consentUses } = before.state;
      if (consentUses.size === 0 || before.state === after.state) return null;
      return [...consentUses].every(([key, use]) =>
        after.state.consentUses.get(key) === use || (kind === "sweep" && use.keepUntil <= now)
      );
    },
  ),
  on(
    ["fetch"],
    "newest-consent-governs",
    ["C10", "C8"],
    "A consent no older than the one a delegated connection rests on replaces its scope; an older one leaves the connection as it is.",
    (step) => {
      if (!byConsent(step) || step.decision.outcome === "refused") return null;
      if (step.decision.grant.repeated) return null;
      const { before, after, command: { consent }, decision: { grant } } = step;
      const there = delegationOf(before, consent);
      const now = after.state.connections.get(grant.connection) as ActiveConnection;
      if (there !== null && consent.issuedAt < there.consentedAt) return now === there;
      return now.consentedAt === consent.issuedAt &&
        sameList(now.scope, delegatedScope(before, consent)) &&
        (there === null ? !before.state.connections.has(now.id) : now.id === there.id);
    },
  ),
  on(
    ["fetch"],
    "withdrawal-is-not-undone",
    ["C14", "CT-30", "SC-11"],
    "A consent minted no later than a withdrawal from the merchant or the partner never gives tokens again, first or repeated.",
    (step) =>
      byConsent(step) && isWithdrawn(step.before, step.command.consent)
        ? step.decision.outcome === "refused"
        : null,
  ),
  on(
    ["fetch"],
    "public-id-after-consent",
    ["C12"],
    "Once a consent token was redeemed, the public id alone works for that partner.",
    (step) => {
      if (!byConsent(step) || step.decision.outcome === "refused") return null;
      const { command: { client, consent }, after, context } = step;
      const publicId = consent.user;
      const fetch = { type: "fetch", by: "publicId", client, publicId } as const;
      return decideOn(after.cast, after.state, fetch, context).outcome === "granted";
    },
  ),
];

function byPublicId<S extends Step>(step: S): step is S & { command: FetchByPublicId } {
  return step.command?.type === "fetch" && step.command.by === "publicId";
}

function byConsent<S extends Step>(step: S): step is S & { command: FetchByConsent } {
  return step.command?.type === "fetch" && step.command.by === "consentToken";
}

/** Whether a token has started a family, as it happened, whatever the core still knows of it. */
function wasRedeemed(
  { before, command: { consent } }: { readonly before: Moment; readonly command: FetchByConsent },
): boolean {
  return before.past.started.includes(`${consent.issuer} ${consent.jti}`);
}

/** Whether exactly one family is new, as granted, at generation 0, begun now. */
function startsFamily({ before, after, decision, context: { now, fresh } }: Step): boolean {
  if (decision?.outcome !== "granted") return false;
  const grant = decision.grant as { family: string; connection: string; scope: readonly string[] };
  const begun = [...after.state.families.values()].filter(({ id }) =>
    !before.state.families.has(id)
  );
  const [family] = begun;
  return begun.length === 1 && family?.id === grant.family && family.id === fresh.family &&
    family.connection === grant.connection && family.generation === 0 &&
    [family.startedAt, family.generationStartedAt, family.previousGenerationStartedAt]
      .every((time) => time === now) &&
    family.salt === fresh.salt && family.keyId === fresh.keyId &&
    sameList(family.scope, grant.scope);
}

/** Whether one family may go before another (P5). Which of two expired ones goes makes no difference. */
function goesBefore(a: TokenFamily, b: TokenFamily, { now, cast }: Moment): boolean {
  if (!inTime(a, now, cast.settings)) return true;
  if (!inTime(b, now, cast.settings)) return false;
  if (a.generationStartedAt !== b.generationStartedAt) {
    return a.generationStartedAt < b.generationStartedAt;
  }
  return a.id < b.id;
}
