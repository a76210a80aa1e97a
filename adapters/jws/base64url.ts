/**
 * Base64url without padding (RFC 4648 §5), strictly: every byte sequence has exactly one encoding.
 * @module
 */
import { Buffer } from "node:buffer";

/** Writes bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

/**
 * Reads base64url; `null` if it has padding, nonzero trailing bits or any other character (C2).
 * Buffer accepts such input but does not encode it back to the same text, so comparing detects it.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? new Uint8Array(bytes) : null;
}
