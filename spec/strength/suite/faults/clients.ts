/**
 * Clients that are not who they say they are (G7, G8).
 * @module
 */
import type { Fault } from "../fault.ts";

const CREDENTIALS = "adapters/http/credentials.ts";
const DIRECT = "adapters/direct.ts";
const PARTNERS = "adapters/http/partners.ts";
const AUTHENTICATE =
  'const client = await authenticate(service, readBasic(request.header("authorization")));';

/** The faults. */
export const CLIENTS: readonly Fault[] = [
  {
    id: "secret-not-compared",
    title: "A client id is enough.",
    rules: ["G7", "G8"],
    attacks: [],
    edits: [[
      DIRECT,
      'const known = matches.includes(true) && secret !== "";',
      "const known = matches.length > 0;",
    ]],
    caughtBy: ["client-authentication/wrong-secret", "client-authentication/secret-of-another"],
  },
  {
    id: "empty-secret",
    title:
      "An empty secret opens every account, because an absent second secret is compared as empty.",
    rules: ["G8"],
    attacks: [],
    edits: [
      [DIRECT, 'matches.includes(true) && secret !== "";', "matches.includes(true);"],
      [CREDENTIALS, "isClientId(id) && isClientId(secret)", "isClientId(id)"],
    ],
    caughtBy: ["client-authentication/empty-secret"],
  },
  {
    id: "secret-trimmed",
    title: "Blanks around a secret are dropped.",
    rules: ["G8"],
    attacks: [],
    edits: [[
      CREDENTIALS,
      "secret: formDecode(text.slice(colon + 1))",
      "secret: formDecode(text.slice(colon + 1)).trim()",
    ]],
    caughtBy: ["client-authentication/secret-with-space"],
  },
  {
    id: "any-scheme",
    title: "The name of the authentication scheme is not looked at.",
    rules: ["G7"],
    attacks: [],
    edits: [[CREDENTIALS, "/^basic +(", "/^\\w+ +("]],
    caughtBy: ["client-authentication/other-scheme"],
  },
  {
    id: "scheme-in-one-case",
    title: "Basic must be written with a capital B and nothing else.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      CREDENTIALS,
      "/^basic +([a-z0-9+/]+={0,2})$/i.exec(",
      "/^Basic +([A-Za-z0-9+/]+={0,2})$/.exec(",
    ]],
    caughtBy: ["client-authentication/scheme-case"],
  },
  {
    id: "credentials-in-query",
    title: "Credentials are also taken from the query string, and so from every log on the way.",
    rules: ["G7"],
    attacks: [],
    edits: [[
      PARTNERS,
      AUTHENTICATE,
      `const query = new URL(request.target, "http://localhost").searchParams;
      const inQuery = { id: query.get("client_id") ?? "", secret: query.get("client_secret") ?? "" };
      const client = await authenticate(service, readBasic(request.header("authorization")) ?? inQuery);`,
    ]],
    caughtBy: ["client-authentication/query-string"],
  },
  {
    id: "malformed-credentials-throw",
    title: "Credentials with a stray percent sign are a failure of the server.",
    rules: ["G8", "A2"],
    attacks: [],
    edits: [[CREDENTIALS, 'catch { return ""; }', "catch (error) { throw error; }"]],
    caughtBy: ["client-authentication/secret-wildcard"],
  },
  {
    id: "unknown-client-throws",
    title: "An unknown client is a failure of the server.",
    rules: ["G8"],
    attacks: ["SY-02"],
    edits: [[
      DIRECT,
      "const digest = sha256(secret);",
      'if (client === null) throw new Error("no such client"); const digest = sha256(secret);',
    ]],
    caughtBy: ["client-authentication/unknown-client", "client-authentication/same-answer"],
  },
  {
    id: "client-oracle",
    title: "The answer to wrong credentials tells whether the client is known.",
    rules: ["G8"],
    attacks: ["SY-02"],
    edits: [[
      PARTNERS,
      "if (client === null) return unauthenticated();",
      `if (client === null) {
        const { id = "" } = readBasic(request.header("authorization")) ?? {};
        const known = await service.disconnect("nobody", id)
          .catch((error) => error.code === "UNKNOWN_USER");
        const text = known ? "The secret is wrong." : "No such client.";
        return errorGraphql(401, "UNAUTHENTICATED", text, { "www-authenticate": BASIC_CHALLENGE });
      }`,
    ]],
    caughtBy: ["client-authentication/same-answer"],
  },
  {
    id: "unauthenticated-200",
    title: "Wrong credentials are answered with status 200 and an error.",
    rules: ["G8"],
    attacks: [],
    edits: [[PARTNERS, "errorGraphql(401,", "errorGraphql(200,"]],
    caughtBy: ["client-authentication/status-401", "client-authentication/before-the-body"],
  },
  {
    id: "no-challenge",
    title: "An answer with status 401 has no challenge.",
    rules: ["G8"],
    attacks: [],
    edits: [[PARTNERS, '"www-authenticate": BASIC_CHALLENGE,', '"x-note": "no challenge",']],
    caughtBy: ["client-authentication/challenge"],
  },
  {
    id: "no-realm",
    title: "The Basic challenge has no realm.",
    rules: ["G8"],
    attacks: [],
    edits: [[CREDENTIALS, 'realm="fetch-tokens-for-user", charset', "charset"]],
    caughtBy: ["client-authentication/challenge"],
  },
  {
    id: "body-before-credentials",
    title: "The body is parsed before the credentials are looked at.",
    rules: ["G8"],
    attacks: [],
    edits: [[
      PARTNERS,
      "return async (exchange) => { const { request, requestId, trace } = exchange;",
      `return async (given) => {
        const text = await given.request.body(65_536).catch(() => "");
        try {
          if (given.request.method === "POST") JSON.parse(text);
        } catch {
          return errorGraphql(400, "BAD_REQUEST", "The body is not JSON.");
        }
        const exchange = { ...given, request: { ...given.request, body: () => Promise.resolve(text) } };
        const { request, requestId, trace } = exchange;`,
    ]],
    caughtBy: ["client-authentication/before-the-body"],
  },
  {
    id: "credentials-echoed",
    title: "A refusal quotes the credentials.",
    rules: ["G9"],
    attacks: ["SY-01"],
    edits: [[
      PARTNERS,
      "if (client === null) return unauthenticated();",
      `if (client === null) {
        const text = "Cannot authenticate " + request.header("authorization");
        return errorGraphql(401, "UNAUTHENTICATED", text, { "www-authenticate": BASIC_CHALLENGE });
      }`,
    ]],
    caughtBy: ["client-authentication/not-echoed"],
  },
  {
    id: "schema-for-everybody",
    title: "Introspection of the schema needs no credentials.",
    rules: ["G8"],
    attacks: [],
    edits: [
      [
        PARTNERS,
        "return async (exchange) => { const { request, requestId, trace } = exchange;",
        `return async (given) => {
          const text = await given.request.body(65_536).catch(() => "");
          const exchange = { ...given, request: { ...given.request, body: () => Promise.resolve(text) } };
          const { request, requestId, trace } = exchange;
          if (text.includes("__schema")) return endpoint({ exchange, context: { client: { id: "" }, requestId } });`,
      ],
    ],
    caughtBy: ["client-authentication/introspection-of-the-schema"],
  },
  {
    id: "session-cookie",
    title: "A client that was authenticated once is known by a cookie.",
    rules: ["G8"],
    attacks: [],
    edits: [
      [
        PARTNERS,
        AUTHENTICATE,
        `const session = /client=([^;]+)/.exec(request.header("cookie") ?? "")?.[1];
        const client = session !== undefined
          ? { id: session }
          : await authenticate(service, readBasic(request.header("authorization")));`,
      ],
      [
        PARTNERS,
        "return endpoint({ exchange, context: { client, requestId, note } });",
        `const { headers, ...rest } = await endpoint({ exchange, context: { client, requestId, note } });
        return { ...rest, headers: { ...headers, "set-cookie": "client=" + client.id } };`,
      ],
    ],
    caughtBy: ["client-authentication/no-cookies"],
  },
  {
    id: "access-token-authenticates",
    title: "An access token for the Users API authenticates its client here.",
    rules: ["T3", "G7"],
    attacks: [],
    edits: [[
      PARTNERS,
      AUTHENTICATE,
      `const bearer = /^Bearer (.+)$/.exec(request.header("authorization") ?? "")?.[1];
      const live = bearer === undefined ? null : await service.authorize(bearer);
      const client = live !== null
        ? { id: live.client }
        : await authenticate(service, readBasic(request.header("authorization")));`,
    ]],
    caughtBy: ["client-authentication/access-token"],
  },
  {
    id: "credentials-cached",
    title: "Credentials that were right once are right for ever.",
    rules: ["G8", "R1"],
    attacks: ["CA-09", "CT-13", "SY-05"],
    edits: [
      [
        DIRECT,
        'const NO_DIGEST = sha256("");',
        'const NO_DIGEST = sha256(""); const VERIFIED = new Map();',
      ],
      [
        DIRECT,
        "const { client } = await shell.ports.store.read({ client: id });",
        `const cached = VERIFIED.get(id + " " + secret);
        if (cached) return cached;
        const { client } = await shell.ports.store.read({ client: id });`,
      ],
      [
        DIRECT,
        'if (known && client?.status === "enabled") return client;',
        `if (known && client?.status === "enabled") {
          VERIFIED.set(id + " " + secret, client);
          return client;
        }`,
      ],
    ],
    caughtBy: ["client-authentication/old-secret"],
  },
  {
    id: "old-secret-at-once",
    title: "A new secret ends the old one at once, whatever overlap is declared.",
    rules: ["G8"],
    attacks: ["CA-09"],
    edits: [[
      "core/registry.ts",
      "const end = now + settings.secretOverlapSeconds;",
      "const end = now;",
    ]],
    caughtBy: ["client-authentication/old-secret"],
  },
];
