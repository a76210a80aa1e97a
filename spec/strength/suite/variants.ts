/**
 * Servers that made other choices than the reference server, and legitimate ones. An implementation must
 * not fail because it decided otherwise.
 * @module
 */
import { json } from "../../../adapters/http/exchange.ts";
import { InputError } from "../../../adapters/direct.ts";
import { MESSAGES } from "../../../core/message.ts";
import type { ReferenceOptions } from "../../tests/support/reference.ts";
import type { Variant } from "./fault.ts";
import { accepting, claiming, isSigned, rejecting } from "./hooks/consents.ts";
import { MUTATION, receivingForm, replying, responding, TOKEN } from "./hooks/http.ts";
import { combine, sealing, serving, storing } from "./hooks/ports.ts";

/** Replaces texts in every response. */
function rewording(reword: (body: string) => string): ReferenceOptions {
  return {
    handler: (handler) => async (request) => {
      const response = await handler(request);
      return { ...response, body: reword(response.body) };
    },
  };
}

/** Changes what the harness says about the server. */
function describing(
  change: (description: Record<string, unknown>) => object,
): ReferenceOptions {
  return {
    harness: (harness) => async (request) => {
      const response = await harness(request);
      return request.target.endsWith("/describe")
        ? json(200, change(JSON.parse(response.body)))
        : response;
    },
  };
}

/** A harness without this command. */
function withoutCommand(name: string): ReferenceOptions {
  return describing((description) => ({
    ...description,
    commands: (description["commands"] as readonly string[]).filter((other) => other !== name),
  }));
}

const GERMAN: Readonly<Record<string, string>> = {
  [MESSAGES.INVALID_TOKEN]: "Das geht so nicht.",
  [MESSAGES.NO_CONSENT]: "Ohne Zustimmung geht das nicht.",
  [MESSAGES.NO_USER]: "Niemand da.",
  [MESSAGES.BAD_USER_INPUT]: "Genau eines, bitte.",
  [MESSAGES.invalid_client]: "Wer da?",
};

