/**
 * Client authentication that lets the wrong ones in, or says too much (G7, G8).
 * @module
 */
import { Buffer } from "node:buffer";
import { json } from "../../../../adapters/http/exchange.ts";
import type { Client } from "../../../../core/model.ts";
import type { Fault } from "../fault.ts";
import {
  admitting,
  inQuery,
  MUTATION,
  presentedId,
  receiving,
  responding,
  withHeader,
  withoutHeader,
} from "../hooks/http.ts";
import { combine, serving } from "../hooks/ports.ts";

const decode = (header: string) => Buffer.from(header.split(" ")[1] ?? "", "base64").toString();
const encode = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

/** The faults. */
export const CLIENTS: readonly Fault[] = [
  {
    id: "secret-not-compared",
    title: "A client id is enough.",
    options: () => admitting(MUTATION, presentedId),
    caughtBy: ["client-authentication/wrong-secret", "client-authentication/secret-of-another"],
  },
  {
    id: "empty-secret",
    title: "An empty secret opens every account: an absent second secret is compared as empty.",
    options: () =>
      admitting(MUTATION, (request) => {
        const [id = "", secret] = decode(request.header("authorization") ?? "").split(":");
        return secret === "" ? id : null;
      }),
    caughtBy: ["client-authentication/empty-secret"],
  },
  {
    id: "secret-trimmed",
    title: "White space around a secret is ignored.",
    options: () =>
      receiving(MUTATION, (request) => {
        const text = decode(request.header("authorization") ?? "");
        return text === "" ? request : withHeader(request, "authorization", encode(text.trim()));
      }),
    caughtBy: ["client-authentication/secret-with-space"],
  },
  {
    id: "any-scheme",
    title: "The name of the authentication scheme is not checked.",
    options: () =>
      receiving(MUTATION, (request) => {
        const header = request.header("authorization")?.replace(/^\w+/, "Basic") ?? null;
        return withHeader(request, "authorization", header);
      }),
    caughtBy: ["client-authentication/other-scheme"],
  },
  {
    id: "scheme-in-one-case",
    title: "The scheme Basic is case-sensitive.",
    options: () =>
      receiving(
        MUTATION,
        (request) =>
          request.header("authorization")?.startsWith("Basic ")
            ? request
            : withHeader(request, "authorization", null),
      ),
    caughtBy: ["client-authentication/scheme-case"],
  },
  {
    id: "credentials-in-query",
    title: "Credentials are also accepted in the query string, and so end up in logs.",
    options: () =>
      receiving(MUTATION, (request) => {
        const [id, secret] = [inQuery(request, "client_id"), inQuery(request, "client_secret")];
        return id === null
          ? request
          : withHeader(request, "authorization", encode(`${id}:${secret}`));
      }),
    caughtBy: ["client-authentication/query-string"],
  },
  {
    id: "malformed-credentials-throw",
    title: "Credentials with a stray percent sign cause an internal error.",
    options: () =>
      receiving(MUTATION, (request) => {
        decodeURIComponent(decode(request.header("authorization") ?? ""));
        return request;
      }),
    caughtBy: ["client-authentication/secret-wildcard"],
  },
  {
    id: "unknown-client-throws",
    title: "An unknown client causes an internal error.",
    options: () =>
      serving((service, store) => ({
        async authenticate(id, secret) {
          if ((await store.read({ client: id })).client === null) throw new Error("unknown client");
          return await service.authenticate(id, secret);
        },
      })),
    caughtBy: ["client-authentication/unknown-client", "client-authentication/same-answer"],
  },
  {
    id: "client-oracle",
    title: "The answer to wrong credentials shows whether the client exists.",
    options: () => {
      let known = false;
      return combine(
        serving((service, store) => ({
          async authenticate(id, secret) {
            known = (await store.read({ client: id })).client !== null;
            return await service.authenticate(id, secret);
          },
        })),
        responding(MUTATION, (response) => {
          const message = known ? "The secret is wrong." : "No such client.";
          return response.status === 401
            ? { ...json(401, { errors: [{ message }] }, response.headers) }
            : response;
        }),
      );
    },
    caughtBy: ["client-authentication/same-answer"],
  },
  {
    id: "unauthenticated-200",
    title: "Wrong credentials are answered with status 200 and an error.",
    options: () =>
      responding(MUTATION, (response) => ({
        ...response,
        status: response.status === 401 ? 200 : response.status,
      })),
    caughtBy: ["client-authentication/status-401", "client-authentication/before-the-body"],
  },
  {
    id: "no-challenge",
    title: "A response with status 401 has no challenge.",
    options: () => responding(MUTATION, (response) => withoutHeader(response, "www-authenticate")),
    caughtBy: ["client-authentication/challenge"],
  },
  {
    id: "no-realm",
    title: "The Basic challenge has no realm.",
    options: () =>
      responding(
        MUTATION,
        (response) =>
          response.status === 401
            ? { ...response, headers: { ...response.headers, "www-authenticate": "Basic" } }
            : response,
      ),
    caughtBy: ["client-authentication/challenge"],
  },
  {
    id: "body-before-credentials",
    title: "The body is parsed before the credentials are checked.",
    options: () =>
      receiving(MUTATION, (request, text) => {
        try {
          if (request.method === "POST") JSON.parse(text);
          return request;
        } catch {
          return json(400, { errors: [{ message: "The body is not JSON." }] });
        }
      }),
    caughtBy: ["client-authentication/before-the-body"],
  },
  {
    id: "credentials-echoed",
    title: "A refusal quotes the credentials.",
    options: () =>
      responding(MUTATION, (response, request) => {
        const message = `Cannot authenticate ${request.header("authorization")}`;
        return response.status === 401
          ? { ...json(401, { errors: [{ message }] }, response.headers) }
          : response;
      }),
    caughtBy: ["client-authentication/not-echoed"],
  },
  {
    id: "schema-for-everybody",
    title: "Introspection of the schema needs no credentials.",
    options: () =>
      admitting(MUTATION, (_request, text) => text.includes("__schema") ? "anybody" : null),
    caughtBy: ["client-authentication/introspection-of-the-schema"],
  },
  {
    id: "session-cookie",
    title: "A client that authenticated once is recognised by a cookie.",
    options: () =>
      combine(
        admitting(MUTATION, (request) =>
          /client=([^;]+)/.exec(request.header("cookie") ?? "")?.[1] ?? null),
        responding(MUTATION, (response, request) => {
          const cookie = `client=${presentedId(request)}`;
          return { ...response, headers: { ...response.headers, "set-cookie": cookie } };
        }),
      ),
    caughtBy: ["client-authentication/no-cookies"],
  },
  {
    id: "access-token-authenticates",
    title: "An access token for the Users API authenticates its client here.",
    options: () =>
      admitting(MUTATION, async (request, _text, service) => {
        const token = /^Bearer (.+)$/.exec(request.header("authorization") ?? "")?.[1];
        return token ? (await service.authorize(token))?.client ?? null : null;
      }),
    caughtBy: ["client-authentication/access-token"],
  },
  {
    id: "credentials-cached",
    title: "Credentials that were valid once are valid forever.",
    options: () => {
      const cache = new Map<string, Client>();
      return serving((service) => ({
        async authenticate(id, secret) {
          const key = `${id} ${secret}`;
          const client = cache.get(key) ?? await service.authenticate(id, secret);
          if (client !== null) cache.set(key, client);
          return client;
        },
      }));
    },
    caughtBy: ["client-authentication/old-secret"],
  },
  {
    id: "old-secret-at-once",
    title: "A new secret ends the old one at once, although an overlap is declared.",
    options: () => ({ undeclared: { secretOverlapSeconds: 0 } }),
    caughtBy: ["client-authentication/old-secret"],
  },
];
