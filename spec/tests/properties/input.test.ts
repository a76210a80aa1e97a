/** Exactly one input, whatever comes in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Arguments, select } from "../../../core/request.ts";
import { oddStrings, runs } from "../support/generators.ts";

const argument = fc.oneof(oddStrings, fc.constantFrom(undefined, null));
const present = fc.boolean();

test("E1, E2, E3: a request is selected if and only if exactly one argument is a string, and as it came", () => {
  fc.assert(
    fc.property(argument, argument, present, present, (publicId, consentToken, first, second) => {
      const args: Arguments = { ...(first && { publicId }), ...(second && { consentToken }) };
      const given = Object.values(args).filter((value) => typeof value === "string");
      const selected = select(args);
      if (given.length !== 1) {
        const reason = given.length === 0 ? "no_input" : "both_inputs";
        return assert.deepEqual(selected, { outcome: "refused", code: "BAD_USER_INPUT", reason });
      }
      if (selected.outcome === "refused") assert.fail("one input was refused");
      const { by } = selected;
      assert.deepEqual(selected, { outcome: "selected", by, [by]: given[0] });
      assert.equal(args[by], given[0]);
    }),
    runs(1000),
  );
});
