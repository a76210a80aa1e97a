/**
 * Time, randomness and digests: the only place that reads the clock or draws random bytes.
 * @module
 */
import { Buffer } from "node:buffer";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock, Entropy } from "./ports.ts";

/** The clock of this machine. */
export const systemClock: Clock = { now: () => Date.now() };

/**
 * The random bytes of this machine, drawn in blocks, so that one system call serves many small
 * requests.
 */
export const systemEntropy: Entropy = pooledEntropy(4096);

function pooledEntropy(size: number): Entropy {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    bytes(count) {
      if (count > size) return new Uint8Array(randomBytes(count));
      if (used + count > pool.length) {
        pool = new Uint8Array(randomBytes(size));
        used = 0;
      }
      used += count;
      return pool.slice(used - count, used);
    },
  };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as lower-case hexadecimal. For an id, a table takes a third of the time of a Buffer. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** SHA-256 of a text's UTF-8, hexadecimal. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** Compares two digests of equal length in constant time. */
export function sameDigest(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/**
 * A new id: 44 bits of time in milliseconds and 84 random bits, as 32 hexadecimal digits. Ids increase
 * over time, which keeps index pages hot (T2).
 */
export function timeOrderedId(nowMilliseconds: number, entropy: Entropy): string {
  return timeDigits(nowMilliseconds) + hex(entropy.bytes(11)).slice(0, 21);
}

/**
 * The ids of a new connection and a new family, and a salt, from one draw. All are like those of
 * {@link timeOrderedId}, but the ids end with the route of the user, if one is known: see
 * {@link routeOf}.
 */
export function drawFresh(
  nowMilliseconds: number,
  entropy: Entropy,
  user: string | undefined,
): { readonly connection: string; readonly family: string; readonly salt: string } {
  const time = timeDigits(nowMilliseconds);
  const drawn = hex(entropy.bytes(31));
  const route = user === undefined ? drawn.slice(59, 61) : routeOf(user);
  return {
    connection: time + drawn.slice(0, 19) + route,
    family: time + drawn.slice(19, 38) + route,
    salt: time + drawn.slice(38, 59),
  };
}

function timeDigits(nowMilliseconds: number): string {
  return Math.trunc(nowMilliseconds).toString(16).padStart(11, "0");
}

/**
 * The route of a user: the first byte of the SHA-256 of the public id, as two hexadecimal digits. The
 * ids of their connections and families end with it, so a token leads to the shard that has its rows.
 */
export function routeOf(user: string): string {
  return sha256(user).slice(0, 2);
}

/** A new secret of 256 bits in unreserved characters (G10). */
export function newSecret(entropy: Entropy): string {
  return Buffer.from(entropy.bytes(32)).toString("base64url");
}
