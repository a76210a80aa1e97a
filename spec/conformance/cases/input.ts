/**
 * Exactly one input (E1–E3), however it is written, and odd values (G10).
 * @module
 */
import { anyConsent, consent } from "../stage/consents.ts";
import { type CaseSpec, define } from "../case.ts";
import {
  carriesTokens,
  controlPublicId,
  describeAnswer,
  type FetchAnswer,
  fetchTokens,
  granted,
  graphql,
  notGranted,
  redeem,
  refused,
} from "../stage/product.ts";
import { actor, unknownUser, user } from "../stage/stage.ts";
import { isObject } from "../base/encoding.ts";
import type { Level } from "../../requirements/model.ts";
import type { Case } from "../case.ts";
import { Blocked, check, equal } from "../verdict.ts";

const SELECTION = `{ accessToken expiresIn publicId refreshToken scope tokenType
  userErrors { code field message } }`;

/** A document with the arguments written out. */
function inline(argumentsText: string): { readonly query: string } {
  const list = argumentsText === "" ? "" : `(${argumentsText})`;
  return { query: `mutation { fetchTokensForUser${list} ${SELECTION} }` };
}

/** A document with two nullable variables. */
function withVariables(variables: object, declarations = "$p: String, $c: String") {
  const query = `mutation (${declarations}) {
    fetchTokensForUser(publicId: $p, consentToken: $c) ${SELECTION} }`;
  return { query, variables };
}

/** E2: no tokens and some error, top-level or in userErrors. */
function refusedInput(answer: FetchAnswer): void {
  notGranted(answer);
  const said = answer.errors.length > 0 || answer.code !== null;
  check(said, "an error that says so", describeAnswer(answer));
}

const ONE =
  'Count what is provided before anything else: null and absent are not, "" is. Refuse unless it is one.';

/** A request with no input, or with both, in one of the ways to write it. */
function notOne(
  slug: string,
  how: string,
  body: (publicId: string, consentToken: string) => object,
  both = false,
  level: Level = "MUST",
): CaseSpec {
  return {
    slug,
    level,
    requirements: ["E1", "E2", "E3"],
    attacks: [both ? "IN-02" : "IN-01"],
    title: `${both ? "Both inputs" : "No input"} (${how}): no tokens.`,
    does: `Sends ${
      both ? "a public id of a connected user and a consent token" : "neither input"
    }, ${how}.`,
    expects: "No tokens, and an error, top-level or in userErrors.",
    remedy: ONE,
    needs: both ? ["client", "connected-user"] : ["client"],
    run: async (stage) => {
      const publicId = both ? await user(stage, actor(stage, "partner")) : "";
      if (both) await controlPublicId(stage, publicId);
      refusedInput(await graphql(stage, body(publicId, "not-a-token-but-provided")));
    },
  };
}

const NEITHER: readonly CaseSpec[] = [
  notOne("neither", "without arguments", () => inline("")),
  notOne(
    "neither-literal-null",
    "as null literals",
    () => inline("publicId: null, consentToken: null"),
  ),
  notOne("neither-omitted-variables", "as omitted variables", () => withVariables({})),
  notOne("neither-null-variables", "as null variables", () => withVariables({ p: null, c: null })),
  notOne(
    "neither-null-defaults",
    "as variables with null defaults",
    () => withVariables({}, "$p: String = null, $c: String = null"),
  ),
];

