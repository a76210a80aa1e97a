/**
 * Inputs with odd values (G10), of other types (G1), and in many fields of one document (A2).
 * @module
 */
import { isObject } from "../../base/encoding.ts";
import type { CaseSpec } from "../../case.ts";
import { consent } from "../../stage/consents.ts";
import {
  carriesTokens,
  controlPublicId,
  describeAnswer,
  type FetchAnswer,
  fetchTokens,
  graphql,
  notGranted,
  refused,
} from "../../stage/product.ts";
import { actor, user } from "../../stage/stage.ts";
import { Blocked, check } from "../../verdict.ts";
import { connectedUser } from "../steps.ts";
import { literals, quote, variables, type Written } from "./written.ts";

/** What stands in place of the public id of a connected user. */
interface Value {
  readonly slug: string;
  readonly what: string;
  publicId(connected: string): string;
}

const LOOKALIKES: readonly Value[] = [
  { slug: "trailing-space", what: "with a trailing space", publicId: (id) => `${id} ` },
  { slug: "leading-space", what: "with a leading space", publicId: (id) => ` ${id}` },
  { slug: "newline", what: "with a trailing line break", publicId: (id) => `${id}\n` },
  { slug: "nul", what: "with a trailing NUL", publicId: (id) => `${id}\0` },
  { slug: "case", what: "in a different case", publicId: otherCase },
  { slug: "prefix", what: "without its last character", publicId: (id) => id.slice(0, -1) },
  { slug: "suffix", what: "with an extra character", publicId: (id) => `${id}0` },
  { slug: "wildcard", what: "ending in a wildcard", publicId: (id) => `${id.slice(0, -1)}%` },
  { slug: "full-width", what: "in full-width characters", publicId: fullWidth },
  { slug: "combining", what: "with a combining accent", publicId: (id) => `${id}\u0301` },
  { slug: "quoted", what: "in quotation marks", publicId: (id) => `"${id}"` },
  {
    slug: "injection",
    what: "inside an SQL expression",
    publicId: (id) => `x' OR public_id = '${id}' -- `,
  },
];

function lookalike({ slug, what, publicId }: Value): CaseSpec {
  return {
    slug: `public-id-${slug}`,
    level: "MUST",
    requirements: ["P1", "G10"],
    attacks: ["IN-04"],
    title: `A connected user's public id ${what} gets NO_USER.`,
    remedy: "Compare public ids byte for byte, without trimming, case folding or normalization.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const connected = await connectedUser(stage);
      await controlPublicId(stage, connected);
      refused(await fetchTokens(stage, { publicId: publicId(connected) }), "NO_USER");
    },
  };
}

function otherCase(publicId: string): string {
  const upper = publicId.toUpperCase();
  const other = upper === publicId ? publicId.toLowerCase() : upper;
  if (other === publicId) throw new Blocked("the public id has no letters");
  return other;
}

function fullWidth(text: string): string {
  return text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
}

const IMPOSSIBLE: readonly Value[] = [
  { slug: "empty", what: 'The public id ""', publicId: () => "" },
  { slug: "long", what: "A public id of 256 characters", publicId: () => "a".repeat(256) },
  { slug: "surrogate", what: "A lone surrogate as the public id", publicId: () => "\ud800" },
  { slug: "prototype", what: "The public id __proto__", publicId: () => "__proto__" },
  { slug: "constructor", what: "The public id constructor", publicId: () => "constructor" },
];

function impossible({ slug, what, publicId }: Value): CaseSpec {
  return {
    slug: `public-id-${slug}`,
    level: "SHOULD",
    requirements: ["G10", "E1"],
    title: `${what} gets NO_USER.`,
    remedy: "Treat an impossible public id like an unknown one, without a look-up.",
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { publicId: publicId("") }), "NO_USER"),
  };
}

