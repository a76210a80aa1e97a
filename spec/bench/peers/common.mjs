/**
 * What the peers share: the demo's clients and users in memory, and a server that says its port.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";

/** What a peer is started with: one argument of JSON. */
export const OPTIONS = JSON.parse(process.argv[2] ?? "{}");

const sha256 = (text) => createHash("sha256").update(text).digest();

/** Client ids with the digests of their secrets. */
const CLIENTS = new Map(
  OPTIONS.clients?.map(({ id, secret }) => [id, sha256(secret)]) ?? [],
);

/** Whether these are the credentials of a client, in constant time. */
export function authenticates(id, secret) {
  const digest = CLIENTS.get(id);
  return digest !== undefined && timingSafeEqual(sha256(secret), digest);
}

/** The users by public id, each with the scope of its connections by client. */
export const USERS = new Map(
  Array.from({ length: OPTIONS.users ?? 0 }, (_, index) => [
    `user-${index}`,
    new Map([[OPTIONS.partner, OPTIONS.scope], [OPTIONS.merchant, OPTIONS.scope]]),
  ]),
);

/** Listens on a free port and says which. */
export function listen(handler) {
  const server = createServer({ keepAliveTimeout: 65_000 }, handler);
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
  });
}

/** Resolves to the body of a request. */
export function readBody(request) {
  return new Promise((resolve, reject) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => text += chunk);
    request.on("end", () => resolve(text));
    request.on("error", reject);
  });
}
