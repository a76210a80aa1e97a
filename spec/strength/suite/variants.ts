/**
 * Servers that made other choices than the reference server, and as good ones. An implementation must
 * not be failed for having decided otherwise.
 * @module
 */
import type { Variant } from "./fault.ts";

const DIRECT = "adapters/direct.ts";

/** The variants. */
export const VARIANTS: readonly Variant[] = [
  {
    id: "jwt-access-tokens",
    title: "Access tokens are JWTs.",
    because: "The vendor says nothing about the form of tokens; RFC 9068 gives one.",
    options: { jwt: true },
    edits: [],
  },
  {
    id: "strict-single-use",
    title: "A consent token is answered once, whatever happens to the response.",
    because: "To forgive lost responses is this project's idea.",
    options: { settings: { consentRetrySeconds: 0 } },
    edits: [],
  },
  {
    id: "stricter-lifetimes",
    title: "Everything lives shorter, no clock difference is forgiven, two families a connection.",
    because: "The vendor documents no number.",
    options: {
      settings: {
        accessTokenSeconds: 60,
        refreshIdleSeconds: 600,
        refreshAbsoluteSeconds: 3600,
        refreshDuplicateSeconds: 0,
        consentMaxLifetimeSeconds: 45,
        consentSkewSeconds: 0,
        maxFamilies: 2,
        secretOverlapSeconds: 0,
      },
    },
    edits: [],
  },
  {
    id: "other-messages",
    title: "Messages are in other words, and in another language.",
    because: "Messages are for people; codes are for programs.",
    edits: [
      ["core/message.ts", '"Consent token is invalid."', '"Das geht so nicht."'],
      [
        "core/message.ts",
        '"User has not consented to the requested scope."',
        '"Ohne Zustimmung geht das nicht."',
      ],
      ["core/message.ts", '"No user found."', '"Niemand da."'],
      [
        "core/message.ts",
        '"Provide exactly one of publicId and consentToken."',
        '"Genau eines, bitte."',
      ],
      ["core/message.ts", '"Client authentication failed."', '"Wer da?"'],
    ],
  },
  {
    id: "other-scope-order",
    title: "The tokens of a scope come in another order.",
    because: "A scope is a set (RFC 6749 §3.3).",
    edits: [["core/scope.ts", 'return scope.join(" ");', 'return [...scope].reverse().join(" ");']],
  },
  {
    id: "user-error-for-input",
    title: "Both or neither input is a user error, not a top-level error.",
    because: "The vendor says that exactly one is to be given, not how the rest is refused.",
    edits: [
      [
        DIRECT,
        "throw new InputError(MESSAGES.BAD_USER_INPUT);",
        'return refused("publicId", "NO_USER");',
      ],
    ],
  },
  {
    id: "bad-request-for-input",
    title: "Both or neither input is answered with status 400.",
    because: "GraphQL over HTTP leaves it open; no token is given away.",
    edits: [[
      "adapters/http/graphql-endpoint.ts",
      "status, headers: { ...NO_STORE, ...headers },",
      'status: body?.includes("BAD_USER_INPUT") ? 400 : status, headers: { ...NO_STORE, ...headers },',
    ]],
  },
  {
    id: "no-introspection-no-revocation",
    title: "There is no introspection endpoint and no revocation endpoint.",
    because: "The vendor documents neither.",
    options: { without: ["introspection", "revocation"] },
    edits: [],
  },
  {
    id: "mutation-and-refresh-alone",
    title: "There is nothing but the mutation and the token endpoint.",
    because: "What other endpoints there are is open.",
    options: { without: ["introspection", "revocation", "users"] },
    edits: [],
  },
  {
    id: "other-token-prefixes",
    title: "Tokens have other prefixes, or none.",
    because: "Tokens are opaque to those who hold them.",
    edits: [
      ["adapters/tokens/opaque.ts", 'access: "ftfu_at_"', 'access: ""'],
      ["adapters/tokens/opaque.ts", 'refresh: "ftfu_rt_"', 'refresh: "shprt-"'],
    ],
  },
  {
    id: "smaller-limits",
    title: "Requests may be a quarter as large, and hold one mutation field.",
    because: "Every server has its limits.",
    edits: [
      ["adapters/http/graphql-endpoint.ts", "MAX_BODY_BYTES = 65_536", "MAX_BODY_BYTES = 20_000"],
      ["adapters/http/partners.ts", "mutationFields = 10", "mutationFields = 1"],
      ["adapters/http/documents.ts", "tokens: 4000", "tokens: 1000"],
    ],
  },
  {
    id: "no-harness-clock",
    title: "The harness has no clock.",
    because: "Not every implementation can be told the time.",
    edits: [[
      "adapters/dev/harness.ts",
      '.filter((name) => name !== "describe")',
      '.filter((name) => !["describe", "clock"].includes(name))',
    ]],
  },
  {
    id: "mint-only-harness",
    title: "The harness signs with its own key and trusts no other.",
    because: "Not every implementation can be told whom to trust.",
    edits: [[
      "adapters/dev/harness.ts",
      '.filter((name) => name !== "describe")',
      '.filter((name) => !["describe", "trust"].includes(name))',
    ]],
  },
  {
    id: "one-algorithm",
    title: "Consent tokens are signed with ES256 alone.",
    because: "The vendor documents no algorithm.",
    edits: [
      [
        "adapters/dev/harness.ts",
        'algorithms: ["ES256", "RS256", "EdDSA"]',
        'algorithms: ["ES256"]',
      ],
      ["adapters/consent/verifier.ts", '["ES256", "RS256", "EdDSA", "Ed25519"]', '["ES256"]'],
    ],
  },
  {
    id: "refresh-token-kept",
    title: "A refresh token is not rotated.",
    because: "RFC 9700 asks for rotation of public clients only; these authenticate.",
    edits: [[
      "core/refresh.ts",
      "const rotated = rotateFamily(family, context);",
      "const rotated = { ...family, generationStartedAt: context.now };",
    ]],
  },
  {
    id: "claims-less-strict",
    title: "typ, kid and the number of audiences are not looked at.",
    because: "The vendor documents none of them.",
    edits: [
      [
        "adapters/consent/verifier.ts",
        'if (typeof typ !== "string" || !TYPE.test(typ)) return "consent_type";',
        "",
      ],
      [
        "adapters/consent/verifier.ts",
        "find: (kid) => keys.get(kid) ?? null",
        "find: (kid) => keys.get(kid) ?? [...keys.values()][0] ?? null",
      ],
      [
        "core/consent.ts",
        'Array.isArray(claims["aud"]) && claims["aud"].length === 1',
        'Array.isArray(claims["aud"])',
      ],
    ],
  },
  {
    id: "body-credentials-refused",
    title: "The token endpoint takes HTTP Basic alone, and writes bearer in lower case.",
    because: "RFC 6749 §2.3.1 demands Basic; token_type has no case (§5.1).",
    edits: [
      ["adapters/http/oauth.ts", "isBasic(authorization) ? basic : posted", "basic"],
      ["adapters/http/oauth.ts", "token_type: tokens.tokenType,", 'token_type: "bearer",'],
    ],
  },
  {
    id: "forgets-what-is-over",
    title: "Before every command everything is swept that can never live again.",
    because: "When an implementation cleans up is its own affair.",
    edits: [[
      "adapters/shell.ts",
      "const decision = await ports.store.transact(",
      "await ports.store.sweep(horizonAt(now(), settings), 10_000); const decision = await ports.store.transact(",
    ], [
      "adapters/shell.ts",
      "import { hex,",
      'import { horizonAt } from "../core/sweep.ts"; import { hex,',
    ]],
  },
  {
    id: "unauthenticated-403",
    title: "Wrong credentials at the mutation are answered with 403.",
    because: "The vendor documents no status.",
    edits: [["adapters/http/partners.ts", "errorGraphql(401,", "errorGraphql(403,"]],
  },
];
