/**
 * Requests of node:http as plain values. RFC 9112 is enforced where the parser is lenient, so that a proxy
 * and this server never disagree about a request.
 * @module
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { BodyError, type HttpRequest } from "./exchange.ts";

/**
 * The status for a request whose head breaks RFC 9112, or `null`: not exactly one well-formed Host
 * (§3.2), a transfer coding other than chunked, or one beside a length (§6.1), a malformed target. The
 * connection must then be closed.
 */
export function headFault(
  { httpVersion, url = "", rawHeaders }: Pick<
    IncomingMessage,
    "httpVersion" | "url" | "rawHeaders"
  >,
): 400 | 501 | null {
  let [hosts, lengths, codings] = [0, 0, 0];
  let coding = "";
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase();
    const value = rawHeaders[at + 1]?.trim() ?? "";
    if (name === "host") {
      hosts++;
      if (!/^[\w.~%!$&'()*+;=:[\]-]*$/.test(value)) return 400;
    } else if (name === "content-length") lengths++;
    else if (name === "transfer-encoding") {
      codings++;
      coding = value.toLowerCase();
    }
  }
  if (hosts > 1 || (hosts === 0 && httpVersion !== "1.0")) return 400;
  if (/[^!-~]|#/.test(url)) return 400;
  if (codings === 0) return null;
  if (httpVersion === "1.0" || lengths > 0) return 400;
  return codings === 1 && coding === "chunked" ? null : 501;
}

/** A request of node:http as the handler takes it. */
export function toHttpRequest(incoming: IncomingMessage, stopping: boolean): HttpRequest {
  const { method = "", url = "", headers, socket: { remoteAddress: peer } } = incoming;
  return {
    method,
    target: originForm(url),
    stopping,
    peer,
    header: (name) => (headers[name] as string | undefined) ?? null,
    body: (limitBytes) => readBody(incoming, limitBytes),
  };
}

/** A target in absolute form means what its origin form means (RFC 9112 §3.2.2): there is one origin here. */
function originForm(url: string): string {
  if (url.startsWith("/")) return url;
  const rest = /^https?:\/\/[^/?]+(.*)$/i.exec(url)?.[1];
  if (rest === undefined) return url;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function readBody(incoming: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (incoming.destroyed) return reject(new BodyError(400));
    const chunks: Uint8Array[] = [];
    let length = 0;
    const take = (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= limitBytes) chunks.push(chunk);
      else {
        incoming.off("data", take);
        incoming.pause();
        reject(new BodyError(413));
      }
    };
    incoming.on("data", take);
    incoming.once("end", () => {
      const [first] = chunks;
      const text = decode(first?.length === length ? first : Buffer.concat(chunks));
      if (text === null) reject(new BodyError(400));
      else resolve(text);
    });
    incoming.once("close", () => {
      if (!incoming.complete) reject(new BodyError(400));
    });
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
