import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isJsonObject, parseStrictJson } from "../../../adapters/strict-json.ts";

test("C2: JSON without duplicate names is parsed as JSON.parse parses it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, space) => {
      const text = JSON.stringify(value, null, space);
      assert.deepEqual(parseStrictJson(text), JSON.parse(text));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("C2, IN-10: a duplicate name is found wherever it stands and however it is spelled", () => {
  // Writes the value with one member of one object written twice, the second time escaped.
  const spell = (name: string) =>
    `"${
      [...name].map((char) => {
        return Array.from(
          char,
          (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`,
        ).join("");
      }).join("")
    }"`;
  const wrap = fc.array(fc.constantFrom("object", "array", "sibling"), { maxLength: 6 });
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), wrap, (name, a, b, layers) => {
      const plain = [...name].every((char) => char.length === 1)
        ? spell(name)
        : JSON.stringify(name);
      const twice = `{${JSON.stringify(name)}:${JSON.stringify(a)} , ${plain} :${
        JSON.stringify(b)
      }}`;
      const text = layers.reduce((inner, layer) => {
        if (layer === "object") return `{"x":${inner}}`;
        return layer === "array" ? `[{"x":1},${inner}]` : `{"x":{"y":"}"},"y":${inner}}`;
      }, twice);
      JSON.parse(text);
      assert.throws(() => parseStrictJson(text), SyntaxError);
    }),
    { seed: 2, numRuns: 500 },
  );
});

test("C2: what only looks like a duplicate name is none", () => {
  const fine = [
    '["a","a"]',
    '{"a":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":1","b":"{\\"b\\":1}"}',
    '{"a":"x\\\\","b":1}',
    '{"":1," ":1}',
    '{"__proto__":1,"constructor":2,"toString":3}',
    '{"a":1,"A":1}',
    '"a:"',
  ];
  for (const text of fine) assert.deepEqual(parseStrictJson(text), JSON.parse(text));
  const twice = ['{"__proto__":1,"__proto__":2}', '{"":1,"":1}', '{"a\\\\":1,"a\\\\":2}'];
  for (const text of twice) assert.throws(() => parseStrictJson(text), SyntaxError);
});

test("G9: the error quotes nothing of the text", () => {
  for (const text of ["secret", '{"secret":1,"secret":2}', '{"a": secret}', '"secret', ""]) {
    assert.throws(() => parseStrictJson(text), (error: Error) => {
      assert.ok(error instanceof SyntaxError);
      return !`${error.stack}${error.cause}`.includes("secret");
    });
  }
});

test("A2, IN-11: JSON that nests deeper than 32 levels is refused", () => {
  const nested = (pairs: number) => '{"a":['.repeat(pairs) + "]}".repeat(pairs);
  assert.ok(isJsonObject(parseStrictJson(nested(16))));
  assert.ok(isJsonObject(parseStrictJson(JSON.stringify({ a: "[{".repeat(99), "]": '"' }))));
  for (const text of [`[${nested(16)}]`, nested(5_000), "[".repeat(1_000_000)]) {
    assert.throws(() => parseStrictJson(text), /nested deeper than 32 levels/);
  }
});

test("A2: work is linear", () => {
  const long = JSON.stringify({ a: '\\"'.repeat(500_000), b: " ".repeat(1_000_000) });
  assert.ok(isJsonObject(parseStrictJson(long)));
  const wide = `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":0`).join()}}`;
  assert.ok(isJsonObject(parseStrictJson(wide)));
  assert.throws(() => parseStrictJson(`${wide.slice(0, -1)},"k0":0}`), SyntaxError);
});
