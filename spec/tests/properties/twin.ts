/**
 * A second, independent description of the machine: a few sets (twin-sets.ts), and what each command
 * does to them. It shares no code with the core.
 * @module
 */
import type { Consent } from "../../../core/consent.ts";
import type { Command } from "../../../core/decide.ts";
import type { Fresh } from "../../../core/decision.ts";
import type { Settings } from "../../../core/settings.ts";
import {
  type Chain,
  chainOf,
  compare,
  type Edge,
  edgesOf,
  endOf,
  meet,
  type Sets,
  text,
  worth,
} from "./twin-sets.ts";
import { manage } from "./twin-manage.ts";

/** What the twin says must come of a command: a public code, `ok`, or what is granted. */
export type Expected = string | Expectation;

/** The tokens that must be granted, or what a token must be worth. */
export interface Expectation {
  readonly user: string;
  readonly client: string;
  readonly family: string;
  readonly scope: string;
  readonly expiresAt: number;
  readonly generation?: number;
  readonly repeated?: boolean;
}

/** The other machine. */
export interface Twin {
  /** Carries a command out, and says what must come of it. */
  expect(command: Command, now: number, fresh: Fresh): Expected;
  /** Every live connection with its scope, every family that has not ended, every spent token. */
  summary(): readonly string[];
}

/** A twin with nothing registered. */
export function createTwin(settings: Settings): Twin {
  const sets: Sets = {
    settings,
    users: new Map(),
    apps: new Map(),
    edges: [],
    chains: [],
    spent: new Map(),
    partings: [],
  };
  return {
    expect(command, now, fresh) {
      if (command.type === "refresh") return refresh(sets, command, now, fresh);
      if (command.type === "use") return use(sets, command, now);
      if (command.type !== "fetch") return manage(sets, command, now, fresh);
      if (!sets.apps.get(command.client)?.on) return "invalid_client";
      return command.by === "publicId"
        ? byPublicId(sets, command.client, command.publicId, now, fresh)
        : byConsent(sets, command.client, command.consent, now, fresh);
    },
    summary: () => summarize(sets),
  };
}

function answer(
  sets: Sets,
  chain: Chain,
  scope: Set<string>,
  now: number,
  repeated: boolean,
): Expectation {
  return {
    user: chain.edge.user,
    client: chain.edge.client,
    family: chain.id,
    generation: chain.births.length - 1,
    scope: text(scope),
    expiresAt: Math.min(now + sets.settings.accessTokenSeconds, endOf(sets, chain)),
    repeated,
  };
}

/** Begins a family; of the others those that were used last stay, as many as fit. */
function begin(sets: Sets, edge: Edge, scope: Set<string>, now: number, fresh: Fresh): Chain {
  sets.chains.filter((chain) => !chain.ended && chain.edge === edge)
    .map((chain) => ({
      chain,
      key: [now < endOf(sets, chain) ? 1 : 0, chain.births.at(-1), chain.id],
    }))
    .sort((a, b) => compare(b.key, a.key))
    .slice(sets.settings.maxFamilies - 1)
    .forEach(({ chain }) => chain.ended = true);
  const { family: id, salt } = fresh;
  const chain = { id, edge, scope, births: [now], salts: [salt], ended: false };
  sets.chains.push(chain);
  return chain;
}

function byPublicId(
  sets: Sets,
  client: string,
  user: string,
  now: number,
  fresh: Fresh,
): Expected {
  if (sets.users.get(user) !== "active") return "NO_USER";
  const rank = (edge: Edge) => [edge.via ? 1 : 0, -edge.at, edge.id];
  const [best] = edgesOf(sets, user, client).filter((edge) => worth(sets, edge).size > 0)
    .sort((a, b) => compare(rank(a), rank(b)));
  if (best === undefined) return "NO_CONSENT";
  const scope = worth(sets, best);
  return answer(sets, begin(sets, best, scope, now, fresh), scope, now, false);
}

function isGenuine({ settings }: Sets, consent: Consent, client: string, now: number): boolean {
  const { issuedAt: iat, expiresAt: exp, notBefore } = consent;
  const latest = Math.max(iat, notBefore ?? iat);
  const skew = settings.consentSkewSeconds;
  return settings.issuers.some(({ issuer }) => issuer === consent.issuer) &&
    consent.audience === settings.audience &&
    consent.client === client && consent.merchant !== client &&
    latest < exp && latest <= now + skew && now < exp + skew &&
    exp - iat <= settings.consentMaxLifetimeSeconds;
}

