/**
 * Issuers of consent tokens that are trusted while a dev server runs: plain data, and one change at a
 * time.
 * @module
 */
import type { TrustedIssuer } from "../../core/settings.ts";
import type { LocalIssuer } from "../consent/verifier.ts";

/** An issuer that was trusted at run time. */
export type DevIssuer = LocalIssuer & TrustedIssuer;

/** The issuers that are trusted besides those of the settings. */
export interface DevIssuers {
  /** The entry of an issuer, if it is trusted. */
  find(issuer: string): DevIssuer | undefined;
  /**
   * Trusts an issuer; replaces its earlier entry. Without keys the issuer is no longer trusted.
   * @throws {RangeError} naming the issuer and what is wrong; then nothing changes.
   */
  set(issuer: DevIssuer): Promise<void>;
  /** Distrusts all of them. */
  clear(): Promise<void>;
}

/**
 * Creates an empty list.
 * @param apply is called with every new list, one call at a time; the list counts once it resolves
 */
export function createDevIssuers(
  apply: (issuers: readonly DevIssuer[]) => Promise<void>,
): DevIssuers {
  let trusted: readonly DevIssuer[] = [];
  let queue: Promise<void> = Promise.resolve();
  const change = (edit: () => readonly DevIssuer[]): Promise<void> => {
    const changed = queue.then(async () => {
      const next = edit();
      await apply(next);
      trusted = next;
    });
    queue = changed.catch(() => {}); // whoever made the change hears of it
    return changed;
  };
  return {
    find: (issuer) => trusted.find((entry) => entry.issuer === issuer),
    set: (entry) =>
      change(() => {
        const others = trusted.filter(({ issuer }) => issuer !== entry.issuer);
        return entry.jwks.keys.length === 0 ? others : [...others, entry];
      }),
    clear: () => trusted.length === 0 ? queue : change(() => []),
  };
}
