/**
 * A store on which nothing is kept, to find out what a service would decide.
 * @module
 */
import type { Store } from "../ports.ts";

/** The store as it is, except that what is decided on it is not applied. */
export function readOnly(store: Store): Store {
  return { ...store, transact: async (keys, decide) => decide(await store.read(keys)) };
}