/** The source and the scope that a genuine consent delegates, or why it does not. */
function delegated(sets: Sets, consent: Consent): string | { source: Edge; scope: Set<string> } {
  const { user, client, merchant, issuedAt } = consent;
  if (sets.users.get(user) !== "active") return "NO_USER";
  const source = edgesOf(sets, user, merchant).find((edge) => edge.via === null);
  const parted = sets.partings.some((parting) =>
    parting.user === user && issuedAt <= parting.at &&
    (parting.client === client || (parting.client === merchant && parting.direct))
  );
  if (source === undefined || !sets.apps.get(merchant)?.on || parted) return "NO_CONSENT";
  const may = sets.apps.get(client)?.may ?? new Set<string>();
  const scope = meet(new Set(consent.scope), worth(sets, source), may);
  return scope.size === 0 ? "NO_CONSENT" : { source, scope };
}

function byConsent(
  sets: Sets,
  client: string,
  consent: Consent,
  now: number,
  fresh: Fresh,
): Expected {
  if (!isGenuine(sets, consent, client, now)) return "INVALID_TOKEN";
  const delegation = delegated(sets, consent);
  const key = JSON.stringify([consent.issuer, consent.jti]);
  const first = sets.spent.get(key);
  if (first !== undefined) {
    const { chain, at } = first;
    const scope = meet(chain.scope, worth(sets, chain.edge));
    const end = Math.min(at + sets.settings.consentRetrySeconds, endOf(sets, chain));
    const same = first.consent.client === client && first.consent.digest === consent.digest;
    const lives = !chain.ended && chain.births.length === 1 && now < end && scope.size > 0;
    if (typeof delegation === "string" || !same || !lives) return "INVALID_TOKEN";
    return answer(sets, chain, scope, now, true);
  }
  if (typeof delegation === "string") return delegation;
  const { source, scope } = delegation;
  const edge = edgesOf(sets, consent.user, client).find(({ via }) => via === source) ??
    { id: fresh.connection, user: consent.user, client, via: source, scope, at: -1, gone: false };
  const newest = consent.issuedAt >= edge.at;
  const given = newest ? scope : meet(scope, edge.scope);
  if (given.size === 0) return "NO_CONSENT";
  if (newest) Object.assign(edge, { scope, at: consent.issuedAt });
  if (!sets.edges.includes(edge)) sets.edges.push(edge);
  const chain = begin(sets, edge, given, now, fresh);
  sets.spent.set(key, { consent, chain, at: now });
  return answer(sets, chain, given, now, false);
}

function refresh(
  sets: Sets,
  { client, family, generation: presented, salt, scope: requested }: Command & { type: "refresh" },
  now: number,
  fresh: Fresh,
): Expected {
  const chain = chainOf(sets, family);
  if (chain === undefined || chain.edge.client !== client) return "invalid_grant";
  const effective = meet(chain.scope, worth(sets, chain.edge));
  if (now >= endOf(sets, chain) || effective.size === 0) return "invalid_grant";
  const newest = chain.births.length - 1;
  const lost = presented === newest && salt !== chain.salts[newest];
  if (presented > newest || lost) return "invalid_grant";
  const spentAt = chain.births[presented + 1] ?? Infinity;
  const late = presented === newest - 2 && now < spentAt + sets.settings.refreshDuplicateSeconds;
  if (presented < newest - 1 && !late) {
    chain.ended = true;
    return "invalid_grant";
  }
  const asked = requested === null ? chain.scope : new Set(requested);
  const scope = meet(asked, effective);
  if (meet(asked, chain.scope).size < asked.size || scope.size === 0) return "invalid_scope";
  if (presented < newest) return answer(sets, chain, scope, now, true);
  chain.births.push(now);
  chain.salts.push(fresh.salt);
  return answer(sets, chain, scope, now, false);
}

function use(sets: Sets, { caller, token }: Command & { type: "use" }, now: number): Expected {
  const chain = chainOf(sets, token.family);
  if (chain === undefined) return "invalid_token";
  const { user, client } = chain.edge;
  const newest = chain.births.length - 1;
  const ends = endOf(sets, chain);
  const isAccess = token.kind === "access";
  const current = isAccess || (token.generation === newest && token.salt === chain.salts[newest]);
  const expiresAt = isAccess ? token.expiresAt : ends;
  const asked = isAccess ? [new Set(token.scope)] : [];
  const scope = meet(chain.scope, worth(sets, chain.edge), ...asked);
  const seen = caller === null || caller === client;
  if (!seen || !current || scope.size === 0 || now >= Math.min(ends, expiresAt)) {
    return "invalid_token";
  }
  return { user, client, family: chain.id, scope: text(scope), expiresAt };
}

function summarize({ users, edges, chains, spent }: Sets): readonly string[] {
  const known = ({ user }: Edge) => users.get(user) !== "deleted";
  return [
    ...edges.filter((edge) => known(edge) && !edge.gone)
      .map((edge) => `${edge.id} ${text(edge.scope)} since ${edge.at}`),
    ...chains.filter((chain) => known(chain.edge) && !chain.ended)
      .map((chain) => `${chain.id} at ${chain.births.length - 1}: ${text(chain.scope)}`),
    ...[...spent.keys()].map((key) => `spent ${key}`),
  ].sort();
}
