/**
 * An issuer's keys from its JWKS URL (C7): cached, fetched once for concurrent callers, refetched
 * (rate-limited) for an unknown key id, and served stale while the issuer is unreachable.
 * @module
 */
import { quote } from "../../core/model.ts";
import { importJwks, type Jwks, type VerificationKey } from "../jws/jwk.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";
import { type Clock, KeysUnavailable } from "../ports.ts";

/** How remote keys are fetched. */
export interface RemoteKeysOptions {
  readonly clock: Clock;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A remote key set. */
export interface RemoteKeys {
  /**
   * The key with this id, or `null` if the issuer has none.
   * @throws {KeysUnavailable} if that cannot be determined now.
   */
  find(kid: string): Promise<VerificationKey | null>;
}

/** Limits on the work that an issuer can cause, in milliseconds, bytes and counts. */
export const REMOTE_KEYS_LIMITS = {
  /** A fetched set is fresh for this long, and served stale for as long again if it cannot be refetched. */
  ttlMilliseconds: 300_000,
  /** Minimum interval between fetches for unknown key ids. */
  cooldownMilliseconds: 10_000,
  timeoutMilliseconds: 5_000,
  maxBytes: 262_144,
  maxKeys: 100,
} as const;

interface Fetched {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  readonly at: number;
}

/**
 * Creates the source of one issuer's keys. Nothing is fetched before the first token arrives.
 * @throws {RangeError} if the URL is neither https nor on this machine.
 */
export function createRemoteKeys(url: string, options: RemoteKeysOptions): RemoteKeys {
  const { clock, fetch: load = fetch } = options;
  const { ttlMilliseconds, cooldownMilliseconds } = REMOTE_KEYS_LIMITS;
  checkUrl(url);
  let cached: Fetched | null = null;
  let lastTry = -Infinity;
  let underWay: Promise<Fetched | null> | null = null;

  /** One request serves all concurrent callers; `null` if it failed. */
  const refetch = () => {
    lastTry = clock.now();
    underWay ??= fetchKeys(url, load).then(
      (keys) => cached = { keys, at: clock.now() },
      () => null,
    ).finally(() => underWay = null);
    return underWay;
  };
  // After the clock was set back, the age of the set is unknown: refetch at once.
  const since = (at: number) => clock.now() < at ? Infinity : clock.now() - at;
  const age = ({ at }: Fetched) => since(at);
  const mayAsk = () => underWay !== null || since(lastTry) >= cooldownMilliseconds;

  return {
    async find(kid) {
      const fresh = cached !== null && age(cached) < ttlMilliseconds;
      const known = fresh ? cached?.keys.get(kid) : undefined;
      if (known !== undefined) return known;
      const fetched = mayAsk() ? await refetch() : null;
      if (fetched !== null) return fetched.keys.get(kid) ?? null;
      // Not refetched: serve the cached set while it may be stale, or during the cool-down.
      if (cached === null || age(cached) >= 2 * ttlMilliseconds) {
        throw new KeysUnavailable(`The keys at ${url} cannot be fetched now`);
      }
      const stale = cached.keys.get(kid);
      if (stale !== undefined || cached.at >= lastTry) return stale ?? null;
      throw new KeysUnavailable(`The keys at ${url} cannot be fetched now`);
    },
  };
}

async function fetchKeys(
  url: string,
  load: typeof fetch,
): Promise<ReadonlyMap<string, VerificationKey>> {
  const response = await load(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "error", // a redirect can lead anywhere, including this network
    signal: AbortSignal.timeout(REMOTE_KEYS_LIMITS.timeoutMilliseconds),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const value = parseStrictJson(await readBounded(response));
  if (!isJsonObject(value) || !Array.isArray(value["keys"])) throw new Error("no JWKS");
  return await importUsable(value["keys"].slice(0, REMOTE_KEYS_LIMITS.maxKeys), url);
}

/** Issuers also publish keys for other purposes; those that cannot verify consent tokens are skipped. */
async function importUsable(
  jwks: Jwks["keys"],
  url: string,
): Promise<ReadonlyMap<string, VerificationKey>> {
  const keys = new Map<string, VerificationKey>();
  const ambiguous = new Set<string>();
  for (const jwk of jwks) {
    const imported = await importJwks({ keys: [jwk] }, url).catch(() => new Map());
    for (const [kid, key] of imported) {
      if (keys.has(kid)) ambiguous.add(kid);
      keys.set(kid, key);
    }
  }
  for (const kid of ambiguous) keys.delete(kid);
  return keys;
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let length = 0;
  let text = "";
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > REMOTE_KEYS_LIMITS.maxBytes) throw new Error("too large"); // leaving the loop cancels
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const local = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(parsed?.hostname ?? "");
  if (parsed?.protocol === "https:" || (parsed?.protocol === "http:" && local)) return;
  throw new RangeError(`Cannot fetch keys from ${quote(url)}: give an https URL`);
}
