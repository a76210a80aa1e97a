/**
 * Exactly one input (E1–E3), however it is written.
 * @module
 */
import { isObject } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import { anyConsent } from "../../stage/consents.ts";
import {
  controlPublicId,
  describeAnswer,
  type FetchAnswer,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  redeem,
} from "../../stage/product.ts";
import { unknownUser } from "../../stage/stage.ts";
import { check, equal } from "../../verdict.ts";
import { connectedUser } from "../steps.ts";
import { literals, quote, variables, type Written } from "./written.ts";

const COUNT =
  'Count the arguments first: null counts as not provided, "" as provided. Refuse unless exactly one is provided.';
const EMPTY_IS_PROVIDED = 'Compare with null, not by truthiness: "" counts as provided.';
const AN_ERROR = "No tokens, and a top-level error or a user error.";

/** E2: no tokens and some error, top-level or in userErrors. */
function refusedInput(answer: FetchAnswer): void {
  notGranted(answer);
  const said = answer.errors.length > 0 || answer.code !== null;
  check(said, "a top-level error or a user error", describeAnswer(answer));
}

const NEITHER: readonly Written[] = [
  { slug: "", what: "no arguments", body: () => literals("") },
  {
    slug: "-literal-null",
    what: "null literals",
    body: () => literals("(publicId: null, consentToken: null)"),
  },
  { slug: "-omitted-variables", what: "omitted variables", body: () => variables({}) },
  { slug: "-null-variables", what: "null variables", body: () => variables({ p: null, c: null }) },
  {
    slug: "-null-defaults",
    what: "omitted variables that default to null",
    body: () => variables({}, "$p: String = null, $c: String = null"),
  },
];

function neither({ slug, what, body }: Written): CaseSpec {
  return {
    slug: `neither${slug}`,
    level: "MUST",
    requirements: ["E1", "E2", "E3"],
    attacks: ["IN-01"],
    title: `A request without input (${what}) is refused.`,
    expects: AN_ERROR,
    remedy: COUNT,
    needs: ["client"],
    run: async (stage) => refusedInput(await graphql(stage, body("", ""))),
  };
}

const BOTH: readonly Written[] = [
  {
    slug: "literals",
    what: "as literals",
    body: (p, c) => literals(`(publicId: ${quote(p)}, consentToken: ${quote(c)})`),
  },
  { slug: "variables", what: "as variables", body: (p, c) => variables({ p, c }) },
  {
    slug: "default",
    what: "one as the default of a variable",
    body: (p, c) => variables({ p }, `$p: String, $c: String = ${quote(c)}`),
  },
  {
    slug: "empty-token",
    what: 'with "" as the consent token',
    level: "SHOULD",
    body: (p) => variables({ p, c: "" }),
  },
];

function both({ slug, what, level = "MUST", body }: Written): CaseSpec {
  return {
    slug: `both-${slug}`,
    level,
    requirements: ["E1", "E2", "E3"],
    attacks: ["IN-02"],
    title: `A request with both inputs (${what}) is refused.`,
    expects: AN_ERROR,
    remedy: COUNT,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      refusedInput(await graphql(stage, body(publicId, "not-a-token-but-provided")));
    },
  };
}

const ONE: readonly Written[] = [
  {
    slug: "literal-null",
    what: "with a null literal",
    body: (p) => literals(`(publicId: ${quote(p)}, consentToken: null)`),
  },
  { slug: "null-variable", what: "with a null variable", body: (p) => variables({ p, c: null }) },
  { slug: "omitted-variable", what: "with an omitted variable", body: (p) => variables({ p }) },
  {
    slug: "default",
    what: "as the default of a variable",
    body: (p) => variables({}, `$p: String = ${quote(p)}, $c: String`),
  },
  { slug: "literal", what: "as a literal", body: (p) => literals(`(publicId: ${quote(p)})`) },
  { slug: "escaped", what: "as a literal with an escape", body: escaped },
];

