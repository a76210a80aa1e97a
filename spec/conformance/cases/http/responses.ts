/**
 * How ordinary requests are answered, and what no response contains (G7, G9).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { DOCUMENT, type FetchAnswer, granted, graphql, redeem } from "../../stage/product.ts";
import { type Stage, unknownUser } from "../../stage/stage.ts";
import { check, equal } from "../../verdict.ts";
import { connectedUser, noStore } from "../steps.ts";

/** What is not ordinary about a request that must be served. */
interface Extra {
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the body. */
  readonly members?: object;
  readonly variables?: object;
}

/** Asks for tokens of a connected user; fails unless they are issued. */
async function served(stage: Stage, extra: Extra = {}): Promise<FetchAnswer> {
  const variables = { publicId: await connectedUser(stage), ...extra.variables };
  const body = { query: DOCUMENT, variables, ...extra.members };
  const answer = await graphql(stage, body, undefined, extra.headers);
  granted(answer);
  return answer;
}

/** A request that must be served although it is not ordinary. */
function accepted(
  { extra, ...row }: Pick<CaseSpec, "slug" | "level" | "title" | "remedy"> & { extra: Extra },
): CaseSpec {
  return {
    ...row,
    requirements: ["G7"],
    needs: ["client", "connected-user"],
    run: async (stage) => void await served(stage, extra),
  };
}

/** Looks like a token; what is sent must not come back. */
const SECRET = "eyJhbGciOiJFUzI1NiJ9.eyJzZWNyZXQiOiJ2YWx1ZSJ9.c2lnbmF0dXJl";
const LEAK = /\bat .*[\\/].*:\d+|node_modules|\bSELECT\b|Traceback|\.(?:ts|js|py|go|rb):\d+/;

/** Cases about responses. */
export const RESPONSES: readonly CaseSpec[] = [
  {
    slug: "json",
    level: "MUST",
    requirements: ["G7.1"],
    title: "A success has status 200 and Content-Type: application/json if that is accepted.",
    remedy: "Return 200 with Content-Type: application/json and one JSON object with data.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const { headers, status } = await served(stage);
      const type = headers["content-type"] ?? "";
      check(/^application\/json\b/i.test(type), "application/json", type);
      equal(status, 200, "status");
    },
  },
  {
    slug: "graphql-response-json",
    level: "SHOULD",
    requirements: ["G7"],
    title: "A client that accepts only application/graphql-response+json gets that type.",
    remedy: "Choose the Content-Type by the Accept header.",
    needs: ["client"],
    run: async (stage) => {
      const accept = "application/graphql-response+json";
      const body = { query: DOCUMENT, variables: { publicId: unknownUser() } };
      const { headers } = await graphql(stage, body, undefined, { accept });
      const type = headers["content-type"] ?? "";
      check(/^application\/graphql-response\+json\b/i.test(type), accept, type);
    },
  },
  accepted({
    slug: "content-type-charset",
    level: "MUST",
    title: "A body of type application/json; charset=utf-8 is accepted.",
    remedy: "Compare the media type without its parameters.",
    extra: { headers: { "content-type": "application/json; charset=utf-8" } },
  }),
  accepted({
    slug: "accept-anything",
    level: "SHOULD",
    title: "A request with Accept: */* is served.",
    remedy: "Treat */* like application/json; do not return 406.",
    extra: { headers: { accept: "*/*" } },
  }),
  accepted({
    slug: "extensions-ignored",
    level: "SHOULD",
    title: "extensions and unknown members of a request are ignored.",
    remedy: "Read query, variables and operationName; ignore all other members.",
    extra: { members: { extensions: { a: 1 }, note: "x" } },
  }),
  accepted({
    slug: "unknown-variable",
    level: "SHOULD",
    title: "Variables that the document does not declare are ignored.",
    remedy: "Use only the variables that the document declares; do not return 400 for others.",
    extra: { variables: { note: "x" } },
  }),
  {
    slug: "no-store",
    level: "SHOULD",
    requirements: ["G9"],
    title: "A response with tokens has Cache-Control: no-store.",
    remedy: "Set Cache-Control: no-store on every response of this endpoint.",
    needs: ["client", "connected-user"],
    run: async (stage) => noStore(await served(stage)),
  },
  {
    slug: "no-wildcard-origin",
    level: "SHOULD",
    requirements: ["G9"],
    title: "No foreign web page may read the responses (no Access-Control-Allow-Origin).",
    remedy: "Do not send CORS headers: this is an API between servers.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const body = { query: DOCUMENT, variables: { publicId: await connectedUser(stage) } };
      const origin = "https://stranger.invalid";
      const { headers } = await graphql(stage, body, undefined, { origin });
      const allowed = headers["access-control-allow-origin"] ?? "";
      check(allowed !== "*" && !allowed.includes("stranger"), "no such header", allowed);
    },
  },
  {
    slug: "no-stack",
    level: "SHOULD",
    requirements: ["G9", "A2"],
    title: "Errors for malformed requests reveal no stack traces, file names or SQL.",
    remedy: "Mask everything that is not meant for callers.",
    needs: ["client"],
    run: async (stage) => {
      const answers = [
        await graphql(stage, "{"),
        await graphql(stage, { query: "mutation {" }),
        await redeem(stage, "a.b.c"),
        await graphql(stage, { query: DOCUMENT, variables: { publicId: { a: 1 } } }),
      ];
      for (const { text } of answers) {
        const leak = LEAK.exec(text);
        check(leak === null, "no internals", leak?.[0]);
      }
    },
  },
  {
    slug: "nothing-echoed",
    level: "SHOULD",
    requirements: ["G9"],
    attacks: ["SY-01"],
    title: "Errors do not repeat a token that was sent.",
    does:
      "Sends a token-like text as the consent token, with a wrong type, and in a document with a syntax error.",
    remedy: "Never quote a value in a message: callers write secrets into documents.",
    needs: ["client"],
    run: async (stage) => {
      const variables = [
        { consentToken: SECRET },
        { publicId: "x", consentToken: SECRET },
        { consentToken: [SECRET, { secret: SECRET }] },
      ];
      const fields = [
        `fetchTokensForUser(consentToken: "${SECRET}" { scope }`,
        `fetchTokensForUser(consentToken: ["${SECRET}", {a: 1}]) { scope }`,
        `fetchTokensForUser(consentToken: "${SECRET}", publicId: 1) { scope }`,
      ];
      const bodies = [
        ...variables.map((values) => ({ query: DOCUMENT, variables: values })),
        ...fields.map((field) => ({ query: `mutation { ${field} }` })),
      ];
      for (const body of bodies) {
        const { text } = await graphql(stage, body);
        check(!text.includes("eyJzZWNyZXQ"), "a response without the token", "the token");
      }
    },
  },
  {
    slug: "goes-on",
    level: "MUST",
    requirements: ["P2", "A2"],
    title: "After all these requests the implementation still issues tokens.",
    remedy: "One of the requests above broke it: run this group alone and look at what was sent.",
    needs: ["client", "connected-user"],
    run: async (stage) => void await served(stage),
  },
];
