/**
 * The token endpoint: requests and responses (T4; RFC 6749).
 * @module
 */
import { isObject } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import {
  basic,
  type Caller,
  describeReply,
  form,
  refresh,
  refreshed,
  refusedWith,
  WRONG_SECRET,
} from "../../stage/product.ts";
import { actor, type Stage } from "../../stage/stage.ts";
import { offered } from "../../target/target.ts";
import { check } from "../../verdict.ts";
import type { Reply } from "../../wire/wire.ts";
import { active, atTokenEndpoint, clientError, noStore, rotate } from "../steps.ts";

type Fields = readonly (readonly [name: string, value: string])[];

const GRANT_TYPE = ["grant_type", "refresh_token"] as const;

/** The fields of an ordinary request. */
const grantOf = (token: string): Fields => [GRANT_TYPE, ["refresh_token", token]];

const endpointOf = ({ target }: Stage) => offered(target.endpoints.token, "token-endpoint");

/** Posts any form to the token endpoint. */
function post(stage: Stage, fields: Fields, as?: Caller): Promise<Reply> {
  return form(stage, endpointOf(stage), fields, as ?? actor(stage, "partner"));
}

const RESPONSES: readonly CaseSpec[] = [
  atTokenEndpoint({
    slug: "refresh",
    level: "MUST",
    requirements: ["T4.1", "T4.4"],
    title: "A refresh with HTTP Basic gets status 200, access_token and token_type Bearer.",
    remedy: "Follow RFC 6749 §5.1 and §6.",
    run: async (stage, { refreshToken }) => {
      const reply = await refresh(stage, refreshToken);
      refreshed(reply);
      const type = isObject(reply.json) ? reply.json["token_type"] : undefined;
      check(/^bearer$/i.test(String(type)), "token_type Bearer", type);
    },
  }),
  atTokenEndpoint({
    slug: "refresh-content-type",
    level: "MUST",
    requirements: ["T4.4"],
    title: "The token endpoint answers with Content-Type: application/json.",
    remedy: "Follow RFC 6749 §5.1.",
    run: async (stage, { refreshToken }) => {
      const { headers } = await refresh(stage, refreshToken);
      const type = headers["content-type"] ?? "";
      check(/^application\/json\b/i.test(type), "application/json", type);
    },
  }),
  atTokenEndpoint({
    slug: "refresh-no-store",
    level: "MUST",
    requirements: ["G9"],
    title: "A response to a refresh has Cache-Control: no-store.",
    remedy: "Follow RFC 6749 §5.1.",
    run: async (stage, { refreshToken }) => noStore(await refresh(stage, refreshToken)),
  }),
  atTokenEndpoint({
    slug: "refresh-members",
    level: "SHOULD",
    requirements: ["T4"],
    title: "A response to a refresh also has expires_in, scope and refresh_token.",
    remedy: "Return everything the client needs to continue.",
    run: async (stage, { refreshToken }) => {
      const found = refreshed(await refresh(stage, refreshToken));
      const { expiresIn } = found;
      check(Number.isInteger(expiresIn) && expiresIn >= 1, "expires_in of 1 or more", expiresIn);
      check(found.refreshToken !== "", "a refresh_token", "none");
      check(found.scope !== "", "a scope", "none");
    },
  }),
  atTokenEndpoint({
    slug: "refreshed-token-works",
    level: "MUST",
    requirements: ["T4.1"],
    title: "The access token from a refresh is active.",
    remedy: "Issue it in the same way as the first one.",
    needs: ["probe"],
    run: async (stage, { refreshToken }) =>
      await active(stage, refreshed(await refresh(stage, refreshToken)).accessToken),
  }),
];

/** A form that is refused with an error of RFC 6749 §5.2. */
interface BadForm {
  readonly slug: string;
  readonly what: string;
  /** Default: invalid_request. */
  readonly error?: string;
  fields(token: string): Fields;
}

const BAD_FORMS: readonly BadForm[] = [
  { slug: "no-grant-type", what: "without grant_type", fields: (t) => [["refresh_token", t]] },
  {
    slug: "unknown-grant-type",
    what: "with an unknown grant_type",
    error: "unsupported_grant_type",
    fields: (token) => [["grant_type", "implicit"], ["refresh_token", token]],
  },
  { slug: "no-refresh-token", what: "without refresh_token", fields: () => [GRANT_TYPE] },
  { slug: "empty-refresh-token", what: "with an empty refresh_token", fields: () => grantOf("") },
  {
    slug: "repeated-parameter",
    what: "with a repeated refresh_token",
    fields: (token) => [...grantOf(token), ["refresh_token", "another"]],
  },
  {
    slug: "repeated-grant-type",
    what: "with a repeated grant_type",
    fields: (token) => [...grantOf(token), GRANT_TYPE],
  },
];

