/**
 * What the core may answer to a request for tokens. There is more than one answer where it goes by ids
 * of its own: an implementation has other ids.
 * @module
 */
import { readConsent } from "../../../core/consent.ts";
import { decide, keysOf } from "../../../core/decide.ts";
import type { Decision, TokenGrant } from "../../../core/decision.ts";
import { factsOf } from "../../../core/evolve.ts";
import type { FetchByPublicId } from "../../../core/fetch.ts";
import type { ActiveConnection } from "../../../core/model.ts";
import { readScope } from "../../../core/scope.ts";
import { after, contextOf, isDisabled, run, type TokenAction, type World } from "./world.ts";

/** One decision that the core could have taken, had its ids been others. */
export interface Possible {
  readonly decision: Decision<TokenGrant>;
  readonly next: World;
}

/** Every decision that the core could take. */
export function decideTokens(world: World, action: TokenAction): readonly Possible[] {
  const { client } = action;
  const refused = (decision: Decision<TokenGrant>) => [{ decision, next: world }];
  if (isDisabled(world, client)) return refused(refusal("invalid_client", "client_disabled"));
  if (action.do === "fetch") {
    return decideFetchAnyOrder(world, {
      type: "fetch",
      by: "publicId",
      client,
      publicId: action.publicId,
    });
  }
  if (action.do === "redeem") {
    const consent = readConsent(action.claims, action.token);
    if (consent === null) return refused(refusal("INVALID_TOKEN", "consent_claims"));
    return possible(world, run(world, { type: "fetch", by: "consentToken", client, consent })[0]);
  }
  const token = world.tokens.get(action.token);
  if (token?.kind !== "refresh") return refused(refusal("invalid_grant", "token_malformed"));
  const { family, generation, salt } = token;
  const scope = action.scope === null ? null : readScope(action.scope);
  const [decision] = run(world, { type: "refresh", client, family, generation, salt, scope });
  return possible(world, decision);
}

/** P3: of delegated connections with the same consent time the lower id serves, so any of them may. */
function decideFetchAnyOrder(world: World, command: FetchByPublicId): readonly Possible[] {
  const found: Possible[] = [];
  let facts = factsOf(world.state, keysOf(command, world.settings));
  let first: ActiveConnection | undefined;
  for (;;) {
    const decision = decide(command, facts, contextOf(world));
    const served = decision.outcome === "granted" ? decision.grant.connection : undefined;
    const candidate = facts.candidates.find(({ connection }) => connection.id === served)
      ?.connection;
    if (first !== undefined && !isTied(first, candidate)) return found;
    found.push(...possible(world, decision));
    if (candidate === undefined) return found;
    first ??= candidate;
    const candidates = facts.candidates.filter(({ connection }) => connection.id !== served);
    facts = { ...facts, candidates };
  }
}

function isTied(first: ActiveConnection, other: ActiveConnection | undefined): boolean {
  return first.source !== null && other !== undefined && other.source !== null &&
    first.consentedAt === other.consentedAt;
}

/** P5: of families that were last used in the same second the lower id ends, so any of them may. */
function possible(world: World, decision: Decision<TokenGrant>): readonly Possible[] {
  const evicted = decision.changes.find((change) =>
    change.type === "family-ended" && change.cause === "evicted"
  );
  if (evicted?.type !== "family-ended") return [{ decision, next: after(world, decision.changes) }];
  const { families } = world.state;
  const last = families.get(evicted.family)?.generationStartedAt;
  const tied = [...families.values()].filter(({ connection, generationStartedAt }) =>
    connection === evicted.connection && generationStartedAt === last
  );
  return tied.map(({ id }) => {
    const changes = decision.changes.map((change) =>
      change === evicted ? { ...evicted, family: id } : change
    );
    return { decision, next: after(world, changes) };
  });
}

function refusal(
  code: "invalid_client" | "INVALID_TOKEN" | "invalid_grant",
  reason: "client_disabled" | "consent_claims" | "token_malformed",
): Decision<TokenGrant> {
  return { outcome: "refused", code, reason, changes: [] };
}
