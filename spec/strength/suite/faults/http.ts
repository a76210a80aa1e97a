/**
 * HTTP and GraphQL over HTTP, limits and leaks (G7, G9, A2).
 * @module
 */
import { json } from "../../../../adapters/http/exchange.ts";
import type { Fault } from "../fault.ts";
import {
  heading,
  inQuery,
  MUTATION,
  receiving,
  receivingJson,
  responding,
  withHeader,
  withoutHeader,
  withText,
} from "../hooks/http.ts";
import { answering, withMessage } from "../hooks/ports.ts";

const ENDPOINT = "adapters/http/graphql-endpoint.ts";
const DOCUMENTS = "adapters/http/documents.ts";
const TYPE = "content-type";

/** Accepts bodies of another media type; `read` turns such a body into JSON. */
function takesType(type: string, read: (text: string) => string = (text) => text) {
  return () =>
    receiving(
      MUTATION,
      (request, text) =>
        request.header(TYPE)?.startsWith(type)
          ? withHeader(withText(request, read(text)), TYPE, "application/json")
          : request,
    );
}

/** Answers with another status. */
function answersWith(status: number, applies: (status: number, body: string) => boolean) {
  return () =>
    responding(
      MUTATION,
      (response) => applies(response.status, response.body) ? { ...response, status } : response,
    );
}

function readForm(text: string): string {
  const form = new URLSearchParams(text);
  const variables = JSON.parse(form.get("variables") ?? "{}");
  return JSON.stringify({ query: form.get("query"), variables });
}

