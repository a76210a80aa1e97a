/**
 * The token endpoint's protocol (T4, RFC 6749).
 * @module
 */
import type { Fault } from "../fault.ts";

const OAUTH = "adapters/http/oauth.ts";
const FORM = "adapters/http/form.ts";
const DIRECT = "adapters/direct.ts";
const REFUSED = 'if ("error" in tokens) return errorJson(400, tokens.error, tokens.message);';

/** The faults. */
export const TOKEN_ENDPOINT: readonly Fault[] = [
  {
    id: "no-grant-type",
    title: "grant_type may be left out.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      OAUTH,
      'const grantType = form.get("grant_type");',
      'const grantType = form.get("grant_type") ?? "refresh_token";',
    ]],
    caughtBy: ["tokens-refresh/no-grant-type"],
  },
  {
    id: "any-grant-type",
    title: "grant_type is not looked at.",
    rules: ["T4"],
    attacks: [],
    edits: [[OAUTH, 'if (grantType !== "refresh_token") {', 'if (grantType === "") {']],
    caughtBy: ["tokens-refresh/unknown-grant-type"],
  },
  {
    id: "repeated-parameters",
    title: "Of a repeated parameter the last one counts.",
    rules: ["T6"],
    attacks: ["IN-10"],
    edits: [[FORM, 'if (form.has(name)) return invalidRequest("A parameter is repeated.");', ""]],
    caughtBy: ["tokens-refresh/repeated-grant-type"],
  },
  {
    id: "empty-parameters",
    title: "An empty parameter counts as given.",
    rules: ["T6"],
    attacks: [],
    edits: [[FORM, 'for (const [name, value] of form) if (value === "") form.delete(name);', ""]],
    caughtBy: ["tokens-refresh/empty-refresh-token"],
  },
  {
    id: "empty-scope-is-none",
    title: "A refresh with an empty scope gets no scope.",
    rules: ["T6"],
    attacks: [],
    edits: [
      [FORM, 'for (const [name, value] of form) if (value === "") form.delete(name);', ""],
      [
        DIRECT,
        "const scope = request.scope ? readScope(request.scope) ?? [request.scope] : null;",
        "const scope = request.scope === undefined ? null : readScope(request.scope);",
      ],
    ],
    caughtBy: ["tokens-refresh/scope-empty"],
  },
  {
    id: "json-at-token-endpoint",
    title: "The token endpoint takes JSON.",
    rules: ["T4"],
    attacks: [],
    edits: [
      [FORM, 'if (type !== "application/x-www-form-urlencoded") {', 'if (type === "") {'],
      [
        FORM,
        "new URLSearchParams(text)",
        'text.startsWith("{") ? Object.entries(JSON.parse(text)) : new URLSearchParams(text)',
      ],
    ],
    caughtBy: ["tokens-refresh/json-body"],
  },
  {
    id: "get-at-token-endpoint",
    title: "The token endpoint takes its parameters from the URL.",
    rules: ["T4"],
    attacks: ["IN-10"],
    edits: [
      [
        "adapters/http/router.ts",
        'methods: ["POST"], handle, fault: oauthFault',
        'methods: ["GET", "POST"], handle, fault: oauthFault',
      ],
      [FORM, 'if (type !== "application/x-www-form-urlencoded") {', 'if (type === "-") {'],
      [
        FORM,
        "new URLSearchParams(text)",
        'new URLSearchParams(text || request.target.split("?")[1])',
      ],
    ],
    caughtBy: ["tokens-refresh/get"],
  },
  {
    id: "two-methods",
    title: "A client may authenticate in two ways at once.",
    rules: ["T4"],
    attacks: ["CA-02"],
    edits: [[
      OAUTH,
      'if (methods.length > 1) return invalidRequest("Authenticate in one way only.");',
      "",
    ]],
    caughtBy: ["tokens-refresh/two-methods"],
  },
  {
    id: "refresh-without-client",
    title: "Whoever holds a refresh token may use it, without being a client.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      OAUTH,
      "return await authenticate(service, isBasic(authorization) ? basic : posted) ??",
      `const token = form.get("refresh_token");
       if (methods.length === 0 && token !== undefined) {
         const live = await service.introspect({ id: "", role: "resource-server" }, token);
         if (live !== null) return { id: live.client };
       }
       return await authenticate(service, isBasic(authorization) ? basic : posted) ??`,
    ]],
    caughtBy: ["tokens-refresh/no-client"],
  },
  {
    id: "wrong-secret-400",
    title: "A wrong secret at the token endpoint is a bad request without a challenge.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      OAUTH,
      'errorJson(401, "invalid_client", MESSAGES.invalid_client, { "www-authenticate": BASIC_CHALLENGE, });',
      'errorJson(400, "invalid_client", MESSAGES.invalid_client);',
    ]],
    caughtBy: ["tokens-refresh/wrong-secret", "tokens-refresh/introspect-unauthenticated"],
  },
  {
    id: "invalid-grant-401",
    title: "A refresh token that is no good is answered with 401.",
    rules: ["T4"],
    attacks: [],
    edits: [[OAUTH, REFUSED, REFUSED.replace("400", "401")]],
    caughtBy: ["tokens-refresh/garbage", "tokens-refresh/foreign-client"],
  },
  {
    id: "invalid-grant-200",
    title: "A refresh token that is no good is answered with 200 and an error.",
    rules: ["T4"],
    attacks: [],
    edits: [[OAUTH, REFUSED, REFUSED.replace("400", "200")]],
    caughtBy: ["tokens-refresh/garbage", "tokens-refresh/foreign-client"],
  },
  {
    id: "invalid-token-for-grant",
    title: "A refresh token that is no good is called invalid_token.",
    rules: ["T4"],
    attacks: [],
    edits: [[OAUTH, REFUSED, REFUSED.replace("tokens.error", '"invalid_token"')]],
    caughtBy: ["tokens-refresh/garbage"],
  },
  {
    id: "refresh-stored",
    title: "Answers of the token endpoint may be stored.",
    rules: ["G9"],
    attacks: [],
    edits: [[
      OAUTH,
      'return json(200, body, { ...NO_STORE, pragma: "no-cache" });',
      "return json(200, body);",
    ]],
    caughtBy: ["tokens-refresh/refresh-no-store"],
  },
  {
    id: "refresh-as-html",
    title: "The token endpoint says that its answers are HTML.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      OAUTH,
      '{ ...NO_STORE, pragma: "no-cache" }',
      '{ ...NO_STORE, "content-type": "text/html" }',
    ]],
    caughtBy: ["tokens-refresh/refresh-content-type"],
  },
  {
    id: "expires-in-as-text",
    title: "expires_in of a refresh is a text.",
    rules: ["T4"],
    attacks: [],
    edits: [[OAUTH, "expires_in: tokens.expiresIn,", "expires_in: String(tokens.expiresIn),"]],
    caughtBy: ["tokens-refresh/refresh-members"],
  },
  {
    id: "refresh-token-type",
    title: "token_type of a refresh is that of an access token by RFC 8693.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      OAUTH,
      "token_type: tokens.tokenType,",
      'token_type: "urn:ietf:params:oauth:token-type:access_token",',
    ]],
    caughtBy: ["tokens-refresh/refresh"],
  },
  {
    id: "unknown-parameter-refused",
    title: "Unknown parameters are refused.",
    rules: ["T4"],
    attacks: [],
    edits: [[
      FORM,
      "return form; }",
      `const known = /^(?:grant_type|refresh_token|scope|token|token_type_hint|client_id|client_secret)$/;
       const odd = [...form.keys()].some((name) => !known.test(name));
       return odd ? invalidRequest("Unknown parameter.") : form; }`,
    ]],
    caughtBy: ["tokens-refresh/unknown-parameter"],
  },
];
