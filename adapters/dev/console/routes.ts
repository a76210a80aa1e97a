/**
 * The pages of the dev server: the console, the stand-in for the vendor's SDK, and the window that it
 * opens. Static files; everything they do goes through the harness.
 * @module
 */
import { readFile } from "node:fs/promises";
import { errorJson, type HttpHandler, type HttpResponse } from "../../http/exchange.ts";

/** Each path, and its file. */
const FILES: Readonly<Record<string, string>> = {
  "/": "index.html",
  "/sign-in": "sign-in.html",
  "/shop-sdk.js": "shop-sdk.js",
  "/console/console.css": "console.css",
  "/console/console.js": "console.js",
  "/console/harness.js": "harness.js",
  "/console/sign-in.js": "sign-in.js",
};

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** Nothing from elsewhere, nothing inline, in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The paths of the pages. */
export const CONSOLE_PATHS: readonly string[] = Object.keys(FILES);

/** The routes of the pages. */
export const CONSOLE_ROUTES: Readonly<Record<string, HttpHandler>> = Object.fromEntries(
  Object.entries(FILES).map(([path, file]) => [path, (request) => serve(file, request.method)]),
);

async function serve(file: string, method: string): Promise<HttpResponse> {
  if (method !== "GET" && method !== "HEAD") {
    return errorJson(405, "method_not_allowed", "Use GET.", { allow: "GET, HEAD" });
  }
  const headers = {
    "content-type": TYPES[file.split(".").at(-1) ?? ""] ?? "text/plain",
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    // Pages of any origin load the stand-in; everything else is for these pages alone.
    "cross-origin-resource-policy": file === "shop-sdk.js" ? "cross-origin" : "same-origin",
    ...(file === "shop-sdk.js" && { "access-control-allow-origin": "*" }),
  };
  return { status: 200, headers, body: method === "HEAD" ? "" : await read(file) };
}

/** From beside this module, wherever it was loaded from. */
async function read(file: string): Promise<string> {
  const url = new URL(`page/${file}`, import.meta.url);
  return url.protocol === "file:" ? await readFile(url, "utf8") : await (await fetch(url)).text();
}