const BOTH: readonly CaseSpec[] = [
  notOne(
    "both-literals",
    "as literals",
    (publicId, token) =>
      inline(`publicId: ${JSON.stringify(publicId)}, consentToken: ${JSON.stringify(token)}`),
    true,
  ),
  notOne("both-variables", "as variables", (p, c) => withVariables({ p, c }), true),
  notOne(
    "both-default",
    "one of them as a variable's default",
    (p, c) => withVariables({ p }, `$p: String, $c: String = ${JSON.stringify(c)}`),
    true,
  ),
  notOne(
    "both-empty-token",
    'with "" as the consent token',
    (p) => withVariables({ p, c: "" }),
    true,
    "SHOULD",
  ),
  {
    slug: "both-consumes-nothing",
    level: "SHOULD",
    requirements: ["E2"],
    attacks: ["IN-02"],
    title: "Both inputs: the consent token is not used up.",
    does: "Sends a good consent token beside a public id, then the token alone.",
    expects: "The second request is granted.",
    remedy: "Refuse before the consent token is looked at.",
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
    title: 'A good consent token beside publicId "" is one input too many.',
    does: 'Sends a good consent token and publicId "".',
    expects: "No tokens, and an error.",
    remedy: 'Compare with null, not with truthiness: "" is provided.',
    needs: ["client", "consent-token", "sign"],
    run: async (stage) =>
      refusedInput(
        await fetchTokens(stage, { publicId: "", consentToken: await anyConsent(stage) }),
      ),
  },
  {
    slug: "top-level-error",
    level: "MAY",
    requirements: ["E2"],
    title: "Both or neither is a top-level error with the code BAD_USER_INPUT.",
    does: "Sends neither input.",
    expects: "Status 200, data.fetchTokensForUser null, errors[0].extensions.code BAD_USER_INPUT.",
    remedy:
      "Throw a GraphQL error with extensions.code BAD_USER_INPUT from the resolver, with status 200: none of the three user error codes fits.",
    needs: ["client"],
    run: async (stage) => {
      const answer = await fetchTokens(stage, {});
      equal(answer.status, 200, "status");
      equal(answer.payload, null, "data.fetchTokensForUser");
      const extensions = answer.errors[0]?.["extensions"];
      equal(
        isObject(extensions) ? extensions["code"] : undefined,
        "BAD_USER_INPUT",
        "extensions.code",
      );
    },
  },
];

/** One input beside an explicit nothing: granted. */
function one(slug: string, how: string, body: (publicId: string) => object): CaseSpec {
  return {
    slug,
    level: "SHOULD",
    requirements: ["E1", "E3"],
    attacks: ["IN-03"],
    title: `A public id beside ${how} is one input.`,
    does: `Sends the public id of a connected user and ${how}.`,
    expects: "Tokens.",
    remedy: ONE,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      granted(await graphql(stage, body(publicId)));
    },
  };
}

const ONE_INPUT: readonly CaseSpec[] = [
  one(
    "one-literal-null",
    "a null literal",
    (publicId) => inline(`publicId: ${JSON.stringify(publicId)}, consentToken: null`),
  ),
  one("one-null-variable", "a null variable", (p) => withVariables({ p, c: null })),
  one("one-omitted-variable", "an omitted variable", (p) => withVariables({ p })),
  one(
    "one-default",
    "an omitted variable, both as declared defaults",
    (p) => withVariables({}, `$p: String = ${JSON.stringify(p)}, $c: String`),
  ),
  one(
    "one-literal",
    "no other argument, as a literal",
    (p) => inline(`publicId: ${JSON.stringify(p)}`),
  ),
  one("one-escaped", "no other argument, its first character as a GraphQL escape", (p) => {
    const code = (p.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return inline(`publicId: "\\u${code}${JSON.stringify(p.slice(1)).slice(1)}`);
  }),
  {
    slug: "one-token-null-public-id",
    level: "SHOULD",
    requirements: ["E1", "E3"],
    attacks: ["IN-03"],
    title: "A consent token beside a null public id is one input.",
    does: "Sends a good consent token and publicId null.",
    expects: "Tokens.",
    remedy: ONE,
    needs: ["client", "consent-token"],
    run: async (stage) =>
      void granted(
        await fetchTokens(stage, { publicId: null, consentToken: await anyConsent(stage) }),
      ),
  },
];

const BYTES = "Compare public ids byte for byte: no trimming, folding, prefixes or normalisation.";

/** A value that is not the public id of the user whom it resembles. */
function odd(slug: string, what: string, spoil: (publicId: string) => string): CaseSpec {
  return {
    slug: `public-id-${slug}`,
    level: "MUST",
    requirements: ["P1", "G10"],
    attacks: ["IN-04"],
    title: `A public id ${what} is nobody's.`,
    does: `Sends the public id of a connected user, ${what}.`,
    expects: "userErrors code NO_USER.",
    remedy: BYTES,
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const publicId = await user(stage, actor(stage, "partner"));
      await controlPublicId(stage, publicId);
      refused(await fetchTokens(stage, { publicId: spoil(publicId) }), "NO_USER");
    },
  };
}

