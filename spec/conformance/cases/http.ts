/**
 * GraphQL over HTTP, limits, and what must not stand in answers (G7, G9, A2).
 * @module
 */
import { type CaseSpec, define } from "../case.ts";
import {
  basic,
  controlPublicId,
  describeAnswer,
  DOCUMENT,
  type FetchAnswer,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  redeem,
} from "../stage/product.ts";
import { actor, type Stage, unknownUser, user } from "../stage/stage.ts";
import type { Level } from "../../requirements/model.ts";
import type { Case } from "../case.ts";
import { check, equal } from "../verdict.ts";

/** A request by the partner that is not the ordinary POST. */
function other(
  stage: Stage,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
) {
  const authorization = basic(actor(stage, "partner"));
  return stage.wire.send({
    label: `partner: ${method} ${headers["content-type"] ?? ""}`.trim(),
    method,
    url,
    headers: { authorization, ...headers },
    ...(body !== undefined && { body }),
  });
}

/** A body of another content type, with what it holds. */
function contentType(
  slug: string,
  level: Level,
  type: string,
  encode: (publicId: string) => string,
  why: string,
): CaseSpec {
  return {
    slug,
    level,
    requirements: ["G7"],
    attacks: ["IN-10"],
    title: `A body of type ${type === "" ? "unknown" : type.split(";")[0]} is refused.`,
    does: "Posts the mutation for a connected user in such a body.",
    expects: "Status 415, and no tokens.",
    remedy: `Answer 415 before the body is read: take application/json alone. ${why}`,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      const headers: Record<string, string> = { "accept": "application/json" };
      if (type !== "") headers["content-type"] = type;
      const reply = await other(stage, "POST", stage.target.endpoint, headers, encode(publicId));
      check(!/"accessToken":\s*"/.test(reply.text), "no tokens", "tokens");
      equal(reply.status, 415, "status");
    },
  };
}

const json = (publicId: string) => JSON.stringify({ query: DOCUMENT, variables: { publicId } });
const formOf = (publicId: string) =>
  new URLSearchParams({ query: DOCUMENT, variables: JSON.stringify({ publicId }) }).toString();
const multipart = (publicId: string) =>
  ["--x", 'Content-Disposition: form-data; name="operations"', "", json(publicId), "--x--", ""]
    .join("\r\n");

const FORMS = "A web page can send this type to another origin without asking first.";
const TYPES: readonly CaseSpec[] = [
  contentType("text-plain", "SHOULD", "text/plain", json, FORMS),
  contentType("form", "SHOULD", "application/x-www-form-urlencoded", formOf, FORMS),
  contentType("multipart", "SHOULD", "multipart/form-data; boundary=x", multipart, FORMS),
  contentType(
    "graphql-document",
    "SHOULD",
    "application/graphql",
    (publicId) =>
      DOCUMENT.replace("($publicId: String, $consentToken: String)", "").replace(
        "$publicId",
        JSON.stringify(publicId),
      ).replace(", consentToken: $consentToken", ""),
    "GraphQL over HTTP knows no body that is the document itself.",
  ),
];

/** A body that is no proper request; where no status is named, any refusal in good order will do. */
function malformed(
  slug: string,
  level: Level,
  what: string,
  body: string | object,
  status: 400 | null,
  remedy: string,
): CaseSpec {
  const expected = status === null ? "no status of 500 or more" : `status ${status}`;
  return {
    slug,
    level,
    requirements: ["G7", "A2"],
    attacks: ["IN-10"],
    title: `A body ${what} is refused in good order.`,
    does: `Posts a body ${what}.`,
    expects: `No tokens; ${expected}.`,
    remedy,
    needs: ["client"],
    run: async (stage) => {
      const answer = await graphql(stage, body);
      notGranted(answer);
      if (status !== null) equal(answer.status, status, "status");
    },
  };
}

const NO_JSON = "Answer 400: the body is no JSON. Catch what the parser throws.";
const NO_OBJECT =
  "Answer 400: the body is JSON, but no object. Look at its type before its members: null has none.";