/** The faults. */
export const HTTP: readonly Fault[] = [
  {
    id: "mutation-by-get",
    title: "A mutation can be sent by GET, so a link is enough.",
    options: () =>
      receiving(MUTATION, (request) => {
        const query = request.method === "GET" ? inQuery(request, "query") : null;
        if (query === null) return request;
        const post = withText({ ...request, method: "POST" }, JSON.stringify({ query }));
        return withHeader(post, TYPE, "application/json");
      }),
    caughtBy: ["http/get", "http/get-status"],
  },
  {
    id: "text-plain",
    title: "A body of type text/plain is accepted, so any web page can send it.",
    options: takesType("text/plain"),
    caughtBy: ["http/text-plain"],
  },
  {
    id: "form",
    title: "A form is accepted, so any web page can send it.",
    options: takesType("application/x-www-form-urlencoded", readForm),
    caughtBy: ["http/form"],
  },
  {
    id: "multipart",
    title: "multipart/form-data is accepted.",
    options: takesType("multipart/form-data", (text) => /^[{].*$/m.exec(text)?.[0] ?? ""),
    caughtBy: ["http/multipart"],
  },
  {
    id: "charset-refused",
    title: "application/json with a charset is refused.",
    options: () =>
      receiving(
        MUTATION,
        (request) => request.header(TYPE)?.includes("charset") ? json(415, {}) : request,
      ),
    caughtBy: ["http/content-type-charset"],
  },
  {
    id: "batches",
    title: "A list of requests is executed one by one.",
    options: () => ({
      handler: (handler) => async (request) => {
        const text = await request.body(100_000).catch(() => "");
        if (!text.startsWith("[")) return handler(withText(request, text));
        const results: unknown[] = [];
        for (const one of JSON.parse(text)) {
          const { body } = await handler(withText(request, JSON.stringify(one)));
          results.push(JSON.parse(body));
        }
        return json(200, results);
      },
    }),
    caughtBy: ["http/batch"],
  },
  {
    id: "malformed-500",
    title: "A body that is not JSON causes an internal error.",
    options: () =>
      receiving(
        MUTATION,
        (request, text) =>
          request.method === "POST" && !/^[{[]/.test(text) ? json(500, {}) : request,
      ),
    caughtBy: ["http/empty-body", "http/json-null"],
  },
  {
    id: "malformed-200",
    title: "A body that is not a request is answered with status 200.",
    options: answersWith(200, (status) => status === 400),
    caughtBy: ["http/not-json", "http/no-query"],
  },
  {
    id: "user-error-status",
    title: "User errors are answered with status 422.",
    options: answersWith(422, (status, body) => status === 200 && body.includes('"code":"')),
    caughtBy: ["tokens-refresh/user-error-status"],
  },
  {
    id: "answers-stored",
    title: "Responses with tokens may be cached.",
    options: () => responding(MUTATION, (response) => withoutHeader(response, "cache-control")),
    caughtBy: ["http/no-store"],
  },
  {
    id: "answers-public",
    title: "Responses with tokens may be cached by anyone for an hour.",
    options: () => heading(MUTATION, { "cache-control": "public, max-age=3600" }),
    caughtBy: ["http/no-store"],
  },
  {
    id: "answers-as-html",
    title: "Responses are declared as HTML.",
    options: () => heading(MUTATION, { [TYPE]: "text/html" }),
    caughtBy: ["http/json"],
  },
  {
    id: "accept-ignored",
    title: "Every response is application/json, whatever Accept says.",
    options: () => heading(MUTATION, { [TYPE]: "application/json" }),
    caughtBy: ["http/graphql-response-json"],
  },
  {
    id: "accept-required",
    title: "Accept: */* is refused.",
    options: () =>
      receiving(
        MUTATION,
        (request) => request.header("accept") === "*/*" ? json(406, {}) : request,
      ),
    caughtBy: ["http/accept-anything"],
  },
  {
    id: "extensions-refused",
    title: "A request with extensions is refused.",
    options: () => receivingJson(MUTATION, (body) => "extensions" in body ? null : body),
    caughtBy: ["http/extensions-ignored"],
  },
  {
    id: "any-origin",
    title: "Any web page may read the responses.",
    options: () => heading(MUTATION, { "access-control-allow-origin": "*" }),
    caughtBy: ["http/no-wildcard-origin"],
  },
  {
    id: "any-path",
    title: "Every path leads to the mutation.",
    options: () => ({
      handler: (handler) => async (request) => {
        const response = await handler(request);
        return response.status === 404 ? await handler({ ...request, target: MUTATION }) : response;
      },
    }),
    caughtBy: ["http/unknown-path"],
  },
  {
    id: "stack-traces",
    title: "Errors carry stack traces.",
    options: () =>
      responding(MUTATION, (response) => {
        if (response.status < 400 || !response.body.startsWith("{")) return response;
        const body = {
          ...JSON.parse(response.body),
          extensions: { stacktrace: new Error().stack },
        };
        return { ...response, body: JSON.stringify(body) };
      }),
    caughtBy: ["http/no-stack"],
  },
  {
    id: "syntax-errors-quote",
    title: "A syntax error quotes the source.",
    edits: [[
      DOCUMENTS,
      "return new GraphQLError(withoutFound(error.message), {",
      "return new GraphQLError(error.message + source?.body, {",
    ]],
    caughtBy: ["http/nothing-echoed"],
  },
  {
    id: "validation-errors-quote",
    title: "A validation error quotes the value.",
    edits: [
      [DOCUMENTS, "validate(schema, withoutValues(document))", "validate(schema, document)"],
      [
        DOCUMENTS,
        "new GraphQLError(withoutLongNames(message, schema), {",
        "new GraphQLError(message, {",
      ],
    ],
    caughtBy: ["http/nothing-echoed"],
  },
  {
    id: "variable-errors-quote",
    title: "An error about a variable quotes its value.",
    edits: [[ENDPOINT, "misfits.map(withoutItsValue)", "misfits"]],
    caughtBy: ["http/nothing-echoed"],
  },
  {
    id: "token-quoted",
    title: "The message of INVALID_TOKEN quotes the token.",
    options: () =>
      answering((payload, { consentToken }) =>
        consentToken && payload.userErrors[0]?.code === "INVALID_TOKEN"
          ? withMessage(payload, `Consent token is invalid: ${consentToken}`)
          : payload
      ),
    caughtBy: ["http/nothing-echoed", "consent-token/one-message"],
  },
];
