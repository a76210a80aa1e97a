/**
 * Hides secrets in what a client sent and was told, so that it can be shown.
 * @module
 */
import type { RequestEntry } from "./ledger.ts";

const SECRETS: readonly string[] = [
  "access_token",
  "accessToken",
  "authorization",
  "client_assertion",
  "client_secret",
  "consentToken",
  "refresh_token",
  "refreshToken",
  "secret",
  "token",
];
const MASK = "…";
/** Tokens of ours, JWTs, and credentials, wherever they stand. */
const TOKENS = /\b(ftfu_[ar]t_)[\w.-]+|\b(ey)[\w-]{6,}(?:\.[\w-]*)+|\b(Basic |Bearer )\S+/gi;
/** Callers put secrets inline into the text of a query (G9). */
const LITERALS = /"""[^]*?"""|"(?:[^"\\\n]|\\.)*"/g;

/** The entry without its secrets. */
export function maskEntry(entry: RequestEntry): RequestEntry {
  return {
    ...entry,
    ...maskMembers({ headers: entry.headers, body: entry.body, answer: entry.answer }),
  };
}

function maskMembers<Members extends object>(members: Members): Members {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, maskMember(name, value)]),
  ) as Members;
}

function maskMember(name: string, value: unknown): unknown {
  if (SECRETS.includes(name) && typeof value === "string") return maskTokens(value) ?? MASK;
  if (name === "query" && typeof value === "string") return value.replaceAll(LITERALS, `"${MASK}"`);
  if (name === "body" && typeof value === "string" && value !== "") return MASK; // not decodable
  if (Array.isArray(value)) return value.map((item) => maskMember("", item));
  if (typeof value === "object" && value !== null) return maskMembers(value);
  return typeof value === "string" ? maskTokens(value) ?? value : value;
}

/** A text whose tokens are hidden; `null` if it has none. */
function maskTokens(text: string): string | null {
  const masked = text.replaceAll(TOKENS, (_all, ...kinds) => `${kinds.find(Boolean)}${MASK}`);
  return masked === text ? null : masked;
}
