/**
 * Issuers of consent tokens that a dev server trusts until it stops. Changes are applied one at a time.
 * @module
 */
import type { TrustedIssuer } from "../../core/settings.ts";
import type { LocalIssuer } from "../consent/verifier.ts";

/** An issuer that is trusted at run time. */
export type DevIssuer = LocalIssuer & TrustedIssuer;

/** The issuers that are trusted in addition to the configured ones. */
export interface DevIssuers {
  /** Returns the entry of an issuer if it is trusted. */
  find(issuer: string): DevIssuer | undefined;
  /**
   * Trusts an issuer and replaces its earlier entry. If the entry has no keys, the issuer is no longer
   * trusted.
   * @throws {RangeError} if the entry is invalid; then nothing changes.
   */
  set(issuer: DevIssuer): Promise<void>;
  /** Distrusts all of them. */
  clear(): Promise<void>;
}

/**
 * Creates an empty list.
 * @param apply puts a new list into effect; called once at a time. If it rejects, the list stays as it was
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
    queue = changed.catch(() => {}); // the caller gets the error from `changed`
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
