/**
 * Searches random histories for one that the model cannot explain, and shortens it.
 * @module
 */
import { readSettings, type Settings } from "../../../core/settings.ts";
import { stopwatch } from "../base/ambient.ts";
import { generateKey, type SigningKey } from "../base/jws.ts";
import { createRandom, deriveSeed } from "../base/random.ts";
import { createStage, type Stage, unfreeze } from "../stage/stage.ts";
import { offered } from "../target/target.ts";
import { Blocked, Failure } from "../verdict.ts";
import { draw, type Known, probes, type Profile } from "./generate.ts";
import { type Divergence, take } from "./play.ts";
import { begin, type Play } from "./scene.ts";
import { shrink } from "./shrink.ts";
import type { Step } from "./steps.ts";

/** Steps of a history before it is probed. */
const LENGTH = { least: 8, most: 22 };
/** How often a failing history is played anew to make it shorter, and for how long at most. */
const SHRINK = { tries: 250, milliseconds: 25_000, repeats: 3 };

/**
 * Plays as many histories of a kind as the session asks for.
 * @param name the kind; the seed of each history follows from it
 * @throws {Failure} with the shortest failing history found
 */
export async function playMany(
  stage: Stage,
  name: string,
  profile: Profile,
): Promise<void> {
  const { session } = stage;
  const key = await generateKey(session.target.algorithms[0] ?? "ES256");
  for (let index = 0; index < session.histories; index++) {
    const seed = deriveSeed(session.seed, `${name} ${index}`);
    const inner = createStage(session, name);
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
