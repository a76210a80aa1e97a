/**
 * Base64url without padding (RFC 4648 §5), strictly: every string of bytes has one spelling.
 * @module
 */
import { Buffer } from "node:buffer";

/** Writes bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}

/**
 * Reads base64url; `null` where it is padded, has bits set behind the last byte, or any other
 * character (C2). What Buffer forgives does not come back the same, so comparing settles it.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? new Uint8Array(bytes) : null;
}
