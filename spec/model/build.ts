/**
 * Builds a world that can be walked from its description.
 * @module
 */
import { readSettings } from "../../core/settings.ts";
import type { Command } from "../../core/decide.ts";
import type { Fresh } from "../../core/decision.ts";
import type { Client, ClientId, PublicId, Seconds } from "../../core/model.ts";
import type { Scope } from "../../core/scope.ts";
import type { Numbers, Settings, TrustedIssuer } from "../../core/settings.ts";
import { encode } from "./encode.ts";
import type { Sometimes, World } from "./explore.ts";
import type { Machine } from "./machine.ts";
import { type Actor, type Cast, type ConsentToken, digestOf, type Moment } from "./moment.ts";
import type { Moves } from "./moves.ts";
import { play, type Step } from "./play.ts";

/** A consent token as its issuer signs it. */
export interface Claims {
  readonly name: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A client as it is registered when the story begins. */
export interface Registration {
  readonly id: ClientId;
  readonly scope: Scope;
  readonly role?: Client["role"];
}

/** A description of a world. */
export interface Plan {
  readonly name: string;
  /** What it is there for, one sentence. */
  readonly text: string;
  /** Small enough for every test run. */
  readonly quick: boolean;
  /** For a world that is not walked by tests: its states and transitions when it was last walked. */
  readonly measured?: readonly [states: number, transitions: number];
  readonly numbers?: Partial<Numbers>;
  readonly issuers?: readonly TrustedIssuer[];
  /** What restores took back. */
  readonly lostTimes?: Settings["lostTimes"];
  readonly clients: readonly Registration[];
  readonly users: readonly PublicId[];
  /** Ids that are not registered when the story begins, but may be. */
  readonly unregistered?: readonly string[];
  readonly scopes: Scope;
  readonly tokens?: readonly Claims[];
  readonly times: readonly Seconds[];
  /** What happened before the story begins, at its first second. */
  readonly given?: readonly Command[];
  readonly moves: Moves;
  /** Where the walk goes no farther; steps out of it are still checked. */
  readonly within?: (moment: Moment) => boolean;
  /** What must happen somewhere, as {@link labelsOf} names it. */
  readonly sometimes: readonly string[];
  readonly keyIdAt?: (now: Seconds) => string;
  readonly ids?: "ascending" | "descending";
  /** Also asks what costs twice the time: purity and determinism. */
  readonly pedantic?: boolean;
  readonly remembersDead?: boolean;
  readonly comparesSweep?: boolean;
  readonly usersAlike?: boolean;
  /** Names of concurrent actors, each with the client it acts for. */
  readonly actors?: readonly { readonly name: string; readonly client: ClientId }[];
}

/** A world that is ready to be walked. */
export interface BuiltWorld extends World<Moment, Step> {
  readonly plan: Plan;
  readonly sometimes: readonly Sometimes<Step>[];
}

/** Lifetimes of a few seconds, so that every boundary lies inside the world. */
const SHORT: Numbers = {
  accessTokenSeconds: 2,
  refreshIdleSeconds: 3,
  refreshAbsoluteSeconds: 5,
  refreshDuplicateSeconds: 2,
  maxFamilies: 2,
  consentSkewSeconds: 1,
  consentMaxLifetimeSeconds: 3,
  consentRetrySeconds: 2,
  secretOverlapSeconds: 2,
};

/** This server's name in all worlds. */
export const AUDIENCE = "this-server";
/** The issuer that is trusted unless a world says otherwise. */
export const ISSUER = "shop";

/** A consent token that is in order, but for what is said. */
export function token(
  name: string,
  { iat, exp, ...others }:
    & { readonly iat: Seconds; readonly exp: Seconds }
    & Record<string, unknown>,
): Claims {
  return {
    name,
    claims: {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: "u",
      client_id: "p",
      azp: "m",
      scope: "r w",
      jti: name,
      iat,
      exp,
      ...others,
    },
  };
}

/** Builds a world over a machine. */
export function build(plan: Plan, machine: Machine): BuiltWorld {
  const cast = castOf(plan, machine);
  return {
    name: plan.name,
    plan,
    initial: initialMoment(plan, cast),
    steps: (moment) => plan.moves(moment).map((move) => play(moment, move)),
    encode,
    within: plan.within ?? (() => true),
    sometimes: plan.sometimes.map((id) => ({ id, seen: (step) => labelsOf(step).includes(id) })),
  };
}

/** What a step shows: `fetch granted`, `refresh reused`, `family-ended evicted`. */
export function labelsOf({ kind, decision }: Step): readonly string[] {
  if (decision === null) return [kind];
  const outcome = decision.outcome === "refused"
    ? decision.reason
    : (decision.grant as { repeated?: boolean } | null)?.repeated
    ? "repeated"
    : "granted";
  return [
    `${kind} ${outcome}`,
    ...decision.changes.map((change) =>
      "cause" in change ? `${change.type} ${change.cause}` : change.type
    ),
  ];
}

function castOf(plan: Plan, machine: Machine): Cast {
  const tokens = (plan.tokens ?? []).map(({ name, claims }): ConsentToken => ({
    name,
    consent: machine.readConsent(claims, name),
  }));
  const unregistered = plan.unregistered ?? [];
  const users = [...plan.users, ...unregistered.filter((id) => id.startsWith("u"))];
  return {
    machine,
    settings: settingsOf(plan),
    clients: [
      ...plan.clients.map(({ id }) => id),
      ...unregistered.filter((id) => !id.startsWith("u")),
    ],
    users,
    scopes: plan.scopes,
    tokens,
    jtis: new Map(users.map((user) => [user, jtisOf(tokens, user)])),
    digests: new Map(users.map((user) => [user, digestsOf(tokens, user)])),
    times: plan.times,
    fresh: freshOf(plan),
    remembersDead: plan.remembersDead ?? false,
    usersAlike: plan.usersAlike ?? false,
  };
}

/** The settings of a world: shorter than any operator may set, so the ranges are not asked. */
function settingsOf({ numbers, issuers, lostTimes = [] }: Plan): Settings {
  const trusted = issuers ?? [{ issuer: ISSUER, merchants: ["m", "n", "p"] }];
  const settings = readSettings({ audience: AUDIENCE, issuers: trusted, lostTimes });
  return { ...settings, ...SHORT, ...numbers };
}

function jtisOf(tokens: readonly ConsentToken[], user: PublicId): readonly string[] {
  const keys = tokens.flatMap(({ consent }) =>
    consent?.user === user ? `${consent.issuer} ${consent.jti}` : []
  );
  return [...new Set(keys)];
}

function digestsOf(tokens: readonly ConsentToken[], user: PublicId): readonly string[] {
  return tokens.flatMap(({ consent }) => consent?.user === user ? consent.digest : []);
}

/** Ids of fixed width, so that the order of strings is the order of numbers. */
function freshOf({ ids, keyIdAt = () => "key 1" }: Plan): Cast["fresh"] {
  const known = new Map<string, Fresh>();
  return (number, now) => {
    const keyId = keyIdAt(now);
    const name = `${number} ${keyId}`;
    let fresh = known.get(name);
    if (fresh === undefined) {
      const place = String(ids === "descending" ? 999 - number : number).padStart(3, "0");
      fresh = { connection: `c${place}`, family: `f${place}`, salt: `s${place}`, keyId };
      known.set(name, fresh);
    }
    return fresh;
  };
}

/** The first moment of a plan: everybody is registered, and what is given has happened. */
function initialMoment(plan: Plan, cast: Cast): Moment {
  const given: readonly Command[] = [
    ...plan.clients.map(({ id, scope, role = "app" }) =>
      ({ type: "register-client", client: id, role, scope, secretDigest: "secret 0" }) as const
    ),
    ...plan.users.map((user) => ({ type: "register-user", user, digest: digestOf(user) }) as const),
    ...(plan.given ?? []),
  ];
  const actors = (plan.actors ?? []).map((actor) => ({ ...actor, held: null, inFlight: null }));
  const ready = begin(cast, plan.times[0] ?? 0, given, actors);
  return plan.comparesSweep ? { ...ready, unswept: ready.state } : ready;
}

/** The moment after these commands, with nothing there before. */
export function begin(
  cast: Cast,
  now: Seconds,
  given: readonly Command[],
  actors: readonly Actor[] = [],
): Moment {
  const empty: Moment = {
    cast,
    now,
    state: cast.machine.initialState(),
    unswept: null,
    past: { dead: [], started: [], withdrawals: [], latest: now, actors },
    next: 1,
  };
  return given.reduce((moment, command) => play(moment, { type: "ask", command }).after, empty);
}
