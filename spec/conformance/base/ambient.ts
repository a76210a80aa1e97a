/**
 * Time and randomness of the machine. Nothing else in the suite reads them.
 * @module
 */

/** Milliseconds since the Unix epoch. */
export function systemNow(): number {
  return Date.now();
}

/** Milliseconds on a clock that never jumps. */
export function stopwatch(): number {
  return performance.now();
}

/** Waits. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** This many random bytes. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
