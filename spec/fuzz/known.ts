/**
 * Failures that are known, each by one input, until the row of issue 9 that it waits for is fixed. This
 * list must become empty: an entry whose input no longer fails makes a test fail.
 * @module
 */
import { DEMO_ISSUER_KEY } from "../../adapters/dev/demo.ts";
import { TOKEN_KEYS } from "./targets/files.ts";
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
    row: 18,
    target: "key-files",
    what: "a signing key that cannot be imported, and an error that names neither file nor key",
    input: signingKey({ ...DEMO_ISSUER_KEY, d: "AA" }),
  },
  {
    row: 18,
    target: "key-files",
    what: "a signing key that says it may not sign",
    input: signingKey({ ...DEMO_ISSUER_KEY, key_ops: [] }),
  },
  {
    row: 18,
    target: "key-files",
    what: "a secret in a message, where id and secret of a token key were swapped",
    input: {
      kind: "token keys",
      text: `{"active":"a","keys":[{"id":"${TOKEN_KEYS.keys[0]?.secret}","secret":"a"}]}`,
    },
  },
];

function signingKey(active: object): object {
  return { kind: "signing keys", text: JSON.stringify({ active, next: null, retired: [] }) };
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