/** The variants. */
export const VARIANTS: readonly Variant[] = [
  {
    id: "jwt-access-tokens",
    title: "Access tokens are JWTs.",
    because: "The vendor does not say what tokens look like; RFC 9068 defines a format.",
    options: () => ({ jwt: true }),
  },
  {
    id: "strict-single-use",
    title: "A consent token is answered once, even if the response is lost.",
    because: "Tolerating lost responses is this project's idea.",
    options: () => ({ settings: { consentRetrySeconds: 0 } }),
  },
  {
    id: "stricter-lifetimes",
    title: "All lifetimes are shorter, no clock skew is tolerated, two families per connection.",
    because: "The vendor documents no numbers.",
    options: () => ({
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
    }),
  },
  {
    id: "other-messages",
    title: "Messages have other words, in another language.",
    because: "Messages are for people; codes are for programs.",
    options: () =>
      rewording((body) =>
        Object.entries(GERMAN).reduce((text, [from, to]) => text.replaceAll(from, to), body)
      ),
  },
  {
    id: "other-scope-order",
    title: "The tokens of a scope come in another order.",
    because: "A scope is a set (RFC 6749 §3.3).",
    options: () =>
      rewording((body) =>
        body.replace(
          /("scope":")([^"]+)"/g,
          (_all, name: string, scope: string) => `${name}${scope.split(" ").reverse().join(" ")}"`,
        )
      ),
  },
  {
    id: "user-error-for-input",
    title: "Both inputs, or neither, is a user error instead of a top-level error.",
    because: "The vendor demands exactly one, but does not say how anything else is refused.",
    options: () =>
      serving((service) => ({
        async fetchTokensForUser(client, args) {
          try {
            return await service.fetchTokensForUser(client, args);
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            return await service.fetchTokensForUser(client, { publicId: "nobody" });
          }
        },
      })),
  },
  {
    id: "bad-request-for-input",
    title: "Both inputs, or neither, is answered with status 400.",
    because: "GraphQL over HTTP leaves it open; no token is issued.",
    options: () =>
      responding(
        MUTATION,
        (response) =>
          response.body.includes("BAD_USER_INPUT") ? { ...response, status: 400 } : response,
      ),
  },
  {
    id: "no-introspection-no-revocation",
    title: "There is no introspection endpoint and no revocation endpoint.",
    because: "The vendor documents neither.",
    options: () => ({ without: ["introspection", "revocation"] }),
  },
  {
    id: "mutation-and-refresh-alone",
    title: "There is nothing but the mutation and the token endpoint.",
    because: "All other endpoints are optional.",
    options: () => ({ without: ["introspection", "revocation", "users"] }),
  },
  {
    id: "other-token-prefixes",
    title: "Tokens have other prefixes, or none.",
    because: "Tokens are opaque to those who hold them.",
    options: () =>
      sealing((tokens) => ({
        async seal(grant) {
          const sealed = await tokens.seal(grant);
          return sealed && {
            accessToken: sealed.accessToken.replace("ftfu_at_", ""),
            refreshToken: sealed.refreshToken.replace("ftfu_rt_", "shprt-"),
          };
        },
        open: (token) =>
          tokens.open(
            token.startsWith("shprt-") ? token.replace("shprt-", "ftfu_rt_") : `ftfu_at_${token}`,
          ),
      })),
  },
  {
    id: "smaller-limits",
    title: "Requests may be a quarter as large and hold one mutation field.",
    because: "Every server has its limits.",
    edits: [
      ["adapters/http/graphql-request.ts", "MAX_BODY_BYTES = 65_536", "MAX_BODY_BYTES = 20_000"],
      ["adapters/http/limits.ts", "mutationFields = 10", "mutationFields = 1"],
      ["adapters/http/documents.ts", "tokens: 4000", "tokens: 1000"],
    ],
  },
  {
    id: "no-harness-clock",
    title: "The harness has no clock.",
    because: "Not every implementation can have its clock set.",
    options: () => withoutCommand("clock"),
  },
  {
    id: "mint-only-harness",
    title: "The harness signs with its own key and trusts no other.",
    because: "Not every implementation can be given new issuers.",
    options: () => withoutCommand("trust"),
  },
  {
    id: "one-algorithm",
    title: "Consent tokens are signed with ES256 only.",
    because: "The vendor documents no algorithm.",
    options: () =>
      combine(
        describing((description) => ({ ...description, algorithms: ["ES256"] })),
        rejecting(({ header }) => header["alg"] !== "ES256", "consent_algorithm"),
      ),
  },
  {
    id: "refresh-token-kept",
    title: "Refresh tokens are not rotated.",
    because: "RFC 9700 demands rotation for public clients only; these clients authenticate.",
    edits: [[
      "core/refresh.ts",
      "const rotated = rotateFamily(family, context);",
      "const rotated = { ...family, generationStartedAt: context.now };",
    ]],
  },
  {
    id: "claims-less-strict",
    title: "typ, kid and the number of audiences are not checked.",
    because: "The vendor documents none of them.",
    options: () =>
      combine(
        accepting((token, reason, issuers) => {
          const [first = null] = issuers.get(String(token.claims["iss"])) ?? [];
          const isUnknown = reason === "consent_key" && token.key === null;
          const key = isUnknown ? first : token.key;
          const lax = reason === "consent_type" || isUnknown;
          return lax && isSigned(token, key) ? token.claims : null;
        }),
        claiming(({ aud }) => Array.isArray(aud) && aud.length > 0 ? { aud: aud[0] } : {}),
      ),
  },
  {
    id: "body-credentials-refused",
    title: "The token endpoint accepts HTTP Basic only and writes bearer in lower case.",
    because: "RFC 6749 §2.3.1 demands Basic; token_type is case-insensitive (§5.1).",
    options: () =>
      combine(
        receivingForm(TOKEN, (form, request) => {
          if (request.header("authorization") === null) form.delete("client_secret");
        }),
        replying(TOKEN, (body) => ({ ...body, token_type: "bearer" })),
      ),
  },
  {
    id: "forgets-what-is-over",
    title: "Everything that can never live again is swept before every command.",
    because: "When an implementation cleans up is its own business.",
    options: () => {
      let sweep = (): Promise<number> => Promise.resolve(0);
      return combine(
        serving((service) => {
          sweep = () => service.sweep(10_000);
          return {};
        }),
        storing((store) => ({
          async transact(keys, decide) {
            await sweep();
            return await store.transact(keys, decide);
          },
        })),
      );
    },
  },
  {
    id: "unauthenticated-403",
    title: "Wrong credentials at the mutation are answered with 403.",
    because: "The vendor documents no status.",
    options: () =>
      responding(
        MUTATION,
        (response) => response.status === 401 ? { ...response, status: 403 } : response,
      ),
  },
];
