/**
 * Tokens that are weak, and tokens that are accepted where they do not belong (T1–T3, T8).
 * @module
 */
import { json } from "../../../../adapters/http/exchange.ts";
import type { LiveToken } from "../../../../core/use.ts";
import { RANGES } from "../../../../core/settings.ts";
import type { Fault } from "../fault.ts";
import { verifying } from "../hooks/consents.ts";
import { inQuery, receiving, responding, USERS, withHeader, withoutHeader } from "../hooks/http.ts";
import { answering, combine, sealing, serving } from "../hooks/ports.ts";

const OPAQUE = "adapters/tokens/opaque.ts";
const JWT = "adapters/tokens/jwt/at-jwt.ts";
const MARK = "~";

/** Changes what a live token may do. */
function authorizes(change: (token: LiveToken) => LiveToken) {
  return serving((service) => ({
    async authorize(text) {
      const token = await service.authorize(text);
      return token && change(token);
    },
  }));
}

/** Takes a token for one with the scope openid if the request asks in a fragment of this kind. */
function missesFragments(kind: string, pattern: RegExp): Fault {
  return {
    id: `users-api-${kind}-fragment`,
    title: `The Users API overlooks that user is requested in ${kind} fragments.`,
    options: () =>
      combine(
        serving((service) => ({
          async authorize(text) {
            if (!text.endsWith(MARK)) return await service.authorize(text);
            const token = await service.authorize(text.slice(0, -MARK.length));
            return token && { ...token, scope: [...token.scope, "openid"] };
          },
        })),
        receiving(USERS, (request, text) =>
          pattern.test(text)
            ? withHeader(request, "authorization", request.header("authorization") + MARK)
            : request),
      ),
    caughtBy: [`tokens-refresh/users-api-scope-${kind}-fragment`],
  };
}

