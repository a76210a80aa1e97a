/** Compiled operations answer as graphql-js does: values, errors, their places and their order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  buildSchema,
  execute,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  parse,
  validate,
} from "graphql";
import { createExecutable } from "../../../../adapters/http/execution.ts";
import { typeDefs } from "../../../../adapters/graphql.ts";

const ERROR = { code: "NO_USER", field: ["publicId"], message: "No user found." };
const TOKENS = { accessToken: "a", expiresIn: 60, publicId: "u", scope: "openid", userErrors: [] };

/** What the resolver does, by the argument that it is given: right and wrong. */
const OUTCOMES: Readonly<Record<string, () => unknown>> = {
  tokens: () => TOKENS,
  later: () => Promise.resolve(TOKENS),
  refused: () => ({ userErrors: [ERROR, { ...ERROR, code: "NO_CONSENT" }] }),
  nothing: () => null,
  coded: () => Promise.reject(new GraphQLError("Both.", { extensions: { code: "BAD_INPUT" } })),
  fault: () => {
    throw new TypeError("A fault");
  },
  text: () => Promise.reject("no error object"),
  returned: () => new Error("returned, not thrown"),
  missing: () => ({ ...TOKENS, userErrors: null }),
  hole: () => ({ userErrors: [ERROR, null, ERROR] }),
  nested: () => ({ userErrors: [{ ...ERROR, message: undefined }, new Error("an item")] }),
  deep: () => ({ userErrors: [{ ...ERROR, field: ["a", null] }] }),
  badEnum: () => ({ userErrors: [{ ...ERROR, code: "OTHER" }] }),
  badInt: () => ({ ...TOKENS, expiresIn: 0.5, scope: { toString: 1 } }),
};

const schema = buildSchema(typeDefs);
const root = schema.getMutationType()?.getFields()["fetchTokensForUser"];
assert.ok(root);
root.resolve = (_root, args: Readonly<Record<string, string | null>>) => {
  const { publicId, consentToken } = args;
  const outcome = OUTCOMES[publicId ?? consentToken ?? ""];
  return outcome === undefined
    ? { ...TOKENS, accessToken: JSON.stringify(Object.entries(args)) }
    : outcome();
};
const version = schema.getQueryType()?.getFields()["apiVersion"];
assert.ok(version);
version.resolve = () => "unstable";

const oneOf = (...texts: readonly string[]) => fc.constantFrom(...texts);
const rarely = (weight: number, arbitrary: fc.Arbitrary<string>) =>
  fc.oneof({ weight, arbitrary: fc.constant("") }, { weight: 1, arbitrary });
const alias = rarely(2, oneOf("a:", "b:", "scope:", "__typename:", "__proto__:", "constructor:"));
const directive = rarely(80, oneOf("@skip(if: false)", "@include(if: $flag)"));
const joined = (parts: readonly string[]) => parts.filter(Boolean).join(" ");
const selection = (fields: fc.Arbitrary<string>) =>
  fc.array(fields, { minLength: 1, maxLength: 4 }).map((all) => `{ ${all.join(" ")} }`);
const field = (name: fc.Arbitrary<string>, inner: fc.Arbitrary<string> = fc.constant("")) =>
  fc.tuple(alias, name, directive, inner)
    .map(([as, of, by, below]) => joined([as, of, by, below]));
const error = selection(field(oneOf("code", "field", "message", "__typename")));
const payload = selection(fc.oneof(
  { weight: 6, arbitrary: field(oneOf("accessToken", "expiresIn", "refreshToken", "scope")) },
  { weight: 1, arbitrary: field(oneOf("__typename")) },
  { weight: 4, arbitrary: field(fc.constant("userErrors"), error) },
  {
    weight: 1,
    arbitrary: rarely(4, oneOf("... { tokenType }", "...F")).map((text) => text || "scope"),
  },
));
const value = fc.oneof(
  oneOf("$p", "$p", "$c", "$c", "$c", "$p", "$d", "null", '"""refused"""'),
  literal(),
);
const args = fc.record({ publicId: value, consentToken: value }, { requiredKeys: [] })
  .map((given) => {
    const list = Object.entries(given).map(([name, text]) => `${name}: ${text}`).join(", ");
    return list === "" ? "" : `(${list})`;
  });
