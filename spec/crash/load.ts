/**
 * The mixed load: workers with stories of their own, until the server is gone.
 * @module
 */
import type { Random } from "../conformance/base/random.ts";
import {
  begin,
  end,
  fetchById,
  narrow,
  newStory,
  redeem,
  refresh,
  repeat,
  retryConsent,
  revoke,
  rotateSecret,
  type Stage,
} from "./acts.ts";
import { judge } from "./check.ts";
import { isAlive, type Story } from "./ledger.ts";

/** A client with a few stories at a time. */
export interface Worker {
  readonly name: string;
  readonly random: Random;
  readonly open: Story[];
  /** Numbers its users and secrets. */
  count: number;
}

const OPEN_STORIES = 3;
const MOST_FAMILIES = 6;

/**
 * Sends one request after the other, until it is over. Rejects with {@link Unanswered} once the server
 * is gone.
 */
export async function work(
  stage: Stage,
  worker: Worker,
  isOver: () => boolean = () => false,
): Promise<void> {
  const { random, open } = worker;
  while (!isOver()) {
    const next = `${worker.name}-${worker.count += 1}`;
    if (random.chance(2)) await rotateSecret(stage, `rotated-secret-of-the-crash-test-${next}`);
    open.splice(0, Infinity, ...open.filter(({ ended, dropped }) => ended === null && !dropped));
    if (open.length < OPEN_STORIES) open.push(await newStory(stage, next));
    const story = random.pick(open);
    await judge(stage, story, "lost", () => step(stage, random, story));
  }
}

/** One request that the story allows. */
async function step(stage: Stage, random: Random, story: Story): Promise<void> {
  if (!story.begun) return await begin(stage, story);
  const { families } = story;
  const alive = families.filter((family) => isAlive(story, family));
  const room = families.length < MOST_FAMILIES;
  const narrowed = story.scope.split(" ").length === 1;
  // A consent after a narrowing has to wait for the clocks to agree (C14).
  if (!families.some(({ consent }) => consent !== null)) return await redeem(stage, story);
  const dice = random.below(100);
  if (dice < 8) return await end(stage, story, random.pick(["disconnect", "withdraw", "delete"]));
  if (dice < 12 && !narrowed) return await narrow(stage, story);
  if (dice < 24 && room) return await fetchById(stage, story);
  if (dice < 36 && room && !narrowed) return await redeem(stage, story);
  if (dice < 42) return await retryConsent(stage, story, random.pick(families));
  if (alive.length === 0) return await end(stage, story, "delete");
  const family = random.pick(alive);
  if (dice < 50) return await revoke(stage, story, family);
  if (dice < 58) return await repeat(stage, family);
  return await refresh(stage, story, family);
}
