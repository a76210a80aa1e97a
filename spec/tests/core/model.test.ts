/** What error messages show of values from outside. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { quote } from "../../../core/model.ts";

test("A2: an error message quotes a value on one line, and at most 100 characters of it", () => {
  assert.equal(quote("two\nlines"), '"two\\nlines"');
  assert.equal(quote(undefined), "undefined");
  const [fits, long] = ["a".repeat(98), "a".repeat(99)];
  assert.equal(quote(fits), `"${fits}"`);
  assert.equal(quote(long), `"${fits}…`);
});
