/**
 * The payload that tokens come in, or an error instead of them (G3, G5, G6, T1, T2, T8).
 * @module
 */
import { isObject } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import { fetchTokens, granted, TOKEN_FIELDS } from "../../stage/product.ts";
import { unknownUser } from "../../stage/stage.ts";
import { check, equal } from "../../verdict.ts";
import { connectedUser } from "../steps.ts";

/** A case about the payload for a connected user. */
interface Success extends Omit<CaseSpec, "needs" | "run"> {
  judge(payload: Readonly<Record<string, unknown>>, publicId: string): void;
}

function success({ judge, ...row }: Success): CaseSpec {
  return {
    ...row,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      const answer = await fetchTokens(stage, { publicId });
      granted(answer);
      judge(answer.payload ?? {}, publicId);
    },
  };
}

/** A case about the payload and the user error for an unknown public id and for an invalid token. */
interface Refusal extends Omit<CaseSpec, "needs" | "run"> {
  judge(found: {
    readonly argument: string;
    readonly status: number;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly errors: readonly unknown[];
  }): void;
}

function refusal({ judge, ...row }: Refusal): CaseSpec {
  return {
    ...row,
    does: "Sends an unknown public id, then garbage as a consent token.",
    needs: ["client"],
    run: async (stage) => {
      for (const sent of [{ publicId: unknownUser() }, { consentToken: "garbage" }]) {
        const { status, payload } = await fetchTokens(stage, sent);
        const list = payload?.["userErrors"];
        const errors = Array.isArray(list) ? list : [];
        judge({ argument: Object.keys(sent)[0] ?? "", status, payload: payload ?? {}, errors });
      }
    },
  };
}

const TTL =
  "Return the remaining lifetime in whole seconds, not in milliseconds and not as a point in time.";
const TEN_YEARS = 315_360_000;

/** Cases about the payload. */
export const ANSWER: readonly CaseSpec[] = [
  success({
    slug: "token-type",
    level: "MUST",
    requirements: ["G5.1"],
    title: "tokenType is Bearer.",
    remedy: "Return Bearer, with a capital B.",
    judge: ({ tokenType }) => equal(tokenType, "Bearer", "tokenType"),
  }),
  success({
    slug: "expires-in",
    level: "MUST",
    requirements: ["G6.1"],
    title: "expiresIn is a positive whole number of seconds, not a point in time.",
    remedy: TTL,
    judge: ({ expiresIn }) => {
      check(Number.isInteger(expiresIn) && Number(expiresIn) >= 1, "1 or more", expiresIn);
      check(Number(expiresIn) < TEN_YEARS, "a time to live below ten years", expiresIn);
    },
  }),
  success({
    slug: "expires-in-plausible",
    level: "SHOULD",
    requirements: ["T1"],
    title: "An access token lives for at most a day.",
    remedy: "Keep access tokens short-lived: there is a refresh token.",
    judge: ({ expiresIn }) => check(Number(expiresIn) <= 86_400, "86400 or less", expiresIn),
  }),
  success({
    slug: "success-is-whole",
    level: "SHOULD",
    requirements: ["G5"],
    title: "A success fills all six token fields and has no user errors.",
    remedy: "Fill all six fields or none.",
    judge: (payload, publicId) => {
      for (const name of TOKEN_FIELDS) check(payload[name] !== null, `a value for ${name}`, null);
      equal(JSON.stringify(payload["userErrors"]), "[]", "userErrors");
      equal(payload["publicId"], publicId, "publicId");
    },
  }),
  success({
    slug: "two-tokens",
    level: "SHOULD",
    requirements: ["T2"],
    title: "The access token and the refresh token are different.",
    remedy: "Issue a separate token for each purpose.",
    judge: ({ accessToken, refreshToken }) =>
      check(accessToken !== refreshToken, "two different tokens", "the same"),
  }),
  success({
    slug: "token-characters",
    level: "MUST",
    requirements: ["T8"],
    title: "An access token fits into an Authorization header (RFC 6750 §2.1).",
    remedy: "Use only letters, digits and -._~+/ with = at the end.",
    judge: ({ accessToken }) =>
      check(/^[A-Za-z0-9._~+/-]+=*$/.test(String(accessToken)), "a b64token", "other characters"),
  }),
  success({
    slug: "token-strength",
    level: "MUST",
    requirements: ["T2"],
    title: "Tokens have at least 22 characters: 128 bits in base64.",
    remedy: "Draw at least 128 random bits, or sign the tokens (RFC 6749 §10.10).",
    judge: ({ accessToken, refreshToken }) => {
      const shortest = Math.min(String(accessToken).length, String(refreshToken).length);
      check(shortest >= 22, "22 characters or more", `${shortest} characters`);
    },
  }),
  refusal({
    slug: "failure-is-nothing",
    level: "SHOULD",
    requirements: ["G5"],
    title: "A failure has six nulls and exactly one user error with a message.",
    remedy: "Fill all six fields or none; one user error is enough.",
    judge: ({ payload, errors }) => {
      for (const name of TOKEN_FIELDS) equal(payload[name], null, name);
      equal(errors.length, 1, "the number of user errors");
      const message = isObject(errors[0]) ? errors[0]["message"] : undefined;
      check(typeof message === "string" && message !== "", "a message", message);
    },
  }),
  refusal({
    slug: "user-error-field",
    level: "MUST",
    requirements: ["G3", "G5.2"],
    title: "The field of a user error is a list with the name of the argument that caused it.",
    remedy: 'Return ["publicId"] or ["consentToken"].',
    judge: ({ argument, errors }) => {
      const field = isObject(errors[0]) ? errors[0]["field"] : undefined;
      equal(JSON.stringify(field), JSON.stringify([argument]), "field");
    },
  }),
  refusal({
    slug: "user-error-status",
    level: "SHOULD",
    requirements: ["G5"],
    title: "A user error is returned with status 200.",
    remedy: "Return 200: many callers drop the body of any other status.",
    judge: ({ status }) => equal(status, 200, "status"),
  }),
];
