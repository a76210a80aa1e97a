/**
 * Raw bytes on a connection of their own: request lines, headers, framing, pipelining, truncation; and
 * what RFC 9112 says of them where it leaves no choice.
 * @module
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { PATHS } from "../../../adapters/http/metadata.ts";
import { judgeReply } from "../laws.ts";
import type { Form } from "../subject.ts";
import { BrokenLaw, type Target } from "../target.ts";
import { type Edit, edit, edits, fill, oddTexts, repeated } from "../text.ts";
import { excerpt, exchange, readReplies, type Reply } from "../wire.ts";
import { forms, openSubjects } from "./requests.ts";

/** A request whose every part may be wrong. */
interface RawRequest {
  readonly method: string;
  /** `{{origin}}` is the server's own. */
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** How the body is announced. */
  readonly framing: Framing;
}

type Framing = "length" | "chunked" | "none" | "short" | "long" | "both" | "odd coding";

interface RawInput {
  readonly form: Form;
  /** Sent one behind the other. */
  readonly requests: readonly RawRequest[];
  readonly edits: readonly Edit[];
  /** How much is sent, and in how many pieces. */
  readonly part: number;
  readonly pieces: number;
}

const METHODS = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "get",
  "PROPFIND",
  "BREW",
  "",
];
const TARGETS = [
  ...Object.values(PATHS),
  "/",
  "*",
  "localhost:80",
  "{{origin}}/healthz",
  "{{origin}}",
  "http://other.example/healthz",
  "//healthz",
  "/%68ealthz",
  "/healthz?a=b",
  "/healthz#a",
  "/./healthz",
  "/\\healthz",
  "/api/partners/graphql.json?query=%7BapiVersion%7D",
  "/healthz\u00ff",
];
const HEADERS = [
  "Host: localhost",
  "Host: other.example",
  "Host:",
  "Host: a b",
  "Connection: close",
  "Connection: keep-alive, upgrade",
  "Upgrade: h2c",
  "Expect: 100-continue",
  "Expect: 200-ok",
  "Content-Length: 0",
  "Content-Length: +5",
  "Content-Length: 5, 5",
  "Content-Length: 99999999999999999999",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding : chunked",
  " folded: line",
  "no colon",
  ": no name",
  "a\u0000b: c",
  "x: a\u0000b",
  "x: \u00ff",
  "Authorization: Basic {{basic}}",
  "Content-Type: application/json",
  "Content-Type: application/x-www-form-urlencoded",
  "X-Request-Id: {{canary}}",
  "Cookie: a={{canary}}",
  "Content-Encoding: gzip",
];

const requests: fc.Arbitrary<RawRequest> = fc.record({
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("GET", "POST") },
    fc.constantFrom(...METHODS),
  ),
  target: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...TARGETS) },
    oddTexts,
    repeated("/a", 20_000),
  ),
  version: fc.oneof(
    { weight: 12, arbitrary: fc.constant("HTTP/1.1") },
    fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "http/1.1", "", "HTTP/1.1 x"),
  ),
  headers: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...HEADERS) },
      oddTexts.map((text) => `X-Odd: ${text}`),
      fc.tuple(fc.constantFrom(...HEADERS), edits).map(([text, changes]) => edit(text, changes)),
      repeated("x#: y\r\n", 20_000).map((text) => `${text}z: z`),
    ),
    { maxLength: 4 },
  ).chain((list) => fc.nat(9).map((dice) => dice === 0 ? list : ["Host: localhost", ...list])),
  body: fc.constantFrom(
    "",
    '{"query":"{apiVersion}"}',
    "token={{access}}",
    "{",
    "\u00ff\u00fe",
    "0\r\n\r\n",
  ),
  framing: fc.constantFrom<Framing>(
    "length",
    "length",
    "chunked",
    "none",
    "short",
    "long",
    "both",
    "odd coding",
  ),
});

/** Raw bytes. */
const raw: Target<RawInput> = {
  name: "http",
  inputs: fc.record({
    form: forms,
    requests: fc.array(requests, { minLength: 1, maxLength: 3 }),
    edits: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, edits),
    part: fc.oneof({ weight: 5, arbitrary: fc.constant(1000) }, fc.nat(1000)),
    pieces: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 9 })),
  }),
  open: (fault) =>
    openSubjects(fault, async (subjects, input) => {
      const subject = subjects[input.form];
      const origin = `http://127.0.0.1:${subject.port}`;
      const bytes = render(input, { ...subject.names(), origin });
      const received = await subject.watch(() =>
        exchange(subject.port, split(bytes, input.pieces))
      );
      const isHead = /HEAD /.test(Buffer.from(bytes).toString("latin1"));
      const replies = isHead ? readHeads(received) : readReplies(received);
      for (const reply of replies) judgeRaw(reply, input, subject.secrets());
      judgeByRfc(input, replies);
      return replies.map(({ status }) => status).join(" ") || "closed";
    }, (input) => JSON.stringify(Buffer.from(render(input, {})).toString("latin1").slice(0, 1500))),
};

