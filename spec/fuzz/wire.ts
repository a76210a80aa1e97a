/**
 * Bytes over a socket, and HTTP responses read from bytes (RFC 9112), strictly.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { BrokenLaw } from "./target.ts";

/** One response. */
export interface Reply {
  readonly status: number;
  /** By lower-case name; repeated ones joined with `", "`. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Length of head and body. */
  readonly bytes: number;
}

/** Until an answer must be there. The law on CPU time is stricter; this one finds what hangs. */
const HANG_MILLISECONDS = 5_000;

/** A connection that is kept open from one request to the next. */
export interface Connection {
  /** Sends one whole request and reads its response. */
  ask(request: Uint8Array, options?: { readonly isHead?: boolean }): Promise<Reply>;
  close(): void;
}

/** Opens no socket until it is asked. */
export function createConnection(port: number): Connection {
  let socket: Socket | null = null;
  return {
    async ask(request, { isHead = false } = {}) {
      socket = socket?.writable && !socket.readableEnded ? socket : connect(port, "127.0.0.1");
      const received = await receive(
        socket,
        request,
        (bytes) => readReplies(bytes, isHead).some(({ status }) => status >= 200),
      );
      const [reply] = readReplies(received, isHead).filter(({ status }) => status >= 200);
      if (reply === undefined) throw new BrokenLaw("Every request is answered", excerpt(received));
      if (/close/i.test(reply.headers.get("connection") ?? "")) socket.destroy();
      return reply;
    },
    close: () => void socket?.destroy(),
  };
}

/** Sends bytes on a connection of their own, then says that there are no more; resolves to what came back. */
export async function exchange(port: number, parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const socket = connect(port, "127.0.0.1");
  const closed = receive(socket, null, () => false);
  for (const part of parts) {
    socket.write(part);
    if (parts.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  const received = await closed;
  socket.destroy();
  return received;
}

/** Collects what comes until it is enough, or the peer closes. */
function receive(
  socket: Socket,
  request: Uint8Array | null,
  isEnough: (received: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const finish = (error?: BrokenLaw) => {
      clearTimeout(timer);
      socket.off("data", take).off("close", done).off("end", done);
      if (error !== undefined) socket.destroy();
      socket.on("error", () => {}); // a peer that resets has said all it wanted to say
      if (error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    const done = () => finish();
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      try {
        if (isEnough(Buffer.concat(chunks))) done();
      } catch (error) {
        finish(error as BrokenLaw);
      }
    };
    const timer = setTimeout(() => {
      finish(new BrokenLaw("Every answer comes in time", excerpt(Buffer.concat(chunks))));
    }, HANG_MILLISECONDS);
    socket.on("data", take).once("close", done).once("end", done);
    socket.removeAllListeners("error").on("error", () => {});
    if (request !== null) socket.write(request);
  });
}

/**
 * All whole responses in some bytes; the last one may still be on its way.
 * @throws {BrokenLaw} where they are not HTTP/1.1 responses whose length is declared.
 */
export function readReplies(bytes: Uint8Array, isHead = false): readonly Reply[] {
  const text = Buffer.from(bytes).toString("latin1");
  const replies: Reply[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [line = "", ...fields] = text.slice(at, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e]*$/.exec(line)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw malformed("status line", text.slice(at, at + 200));
    const headers = readFields(fields);
    const start = end + 4;
    const isBodyless = isHead || status < 200 || status === 204 || status === 304;
    const framed = isBodyless ? { body: "", stop: start } : readBody(text, start, headers);
    if (framed === null) break;
    const { stop } = framed;
    const body = Buffer.from(framed.body, "latin1").toString("utf8");
    replies.push({ status, headers, body, bytes: stop - at });
    at = stop;
  }
  return replies;
}

/** A body by its declared length, or in chunks; `null` where the rest is still to come. */
function readBody(
  text: string,
  start: number,
  headers: ReadonlyMap<string, string>,
): { readonly body: string; readonly stop: number } | null {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length") ?? "0";
  if (coding === undefined && /^\d+$/.test(length)) {
    const stop = start + Number(length);
    return stop > text.length ? null : { body: text.slice(start, stop), stop };
  }
  if (coding !== "chunked" || headers.has("content-length")) throw malformed("length", length);
  let body = "";
  for (let at = start;;) {
    const [line, size] = /^([0-9a-f]{1,8})\r\n/i.exec(text.slice(at, at + 10)) ?? [];
    if (line === undefined || size === undefined) {
      if (text.length - at > 9) throw malformed("chunk", text.slice(at, at + 20));
      return null;
    }
    const first = at + line.length;
    const last = first + parseInt(size, 16);
    if (text.length < last + 2) return null;
    body += text.slice(first, last);
    at = last + 2;
    if (last === first) return { body, stop: at };
  }
}

function readFields(fields: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const field of fields) {
    const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~\w-]+): ([\t\x20-\x7e]*)$/.exec(field) ??
      [];
    if (name === "") throw malformed("header", field);
    const key = name.toLowerCase();
    headers.set(key, headers.has(key) ? `${headers.get(key)}, ${value}` : value);
  }
  return headers;
}

function malformed(what: string, text: string): BrokenLaw {
  return new BrokenLaw(`Every response is well-formed: ${what}`, text.slice(0, 200));
}

/** The beginning of something long, with what is repeated written once: `[×3900`. */
export function excerpt(text: string | Uint8Array, length = 300): string {
  const whole = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
  const short = whole.replace(
    /([^]{1,12}?)\1{19,}/g,
    (all, piece) => `${piece}×${all.length / piece.length} `,
  );
  return short.length <= length ? short : `${short.slice(0, length)}… (${short.length})`;
}
