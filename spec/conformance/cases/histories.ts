/**
 * Random histories, predicted by the reference model with the declared policy and played step by step.
 * @module
 */
import { type NumericSetting, readSettings, type Settings } from "../../../core/settings.ts";
import { stopwatch } from "../base/ambient.ts";
import { type CaseSpec, define } from "../case.ts";
import { generateKey, type SigningKey } from "../base/jws.ts";
import { draw, type Known, probes, type Profile } from "../oracle/generate.ts";
import { begin, type Divergence, type Play, take } from "../oracle/play.ts";
import { shrink } from "../oracle/shrink.ts";
import type { Step } from "../oracle/steps.ts";
import { createRandom, deriveSeed } from "../base/random.ts";
import { createStage, type Stage, unfreeze } from "../stage/stage.ts";
import { offered } from "../target/target.ts";
import type { Case } from "../case.ts";
import type { Need } from "../needs.ts";
import { Blocked, Failure } from "../verdict.ts";

const NUMBERS: readonly NumericSetting[] = [
  "accessTokenSeconds",
  "refreshIdleSeconds",
  "refreshAbsoluteSeconds",
  "refreshDuplicateSeconds",
  "maxFamilies",
  "consentSkewSeconds",
  "consentMaxLifetimeSeconds",
  "consentRetrySeconds",
];

const NEEDS: readonly Need[] = [
  "histories",
  "seed",
  "issuers",
  "clock",
  "revoke",
  "narrow",
  "disconnect",
  "user-status",
  "client-status",
  "client-scope",
  "token-endpoint",
  "probe",
  ...NUMBERS.map((name): Need => `policy:${name}`),
];

/** Steps of a history before it is probed. */
const LENGTH = { least: 8, most: 22 };
/** How often a failing history is played anew to make it shorter, and for how long at most. */
const SHRINK = { tries: 250, milliseconds: 25_000, repeats: 3 };

/** A case of one kind of history. */
function history(
  slug: string,
  title: string,
  requirements: readonly string[],
  profile: Profile,
  attacks: readonly string[] = [],
): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements,
    attacks,
    title,
    does:
      "Plays random histories of users, operators and clients against the implementation and, beside " +
      "it, the reference model with the declared policy.",
    expects:
      "The same answers: tokens, scopes, lifetimes, error codes, and which refresh token is which.",
    remedy:
      "The story is the shortest one found. Its last step was answered in another way than the " +
      "model answers it; the reason in parentheses is the model's, and the line before that step says " +
      "what the model went by.",
    needs: NEEDS,
    run: (stage) => playMany(stage, slug, profile),
  };
}

async function playMany(stage: Stage, slug: string, profile: Profile): Promise<void> {
  const { session } = stage;
  const key = await generateKey(session.target.algorithms[0] ?? "ES256");
  for (let index = 0; index < session.histories; index++) {
    const seed = deriveSeed(session.seed, `${slug} ${index}`);
    const inner = createStage(session, slug);
    const played = await playRandom(inner, key, seed, profile);
    await unfreeze(inner);
    if (played.divergence === null) continue;
    await report(stage, key, played.steps, played.divergence);
  }
}

/** Draws and plays one history. */
async function playRandom(
  stage: Stage,
  key: SigningKey,
  seed: number,
  profile: Profile,
): Promise<{ readonly steps: readonly Step[]; readonly divergence: Divergence | null }> {
  const random = createRandom(seed);
  const play = await begin(stage, key, (issuer, merchants) => settingsOf(stage, issuer, merchants));
  const steps: Step[] = [];
  const next = async (step: Step) => {
    steps.push(step);
    return await take(play, step);
  };
  for (const step of opening()) {
    const divergence = await next(step);
    if (divergence !== null) return { steps, divergence };
  }
  const length = LENGTH.least + random.below(LENGTH.most - LENGTH.least);
  for (let count = 0; count < length; count++) {
    const divergence = await next(
      draw(random, steps.length + 1, knownOf(play), profile, play.settings),
    );
    if (divergence !== null) return { steps, divergence };
  }
  for (const step of probes(knownOf(play), steps.length + 1, true, true)) {
    const divergence = await next(step);
    if (divergence !== null) return { steps, divergence };
  }
  return { steps, divergence: null };
}

/** Every history begins with the same two connections: a direct one and one with a merchant. */
function opening(): readonly Step[] {
  return [
    { id: 1, do: "connect", user: 0, party: 2, scope: 7 },
    { id: 2, do: "connect", user: 0, party: 0, scope: 7 },
  ];
}

function knownOf({ minted, issued }: Play): Known {
  return { minted: [...minted.keys()], issued: [...issued.keys()] };
}

function settingsOf({ target }: Stage, issuer: string, merchants: readonly string[]): Settings {
  const audience = offered(target.audience, "issuers");
  try {
    return readSettings({ ...target.policy, audience, issuers: [{ issuer, merchants }] });
  } catch (error) {
    throw new Blocked(
      `the reference model cannot have the declared policy: ${(error as Error).message}`,
    );
  }
}