const member = (name: string, type: string) =>
  `Answer 400: ${name} is no ${type}. Look at its type before it reaches the GraphQL library.`;
const DOCUMENTS =
  "Answer 400, or 200 with errors and without data: the document cannot be run. Let no error of parsing or validation become a 500.";

const MALFORMED: readonly CaseSpec[] = [
  malformed("empty-body", "SHOULD", "of nothing", "", 400, NO_JSON),
  malformed("not-json", "SHOULD", "that is no JSON", '{"query": ', 400, NO_JSON),
  malformed("json-null", "SHOULD", "of null", "null", 400, NO_OBJECT),
  malformed("json-text", "SHOULD", "of a JSON text", '"query"', 400, NO_OBJECT),
  malformed(
    "no-query",
    "SHOULD",
    "without query",
    {},
    400,
    "Answer 400: query is missing, and it is required.",
  ),
  malformed(
    "query-number",
    "SHOULD",
    "with a number for query",
    { query: 1 },
    400,
    member("query", "text"),
  ),
  malformed(
    "variables-text",
    "SHOULD",
    "with a text for variables",
    { query: DOCUMENT, variables: "{}" },
    400,
    member("variables", "object (a text that holds JSON is none)"),
  ),
  malformed(
    "variables-list",
    "SHOULD",
    "with a list for variables",
    { query: DOCUMENT, variables: [] },
    400,
    member("variables", "object (a list is none, whatever typeof says)"),
  ),
  malformed(
    "operation-name-number",
    "SHOULD",
    "with a number for operationName",
    { query: DOCUMENT, operationName: 1 },
    400,
    member("operationName", "text"),
  ),
  malformed(
    "batch",
    "MAY",
    "that is a list of requests",
    JSON.stringify([{ query: DOCUMENT }]),
    400,
    "Answer 400: the body is a list. Batches are refused whole, as limits count single requests.",
  ),
  malformed(
    "syntax-error",
    "SHOULD",
    "with a document that cannot be parsed",
    { query: "mutation {" },
    null,
    DOCUMENTS,
  ),
  malformed("empty-query", "SHOULD", "with an empty document", { query: "" }, null, DOCUMENTS),
  malformed(
    "unknown-operation",
    "SHOULD",
    "that names an operation that there is not",
    { query: DOCUMENT, operationName: "Nope" },
    null,
    "Answer 400, or 200 with errors: operationName names none of the document's operations. Run none of them.",
  ),
  malformed(
    "subscription",
    "SHOULD",
    "with a subscription",
    { query: "subscription { x }" },
    null,
    "Answer 400, or 200 with errors: the schema has no subscriptions. Check that before it is run.",
  ),
  malformed(
    "fragment-cycle",
    "SHOULD",
    "with fragments in a circle",
    { query: "mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ...A }" },
    null,
    "Answer 400, or 200 with errors. Validate before fields are counted or collected: a circle never ends.",
  ),
];

/** Something too large: a refusal or an answer, but no failure and no endless work. */
function large(
  slug: string,
  what: string,
  remedy: string,
  body: () => string | object,
): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["A2"],
    attacks: ["IN-07", "IN-08"],
    title: `${what} is answered in good order.`,
    does: `Posts ${what.toLowerCase()}.`,
    expects: "No tokens, and no status of 500 or more, in time.",
    remedy,
    needs: ["client"],
    run: async (stage) => {
      const answer = await graphql(stage, body());
      check(answer.status < 500, "no status of 500 or more", describeAnswer(answer));
    },
  };
}