function badForm({ slug, what, error = "invalid_request", fields }: BadForm): CaseSpec {
  return atTokenEndpoint({
    slug,
    level: "MUST",
    requirements: ["T4.3", "T4.4"],
    attacks: ["IN-10"],
    title: `A request ${what} gets ${error} and does not affect the refresh token.`,
    remedy:
      "Return invalid_request for a parameter that is missing, empty or repeated, unsupported_grant_type for an unknown grant_type (RFC 6749 §3.2, §5.2).",
    run: async (stage, { refreshToken }) => {
      refusedWith(await post(stage, fields(refreshToken)), 400, error);
      await rotate(stage, refreshToken);
    },
  });
}

const REQUESTS: readonly CaseSpec[] = [
  atTokenEndpoint({
    slug: "unknown-parameter",
    level: "MUST",
    requirements: ["T4.3"],
    title: "Unknown parameters are ignored.",
    remedy: "Follow RFC 6749 §3.2.",
    run: async (stage, { refreshToken }) =>
      void refreshed(await post(stage, [...grantOf(refreshToken), ["note", "x"]])),
  }),
  atTokenEndpoint({
    slug: "get",
    level: "SHOULD",
    requirements: ["T4"],
    title: "A refresh by GET gets a 4xx status.",
    remedy: "Accept only POST (RFC 6749 §3.2): URLs are logged.",
    run: async (stage, { refreshToken }) => {
      const url = new URL(endpointOf(stage));
      for (const [name, value] of grantOf(refreshToken)) url.searchParams.set(name, value);
      clientError(
        await stage.wire.send({
          label: "partner: refresh by GET",
          method: "GET",
          url: url.href,
          headers: { authorization: basic(actor(stage, "partner")) },
        }),
      );
    },
  }),
  atTokenEndpoint({
    slug: "json-body",
    level: "SHOULD",
    requirements: ["T4"],
    title: "A refresh with a JSON body gets a 4xx status.",
    remedy: "Accept only application/x-www-form-urlencoded (RFC 6749 §6).",
    run: async (stage, { refreshToken }) => {
      const authorization = basic(actor(stage, "partner"));
      clientError(
        await stage.wire.send({
          label: "partner: refresh as JSON",
          url: endpointOf(stage),
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify(Object.fromEntries(grantOf(refreshToken))),
        }),
      );
    },
  }),
  atTokenEndpoint({
    slug: "body-credentials",
    level: "MAY",
    requirements: ["T4"],
    title: "A client can authenticate with client_id and client_secret in the body.",
    remedy: "RFC 6749 §2.3.1 allows it in addition to Basic.",
    run: async (stage, { refreshToken }) => {
      const fields = [...grantOf(refreshToken), ...credentials(stage)];
      refreshed(await post(stage, fields, { authorization: null }));
    },
  }),
  atTokenEndpoint({
    slug: "two-methods",
    level: "SHOULD",
    requirements: ["T4"],
    attacks: ["CA-02"],
    title: "A refresh with credentials in both header and body gets status 400 or 401.",
    remedy: "Accept one authentication method per request (RFC 6749 §2.3).",
    run: async (stage, { refreshToken }) => {
      const reply = await post(stage, [...grantOf(refreshToken), ...credentials(stage)]);
      check([400, 401].includes(reply.status), "status 400 or 401", describeReply(reply));
      await rotate(stage, refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "no-client",
    level: "MUST",
    requirements: ["T4.3"],
    title: "A refresh without client authentication is refused.",
    expects: "Status 401 or 400 with error invalid_client or invalid_request.",
    remedy: "Require confidential clients to authenticate (RFC 6749 §6).",
    run: async (stage, { refreshToken }) => {
      const reply = await refresh(stage, refreshToken, { authorization: null });
      const status = reply.status === 400 ? 400 : 401;
      refusedWith(reply, status, "invalid_client", "invalid_request");
      await rotate(stage, refreshToken);
    },
  }),
  atTokenEndpoint({
    slug: "wrong-secret",
    level: "MUST",
    requirements: ["T4.4"],
    title: "A refresh with a wrong secret gets status 401, invalid_client and a challenge.",
    remedy: "Return invalid_client with a WWW-Authenticate header (RFC 6749 §5.2).",
    run: async (stage, { refreshToken }) => {
      const authorization = basic({ ...actor(stage, "partner"), secret: WRONG_SECRET });
      const reply = await refresh(stage, refreshToken, { authorization });
      refusedWith(reply, 401, "invalid_client");
      check((reply.headers["www-authenticate"] ?? "") !== "", "a WWW-Authenticate header", "none");
      await rotate(stage, refreshToken);
    },
  }),
];

function credentials(stage: Stage): Fields {
  const { id, secret } = actor(stage, "partner");
  return [["client_id", id], ["client_secret", secret]];
}

/** Cases about the token endpoint. */
export const TOKEN_ENDPOINT: readonly CaseSpec[] = [
  ...RESPONSES,
  ...BAD_FORMS.map(badForm),
  ...REQUESTS,
];