const ODD: readonly CaseSpec[] = [
  odd("trailing-space", "with a space behind it", (id) => `${id} `),
  odd("leading-space", "with a space before it", (id) => ` ${id}`),
  odd("newline", "with a line break behind it", (id) => `${id}\n`),
  odd("nul", "with a NUL behind it", (id) => `${id}\0`),
  odd("case", "in the other case", (id) => {
    const upper = id.toUpperCase();
    const other = upper === id ? id.toLowerCase() : upper;
    if (other === id) throw new Blocked("the public id has no letters");
    return other;
  }),
  odd("prefix", "without its last character", (id) => id.slice(0, -1)),
  odd("suffix", "with a character more", (id) => `${id}0`),
  odd("wildcard", "with a % for its end", (id) => `${id.slice(0, -1)}%`),
  odd(
    "full-width",
    "in full-width letters",
    (id) => id.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  ),
  odd("combining", "with a combining accent behind it", (id) => `${id}\u0301`),
  odd("quoted", "inside quotation marks", (id) => `"${id}"`),
  odd("injection", "inside a piece of SQL", (id) => `x' OR public_id = '${id}' -- `),
];

/** A value that is nobody's public id. */
function nobody(slug: string, what: string, publicId: () => string): CaseSpec {
  return {
    slug: `public-id-${slug}`,
    level: "SHOULD",
    requirements: ["G10", "E1"],
    title: `A public id that is ${what} is answered with NO_USER.`,
    does: `Sends a public id that is ${what}.`,
    expects: "userErrors code NO_USER.",
    remedy: "Refuse what cannot be a public id as if it were unknown, before any look-up.",
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { publicId: publicId() }), "NO_USER"),
  };
}

const NOBODY: readonly CaseSpec[] = [
  nobody("empty", "empty", () => ""),
  nobody("long", "256 characters long", () => "a".repeat(256)),
  nobody("surrogate", "half a surrogate pair", () => "\ud800"),
  nobody("prototype", "the name of a property that every object has", () => "__proto__"),
  nobody("constructor", "the name of a method that every object has", () => "constructor"),
  {
    slug: "consent-token-empty",
    level: "SHOULD",
    requirements: ["E1", "C1"],
    title: 'The consent token "" is an invalid token, not an absent one.',
    does: 'Sends consentToken "" alone.',
    expects: "userErrors code INVALID_TOKEN.",
    remedy: 'Compare with null, not with truthiness: "" is provided.',
    needs: ["client"],
    run: async (stage) => refused(await fetchTokens(stage, { consentToken: "" }), "INVALID_TOKEN"),
  },
  {
    slug: "swapped",
    level: "MUST",
    requirements: ["C1", "C2"],
    title: "A public id in the place of the consent token is an invalid token.",
    does: "Sends the public id of a connected user as consentToken.",
    expects: "userErrors code INVALID_TOKEN.",
    remedy: "Never guess which of the two was meant.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const consentToken = await user(stage, actor(stage, "partner"));
      refused(await fetchTokens(stage, { consentToken }), "INVALID_TOKEN");
    },
  },
];