const LARGE: readonly CaseSpec[] = [
  large(
    "large-body",
    "A body of 2 MiB",
    "Limit the size of a body, and answer 413 above it.",
    () => ({ query: DOCUMENT, variables: { publicId: "x".repeat(2 << 20) } }),
  ),
  large(
    "deep-query",
    "A document 500 levels deep",
    "Limit the depth of a document, or its tokens, before it is validated; answer 400.",
    () => ({
      query: `{ ${"__schema { types { fields { type { ".repeat(125)} name ${
        "} } } }".repeat(125)
      } }`,
    }),
  ),
  large(
    "wide-query",
    "A document of 20 000 fields",
    "Limit the tokens or fields of a document before it is validated; answer 400.",
    () => ({ query: `{ ${"__typename ".repeat(20_000)} }` }),
  ),
  large(
    "many-aliases",
    "A document of 1000 aliased mutations",
    "Limit the fields of one mutation, aliases counted one by one, before any of them is run.",
    () => ({
      query: `mutation { ${
        Array.from(
          { length: 1000 },
          (_, index) => `a${index}: fetchTokensForUser(publicId: "nobody") { scope }`,
        ).join(" ")
      } }`,
    }),
  ),
  large(
    "many-directives",
    "A document of 5000 directives",
    "Limit the tokens or directives of a document before it is validated; answer 400.",
    () => ({ query: `{ __typename ${"@x ".repeat(5000)} }` }),
  ),
  large(
    "large-batch",
    "A list of 1000 requests",
    "Answer 400 to a list without looking into it.",
    () =>
      JSON.stringify(
        Array.from(
          { length: 1000 },
          () => ({ query: DOCUMENT, variables: { publicId: "nobody" } }),
        ),
      ),
  ),
  large(
    "many-variables",
    "A request of 10 000 variables",
    "Ignore variables that the document does not declare, or limit their number.",
    () => ({
      query: DOCUMENT,
      variables: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, index) => [`v${index}`, index]),
      ),
    }),
  ),
];

const METHODS: readonly CaseSpec[] = [
  {
    slug: "get",
    level: "MUST",
    requirements: ["G7"],
    attacks: ["IN-10"],
    title: "A mutation sent by GET is not executed.",
    does: "Sends the mutation for a connected user in the query string.",
    expects: "No tokens; status 405 (or another from 400 to 499).",
    remedy: "GraphQL over HTTP: GET must not execute mutations. A link must change nothing.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      const url = new URL(stage.target.endpoint);
      url.searchParams.set(
        "query",
        `mutation { fetchTokensForUser(publicId: ${JSON.stringify(publicId)}) { accessToken } }`,
      );
      const { status, text } = await other(stage, "GET", url.href, { accept: "application/json" });
      check(!/"accessToken":\s*"/.test(text), "no tokens", "tokens");
      check(status >= 400 && status < 500, "status 405", `status ${status}`);
    },
  },
  {
    slug: "get-status",
    level: "SHOULD",
    requirements: ["G7"],
    title: "The answer to a mutation by GET is 405.",
    does: "Sends the mutation by GET.",
    expects: "Status 405.",
    remedy:
      "Answer 405 with Allow: POST, whatever the query string is: compare the path without it.",
    needs: ["client"],
    run: async (stage) => {
      const url = new URL(stage.target.endpoint);
      url.searchParams.set("query", 'mutation { fetchTokensForUser(publicId: "x") { scope } }');
      equal(
        (await other(stage, "GET", url.href, { accept: "application/json" })).status,
        405,
        "status",
      );
    },
  },
  {
    slug: "other-methods",
    level: "SHOULD",
    requirements: ["G7", "A2"],
    title: "PUT, PATCH and DELETE are refused.",
    does: "Sends the mutation with each of these methods.",
    expects: "A status from 400 to 499.",
    remedy: "Answer 405 with Allow: POST, before the body is looked at.",
    needs: ["client"],
    run: async (stage) => {
      for (const method of ["PUT", "PATCH", "DELETE"]) {
        const headers = { "content-type": "application/json", "accept": "application/json" };
        const { status } = await other(
          stage,
          method,
          stage.target.endpoint,
          headers,
          json(unknownUser()),
        );
        check(
          status >= 400 && status < 500,
          `a status from 400 to 499 for ${method}`,
          `status ${status}`,
        );
      }
    },
  },
  {
    slug: "unknown-path",
    level: "SHOULD",
    requirements: ["A2"],
    title: "A path that there is not is answered with 404.",
    does: "Posts to a path beside the endpoint.",
    expects: "Status 404 (or 401).",
    remedy: "Answer 404: compare whole paths, and serve no path by its beginning.",
    needs: ["client"],
    run: async (stage) => {
      const url = new URL("/there-is-nothing-here.json", stage.target.endpoint).href;
      const { status } = await other(
        stage,
        "POST",
        url,
        { "content-type": "application/json" },
        "{}",
      );
      check(status === 404 || status === 401, "status 404", `status ${status}`);
    },
  },
];

