/**
 * The handler for servers that speak in Request and Response: `Deno.serve`, workers, tests.
 * @module
 */
import { BodyError, type HttpHandler, type HttpRequest } from "./exchange.ts";

/**
 * Adapts a handler to `(Request) => Promise<Response>`.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 * import { createHttpHandler, toFetchHandler } from "fetch-tokens-for-user/http";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const answer = toFetchHandler(createHttpHandler(service, { publicUrl: audience }));
 * const health = await answer(new Request(`${audience}/healthz`)); // Deno.serve(answer)
 * console.assert(health.status === 200);
 * ```
 */
export function toFetchHandler(handler: HttpHandler): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await handler(toHttpRequest(request));
    const hasBody = body !== "" && request.method !== "HEAD";
    return new Response(hasBody ? body : null, { status, headers });
  };
}

/** A request of the `fetch` family as the handler takes it. */
export function toHttpRequest(request: Request): HttpRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name),
    body: (limitBytes) => readBody(request, limitBytes),
  };
}

async function readBody({ body }: Request, limitBytes: number): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let length = 0;
  const reader = body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > limitBytes) throw new BodyError(413);
      text += decoder.decode(part.value, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error instanceof BodyError ? error : new BodyError(400);
  }
}