const MISTYPED: readonly Written[] = [
  { slug: "number-variable", what: "A number as publicId", body: () => variables({ p: 12345 }) },
  { slug: "boolean-variable", what: "A boolean as publicId", body: () => variables({ p: true }) },
  { slug: "list-variable", what: "A list as publicId", body: (id) => variables({ p: [id] }) },
  {
    slug: "object-variable",
    what: "An object as publicId",
    body: (publicId) => variables({ p: { publicId } }),
  },
  {
    slug: "number-literal",
    what: "A literal number as publicId",
    body: () => literals("(publicId: 12345)"),
  },
  {
    slug: "enum-literal",
    what: "An unquoted word as publicId",
    body: () => literals("(publicId: anybody)"),
  },
  {
    slug: "unknown-argument",
    what: "An unknown argument",
    body: (id) => literals(`(publicId: ${quote(id)}, userId: "1")`),
  },
  {
    slug: "input-object",
    what: "An input object as the argument",
    body: (id) => literals(`(input: { publicId: ${quote(id)} })`),
  },
];

function mistyped({ slug, what, body }: Written): CaseSpec {
  return {
    slug: `type-${slug}`,
    level: "MUST",
    requirements: ["G1"],
    title: `${what} gets a GraphQL error and no tokens.`,
    remedy: "Validate documents and coerce variables as GraphQL does: only a string is a String.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const answer = await graphql(stage, body(await connectedUser(stage), ""));
      notGranted(answer);
      check(answer.errors.length > 0, "a GraphQL error", describeAnswer(answer));
    },
  };
}

/** One document that presents the same consent token several times. */
interface Repeated extends Pick<CaseSpec, "slug" | "requirements" | "remedy"> {
  readonly times: number;
}

function repeated({ times, ...row }: Repeated): CaseSpec {
  return {
    ...row,
    level: "SHOULD",
    attacks: ["IN-06"],
    title:
      `A document with ${times} aliases for one consent token starts at most one token family.`,
    expects: "At most one distinct refresh token (the document may be refused); no 5xx status.",
    needs: ["client", "consent-token", "sign"],
    run: async (stage) => {
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      const field = "fetchTokensForUser(consentToken: $c) { accessToken refreshToken }";
      const fields = Array.from({ length: times }, (_, index) => `a${index}: ${field}`).join(" ");
      const query = `mutation ($c: String) { ${fields} }`;
      const answer = await graphql(stage, { query, variables: { c: token } });
      check(answer.status < 500, "no 5xx status", `status ${answer.status}`);
      const found = refreshTokens(answer).size;
      check(found <= 1, "at most one refresh token", `${found} refresh tokens`);
    },
  };
}

/** The distinct refresh tokens of all payloads. */
function refreshTokens(answer: FetchAnswer): ReadonlySet<unknown> {
  const data = isObject(answer.json) && isObject(answer.json["data"]) ? answer.json["data"] : {};
  const payloads = Object.values(data).filter(isObject)
    .filter((payload) => carriesTokens({ ...answer, payload }));
  return new Set(payloads.map((payload) => payload["refreshToken"]));
}

/** Cases about the values of the inputs. */
export const INPUT_VALUES: readonly CaseSpec[] = [
  ...LOOKALIKES.map(lookalike),
  ...IMPOSSIBLE.map(impossible),
  {
    slug: "consent-token-empty",
    level: "SHOULD",
    requirements: ["E1", "C1"],
    title: 'The consent token "" gets INVALID_TOKEN.',
    remedy: 'Compare with null, not by truthiness: "" counts as provided.',
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { consentToken: "" }), "INVALID_TOKEN"),
  },
  {
    slug: "swapped",
    level: "MUST",
    requirements: ["C1", "C2"],
    title: "A connected user's public id sent as the consent token gets INVALID_TOKEN.",
    remedy: "Never guess which of the two inputs was meant.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const consentToken = await connectedUser(stage);
      refused(await fetchTokens(stage, { consentToken }), "INVALID_TOKEN");
    },
  },
  ...MISTYPED.map(mistyped),
  repeated({
    slug: "aliased-consent",
    requirements: ["C11", "A2"],
    remedy: "Consume the jti in the same atomic step that issues the tokens.",
    times: 2,
  }),
  repeated({
    slug: "alias-flood",
    requirements: ["A2"],
    remedy: "Count mutation fields before execution and refuse documents with too many.",
    times: 100,
  }),
];