const ANSWERS: readonly CaseSpec[] = [
  {
    slug: "json",
    level: "MUST",
    requirements: ["G7"],
    title: "An answer is JSON and says so.",
    does: "Asks for tokens of a connected user, accepting application/json.",
    expects: "Content-Type application/json, and a JSON object with data.",
    remedy:
      "Answer 200 with Content-Type: application/json and a body of one JSON object with data.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const answer = await ordinary(stage);
      const type = answer.headers["content-type"] ?? "";
      check(/^application\/json\b/i.test(type), "application/json", type);
      equal(answer.status, 200, "status");
    },
  },
  {
    slug: "graphql-response-json",
    level: "SHOULD",
    requirements: ["G7"],
    title: "Who accepts application/graphql-response+json alone is answered in it.",
    does: "Asks with that Accept header.",
    expects: "Content-Type application/graphql-response+json.",
    remedy:
      "Read Accept: where it names application/graphql-response+json alone, write that as Content-Type.",
    needs: ["client"],
    run: async (stage) => {
      const headers = { accept: "application/graphql-response+json" };
      const body = { query: DOCUMENT, variables: { publicId: unknownUser() } };
      const answer = await graphql(stage, body, undefined, headers);
      const type = answer.headers["content-type"] ?? "";
      check(
        /^application\/graphql-response\+json\b/i.test(type),
        "application/graphql-response+json",
        type,
      );
    },
  },
  {
    slug: "content-type-charset",
    level: "MUST",
    requirements: ["G7"],
    title: "application/json with charset=utf-8 is application/json.",
    does: "Asks with that content type.",
    expects: "Tokens.",
    remedy: "Compare the media type without its parameters.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const headers = { "content-type": "application/json; charset=utf-8" };
      granted(
        await graphql(stage, { query: DOCUMENT, variables: { publicId } }, undefined, headers),
      );
    },
  },
  {
    slug: "accept-anything",
    level: "SHOULD",
    requirements: ["G7"],
    title: "Who accepts anything is served.",
    does: "Asks with Accept: */*.",
    expects: "Tokens.",
    remedy:
      "Take */* for application/json; do not compare Accept with one text, and answer no 406.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const body = { query: DOCUMENT, variables: { publicId } };
      granted(await graphql(stage, body, undefined, { accept: "*/*" }));
    },
  },
  {
    slug: "extensions-ignored",
    level: "SHOULD",
    requirements: ["G7"],
    title: "extensions and unknown members of a request are ignored.",
    does: "Asks with extensions and a member that there is not.",
    expects: "Tokens.",
    remedy:
      "Read query, variables and operationName, and leave every other member alone: no 400 for it.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const body = { query: DOCUMENT, variables: { publicId }, extensions: { a: 1 }, note: "x" };
      granted(await graphql(stage, body));
    },
  },
  {
    slug: "unknown-variable",
    level: "SHOULD",
    requirements: ["G7"],
    title: "Variables that the document does not declare change nothing.",
    does: "Asks with a further variable.",
    expects: "Tokens.",
    remedy: "Hand over the variables that the document declares; no 400 for others.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      granted(await graphql(stage, { query: DOCUMENT, variables: { publicId, note: "x" } }));
    },
  },
  {
    slug: "no-store",
    level: "SHOULD",
    requirements: ["G9"],
    title: "An answer with tokens is not to be stored.",
    does: "Asks for tokens of a connected user.",
    expects: "Cache-Control with no-store.",
    remedy: "Set Cache-Control: no-store on every answer of this endpoint.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { headers } = await ordinary(stage);
      check(
        /\bno-store\b/i.test(headers["cache-control"] ?? ""),
        "no-store",
        headers["cache-control"],
      );
    },
  },
  {
    slug: "no-wildcard-origin",
    level: "SHOULD",
    requirements: ["G9"],
    title: "No web page may read the answers.",
    does: "Asks with an Origin header of a stranger.",
    expects: "No Access-Control-Allow-Origin for it.",
    remedy: "This is an API between servers: send no CORS headers.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      const body = { query: DOCUMENT, variables: { publicId } };
      const { headers } = await graphql(stage, body, undefined, {
        origin: "https://stranger.invalid",
      });
      const allowed = headers["access-control-allow-origin"] ?? "";
      check(allowed !== "*" && !allowed.includes("stranger"), "no such header", allowed);
    },
  },
  {
    slug: "no-stack",
    level: "SHOULD",
    requirements: ["G9", "A2"],
    title: "No error tells about the inside.",
    does:
      "Sends a body that is no JSON, a document that is none, garbage for a token, and odd variables.",
    expects: "No stack traces, file names or SQL in the answers.",
    remedy: "Mask what is not meant for callers.",
    needs: ["client"],
    run: async (stage) => {
      const answers = [
        await graphql(stage, "{"),
        await graphql(stage, { query: "mutation {" }),
        await redeem(stage, "a.b.c"),
        await graphql(stage, { query: DOCUMENT, variables: { publicId: { a: 1 } } }),
      ];
      for (const { text } of answers) {
        const leak = /\bat .*[\\/].*:\d+|node_modules|\bSELECT\b|Traceback|\.(?:ts|js|py|go|rb):\d+/
          .exec(text);
        check(leak === null, "nothing of the inside", leak?.[0]);
      }
    },
  },
  {
    slug: "nothing-echoed",
    level: "SHOULD",
    requirements: ["G9"],
    attacks: ["SY-01"],
    title: "No error repeats a token or a secret that was sent.",
    does:
      "Sends something like a token as a consent token, as a wrongly typed literal, and in a document that cannot be parsed.",
    expects: "Answers without it.",
    remedy: "Callers write secrets into documents: no message may quote a value.",
    needs: ["client"],
    run: async (stage) => {
      const secret = "eyJhbGciOiJFUzI1NiJ9.eyJzZWNyZXQiOiJ2YWx1ZSJ9.c2lnbmF0dXJl";
      const bodies = [
        { query: DOCUMENT, variables: { consentToken: secret } },
        { query: DOCUMENT, variables: { publicId: "x", consentToken: secret } },
        { query: DOCUMENT, variables: { consentToken: [secret, { secret }] } },
        { query: `mutation { fetchTokensForUser(consentToken: "${secret}" { scope } }` },
        { query: `mutation { fetchTokensForUser(consentToken: ["${secret}", {a: 1}]) { scope } }` },
        {
          query:
            `mutation { fetchTokensForUser(consentToken: "${secret}", publicId: 1) { scope } }`,
        },
      ];
      for (const body of bodies) {
        const { text } = await graphql(stage, body);
        check(!text.includes("eyJzZWNyZXQ"), "an answer without it", "it in the answer");
      }
    },
  },
  {
    slug: "goes-on",
    level: "MUST",
    requirements: ["P2", "A2"],
    title: "After all this the implementation still serves.",
    does: "Asks for tokens of a connected user.",
    expects: "Tokens.",
    remedy: "Something above has broken it: run the group alone, and look at what was sent before.",
    needs: ["client", "connected-user"],
    run: async (stage) => void granted(await ordinary(stage)),
  },
];

async function ordinary(stage: Stage): Promise<FetchAnswer> {
  const answer = await fetchTokens(stage, { publicId: await user(stage, actor(stage, "partner")) });
  granted(answer);
  return answer;
}

/** The cases. */
export const http: readonly Case[] = define("http", [
  ...METHODS,
  ...TYPES,
  ...MALFORMED,
  ...LARGE,
  ...ANSWERS,
]);
