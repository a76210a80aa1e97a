/**
 * Payloads that are not what the vendor documents (G5, G6).
 * @module
 */
import { Buffer } from "node:buffer";
import { type FetchTokensForUserPayload, InputError } from "../../../../adapters/direct.ts";
import type { Fault } from "../fault.ts";
import { MUTATION, replying } from "../hooks/http.ts";
import { answering, sealing, serving } from "../hooks/ports.ts";
import type { ReferenceOptions } from "../../../tests/support/reference.ts";

function renamesField(rename: (field: readonly string[]) => readonly string[]): ReferenceOptions {
  return answering((payload) => ({
    ...payload,
    userErrors: payload.userErrors.map((error) => ({ ...error, field: rename(error.field) })),
  }));
}

/** Changes the payload behind the GraphQL engine's back, as a server without one could answer. */
function onTheWire(change: (payload: Readonly<Record<string, unknown>>) => object) {
  return () =>
    replying(MUTATION, (body) => {
      const { fetchTokensForUser: payload } = (body["data"] ?? {}) as Record<string, object | null>;
      return payload ? { ...body, data: { fetchTokensForUser: change({ ...payload }) } } : body;
    });
}

/** The faults. */
export const ANSWERS: readonly Fault[] = [
  {
    id: "token-type-lower-case",
    title: "tokenType is bearer.",
    options: () =>
      answering((payload) => ({ ...payload, tokenType: payload.tokenType?.toLowerCase() })),
    caughtBy: ["tokens-refresh/token-type"],
  },
  {
    id: "expires-in-milliseconds",
    title: "expiresIn is in milliseconds.",
    options: () =>
      answering((payload) => ({ ...payload, expiresIn: (payload.expiresIn ?? 0) * 1000 })),
    caughtBy: [
      "tokens-refresh/access-token-half-life",
      "tokens-refresh/expires-in-introspected",
      "tokens-refresh/expires-in-plausible",
      "tokens-refresh/access-token-last-second",
    ],
  },
  {
    id: "expires-in-moment",
    title: "expiresIn is the time of expiry, not the lifetime.",
    options: () =>
      answering((payload) => ({
        ...payload,
        expiresIn: payload.expiresIn && payload.expiresIn + Math.floor(Date.now() / 1000),
      })),
    caughtBy: ["tokens-refresh/expires-in", "tokens-refresh/expires-in-introspected"],
  },
  {
    id: "expires-in-too-long",
    title: "An access token expires one minute before expiresIn says so.",
    options: () =>
      sealing((tokens) => ({
        async open(text) {
          const token = await tokens.open(text);
          return token?.kind === "access" ? { ...token, expiresAt: token.expiresAt - 60 } : token;
        },
      })),
    caughtBy: ["tokens-refresh/access-token-last-second"],
  },
  {
    id: "scope-with-commas",
    title: "The tokens of a scope are separated by commas.",
    options: () =>
      answering((payload) => ({ ...payload, scope: payload.scope?.replaceAll(" ", ",") ?? null })),
    caughtBy: ["scope-delegation/narrowed"],
  },
  {
    id: "scope-with-two-spaces",
    title: "The tokens of a scope are separated by two spaces.",
    options: () =>
      answering((payload) => ({ ...payload, scope: payload.scope?.replaceAll(" ", "  ") ?? null })),
    caughtBy: ["scope-delegation/grammar"],
  },
  {
    id: "scope-as-registered",
    title: "scope is what the client is registered for, not what was issued.",
    options: () =>
      answering((payload) => ({ ...payload, scope: payload.scope && "email openid profile" })),
    caughtBy: ["scope-delegation/consented", "tokens-refresh/scope-introspected"],
  },
  {
    id: "scope-as-asked",
    title: "scope is what the consent token asked for, not what was issued.",
    options: () =>
      answering((payload, { consentToken }) => {
        const claims = consentToken?.split(".")[1];
        if (!claims || payload.scope === null) return payload;
        const { scope } = JSON.parse(Buffer.from(claims, "base64url").toString());
        return { ...payload, scope };
      }),
    caughtBy: ["scope-delegation/within-source", "scope-delegation/within-registration"],
  },
  {
    id: "public-id-left-out",
    title: "A success does not name the user.",
    options: () => answering((payload) => ({ ...payload, publicId: null })),
    caughtBy: [
      "scope-delegation/connected",
      "consent-token/redeem",
      "tokens-refresh/success-is-whole",
    ],
  },
  {
    id: "error-beside-tokens",
    title: "A success carries a user error as a warning.",
    options: () =>
      answering((payload) => ({
        ...payload,
        userErrors: payload.accessToken === null
          ? payload.userErrors
          : [{ code: "NO_CONSENT", field: ["publicId"], message: "Expires soon." }],
      })),
    caughtBy: ["scope-delegation/connected", "client-authentication/credentials"],
  },
  {
    id: "user-errors-null",
    title: "userErrors is null on success.",
    options: onTheWire(({ userErrors, ...payload }) => ({
      ...payload,
      userErrors: payload["accessToken"] === null ? userErrors : null,
    })),
    caughtBy: ["contract/answers", "tokens-refresh/success-is-whole"],
  },
  {
    id: "expires-in-fraction",
    title: "expiresIn is a fraction, although the schema says Int.",
    options: onTheWire(({ expiresIn, ...payload }) => ({
      ...payload,
      expiresIn: expiresIn && Number(expiresIn) - 0.5,
    })),
    caughtBy: ["contract/answers", "tokens-refresh/expires-in"],
  },
  {
    id: "tokens-beside-error",
    title: "A failure carries a token.",
    options: () =>
      answering((payload) => ({ ...payload, accessToken: payload.accessToken ?? "none" })),
    caughtBy: ["scope-delegation/unknown-user", "consent-token/aud-other"],
  },
  {
    id: "empty-for-null",
    title: "A failure has an empty scope and expiresIn 0 instead of null.",
    options: () =>
      answering((payload) => ({
        ...payload,
        expiresIn: payload.expiresIn ?? 0,
        scope: payload.scope ?? "",
      })),
    caughtBy: ["tokens-refresh/failure-is-nothing"],
  },
  {
    id: "two-user-errors",
    title: "A failure has two user errors.",
    options: () =>
      answering((payload) => ({
        ...payload,
        userErrors: [...payload.userErrors, ...payload.userErrors],
      })),
    caughtBy: ["tokens-refresh/failure-is-nothing"],
  },
  {
    id: "field-with-input",
    title: "The field of a user error is a path into an input object that does not exist.",
    options: () => renamesField((field) => ["input", ...field]),
    caughtBy: ["tokens-refresh/user-error-field"],
  },
  {
    id: "field-always-public-id",
    title: "Every user error is about publicId.",
    options: () => renamesField(() => ["publicId"]),
    caughtBy: ["tokens-refresh/user-error-field"],
  },
  {
    id: "errors-thrown",
    title: "A user who has not consented is a top-level error.",
    options: () =>
      answering((payload) => {
        const [error] = payload.userErrors;
        if (error !== undefined) throw new InputError(error.message);
        return payload;
      }),
    caughtBy: ["scope-delegation/unknown-user", "scope-delegation/unconnected-user"],
  },
  {
    id: "answers-cached",
    title: "Answers by public ID are cached forever.",
    options: () => {
      const cache = new Map<string, FetchTokensForUserPayload>();
      return serving((service) => ({
        async fetchTokensForUser(client, args) {
          const key = `${client} ${args.publicId}`;
          const answer = cache.get(key) ?? await service.fetchTokensForUser(client, args);
          if (args.publicId && answer.accessToken !== null) cache.set(key, answer);
          return answer;
        },
      }));
    },
    caughtBy: ["scope-delegation/revoked-connection", "tokens-refresh/new-access-token"],
  },
];