/** Shortens the failing history, plays it a last time on the case's own stage, and fails with its story. */
async function report(
  stage: Stage,
  key: SigningKey,
  steps: readonly Step[],
  divergence: Divergence,
): Promise<never> {
  const deadline = stopwatch() + SHRINK.milliseconds;
  const concurrent = steps.some((step) => step.do === "at-once");
  const fails = async (candidate: readonly Step[]) => {
    for (let time = 0; time < (concurrent ? SHRINK.repeats : 1); time++) {
      if (stopwatch() > deadline) return false;
      if (
        (await replay(createStage(stage.session, "shrink"), key, candidate)).divergence !== null
      ) return true;
    }
    return false;
  };
  const shortest = await shrink(steps, fails, SHRINK.tries);
  for (let time = 0; time < 5; time++) {
    const last = await replay(stage, key, shortest);
    if (last.divergence !== null) {
      throw new Failure(last.divergence.expected, last.divergence.found, last.story);
    }
    stage.wire.exchanges.length = 0;
  }
  throw new Failure(divergence.expected, `${divergence.found} (seen once, not again)`);
}

async function replay(
  stage: Stage,
  key: SigningKey,
  steps: readonly Step[],
): Promise<{ readonly divergence: Divergence | null; readonly story: readonly string[] }> {
  try {
    const play = await begin(
      stage,
      key,
      (issuer, merchants) => settingsOf(stage, issuer, merchants),
    );
    for (const step of steps) {
      const divergence = await take(play, step);
      if (divergence !== null) return { divergence, story: play.story };
    }
    return { divergence: null, story: [] };
  } finally {
    await unfreeze(stage);
  }
}

const SOON = (settings: Settings) => [
  1,
  2,
  Math.max(1, settings.refreshDuplicateSeconds - 1),
  Math.max(1, settings.refreshDuplicateSeconds),
  Math.max(1, settings.consentRetrySeconds - 1),
  Math.max(1, settings.consentRetrySeconds),
  settings.consentMaxLifetimeSeconds,
];
const LATER = (settings: Settings) => [
  ...SOON(settings),
  settings.accessTokenSeconds - 1 || 1,
  settings.accessTokenSeconds,
  Math.floor(settings.refreshIdleSeconds / 2),
  settings.refreshIdleSeconds - 1,
  settings.refreshIdleSeconds,
];

/** The cases. */
export const histories: readonly Case[] = define("histories", [
  history(
    "life",
    "Everything that can happen to a connection and its tokens happens as the model says.",
    ["P2", "P3", "P4", "C8", "C11", "T5", "R1", "R2"],
    {
      leaps: LATER,
      weights: {
        fetch: 8,
        mint: 8,
        redeem: 10,
        refresh: 14,
        introspect: 8,
        "revoke-token": 3,
        connect: 5,
        narrow: 3,
        revoke: 3,
        disconnect: 1,
        "user-status": 2,
        "client-status": 2,
        "client-scope": 2,
        advance: 8,
      },
    },
  ),
  history("consent", "Consent tokens are redeemed, retried and withdrawn as the model says.", [
    "C5",
    "C8",
    "C10",
    "C11",
    "C12",
    "C14",
  ], {
    narrow: true,
    leaps: SOON,
    weights: {
      mint: 16,
      redeem: 24,
      fetch: 5,
      refresh: 4,
      introspect: 3,
      connect: 5,
      narrow: 4,
      revoke: 6,
      disconnect: 2,
      "user-status": 1,
      advance: 12,
    },
  }),
  history("rotation", "Refresh tokens rotate, repeat and end as the model says.", [
    "T1",
    "T5",
    "T6",
  ], {
    narrow: true,
    leaps: LATER,
    weights: {
      fetch: 5,
      refresh: 40,
      introspect: 8,
      "revoke-token": 2,
      narrow: 2,
      connect: 2,
      advance: 12,
    },
  }, ["RF-05"]),
  history(
    "authority",
    "Tokens are worth what users, clients and connections allow, as the model says.",
    ["P4", "R1", "R2", "R3"],
    {
      narrow: true,
      leaps: SOON,
      weights: {
        fetch: 8,
        mint: 6,
        redeem: 8,
        refresh: 8,
        introspect: 14,
        connect: 6,
        narrow: 7,
        revoke: 5,
        disconnect: 2,
        "user-status": 6,
        "client-status": 6,
        "client-scope": 6,
        advance: 2,
      },
    },
  ),
  history(
    "at-once",
    "What happens at once happens as if in some order.",
    ["C9", "C11", "T5", "R2"],
    {
      narrow: true,
      leaps: SOON,
      weights: {
        fetch: 6,
        mint: 10,
        redeem: 4,
        refresh: 4,
        introspect: 4,
        connect: 5,
        advance: 3,
        "at-once": 30,
      },
    },
    ["CT-22", "RF-02", "RF-08"],
  ),
]);
