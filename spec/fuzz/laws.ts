/**
 * What holds for every response and every line that is written down, whatever was sent (A2, G9).
 * @module
 */
import { PATHS } from "../../adapters/http/metadata.ts";
import { BrokenLaw } from "./target.ts";
import { excerpt, type Reply } from "./wire.ts";

/** The largest response, in bytes. */
export const MAX_REPLY_BYTES = 65_536;
/** The longest log line, in characters. */
const MAX_LINE_LENGTH = 8_192;
/** The most CPU time that one input may take, in milliseconds. */
export const MAX_CPU_MILLISECONDS = 1_000;

/** How a secret would look that nobody has on a list: a token of this server, or a JWT. */
const TOKEN = /ftfu_[ar]t_[\w-]{20}|eyJ[\w-]{10,}\.[\w-]*\./;

/** Checks one response. */
export function judgeReply(reply: Reply, path: string, secrets: readonly string[]): void {
  const { status, headers, body, bytes } = reply;
  if (status >= 500) throw new BrokenLaw(`Never a 5xx for what a caller sent: ${status}`, body);
  if (bytes > MAX_REPLY_BYTES) {
    throw new BrokenLaw("Every response is at most 64 KB", `${bytes} bytes: ${excerpt(body)}`);
  }
  const json = body === "" ? undefined : readJson(reply);
  demandHeaders(reply, path);
  const told = `${[...headers].join("\n")}\n${withoutGranted(json, path, status)}`;
  demandNoSecret(told, secrets, "response");
}

/** Checks what was written down while an input was answered. */
export function judgeLines(lines: readonly string[], secrets: readonly string[]): void {
  for (const line of lines) {
    const record = readLine(line);
    const { faults } = record;
    if (Array.isArray(faults)) {
      throw new BrokenLaw("Nothing fails inside", faults.join("\n"), String(faults[0]));
    }
    if (line.length > MAX_LINE_LENGTH) {
      throw new BrokenLaw("Every log line is at most 8 KB", excerpt(line));
    }
    demandNoSecret(line, secrets, "log line");
    if (TOKEN.test(line)) throw new BrokenLaw("No token is in a log line", excerpt(line));
  }
}

/** Whether a text holds a secret, or a good part of it. */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => {
    for (let at = 0; at + 16 <= secret.length; at += 8) {
      if (text.includes(secret.slice(at, at + 16))) return true;
    }
    return false;
  });
}

function demandNoSecret(text: string, secrets: readonly string[], where: string): void {
  if (holdsSecret(text, secrets)) {
    throw new BrokenLaw(`No secret is in a ${where}`, excerpt(text, 1000));
  }
}

function readLine(line: string): Readonly<Record<string, unknown>> {
  const isOne = line.endsWith("\n") && line.indexOf("\n") === line.length - 1;
  try {
    if (isOne) return JSON.parse(line);
  } catch {
    // told below
  }
  throw new BrokenLaw("Every log record is one line of JSON", excerpt(line));
}

function readJson({ headers, body }: Reply): unknown {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/(?:graphql-response\+)?json; charset=utf-8$/.test(type)) {
    throw new BrokenLaw("Every body is JSON in UTF-8", `${type}: ${excerpt(body)}`);
  }
  try {
    const value = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // told below
  }
  throw new BrokenLaw("Every body is what its type says", excerpt(body));
}

/** What each status calls for (RFC 9110), and each kind of answer. */
function demandHeaders({ status, headers, body }: Reply, path: string): void {
  const missing = (name: string) => {
    throw new BrokenLaw(`A ${status} has ${name}`, excerpt(body));
  };
  const needs: Readonly<Record<number, string>> = {
    401: "www-authenticate",
    405: "allow",
    429: "retry-after",
    503: "retry-after",
  };
  const needed = needs[status];
  if (needed !== undefined && !headers.has(needed)) missing(needed);
  const holdsToken = /"(?:accessToken|access_token|refreshToken|refresh_token)":"/.test(body);
  if (holdsToken && headers.get("cache-control") !== "no-store") missing("no-store");
  if (body === "" || path === PATHS.health) return;
  const value = JSON.parse(body);
  if (path.startsWith("/oauth/") && status >= 400 && typeof value.error !== "string") {
    missing("an error code (RFC 6749 §5.2)");
  }
  if (path.startsWith("/api/") && !("data" in value) && !isErrorList(value.errors)) {
    missing("data or errors (GraphQL §7)");
  }
}

function isErrorList(errors: unknown): boolean {
  return Array.isArray(errors) && errors.length > 0 &&
    errors.every((error) =>
      typeof error.message === "string" && typeof error.extensions?.code === "string"
    );
}

/** A body without the tokens that were granted by it: `data` of the mutation, a token response. */
function withoutGranted(json: unknown, path: string, status: number): string {
  if (status !== 200 || json === undefined) return JSON.stringify(json) ?? "";
  const hide = (value: unknown) =>
    JSON.stringify(
      value,
      (_name, inner) => typeof inner === "string" && isWholeToken(inner) ? "granted" : inner,
    );
  if (path === PATHS.token) return hide(json);
  if (path !== PATHS.partners) return JSON.stringify(json);
  const { data, ...rest } = json as { readonly data?: unknown };
  return `${hide(data)}${JSON.stringify(rest)}`;
}

function isWholeToken(text: string): boolean {
  return /^(?:ftfu_[ar]t_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+)$/.test(text);
}
