/**
 * A bounded, non-blocking buffer for log lines (A3).
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { Socket } from "node:net";
import process from "node:process";
import type { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";

/**
 * Writes some of the bytes and resolves to how many. Rejects where none can be written now: the reader
 * stalls or is gone, the disk is full.
 */
export type Write = (bytes: Uint8Array) => Promise<number>;

/** Takes lines and writes them in order, once per turn of the event loop. */
export interface LineSink {
  /** Takes a line. Where the buffer is full, the line is dropped and counted. Never throws or waits. */
  write(line: string): void;
  /** Waits until everything is written, at most this long; resolves to whether it was. */
  close(milliseconds: number): Promise<boolean>;
}

/** What may wait to be written: about 3,000 lines. */
const LIMIT_BYTES = 1_048_576;
/** Between attempts while nothing can be written. */
const PAUSE_MILLISECONDS = { min: 4, max: 1_000 };

/**
 * Creates a sink. While it cannot write, it keeps what fits and tries again.
 * @param describeLost the line that says how many lines were lost, written as soon as one can be
 */
export function createLineSink(
  write: Write,
  describeLost: (count: number) => string,
  limitBytes: number = LIMIT_BYTES,
): LineSink {
  let waiting: string[] = [];
  let bytes = 0;
  let lost = 0;
  let draining: Promise<void> | null = null;

  function take(): Uint8Array {
    const lines = lost > 0 ? [...waiting, describeLost(lost)] : waiting;
    waiting = [];
    lost = 0;
    return Buffer.from(lines.join(""));
  }

  async function drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve)); // the other lines of this turn
    while (waiting.length > 0 || lost > 0) {
      const written = bytes;
      await writeAll(write, take());
      bytes -= written;
    }
    draining = null;
  }

  return {
    write(line) {
      const length = Buffer.byteLength(line);
      if (bytes + length > limitBytes) lost++;
      else {
        bytes += length;
        waiting.push(line);
      }
      draining ??= drain();
    },
    async close(milliseconds) {
      const over = new AbortController();
      const patience = setTimeout(milliseconds, undefined, { signal: over.signal });
      await Promise.race([draining, patience]);
      over.abort();
      await patience.catch(() => {});
      return draining === null;
    },
  };
}

/** Writes all bytes, however long it takes. */
async function writeAll(write: Write, bytes: Uint8Array): Promise<void> {
  const { min, max } = PAUSE_MILLISECONDS;
  for (let rest = bytes, pause = min; rest.length > 0;) {
    const count = await write(rest).catch(() => 0);
    rest = rest.subarray(count);
    pause = count > 0 ? min : Math.min(2 * pause, max);
    // Not a reason to keep the process alive.
    if (count === 0) await setTimeout(pause, undefined, { ref: false });
  }
}

/**
 * Standard error, written to without ever holding up this process. Files do not stall. A pipe or a
 * terminal is opened once more, non-blocking; `process.stderr` of Deno would stop at one that nobody reads.
 */
export function standardError(): Write {
  const { fd } = process.stderr;
  const file = fstatSync(fd);
  if (file.isFile()) return toFile(fd);
  try {
    const { O_WRONLY, O_NONBLOCK } = constants;
    return toNonBlocking(openSync("/dev/stderr", O_WRONLY | O_NONBLOCK));
  } catch {
    // A socket cannot be opened again, and Windows has no such path.
    const own = process.stderr instanceof Socket;
    return toStream(own ? process.stderr : new Socket({ fd, readable: false }));
  }
}

function toFile(fd: number): Write {
  return (bytes) =>
    new Promise((resolve, reject) => {
      write(fd, bytes, 0, bytes.length, null, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
}

/** What cannot wait needs no thread to wait in: a full pipe is an error at once. */
function toNonBlocking(fd: number): Write {
  // deno-lint-ignore require-await
  return async (bytes) => writeSync(fd, bytes);
}

function toStream(stream: Writable): Write {
  stream.on("error", () => {}); // every write gets its own error
  return (bytes) =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
}
