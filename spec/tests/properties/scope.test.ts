/** The algebra of scopes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { intersect, isWithin, NO_SCOPE, readScope, writeScope } from "../../../core/scope.ts";
import { anyScopes, oddStrings, runs, scopes, scopeToken } from "../support/generators.ts";

/** Scopes that overlap and scopes that do not. */
const mixed = fc.oneof(scopes, anyScopes);

test("G6: what is written is read back as it was", () => {
  fc.assert(
    fc.property(mixed, (scope) => assert.deepEqual(readScope(writeScope(scope)), scope)),
    runs(500),
  );
});

test("G6: what is read is sorted, without duplicates, and holds each token of the text and no other", () => {
  const texts = fc.array(scopeToken(), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(texts, (tokens) => {
      const scope = readScope(tokens.join(" ")) ?? assert.fail("malformed");
      assert.deepEqual(new Set(scope), new Set(tokens));
      assert.ok(scope.every((token, index) => index === 0 || (scope[index - 1] ?? "") < token));
    }),
    runs(500),
  );
});

test("G6, A1: any text is read as a scope that is written back in its one form, or is malformed", () => {
  fc.assert(
    fc.property(
      fc.oneof(oddStrings, fc.array(oddStrings).map((list) => list.join(" "))),
      (text) => {
        const scope = readScope(text);
        if (scope === null) return;
        const written = writeScope(scope);
        assert.deepEqual(readScope(written), scope);
        assert.deepEqual(new Set(text.split(" ")), new Set(written.split(" ")));
      },
    ),
    runs(500),
  );
});

test("P4: intersection is commutative, associative, idempotent, and no scope is its zero", () => {
  fc.assert(
    fc.property(mixed, mixed, mixed, (a, b, c) => {
      assert.deepEqual(intersect(a, b), intersect(b, a));
      assert.deepEqual(intersect(a, intersect(b, c)), intersect(intersect(a, b), c));
      assert.deepEqual(intersect(a, a), a);
      assert.deepEqual(intersect(a, NO_SCOPE), NO_SCOPE);
    }),
    runs(500),
  );
});

test("P4: the intersection is the greatest scope within both", () => {
  fc.assert(
    fc.property(mixed, mixed, mixed, (a, b, c) => {
      const both = intersect(a, b);
      assert.ok(isWithin(both, a) && isWithin(both, b));
      assert.equal(isWithin(c, both), isWithin(c, a) && isWithin(c, b));
      assert.equal(isWithin(a, b), writeScope(both) === writeScope(a));
    }),
    runs(500),
  );
});
