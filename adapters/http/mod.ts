/**
 * The service on HTTP: a handler, a listener for it on Node and Deno, and an adapter to servers that
 * speak in `Request` and `Response`. Needs the packages `graphql` and `@graphql-tools/schema`.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createService } from "fetch-tokens-for-user";
 * import { createOpaqueTokens, generateTokenKeys } from "fetch-tokens-for-user/tokens";
 * import { createHttpHandler, startServer } from "fetch-tokens-for-user/http";
 *
 * const audience = "https://shop.example";
 * const tokens = createOpaqueTokens({ serverId: audience, keys: generateTokenKeys() });
 * const service = createService({ store: createMemoryStore(), tokens }, { audience });
 *
 * const handler = createHttpHandler(service, { publicUrl: audience });
 * const server = await startServer({ handler, port: 0, host: "127.0.0.1" });
 * const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
 * console.assert(health.status === 200);
 * await health.text();
 * await server.stop();
 * ```
 * @module
 */
export type { HttpHandler, HttpRequest, HttpResponse } from "./exchange.ts";
export { toFetchHandler } from "./fetch.ts";
export { checkStore, type ReadinessCheck } from "./health.ts";
export { createHttpHandler, type HttpOptions } from "./router.ts";
export type { RequestRecord } from "../log.ts";
export * from "./server.ts";
