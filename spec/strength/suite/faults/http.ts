/**
 * HTTP and GraphQL over it, limits and leaks (G7, G9, A2).
 * @module
 */
import type { Fault } from "../fault.ts";

const ENDPOINT = "adapters/http/graphql-endpoint.ts";
const ROUTER = "adapters/http/router.ts";
const DOCUMENTS = "adapters/http/documents.ts";
const JSON_TYPE = 'return type.trim() === "application/json" &&';
const REQUEST = "const request = { method, url, headers, body: null, raw: exchange, context };";

/** The faults. */
export const HTTP: readonly Fault[] = [
  {
    id: "mutation-by-get",
    title: "A mutation can be sent by GET, so a link is enough.",
    rules: ["G7"],
    attacks: ["IN-10"],
    edits: [[
      ENDPOINT,
      REQUEST,
      `const query = method === "GET" ? new URL(url, "http://localhost").searchParams.get("query") : null;
       const post = {
         ...exchange.request,
         header: (name) => name === "content-type" ? "application/json" : exchange.request.header(name),
         body: () => Promise.resolve(JSON.stringify({ query })),
       };
       const request = query === null
         ? { method, url, headers, body: null, raw: exchange, context }
         : { method: "POST", url, headers, body: null, raw: { ...exchange, request: post }, context };`,
    ]],
    caughtBy: ["http/get", "http/get-status"],
  },
  {
    id: "text-plain",
    title: "A body of type text/plain is taken, so any web page can send it.",
    rules: ["G7"],
    attacks: ["IN-10"],
    edits: [[
      ENDPOINT,
      JSON_TYPE,
      'return ["application/json", "text/plain"].includes(type.trim()) &&',
    ]],
    caughtBy: ["http/text-plain"],
  },
  {
    id: "form",
    title: "A form is taken, so any web page can send it.",
    rules: ["G7"],
    attacks: ["IN-10"],
    edits: [
      [ENDPOINT, JSON_TYPE, 'return type.trim().startsWith("application/") &&'],
      [
        ENDPOINT,
        "data = parseStrictJson(text);",
        `const form = new URLSearchParams(text);
         data = text.startsWith("{")
           ? parseStrictJson(text)
           : { query: form.get("query"), variables: JSON.parse(form.get("variables") ?? "{}") };`,
      ],
    ],
    caughtBy: ["http/form"],
  },
  {
    id: "multipart",
    title: "multipart/form-data is taken.",
    rules: ["G7"],
    attacks: ["IN-10"],
    edits: [
      [
        ENDPOINT,
        JSON_TYPE,
        'return ["application/json", "multipart/form-data"].includes(type.trim()) &&',
      ],
      [
        ENDPOINT,
        "data = parseStrictJson(text);",
        'data = parseStrictJson(/^[{].*$/m.exec(text)?.[0] ?? "");',
      ],
    ],
    caughtBy: ["http/multipart"],
  },
  {
    id: "charset-refused",
    title: "application/json with a charset is another type.",
    rules: ["G7"],
    attacks: [],
    edits: [[ENDPOINT, JSON_TYPE, 'return contentType === "application/json" &&']],
    caughtBy: ["http/content-type-charset"],
  },
  {
    id: "batches",
    title: "A list of requests is executed, one after the other.",
    rules: ["G7", "A2"],
    attacks: ["IN-07"],
    edits: [[
      ENDPOINT,
      REQUEST,
      `const text = method === "POST" ? await exchange.request.body(MAX_BODY_BYTES).catch(() => "") : "";
       const again = (body) => ({ ...exchange, request: { ...exchange.request, body: () => Promise.resolve(body) } });
       if (text.startsWith("[")) {
         const results = [];
         for (const one of JSON.parse(text)) {
           const raw = again(JSON.stringify(one));
           results.push(toHttpResponse(await handle({ method, url, headers, body: null, raw, context })).body);
         }
         return json(200, results.map((result) => JSON.parse(result)));
       }
       const request = { method, url, headers, body: null, raw: again(text), context };`,
    ]],
    caughtBy: ["http/batch"],
  },
  {
    id: "malformed-500",
    title: "A body that is no JSON is a failure of the server.",
    rules: ["G7", "A2"],
    attacks: ["IN-10"],
    edits: [[
      ENDPOINT,
      "const data = parseBody(text);",
      'if (!/^[{[]/.test(text)) return toTuple(errorGraphql(500, "ERROR", "Oops.")); const data = parseBody(text);',
    ]],
    caughtBy: ["http/empty-body", "http/json-null"],
  },
  {
    id: "malformed-200",
    title: "A body that is no request is answered with status 200.",
    rules: ["G7"],
    attacks: ["IN-10"],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      "status: 200, headers: { ...NO_STORE, ...headers },",
    ]],
    caughtBy: ["http/not-json", "http/no-query"],
  },
  {
    id: "user-error-status",
    title: "User errors are answered with status 422.",
    rules: ["G5"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      'status: body?.includes(\'"code":"\') && status === 200 ? 422 : status, headers: { ...NO_STORE, ...headers },',
    ]],
    caughtBy: ["tokens-refresh/user-error-status"],
  },
  {
    id: "answers-stored",
    title: "Answers with tokens may be stored.",
    rules: ["G9"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      "status, headers: { ...headers },",
    ]],
    caughtBy: ["http/no-store"],
  },
  {
    id: "answers-public",
    title: "Answers with tokens may be stored by anybody for an hour.",
    rules: ["G9"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      'status, headers: { ...headers, "cache-control": "public, max-age=3600" },',
    ]],
    caughtBy: ["http/no-store"],
  },
  {
    id: "answers-as-html",
    title: "Answers say that they are HTML.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      'status, headers: { ...NO_STORE, ...headers, "content-type": "text/html" },',
    ]],
    caughtBy: ["http/json"],
  },
  {
    id: "accept-ignored",
    title: "Every answer is application/json, whatever was asked for.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "status, headers: { ...NO_STORE, ...headers },",
      'status, headers: { ...NO_STORE, ...headers, "content-type": "application/json" },',
    ]],
    caughtBy: ["http/graphql-response-json"],
  },
  {
    id: "accept-required",
    title: "Who accepts anything is refused.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      ENDPOINT,
      REQUEST,
      `if (headers.get("accept") === "*/*") return errorGraphql(406, "NOT_ACCEPTABLE", "Say what."); ${REQUEST}`,
    ]],
    caughtBy: ["http/accept-anything"],
  },
  {
    id: "extensions-refused",
    title: "A request with extensions is refused.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      ENDPOINT,
      "if (isJsonObject(data)) return data;",
      'if (isJsonObject(data) && !("extensions" in data)) return data;',
    ]],
    caughtBy: ["http/extensions-ignored"],
  },
  {
    id: "any-origin",
    title: "Any web page may read the answers.",
    rules: ["G9"],
    attacks: [],
    edits: [[
      ROUTER,
      'return { status, headers: { ...headers, "x-request-id": exchange.requestId }, body };',
      'return { status, headers: { ...headers, "access-control-allow-origin": request.header("origin") ?? "*" }, body };',
    ]],
    caughtBy: ["http/no-wildcard-origin"],
  },
  {
    id: "any-path",
    title: "Every path leads to the mutation.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      ROUTER,
      "const route = routes.get(path);",
      "const route = routes.get(path) ?? routes.get(PATHS.partners);",
    ]],
    caughtBy: ["http/unknown-path"],
  },
  {
    id: "stack-traces",
    title: "Errors carry stack traces.",
    rules: ["G9", "A2"],
    attacks: ["SY-01"],
    edits: [[
      ENDPOINT,
      'extensions: { code: "BAD_REQUEST" } }),',
      'extensions: { code: "BAD_REQUEST", stacktrace: error.stack } }),',
    ]],
    caughtBy: ["http/no-stack"],
  },
  {
    id: "syntax-errors-quote",
    title: "A syntax error quotes what was found.",
    rules: ["G9"],
    attacks: ["SY-01"],
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
    rules: ["G9"],
    attacks: ["SY-01"],
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
    rules: ["G9"],
    attacks: ["SY-01"],
    edits: [[
      ENDPOINT,
      "misfits.map(withoutItsValue)",
      "misfits",
    ]],
    caughtBy: ["http/nothing-echoed"],
  },
  {
    id: "token-quoted",
    title: "The message of INVALID_TOKEN quotes the token.",
    rules: ["G9", "C1"],
    attacks: ["SY-01"],
    edits: [[
      "adapters/direct.ts",
      "return await rejectConsent(shell, client, consent.rejected);",
      `const answer = await rejectConsent(shell, client, consent.rejected);
       const message = "Consent token is invalid: " + selected.consentToken;
       return { ...answer, userErrors: [{ ...answer.userErrors[0], message }] };`,
    ]],
    caughtBy: ["http/nothing-echoed", "consent-token/one-message"],
  },
];
