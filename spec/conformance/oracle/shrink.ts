/**
 * Shortens a failing history: removes steps as long as it still fails.
 * @module
 */
import type { Step } from "./steps.ts";

/** Plays a history from the start; resolves to whether it still fails. */
export type Fails = (steps: readonly Step[]) => Promise<boolean>;

/**
 * Removes halves, quarters and so on down to single steps, then single members of concurrent steps,
 * until nothing more can be removed or the tries are used up.
 */
export async function shrink(
  steps: readonly Step[],
  fails: Fails,
  mostTries: number,
): Promise<readonly Step[]> {
  let best = steps;
  let tries = mostTries;
  const attempt = async (candidate: readonly Step[]) => {
    if (tries <= 0 || candidate.length === 0) return false;
    tries -= 1;
    if (!await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let size = best.length >> 1; size >= 1; size = size >> 1) {
    for (let at = best.length - size; at >= 0; at -= size) {
      await attempt([...best.slice(0, at), ...best.slice(at + size)]);
    }
  }
  for (let before = -1; before !== best.length;) {
    before = best.length;
    for (let at = best.length - 1; at >= 0; at--) {
      await attempt([...best.slice(0, at), ...best.slice(at + 1)]);
    }
  }
  for (let at = best.length - 1; at >= 0; at--) await thin(best, at, attempt);
  return best;
}

/** Takes members out of one `at-once` step; a single one stands alone. */
async function thin(
  steps: readonly Step[],
  at: number,
  attempt: (candidate: readonly Step[]) => Promise<boolean>,
): Promise<void> {
  const step = steps[at];
  if (step?.do !== "at-once") return;
  for (const left of step.steps) {
    const others = step.steps.filter((inner) => inner !== left);
    const [only] = others;
    if (only === undefined) return;
    const thinner: Step = others.length === 1 ? only : { ...step, steps: others };
    const candidate = [...steps.slice(0, at), thinner, ...steps.slice(at + 1)];
    if (await attempt(candidate)) return await thin(candidate, at, attempt);
  }
}
