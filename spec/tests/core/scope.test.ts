/** Scope as a set (RFC 6749 §3.3), G6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { intersect, isWithin, NO_SCOPE, readScope, writeScope } from "../../../core/scope.ts";

test("G6: a scope is read sorted and without duplicates, and written with single spaces", () => {
  assert.deepEqual(readScope("b a b Z"), ["Z", "a", "b"]);
  assert.equal(writeScope(["Z", "a", "b"]), "Z a b");
  assert.deepEqual(readScope(""), NO_SCOPE);
  assert.equal(writeScope(NO_SCOPE), "");
});

test("G6: exactly the characters of RFC 6749 §3.3 are a scope token", () => {
  for (let code = 0; code <= 0x100; code += 1) {
    const character = String.fromCharCode(code);
    const allowed = code === 0x21 || (code >= 0x23 && code <= 0x5b) ||
      (code >= 0x5d && code <= 0x7e);
    assert.deepEqual(readScope(character), allowed ? [character] : null, `U+${code.toString(16)}`);
  }
});

test("G6: stray spaces, other white space, quotes and non-ASCII are malformed", () => {
  const bad = [
    " ",
    " a",
    "a ",
    "a  b",
    "a\tb",
    "a\n",
    "a\u00a0b",
    'a"',
    "a\\b",
    "é",
    "\ud800",
    "😀",
  ];
  for (const text of bad) assert.equal(readScope(text), null, JSON.stringify(text));
});

test("G6: names of object prototypes are scope tokens like any other", () => {
  const scope = readScope("constructor __proto__ toString");
  assert.deepEqual(scope, ["__proto__", "constructor", "toString"]);
  assert.deepEqual(intersect(scope, ["a"]), NO_SCOPE);
  assert.equal(isWithin(["__proto__"], NO_SCOPE), false);
});

test("A1: a scope of five million tokens is read without a fault", () => {
  assert.deepEqual(readScope("a ".repeat(5_000_000) + "b"), ["a", "b"]);
});

test("P4: intersection keeps what both hold, and nothing is within no scope but no scope", () => {
  assert.deepEqual(intersect(["a", "b", "c"], ["b", "c", "d"]), ["b", "c"]);
  assert.deepEqual(intersect(["a"], NO_SCOPE), NO_SCOPE);
  assert.equal(isWithin(["a", "c"], ["a", "b", "c"]), true);
  assert.equal(isWithin(["a", "d"], ["a", "b", "c"]), false);
  assert.equal(isWithin(NO_SCOPE, NO_SCOPE), true);
});