function escaped(publicId: string): object {
  const code = (publicId.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  return literals(`(publicId: "\\u${code}${quote(publicId.slice(1)).slice(1)})`);
}

function one({ slug, what, body }: Written): CaseSpec {
  return {
    slug: `one-${slug}`,
    level: "SHOULD",
    requirements: ["E1", "E3"],
    attacks: ["IN-03"],
    title: `A connected user's public id ${what} gets tokens.`,
    remedy: COUNT,
    needs: ["client", "connected-user"],
    run: async (stage) => void granted(await graphql(stage, body(await connectedUser(stage), ""))),
  };
}

/** Cases about the number of inputs. */
export const INPUT_COUNT: readonly CaseSpec[] = [
  ...NEITHER.map(neither),
  ...BOTH.map(both),
  {
    slug: "both-valid",
    level: "MUST",
    requirements: ["E1", "E2"],
    attacks: ["IN-02"],
    title: "A request with both inputs, each of them valid, is refused.",
    does: "Sends a connected user's public id with a valid consent token of another user.",
    expects: AN_ERROR,
    remedy: COUNT,
    needs: ["client", "connected-user", "consent-token"],
    run: async (stage) => {
      const publicId = await connectedUser(stage);
      await controlPublicId(stage, publicId);
      const consentToken = await anyConsent(stage);
      refusedInput(await fetchTokens(stage, { publicId, consentToken }));
    },
  },
  {
    slug: "both-unknown-user",
    level: "MUST",
    requirements: ["E1", "E2"],
    attacks: ["IN-02"],
    title: "A request with a valid consent token and the public id of nobody is refused.",
    expects: AN_ERROR,
    remedy: COUNT,
    needs: ["client", "consent-token"],
    run: async (stage) => {
      const consentToken = await anyConsent(stage);
      refusedInput(await fetchTokens(stage, { publicId: unknownUser(), consentToken }));
    },
  },
  {
    slug: "both-consumes-nothing",
    level: "SHOULD",
    requirements: ["E2"],
    attacks: ["IN-02"],
    title: "A refused request with both inputs does not consume the consent token.",
    remedy: "Refuse before looking at the consent token.",
    needs: ["client", "consent-token"],
    run: async (stage) => {
      const token = await anyConsent(stage);
      refusedInput(await fetchTokens(stage, { publicId: unknownUser(), consentToken: token }));
      granted(await redeem(stage, token));
    },
  },
  {
    slug: "both-empty-public-id",
    level: "SHOULD",
    requirements: ["E1"],
    attacks: ["IN-04"],
    title: 'A request with a valid consent token and publicId "" is refused.',
    expects: AN_ERROR,
    remedy: EMPTY_IS_PROVIDED,
    needs: ["client", "consent-token", "sign"],
    run: async (stage) => {
      const consentToken = await anyConsent(stage);
      refusedInput(await fetchTokens(stage, { publicId: "", consentToken }));
    },
  },
  {
    slug: "top-level-error",
    level: "MAY",
    requirements: ["E2"],
    title: "A request without input gets a top-level error with the code BAD_USER_INPUT.",
    expects: "Status 200, data.fetchTokensForUser null, errors[0].extensions.code BAD_USER_INPUT.",
    remedy:
      "Throw a GraphQL error with extensions.code BAD_USER_INPUT from the resolver: none of the three user error codes fits.",
    needs: ["client"],
    run: async (stage) => {
      const answer = await fetchTokens(stage, {});
      equal(answer.status, 200, "status");
      equal(answer.payload, null, "data.fetchTokensForUser");
      const extensions = answer.errors[0]?.["extensions"];
      const code = isObject(extensions) ? extensions["code"] : undefined;
      equal(code, "BAD_USER_INPUT", "extensions.code");
    },
  },
  ...ONE.map(one),
  {
    slug: "one-token-null-public-id",
    level: "SHOULD",
    requirements: ["E1", "E3"],
    attacks: ["IN-03"],
    title: "A valid consent token with publicId null gets tokens.",
    remedy: COUNT,
    needs: ["client", "consent-token"],
    run: async (stage) => {
      const consentToken = await anyConsent(stage);
      granted(await fetchTokens(stage, { publicId: null, consentToken }));
    },
  },
];
