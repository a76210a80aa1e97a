/**
 * The service on HTTP: a handler, a listener for it on Node and Deno, and an adapter to servers that
 * speak in `Request` and `Response`. Needs the packages `graphql`, `graphql-http` and
 * `@graphql-tools/schema`.
 * @module
 */
export type { HttpHandler, HttpRequest, HttpResponse } from "./exchange.ts";
export * from "./fetch.ts";
export { createHttpHandler, type HttpOptions } from "./router.ts";
export type { RequestRecord } from "../log.ts";
export * from "./server.ts";