/** The faults. */
export const TOKEN_FAULTS: readonly Fault[] = [
  {
    id: "one-token-for-both",
    title: "Access token and refresh token are the same string.",
    options: () => answering((payload) => ({ ...payload, refreshToken: payload.accessToken })),
    caughtBy: ["tokens-refresh/two-tokens"],
  },
  {
    id: "tokens-counted",
    title: "Access tokens are consecutive numbers.",
    options: () => {
      const numbers = new Map<string, string>();
      return sealing((tokens) => ({
        async seal(grant) {
          const sealed = await tokens.seal(grant);
          if (sealed === null) return null;
          const accessToken = `at-${1000 + numbers.size}`;
          numbers.set(accessToken, sealed.accessToken);
          return { ...sealed, accessToken };
        },
        open: (token) => tokens.open(numbers.get(token) ?? token),
      }));
    },
    caughtBy: ["tokens-refresh/token-strength"],
  },
  {
    id: "token-characters",
    title: "Access tokens contain characters that are not allowed in an Authorization header.",
    options: () =>
      sealing((tokens) => ({
        async seal(grant) {
          const sealed = await tokens.seal(grant);
          return sealed && { ...sealed, accessToken: sealed.accessToken.replaceAll("_", ":") };
        },
        open: (token) => tokens.open(token.replaceAll(":", "_")),
      })),
    caughtBy: ["tokens-refresh/token-characters", "tokens-refresh/users-api"],
  },
  {
    id: "mac-not-compared",
    title: "The MAC of a token is not compared.",
    edits: [[
      OPAQUE,
      "if (!mac || !timingSafeEqual(mac(framed), bytes.subarray(-MAC_BYTES))) return null;",
      "if (!mac) return null;",
    ]],
    caughtBy: ["tokens-refresh/altered-access-token"],
  },
  {
    id: "mac-cut-short",
    title: "Only the first four bytes of a MAC are compared.",
    edits: [[
      OPAQUE,
      "timingSafeEqual(mac(framed), bytes.subarray(-MAC_BYTES))",
      "timingSafeEqual(mac(framed).subarray(0, 4), bytes.subarray(-MAC_BYTES).subarray(0, 4))",
    ]],
    caughtBy: ["tokens-refresh/altered-access-token"],
  },
  {
    id: "jwt-of-no-kind",
    title: "JWT access tokens have the typ of any JWT.",
    options: () => ({ jwt: true }),
    edits: [[JWT, 'const TYPE = "at+jwt";', 'const TYPE = "JWT";']],
    caughtBy: ["tokens-refresh/access-token-kind"],
  },
  {
    id: "jwt-without-audience",
    title: "JWT access tokens have no audience.",
    options: () => ({ jwt: true }),
    edits: [
      [JWT, "iss: issuer, aud: audience, jti }", "iss: issuer, jti }"],
      [JWT, 'claims["iss"] === issuer && claims["aud"] === audience', 'claims["iss"] === issuer'],
    ],
    caughtBy: ["tokens-refresh/access-token-kind"],
  },
  {
    id: "private-key-published",
    title: "The key set of JWT access tokens contains the private keys.",
    options: () => ({ jwt: true }),
    edits: [[
      "adapters/tokens/jwt/signing-keys.ts",
      "allKeys(dropRetiredSigningKeys(keys, now)).map(publicJwk)",
      "allKeys(dropRetiredSigningKeys(keys, now))",
    ]],
    caughtBy: ["tokens-refresh/key-set"],
  },
  {
    id: "answer-lies-about-lifetime",
    title: "At the end of a family, expiresIn is the lifetime of an ordinary access token.",
    options: () =>
      serving((service) => ({
        async refresh(client, request) {
          const tokens = await service.refresh(client, request);
          return { ...tokens, expiresIn: RANGES.accessTokenSeconds.default };
        },
      })),
    caughtBy: ["tokens-refresh/idle-begins-anew"],
  },
  {
    id: "refresh-token-as-bearer",
    title: "The Users API accepts refresh tokens.",
    options: () =>
      combine(
        sealing((tokens) => ({
          async open(text) {
            const token = await tokens.open(text.replace(/~$/, ""));
            if (token?.kind !== "refresh" || !text.endsWith(MARK)) return token;
            const now = Math.floor(Date.now() / 1000);
            const scope = ["email", "openid", "profile"];
            const { family } = token;
            return { kind: "access", family, scope, issuedAt: now, expiresAt: now + 60 };
          },
        })),
        serving((service) => ({ authorize: (text) => service.authorize(text + MARK) })),
      ),
    caughtBy: ["tokens-refresh/users-api-refresh-token"],
  },
  {
    id: "access-token-refreshes",
    title: "The token endpoint accepts an access token instead of a refresh token.",
    options: () => {
      const pairs = new Map<string, string>();
      return combine(
        answering((payload) => {
          if (payload.accessToken !== null) {
            pairs.set(payload.accessToken, String(payload.refreshToken));
          }
          return payload;
        }),
        serving((service) => ({
          refresh: (client, { refreshToken, ...rest }) =>
            service.refresh(client, {
              ...rest,
              refreshToken: pairs.get(refreshToken) ?? refreshToken,
            }),
        })),
      );
    },
    caughtBy: ["tokens-refresh/access-token-as-refresh-token"],
  },
  {
    id: "consent-token-as-bearer",
    title: "The Users API accepts consent tokens.",
    options: () => {
      let verify = (_token: string): Promise<object> => Promise.resolve({ rejected: "" });
      return combine(
        verifying((strict) => (verify = strict)),
        serving((service) => ({
          async authorize(text) {
            const consent = await verify(text);
            return "rejected" in consent
              ? await service.authorize(text)
              : { ...consent, kind: "access" } as LiveToken;
          },
        })),
      );
    },
    caughtBy: ["tokens-refresh/users-api-consent-token"],
  },
  {
    id: "client-at-users-api",
    title: "Client credentials open the Users API.",
    options: () =>
      receiving(
        USERS,
        (request) =>
          /^Basic /.test(request.header("authorization") ?? "")
            ? json(200, { data: { scope: "", user: null } })
            : request,
      ),
    caughtBy: ["tokens-refresh/users-api-client-credentials"],
  },
  {
    id: "token-in-query",
    title: "The Users API accepts access tokens in the URL.",
    options: () =>
      receiving(USERS, (request) => {
        const token = inQuery(request, "access_token");
        return token === null ? request : withHeader(request, "authorization", `Bearer ${token}`);
      }),
    caughtBy: ["tokens-refresh/token-in-query"],
  },
  {
    id: "users-api-no-challenge",
    title: "The Users API refuses a token without a challenge.",
    options: () => responding(USERS, (response) => withoutHeader(response, "www-authenticate")),
    caughtBy: ["tokens-refresh/users-api-garbage", "tokens-refresh/users-api-nobody"],
  },
  {
    id: "users-api-no-scope",
    title: "The Users API names the user of a token, whatever its scope.",
    options: () => authorizes((token) => ({ ...token, scope: [...token.scope, "openid"] })),
    caughtBy: ["tokens-refresh/users-api-scope"],
  },
  missesFragments("named", /\.\.\.\s*(?!on\b)[A-Za-z]/),
  missesFragments("inline", /\.\.\.\s*(?:on\b|@|\{)/),
  {
    id: "users-api-403",
    title: "The Users API answers a token that is not live with 403.",
    options: () =>
      responding(
        USERS,
        (response) => response.status === 401 ? { ...response, status: 403 } : response,
      ),
    caughtBy: ["tokens-refresh/users-api-garbage", "tokens-refresh/users-api-invalid-token"],
  },
  {
    id: "users-api-open",
    title: "The Users API answers without a token.",
    options: () =>
      receiving(
        USERS,
        (request) =>
          request.header("authorization") === null
            ? json(200, { data: { scope: "", user: null } })
            : request,
      ),
    caughtBy: ["tokens-refresh/users-api-nobody"],
  },
];
