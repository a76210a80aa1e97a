/**
 * Failures that are known, each by one input, until the row of issue 9 that it waits for is fixed. This
 * list must become empty: an entry whose input no longer fails makes a test fail.
 * @module
 */
import { BrokenLaw, type Target, toBrokenLaw } from "./target.ts";

/** One known failure. */
export interface Known {
  /** The row of the table in issue 9: itself, or the one whose kind it is. */
  readonly row: number;
  readonly target: string;
  readonly what: string;
  /** As the target's generator would make it. */
  readonly input: unknown;
}

/** All of them. */
export const KNOWN: readonly Known[] = [
  {
    row: 12,
    target: "http",
    what: "two Hosts",
    input: get("/healthz", ["Host: localhost", "Host: localhost"]),
  },
  {
    row: 12,
    target: "http",
    what: "an unknown transfer coding",
    input: get("/healthz", ["Host: localhost"], "odd coding"),
  },
  {
    row: 12,
    target: "http",
    what: "the absolute form",
    input: get("{{origin}}/healthz", ["Host: localhost"]),
  },
  {
    row: 12,
    target: "http",
    what: "a malformed Host",
    input: get("/healthz", ["Host: a b"]),
  },
];

function get(target: string, headers: readonly string[], framing = "length"): object {
  const request = { method: "GET", target, version: "HTTP/1.1", headers, body: "", framing };
  return { form: "opaque", requests: [request], edits: [], part: 1000, pieces: 1 };
}

/** What came of the known inputs of a target: the signature of each failure, `null` where it is gone. */
export async function reproduceKnown(
  target: Target,
): Promise<readonly (Known & { readonly signature: string | null })[]> {
  const entries = KNOWN.filter((known) => known.target === target.name);
  if (entries.length === 0) return [];
  const session = await target.open();
  try {
    await session.prepare?.();
    const found = [];
    for (const entry of entries) {
      const result = await session.attempt(entry.input).catch(toBrokenLaw);
      found.push({ ...entry, signature: result instanceof BrokenLaw ? result.signature : null });
    }
    return found;
  } finally {
    await session.close?.();
  }
}
