/**
 * Compact JWS (RFC 7515 §7.1), parsed strictly before any signature check: each token has exactly
 * one encoding, and nothing in it is ambiguous (C2).
 * @module
 */
import { decodeBase64url } from "./base64url.ts";
import { isJsonObject, parseStrictJson } from "../strict-json.ts";

/** A parsed compact JWS whose signature has not been verified. */
export interface UnverifiedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Why a text is not a compact JWS. */
export type JwsFlaw = "too_large" | "malformed";

/** Maximum token length, in characters (C2, IN-08). */
export const MAX_JWS_LENGTH = 16_384;

/**
 * Reads header and claims: exactly three segments of strict base64url, the first two UTF-8 JSON
 * objects without duplicate names. Total on any string; the length is checked before any decoding.
 */
export function readCompactJws(token: string): UnverifiedJws | JwsFlaw {
  if (token.length > MAX_JWS_LENGTH) return "too_large";
  const [protectedHeader, payload, signature, ...rest] = token.split(".", 4);
  if (protectedHeader === undefined || payload === undefined) return "malformed";
  if (signature === undefined || rest.length > 0) return "malformed";
  if (decodeBase64url(signature) === null) return "malformed";
  const header = readSegment(protectedHeader);
  const claims = readSegment(payload);
  return header === null || claims === null ? "malformed" : { header, claims };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readSegment(segment: string): Readonly<Record<string, unknown>> | null {
  const bytes = decodeBase64url(segment);
  if (bytes === null) return null;
  try {
    const value = parseStrictJson(UTF8.decode(bytes));
    return isJsonObject(value) ? value : null;
  } catch {
    return null; // invalid UTF-8, invalid JSON or a duplicate name
  }
}
