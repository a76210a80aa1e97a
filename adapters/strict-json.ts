/**
 * JSON without duplicate member names, so that parsers that keep the first and parsers that keep
 * the last member cannot read different values (C2, RFC 8725 §2.4).
 * @module
 */
import { nestsDeeperThan } from "./nesting.ts";

/** The deepest JSON that is read, in levels: far more than a body, a token, a key or a setting needs. */
export const MAX_JSON_DEPTH = 32;

/**
 * Parses JSON and refuses more than {@link MAX_JSON_DEPTH} levels, and duplicate member names at
 * any of them. Linear time, no recursion.
 * @throws {SyntaxError} whose message never quotes the text, which may contain secrets.
 */
export function parseStrictJson(text: string): unknown {
  if (nestsDeeperThan(MAX_JSON_DEPTH, text)) {
    throw new SyntaxError(`The JSON is nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
  const value = parse(text);
  if (hasDuplicateName(text)) throw new SyntaxError("A JSON object has the same member name twice");
  return value;
}

/** Whether a value that {@link parseStrictJson} returned is a JSON object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError("The text is not valid JSON"); // the engine's own message quotes it
  }
}

/** Scans text that is known to be valid JSON, so only braces, strings and colons matter. */
function hasDuplicateName(text: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{") open.push(new Set());
    else if (char === "}") open.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (names !== undefined && isFollowedByColon(text, end)) {
        const name: string = JSON.parse(text.slice(at, end));
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}
