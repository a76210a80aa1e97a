/**
 * Faults that are planted to see the fuzzers find them.
 * @module
 */
import type { HttpHandler } from "../../adapters/http/exchange.ts";
import type { Fault } from "./target.ts";

/** A handler with a fault. */
export function plant(
  handler: HttpHandler,
  write: (line: string) => void,
  fault: Fault | undefined,
): HttpHandler {
  switch (fault) {
    case "throwing-handler":
      return (request) =>
        request.header("content-type")?.includes("utf8")
          ? Promise.reject(new TypeError("planted"))
          : handler(request);
    case "echoing-log":
      return (request) =>
        handler({
          ...request,
          async body(limit) {
            const text = await request.body(limit);
            write(`${JSON.stringify({ kind: "debug", text })}\n`);
            return text;
          },
        });
    default:
      return handler;
  }
}

/** A reader of JSON with a fault: it recurses into what is deep. */
export function plantReader(
  read: (text: string) => unknown,
  fault: Fault | undefined,
): (text: string) => unknown {
  if (fault !== "recursive-reader") return read;
  return (text) => {
    depthOf(text, 0);
    return read(text);
  };
}

function depthOf(text: string, at: number): number {
  return text[at] === "[" ? 1 + depthOf(text, at + 1) : 0;
}
