/**
 * The protocol of the token endpoint (T4, T6, RFC 6749).
 * @module
 */
import { errorJson } from "../../../../adapters/http/exchange.ts";
import { PATHS } from "../../../../adapters/http/metadata.ts";
import type { Fault } from "../fault.ts";
import {
  admittingHolders,
  heading,
  INTROSPECT,
  receiving,
  receivingForm,
  replying,
  responding,
  TOKEN,
  withHeader,
  withoutHeader,
  withText,
} from "../hooks/http.ts";
import { combine } from "../hooks/ports.ts";

const FORM = "application/x-www-form-urlencoded";
const KNOWN = /^(?:grant_type|refresh_token|scope|token|token_type_hint|client_id|client_secret)$/;

/** Changes the status or the text of refusals. */
function refuses(status: number, rename: (body: string) => string = (body) => body) {
  return () =>
    responding(
      TOKEN,
      (response) =>
        response.body.includes('"invalid_grant"')
          ? { ...response, status, body: rename(response.body) }
          : response,
    );
}

function badRequest(path: string) {
  return responding(
    path,
    (response) =>
      response.status === 401
        ? { ...withoutHeader(response, "www-authenticate"), status: 400 }
        : response,
  );
}

/** The faults. */
export const TOKEN_ENDPOINT: readonly Fault[] = [
  {
    id: "no-grant-type",
    title: "grant_type may be omitted.",
    options: () =>
      receivingForm(TOKEN, (form) => {
        if (!form.has("grant_type")) form.set("grant_type", "refresh_token");
      }),
    caughtBy: ["tokens-refresh/no-grant-type"],
  },
  {
    id: "any-grant-type",
    title: "grant_type is not checked.",
    options: () => receivingForm(TOKEN, (form) => form.set("grant_type", "refresh_token")),
    caughtBy: ["tokens-refresh/unknown-grant-type"],
  },
  {
    id: "repeated-parameters",
    title: "Of a repeated parameter, the first one counts.",
    options: () =>
      receivingForm(TOKEN, (form) => {
        for (const name of new Set(form.keys())) form.set(name, form.get(name) ?? "");
      }),
    caughtBy: ["tokens-refresh/repeated-grant-type"],
  },
  {
    id: "empty-parameters",
    title: "An empty parameter counts as present.",
    options: () =>
      receivingForm(TOKEN, (form) => {
        if (form.get("refresh_token") === "") form.set("refresh_token", "empty");
      }),
    caughtBy: ["tokens-refresh/empty-refresh-token"],
  },
  {
    id: "empty-scope-is-none",
    title: "An empty scope is malformed instead of omitted.",
    options: () =>
      receivingForm(TOKEN, (form) => {
        if (form.get("scope") === "") form.set("scope", " ");
      }),
    caughtBy: ["tokens-refresh/scope-empty"],
  },
  {
    id: "json-at-token-endpoint",
    title: "The token endpoint accepts JSON.",
    options: () =>
      receiving(TOKEN, (request, text) =>
        text.startsWith("{")
          ? withHeader(
            withText(request, new URLSearchParams(JSON.parse(text)).toString()),
            "content-type",
            FORM,
          )
          : request),
    caughtBy: ["tokens-refresh/json-body"],
  },
  {
    id: "get-at-token-endpoint",
    title: "The token endpoint accepts its parameters in the URL.",
    options: () =>
      receiving(TOKEN, (request) => {
        if (request.method !== "GET") return request;
        const post = withText({ ...request, method: "POST" }, request.target.split("?")[1] ?? "");
        return withHeader(post, "content-type", FORM);
      }),
    caughtBy: ["tokens-refresh/get"],
  },
  {
    id: "two-methods",
    title: "A client may authenticate in two ways at once.",
    options: () => receivingForm(TOKEN, (form) => form.delete("client_secret")),
    caughtBy: ["tokens-refresh/two-methods"],
  },
  {
    id: "refresh-without-client",
    title: "A refresh needs no client authentication.",
    options: () => admittingHolders(TOKEN, "refresh_token"),
    caughtBy: ["tokens-refresh/no-client"],
  },
  {
    id: "wrong-secret-400",
    title: "A wrong secret at an OAuth endpoint is a bad request without a challenge.",
    options: () => combine(badRequest(TOKEN), badRequest(INTROSPECT)),
    caughtBy: ["tokens-refresh/wrong-secret", "tokens-refresh/introspect-unauthenticated"],
  },
  {
    id: "invalid-grant-401",
    title: "An invalid refresh token is answered with 401.",
    options: refuses(401),
    caughtBy: ["tokens-refresh/garbage", "tokens-refresh/foreign-client"],
  },
  {
    id: "invalid-grant-200",
    title: "An invalid refresh token is answered with 200 and an error.",
    options: refuses(200),
    caughtBy: ["tokens-refresh/garbage", "tokens-refresh/foreign-client"],
  },
  {
    id: "invalid-token-for-grant",
    title: "The error code for an invalid refresh token is invalid_token.",
    options: refuses(400, (body) => body.replace("invalid_grant", "invalid_token")),
    caughtBy: ["tokens-refresh/garbage"],
  },
  {
    id: "refresh-stored",
    title: "Responses of the token endpoint may be cached.",
    options: () => responding(TOKEN, (response) => withoutHeader(response, "cache-control")),
    caughtBy: ["tokens-refresh/refresh-no-store"],
  },
  {
    id: "refresh-as-html",
    title: "Responses of the token endpoint are declared as HTML.",
    options: () => heading(TOKEN, { "content-type": "text/html" }),
    caughtBy: ["tokens-refresh/refresh-content-type"],
  },
  {
    id: "expires-in-as-text",
    title: "expires_in of a refresh is a string.",
    options: () => replying(TOKEN, (body) => ({ ...body, expires_in: String(body["expires_in"]) })),
    caughtBy: ["tokens-refresh/refresh-members"],
  },
  {
    id: "refresh-token-type",
    title: "token_type of a refresh is the token type identifier of RFC 8693.",
    options: () =>
      replying(TOKEN, (body) => ({
        ...body,
        token_type: "urn:ietf:params:oauth:token-type:access_token",
      })),
    caughtBy: ["tokens-refresh/refresh"],
  },
  {
    id: "unknown-parameter-refused",
    title: "Unknown parameters are refused.",
    options: () =>
      receivingForm(
        TOKEN,
        (form) =>
          [...form.keys()].every((name) => KNOWN.test(name))
            ? undefined
            : errorJson(400, "invalid_request", "Unknown parameter."),
      ),
    caughtBy: ["tokens-refresh/unknown-parameter"],
  },
  {
    id: "metadata-without-response-types",
    title: "Server metadata leaves response_types_supported out.",
    options: () =>
      replying(PATHS.metadata, ({ response_types_supported: _, ...metadata }) => metadata),
    caughtBy: ["tokens-refresh/metadata"],
  },
];
