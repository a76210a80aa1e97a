/**
 * Tokens that are weak, and tokens in places where they do not belong (T1–T3, T8).
 * @module
 */
import type { Fault } from "../fault.ts";

const TOKENS = "adapters/tokens/opaque.ts";
const DIRECT = "adapters/direct.ts";
const USERS = "adapters/http/users.ts";
const OPENED = "const genuine = await shell.ports.tokens.open(token); // The Users API";

/** Judges the scope by what the document asks for, and does not look into some fragments. */
function missesFragments(kind: string, node: string): Fault {
  return {
    id: `users-api-${kind}-fragment`,
    title: `The Users API does not see that user is asked for in ${
      kind === "named" ? "a" : "an"
    } ${kind} fragment.`,
    rules: ["T8"],
    attacks: [],
    edits: [
      [
        USERS,
        "user: (_root: unknown, _args: unknown, { token }: UsersContext) => {",
        `user: (_root: unknown, _args: unknown, { token }: UsersContext, info: any) => {
           const hidden = info.operation.selectionSet.selections.every((one: any) => one.kind === "${node}");`,
      ],
      [
        USERS,
        "if (!token.scope.includes(USER_SCOPE)) {",
        "if (!token.scope.includes(USER_SCOPE) && !hidden) {",
      ],
    ],
    caughtBy: [`tokens-refresh/users-api-scope-${kind}-fragment`],
  };
}