const mutation = selectionOfMutation();
const head = '($p: String, $c: String!, $d: String = "later", $flag: Boolean = true)';

function literal(): fc.Arbitrary<string> {
  return oneOf(...Object.keys(OUTCOMES)).map((name) => JSON.stringify(name));
}

function selectionOfMutation(): fc.Arbitrary<string> {
  const call = fc.tuple(alias, args, directive, payload)
    .map(([as, given, by, below]) => joined([as, `fetchTokensForUser${given}`, by, below]));
  return selection(
    fc.oneof({ weight: 9, arbitrary: call }, { weight: 1, arbitrary: field(oneOf("__typename")) }),
  );
}

/** Declares the variables that a text uses, and no more: unused ones are invalid. */
function declare(text: string): string {
  const declared = head.slice(1, -1).split(", ").filter((one) => text.includes(one.slice(0, 2)));
  const fragment = text.includes("...F")
    ? " fragment F on FetchTokensForUserPayload { scope }"
    : "";
  return `mutation ${declared.length > 0 ? `(${declared.join(", ")})` : ""} ${text}${fragment}`;
}

const document = fc.oneof(
  { weight: 20, arbitrary: mutation.map(declare) },
  { weight: 1, arbitrary: selection(field(oneOf("apiVersion", "__typename"))) },
  { weight: 1, arbitrary: fc.constant("{ __schema { queryType { name } } apiVersion }") },
);
const given = fc.oneof(
  literal().map((text) => JSON.parse(text)),
  fc.constantFrom(null, 7, "x", []),
);
const variables = fc.record({ p: given, c: given, d: given, flag: fc.boolean() }, {
  requiredKeys: [],
});

test("G5, G7, E3: compiled operations and graphql-js give the same results", async () => {
  const seen = { compiled: 0, left: 0, erroneous: 0 };
  await fc.assert(
    fc.asyncProperty(document, variables, async (text, variableValues) => {
      const parsed = parse(text);
      fc.pre(validate(schema, parsed).length === 0);
      const operation = getOperationAST(parsed);
      assert.ok(operation);
      const { execute: run, accepts } = createExecutable(schema, parsed, operation);
      const definitions = operation.variableDefinitions ?? [];
      const { errors } = getVariableValues(schema, definitions, variableValues);
      const compiled = accepts(variableValues);
      if (errors !== undefined) return assert.ok(!compiled, "accepted what does not fit");
      seen[compiled ? "compiled" : "left"]++;
      const ours = JSON.stringify(await run(variableValues, null));
      const theirs = JSON.stringify(await execute({ schema, document: parsed, variableValues }));
      if (compiled && theirs.startsWith('{"errors"')) seen.erroneous++;
      assert.equal(ours, theirs);
    }),
    { numRuns: 1000 },
  );
  assert.ok(seen.compiled > 150 && seen.erroneous > 40, JSON.stringify(seen));
});

test("house: what callers send is compiled", () => {
  const usual = [
    "mutation ($p: String) { fetchTokensForUser(publicId: $p) { accessToken __typename } }",
    "mutation ($c: String!) { a: fetchTokensForUser(consentToken: $c) { userErrors { code } } }",
    'mutation { fetchTokensForUser(publicId: "x") { scope } }',
    "{ apiVersion }",
  ];
  for (const text of usual) {
    const parsed = parse(text);
    const operation = getOperationAST(parsed);
    assert.ok(operation && createExecutable(schema, parsed, operation).accepts({ c: "x" }), text);
  }
});