/** A value of another type than String: GraphQL must refuse it before execution. */
function mistyped(slug: string, what: string, body: (publicId: string) => object): CaseSpec {
  return {
    slug: `type-${slug}`,
    level: "MUST",
    requirements: ["G1"],
    title: `A public id given as ${what} is a GraphQL error.`,
    does: `Sends the public id as ${what}.`,
    expects: "A GraphQL error and no tokens.",
    remedy: "Coerce input as GraphQL does: a String is a string, never a number, list or object.",
    needs: ["client", "connected-user"],
    run: async (stage) => {
      const answer = await graphql(stage, body(await user(stage, actor(stage, "partner"))));
      notGranted(answer);
      check(answer.errors.length > 0, "a GraphQL error", describeAnswer(answer));
    },
  };
}

const TYPES: readonly CaseSpec[] = [
  mistyped("number-variable", "a number", () => withVariables({ p: 12345 })),
  mistyped("boolean-variable", "a boolean", () => withVariables({ p: true })),
  mistyped("list-variable", "a list of one", (publicId) => withVariables({ p: [publicId] })),
  mistyped("object-variable", "an object", (publicId) => withVariables({ p: { publicId } })),
  mistyped("number-literal", "a number literal", () => inline("publicId: 12345")),
  mistyped(
    "enum-literal",
    "a bare word",
    () => inline("publicId: anybody"),
  ),
  mistyped(
    "unknown-argument",
    "a third argument besides",
    (publicId) => inline(`publicId: ${JSON.stringify(publicId)}, userId: "1"`),
  ),
  mistyped(
    "input-object",
    "an input object",
    (publicId) => inline(`input: { publicId: ${JSON.stringify(publicId)} }`),
  ),
];

const REPEATED: readonly CaseSpec[] = [
  {
    slug: "aliased-consent",
    level: "SHOULD",
    requirements: ["C11", "A2"],
    attacks: ["IN-06"],
    title: "One document that presents a consent token twice gets one family at most.",
    does: "Sends one document with two aliased fields and the same consent token in both.",
    expects: "At most one distinct refresh token; or the whole document is refused.",
    remedy: "Consume the jti in the same atomic step that issues tokens.",
    needs: ["client", "consent-token", "sign"],
    run: async (stage) => {
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      const field = `fetchTokensForUser(consentToken: $c) ${SELECTION}`;
      const query = `mutation ($c: String) { a: ${field} b: ${field} }`;
      equalFamilies(await graphql(stage, { query, variables: { c: token } }), 1);
    },
  },
  {
    slug: "alias-flood",
    level: "SHOULD",
    requirements: ["A2"],
    attacks: ["IN-06"],
    title: "A hundred aliases of one consent token do not give a hundred token pairs.",
    does: "Sends one document with a hundred aliased fields and the same consent token in each.",
    expects:
      "A refusal of the whole, or one distinct refresh token at most; no status of 500 or more.",
    remedy: "Count mutation fields before execution and refuse a document that has too many.",
    needs: ["client", "consent-token", "sign"],
    run: async (stage) => {
      const token = await consent(stage, { user: await user(stage, actor(stage, "merchant")) });
      const fields = Array.from(
        { length: 100 },
        (_, index) => `a${index}: fetchTokensForUser(consentToken: $c) { refreshToken }`,
      );
      const query = `mutation ($c: String) { ${fields.join(" ")} }`;
      equalFamilies(await graphql(stage, { query, variables: { c: token } }), 1);
    },
  },
];

function equalFamilies(answer: FetchAnswer, most: number): void {
  check(answer.status < 500, "no status of 500 or more", `status ${answer.status}`);
  const data = isObject(answer.json) && isObject(answer.json["data"]) ? answer.json["data"] : {};
  const distinct = new Set(
    Object.values(data).flatMap((payload) =>
      isObject(payload) && carriesTokens({ ...answer, payload }) ? [payload["refreshToken"]] : []
    ),
  );
  check(distinct.size <= most, `at most ${most} refresh token`, `${distinct.size} refresh tokens`);
}

/** The cases. */
export const input: readonly Case[] = define("input", [
  ...NEITHER,
  ...BOTH,
  ...ONE_INPUT,
  ...ODD,
  ...NOBODY,
  ...TYPES,
  ...REPEATED,
]);