/** The faults. */
export const TOKEN_FAULTS: readonly Fault[] = [
  {
    id: "one-token-for-both",
    title: "One string is access token and refresh token.",
    rules: ["T2"],
    attacks: ["RF-12"],
    edits: [[
      DIRECT,
      'if (tokens === null) return refused(field, "INVALID_TOKEN"); return { ...tokens,',
      `if (tokens === null) return refused(field, "INVALID_TOKEN");
       return { ...tokens, refreshToken: tokens.accessToken,`,
    ]],
    caughtBy: ["tokens-refresh/two-tokens"],
  },
  {
    id: "tokens-counted",
    title: "Tokens are numbers in a row.",
    rules: ["T2"],
    attacks: [],
    edits: [
      [
        TOKENS,
        "accessToken === null ? null : { accessToken, refreshToken };",
        "accessToken === null ? null : { accessToken: number(accessToken), refreshToken };",
      ],
      [TOKENS, "open(token) {", "open(short) { const token = NUMBERS.get(short) ?? short;"],
      [
        TOKENS,
        "const VERSION = 1;",
        `const VERSION = 1;
         const NUMBERS = new Map();
         const number = (token) => {
           NUMBERS.set("at-" + (1000 + NUMBERS.size), token);
           return "at-" + (999 + NUMBERS.size);
         };`,
      ],
    ],
    caughtBy: ["tokens-refresh/token-strength"],
  },
  {
    id: "token-characters",
    title: "Access tokens hold characters that do not fit into an Authorization header.",
    rules: ["T8"],
    attacks: [],
    edits: [[TOKENS, 'access: "ftfu_at_"', 'access: "ftfu:at:"']],
    caughtBy: ["tokens-refresh/token-characters", "tokens-refresh/users-api"],
  },
  {
    id: "mac-not-compared",
    title: "The MAC of a token is not compared.",
    rules: ["T2"],
    attacks: [],
    edits: [[
      TOKENS,
      "if (!mac || !timingSafeEqual(mac(framed), bytes.subarray(-MAC_BYTES))) return null;",
      "if (!mac) return null;",
    ]],
    caughtBy: ["tokens-refresh/altered-access-token"],
  },
  {
    id: "mac-cut-short",
    title: "Only the first four bytes of a MAC are compared.",
    rules: ["T2"],
    attacks: [],
    edits: [[
      TOKENS,
      "timingSafeEqual(mac(framed), bytes.subarray(-MAC_BYTES))",
      "timingSafeEqual(mac(framed).subarray(0, 4), bytes.subarray(-MAC_BYTES).subarray(0, 4))",
    ]],
    caughtBy: ["tokens-refresh/altered-access-token"],
  },
  {
    id: "jwt-of-no-kind",
    title: "JWT access tokens have the typ of any JWT.",
    rules: ["T3"],
    attacks: ["CT-07"],
    options: { jwt: true },
    edits: [["adapters/tokens/jwt/at-jwt.ts", 'const TYPE = "at+jwt";', 'const TYPE = "JWT";']],
    caughtBy: ["tokens-refresh/access-token-kind"],
  },
  {
    id: "jwt-without-audience",
    title: "JWT access tokens have no audience.",
    rules: ["T3"],
    attacks: [],
    options: { jwt: true },
    edits: [
      ["adapters/tokens/jwt/at-jwt.ts", "iss: issuer, aud: audience, jti }", "iss: issuer, jti }"],
      [
        "adapters/tokens/jwt/at-jwt.ts",
        'claims["iss"] === issuer && claims["aud"] === audience',
        'claims["iss"] === issuer',
      ],
    ],
    caughtBy: ["tokens-refresh/access-token-kind"],
  },
  {
    id: "private-key-published",
    title: "The key set of JWT access tokens holds the private keys.",
    rules: ["T3"],
    attacks: [],
    options: { jwt: true },
    edits: [[
      "adapters/tokens/jwt/signing-keys.ts",
      "allKeys(dropRetiredSigningKeys(keys, now)).map(publicJwk)",
      "allKeys(dropRetiredSigningKeys(keys, now))",
    ]],
    caughtBy: ["tokens-refresh/key-set"],
  },
  {
    id: "answer-lies-about-lifetime",
    title: "expiresIn at the end of a family is that of an ordinary token.",
    rules: ["T1", "G6"],
    attacks: ["SC-14"],
    edits: [[
      DIRECT,
      'expiresIn: grant.accessExpiresAt - grant.issuedAt, scope: writeScope(grant.scope), tokenType: "Bearer", }; }',
      'expiresIn: shell.settings.accessTokenSeconds, scope: writeScope(grant.scope), tokenType: "Bearer", }; }',
    ]],
    caughtBy: ["tokens-refresh/idle-begins-anew"],
  },
  {
    id: "refresh-token-as-bearer",
    title: "The Users API takes refresh tokens.",
    rules: ["T8"],
    attacks: ["RF-12"],
    edits: [[DIRECT, '(caller === null && genuine.kind !== "access")', "false"]],
    caughtBy: ["tokens-refresh/users-api-refresh-token"],
  },
  {
    id: "access-token-refreshes",
    title: "An access token is as good as a refresh token at the token endpoint.",
    rules: ["T4"],
    attacks: ["RF-12"],
    edits: [
      [DIRECT, 'if (token?.kind !== "refresh") {', "if (token === null) {"],
      [
        "core/refresh.ts",
        "const age = family.generation - generation;",
        "const age = generation === undefined ? 0 : family.generation - generation;",
      ],
      [
        "core/refresh.ts",
        "(age === 0 && salt !== family.salt)",
        "(age === 0 && salt !== undefined && salt !== family.salt)",
      ],
    ],
    caughtBy: ["tokens-refresh/access-token-as-refresh-token"],
  },
  {
    id: "consent-token-as-bearer",
    title: "The Users API takes consent tokens.",
    rules: ["T3", "T8"],
    attacks: ["CT-07"],
    edits: [[
      DIRECT,
      OPENED,
      `const consent = caller === null ? await verifyConsentToken(shell, token) : { rejected: "" };
       if (!("rejected" in consent)) return { ...consent, kind: "access" };
       ${OPENED}`,
    ]],
    caughtBy: ["tokens-refresh/users-api-consent-token"],
  },
  {
    id: "client-at-users-api",
    title: "Client credentials open the Users API.",
    rules: ["T8"],
    attacks: [],
    edits: [[
      USERS,
      "const token = bearer === null ? null : await service.authorize(bearer);",
      `const basic = /^Basic /.test(request.header("authorization") ?? "");
       const token = basic ? { scope: [] } : bearer === null ? null : await service.authorize(bearer);`,
    ]],
    caughtBy: ["tokens-refresh/users-api-client-credentials"],
  },
  {
    id: "token-in-query",
    title: "The Users API takes access tokens from the URL.",
    rules: ["T8"],
    attacks: [],
    edits: [[
      USERS,
      'const bearer = readBearer(request.header("authorization"));',
      `const query = new URL(request.target, "http://localhost").searchParams;
       const bearer = readBearer(request.header("authorization")) ?? query.get("access_token");`,
    ]],
    caughtBy: ["tokens-refresh/token-in-query"],
  },
  {
    id: "users-api-no-challenge",
    title: "The Users API refuses a token without a challenge.",
    rules: ["T8"],
    attacks: [],
    edits: [[
      USERS,
      '{ "www-authenticate": challenge }); } function insufficientScope',
      "{}); } function insufficientScope",
    ]],
    caughtBy: ["tokens-refresh/users-api-garbage", "tokens-refresh/users-api-nobody"],
  },
  {
    id: "users-api-no-scope",
    title: "The Users API tells whose a token is, whatever its scope.",
    rules: ["T8"],
    attacks: [],
    edits: [[USERS, "if (!token.scope.includes(USER_SCOPE)) {", "if (token.scope.length === 0) {"]],
    caughtBy: ["tokens-refresh/users-api-scope"],
  },
  missesFragments("named", "FragmentSpread"),
  missesFragments("inline", "InlineFragment"),
  {
    id: "users-api-403",
    title: "The Users API answers a dead token with 403.",
    rules: ["T8"],
    attacks: [],
    edits: [[USERS, 'errorGraphql(401, "UNAUTHENTICATED"', 'errorGraphql(403, "UNAUTHENTICATED"']],
    caughtBy: ["tokens-refresh/users-api-garbage", "tokens-refresh/users-api-invalid-token"],
  },
  {
    id: "users-api-open",
    title: "The Users API answers without any token.",
    rules: ["T8"],
    attacks: [],
    edits: [[
      USERS,
      "if (token === null) return unauthorized(bearer !== null);",
      "if (token === null && bearer !== null) return unauthorized(true);",
    ]],
    caughtBy: ["tokens-refresh/users-api-nobody"],
  },
];
