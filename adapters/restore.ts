/**
 * What a database remembers of having been restored from a backup (T5, C15).
 * @module
 */
import type { Seconds } from "../core/model.ts";
import type { LostTime } from "../core/settings.ts";
import { lastBelieved } from "./belief.ts";
import type { Store } from "./ports.ts";

const META_KEY = "lost-times";

/** The times whose changes were lost by restores of this store: a setting of the service on it. */
export async function readLostTimes(store: Pick<Store, "readMeta">): Promise<readonly LostTime[]> {
  return read(await store.readMeta(META_KEY));
}

/**
 * Records that a store was restored just now. To be called before anything is served from it. The lost
 * time begins with the last sweep that the backup knows of, which was a minute or less before the backup
 * if a server swept; without one it begins with time itself.
 */
export async function markRestored(
  store: Pick<Store, "readMeta" | "updateMeta">,
  now: Seconds,
): Promise<LostTime> {
  const from = Math.min(await lastBelieved(store) ?? 0, now);
  const lost = { from, until: now };
  await store.updateMeta(META_KEY, (text) => JSON.stringify([...read(text), lost]));
  return lost;
}

function read(text: string | null): readonly LostTime[] {
  return text === null ? [] : JSON.parse(text);
}