/** Whether there is a body is known only by those who asked: so the heads alone are read. */
function readHeads(received: Uint8Array): readonly Reply[] {
  const heads = Buffer.from(received).toString("latin1").match(/HTTP\/1\.1 \d[^]*?\r\n\r\n/g) ?? [];
  return heads.flatMap((head) => readReplies(Buffer.from(head, "latin1"), true));
}

/** A transfer coding that is unknown may be answered with 501 (RFC 9112 §6.1). */
function judgeRaw(reply: Reply, { requests: sent }: RawInput, secrets: readonly string[]): void {
  const isUnknownCoding = reply.status === 501 &&
    sent.some(({ framing, headers }) =>
      framing === "odd coding" || headers.some((header) => /^transfer-encoding/i.test(header))
    );
  const path = reply.body.startsWith('{"errors"') ? PATHS.partners : "";
  judgeReply(isUnknownCoding ? { ...reply, status: 400 } : reply, path, secrets);
}

/** Where a single request came whole and as it was meant, RFC 9112 says how it ends. */
function judgeByRfc(input: RawInput, replies: readonly Reply[]): void {
  const reply = replies.find(({ status }) => status >= 200);
  const [request, ...others] = input.requests;
  if (request === undefined || reply === undefined || others.length > 0) return;
  if (input.edits.length > 0 || input.part < 1000 || request.version !== "HTTP/1.1") return;
  const { headers, framing, target, method } = request;
  const demand = (holds: boolean, law: string) => {
    if (!holds) throw new BrokenLaw(law, `${reply.status} ${excerpt(reply.body)}`);
  };
  const isAbsolute = target.startsWith("{{origin}}/") && method === "GET";
  demand(!isAbsolute || reply.status !== 404, "The absolute form is understood (RFC 9112 §3.2.2)");
  if (reply.status >= 400) return;
  const hosts = headers.filter((header) => /^host:/i.test(header));
  demand(hosts.length === 1, "Other than one Host is 400 (RFC 9112 §3.2)");
  demand(
    !/[^!-~]/.test(hosts[0]?.slice(5).trim() ?? ""),
    "A malformed Host is 400 (RFC 9112 §3.2)",
  );
  demand(framing !== "both", "Length and transfer coding at once are refused (RFC 9112 §6.1)");
  demand(framing !== "odd coding", "An unknown transfer coding is refused (RFC 9112 §6.1)");
  demand(!/[^!-~]|#/.test(target), "A malformed target is refused (RFC 9112 §3.2)");
  demand(/^[A-Z]+$/.test(method), "Methods are case-sensitive (RFC 9110 §9.1)");
}

function render(
  { requests: list, edits: changes, part }: RawInput,
  names: Record<string, string>,
): Uint8Array {
  const text = edit(fill(list.map(renderRaw).join(""), names), changes);
  return Buffer.from(text.slice(0, Math.ceil(text.length * part / 1000)), "latin1");
}

function renderRaw({ method, target, version, headers, body, framing }: RawRequest): string {
  const [announced, sent] = frame(body, framing);
  const lines = [`${method} ${target} ${version}`, ...headers, ...announced];
  return `${lines.join("\r\n")}\r\n\r\n${sent}`;
}

function frame(body: string, framing: Framing): readonly [readonly string[], string] {
  const chunked = body === ""
    ? "0\r\n\r\n"
    : `${body.length.toString(16)};a=b\r\n${body}\r\n0\r\nTrailer: a\r\n\r\n`;
  const coding = "Transfer-Encoding: chunked";
  switch (framing) {
    case "length":
      return [[`Content-Length: ${body.length}`], body];
    case "chunked":
      return [[coding], chunked];
    case "none":
      return [[], body];
    case "short":
      return [[`Content-Length: ${body.length >> 1}`], body];
    case "long":
      return [[`Content-Length: ${body.length + 5}`], body];
    case "both":
      return [[coding, `Content-Length: ${chunked.length}`], chunked];
    case "odd coding":
      return [["Transfer-Encoding: gzip, chunked"], chunked];
  }
}

function split(bytes: Uint8Array, pieces: number): readonly Uint8Array[] {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, index) => bytes.subarray(index * size, (index + 1) * size),
  );
}

/** Targets of raw bytes. */
export const RAW_TARGETS: readonly Target<RawInput>[] = [raw];
