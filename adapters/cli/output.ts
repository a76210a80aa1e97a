/**
 * Standard output of commands that end. A result that cannot be written is an error: it may be a secret
 * that is shown only once.
 * @module
 */
import { Buffer } from "node:buffer";
import { fstatSync, statSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { reasonOf } from "../tokens/key-file.ts";

/** Standard output cannot be written. The message says why. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

const STANDARD_OUTPUT = 1;
/** Between attempts while the reader of a pipe is behind, and until it is given up. */
const PAUSE_MILLISECONDS = 10;
const PATIENCE_MILLISECONDS = 10_000;

/**
 * Writes a text completely.
 * @throws {OutputError} if the reader is gone or stalls, or the disk is full
 */
export async function print(text: string): Promise<void> {
  let waited = 0;
  for (let rest: Uint8Array = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(STANDARD_OUTPUT, rest));
    } catch (cause) {
      const { code } = cause as { readonly code?: string };
      if (code !== "EAGAIN" || waited >= PATIENCE_MILLISECONDS) {
        throw new OutputError(`Cannot write to standard output: ${explain(cause, code)}`, {
          cause,
        });
      }
      waited += PAUSE_MILLISECONDS;
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }
}

/** Whether whatever is printed is lost: standard output was closed at start, or is `/dev/null`. */
export function isOutputDiscarded(): boolean {
  if (process.platform === "win32") return false;
  try {
    // Node and Deno open /dev/null in place of a closed standard output.
    return fstatSync(STANDARD_OUTPUT).rdev === statSync("/dev/null").rdev;
  } catch {
    return true;
  }
}

function explain(cause: unknown, code: string | undefined): string {
  if (code === "EPIPE") return "the program that reads it has ended";
  if (code === "EAGAIN") return "the program that reads it has stalled";
  return reasonOf(cause);
}
