/**
 * Requests as text, and what their answers must be.
 * @module
 */
import type { Call } from "./load.ts";

/** An id with its secret, for HTTP Basic. */
export interface Login {
  readonly id: string;
  readonly secret: string;
}

/** The mutation with every field, as in the documentation. */
const MUTATION =
  "mutation ($publicId: String, $consentToken: String) { fetchTokensForUser(publicId: $publicId, " +
  "consentToken: $consentToken) { accessToken expiresIn publicId refreshToken scope tokenType " +
  "userErrors { code field message } } }";

/** The body of the mutation. */
export function mutation(variables: Readonly<Record<string, string>>): string {
  return JSON.stringify({ query: MUTATION, variables });
}

/** An `Authorization` header. */
export function basic({ id, secret }: Login): string {
  return `Authorization: Basic ${btoa(`${id}:${secret}`)}\r\n`;
}

/** A POST of JSON. */
export function postJson(path: string, headers: string, body: string): string {
  return post(path, "application/json", headers, body);
}

/** A POST of a form. */
export function postForm(path: string, headers: string, fields: Record<string, string>): string {
  const body = new URLSearchParams(fields).toString();
  return post(path, "application/x-www-form-urlencoded", headers, body);
}

function post(path: string, type: string, headers: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}Content-Type: ${type}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A call that is right if the answer has this status and contains each of these. */
export function expecting(
  text: string,
  expected: number,
  parts: readonly string[],
  take?: (body: string) => void,
): Call {
  return {
    text,
    check(status, body) {
      if (status !== expected || !parts.every((part) => body.includes(part))) return false;
      take?.(body);
      return true;
    },
  };
}

/** The string member of this name, wherever it is in some JSON; `""` where it is not. */
export function member(body: string, name: string): string {
  const start = body.indexOf(`"${name}":"`);
  if (start === -1) return "";
  const from = start + name.length + 4;
  return body.slice(from, body.indexOf('"', from));
}
