/**
 * Bodies that are malformed or too large (G7, A2).
 * @module
 */
import type { CaseSpec } from "../../case.ts";
import { describeAnswer, DOCUMENT, graphql, notGranted } from "../../stage/product.ts";
import { check, equal } from "../../verdict.ts";

/** A body that cannot be served. */
interface Body {
  readonly slug: string;
  /** Begins the title. */
  readonly what: string;
  readonly body: string | object;
  readonly remedy: string;
  /** Default SHOULD. */
  readonly level?: CaseSpec["level"];
  /** Besides IN-10. */
  readonly attacks?: readonly string[];
}

const NOT_JSON = "The body is not JSON: catch what the parser throws.";
const NOT_OBJECT = "The body is not an object: check its type before its members, also for null.";
const WRONG_TYPE = "Check the type of each member before passing it to the GraphQL library.";

const BAD_REQUESTS: readonly Body[] = [
  { slug: "empty-body", what: "An empty body", body: "", remedy: NOT_JSON },
  { slug: "not-json", what: "A body that is not JSON", body: '{"query": ', remedy: NOT_JSON },
  { slug: "json-null", what: "The body null", body: "null", remedy: NOT_OBJECT },
  { slug: "json-text", what: "A JSON string as the body", body: '"query"', remedy: NOT_OBJECT },
  { slug: "no-query", what: "A body without query", body: {}, remedy: "query is required." },
  { slug: "query-number", what: "A number as query", body: { query: 1 }, remedy: WRONG_TYPE },
  {
    slug: "variables-text",
    what: "A string as variables",
    body: { query: DOCUMENT, variables: "{}" },
    remedy: `${WRONG_TYPE} A string that holds JSON is not an object.`,
  },
  {
    slug: "variables-list",
    what: "A list as variables",
    body: { query: DOCUMENT, variables: [] },
    remedy: `${WRONG_TYPE} A list is not an object, although typeof says so.`,
  },
  {
    slug: "operation-name-number",
    what: "A number as operationName",
    body: { query: DOCUMENT, operationName: 1 },
    remedy: WRONG_TYPE,
  },
  {
    slug: "batch",
    level: "MAY",
    attacks: ["IN-07"],
    what: "A list of requests",
    body: JSON.stringify([{ query: DOCUMENT }]),
    remedy: "Refuse batches: limits count single requests.",
  },
];

function badRequest({ slug, what, body, remedy, level = "SHOULD", attacks = [] }: Body): CaseSpec {
  return {
    slug,
    level,
    requirements: ["G7", "A2"],
    attacks: ["IN-10", ...attacks],
    title: `${what} gets status 400.`,
    remedy: `Return 400. ${remedy}`,
    needs: ["client"],
    run: async (stage) => {
      const answer = await graphql(stage, body);
      notGranted(answer);
      equal(answer.status, 400, "status");
    },
  };
}

const INVALID = "Do not let errors of parsing or validation become a 500.";

const BAD_DOCUMENTS: readonly Body[] = [
  {
    slug: "syntax-error",
    what: "A document with a syntax error",
    body: { query: "mutation {" },
    remedy: INVALID,
  },
  { slug: "empty-query", what: "An empty document", body: { query: "" }, remedy: INVALID },
  {
    slug: "unknown-operation",
    what: "An operationName that is not in the document",
    body: { query: DOCUMENT, operationName: "Nope" },
    remedy: "Do not execute any other operation.",
  },
  {
    slug: "subscription",
    what: "A subscription",
    body: { query: "subscription { x }" },
    remedy: "The schema has no subscriptions: check that before execution.",
  },
  {
    slug: "fragment-cycle",
    what: "A document with a fragment cycle",
    body: {
      query: "mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ...A }",
    },
    remedy: "Validate before counting or collecting fields: a cycle never ends.",
  },
];

function badDocument({ slug, what, body, remedy }: Body): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["G7", "A2"],
    attacks: ["IN-10"],
    title: `${what} gets no tokens and no 5xx status.`,
    remedy: `Return 400, or 200 with errors and without data. ${remedy}`,
    needs: ["client"],
    run: async (stage) => notGranted(await graphql(stage, body)),
  };
}

const repeat = (times: number, make: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => make(index)).join(" ");
const LIMIT = "Limit tokens, fields and depth of a document before validating it; return 400.";

const LARGE: readonly Body[] = [
  {
    slug: "large-body",
    what: "A body of 2 MiB",
    body: { query: DOCUMENT, variables: { publicId: "x".repeat(2 << 20) } },
    remedy: "Limit the size of a body; return 413 above it.",
  },
  {
    slug: "deep-query",
    what: "A document 500 levels deep",
    body: {
      query: `{ ${"__schema { types { fields { type { ".repeat(125)} name ${
        "} } } }".repeat(125)
      } }`,
    },
    remedy: LIMIT,
  },
  {
    slug: "wide-query",
    what: "A document of 20 000 fields",
    body: { query: `{ ${"__typename ".repeat(20_000)} }` },
    remedy: LIMIT,
  },
  {
    slug: "many-aliases",
    what: "A document of 1000 aliased mutations",
    body: {
      query: `mutation { ${
        repeat(1000, (index) => `a${index}: fetchTokensForUser(publicId: "nobody") { scope }`)
      } }`,
    },
    remedy: "Limit the mutation fields of a document, counting each alias, before execution.",
  },
  {
    slug: "many-directives",
    what: "A document of 5000 directives",
    body: { query: `{ __typename ${"@x ".repeat(5000)} }` },
    remedy: LIMIT,
  },
  {
    slug: "large-batch",
    what: "A list of 1000 requests",
    body: JSON.stringify(
      Array.from({ length: 1000 }, () => ({
        query: DOCUMENT,
        variables: { publicId: "nobody" },
      })),
    ),
    remedy: "Return 400 for a list without looking into it.",
  },
  {
    slug: "many-variables",
    what: "A request with 10 000 variables",
    body: {
      query: DOCUMENT,
      variables: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, index) => [`v${index}`, index]),
      ),
    },
    remedy: "Ignore variables that the document does not declare, or limit their number.",
  },
];

function large({ slug, what, body, remedy }: Body): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["A2"],
    attacks: ["IN-07", "IN-08"],
    title: `${what} gets a response in time and no 5xx status.`,
    remedy,
    needs: ["client"],
    run: async (stage) => {
      const answer = await graphql(stage, body);
      check(answer.status < 500, "no 5xx status", describeAnswer(answer));
    },
  };
}

/** Cases about bodies. */
export const BODIES: readonly CaseSpec[] = [
  ...BAD_REQUESTS.map(badRequest),
  ...BAD_DOCUMENTS.map(badDocument),
  ...LARGE.map(large),
];
