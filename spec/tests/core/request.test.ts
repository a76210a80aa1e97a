/** E1–E3: exactly one input. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MESSAGES } from "../../../core/message.ts";
import { type Arguments, select } from "../../../core/request.ts";
import { assertRefused, createSeededMachine, fetchByPublicId } from "../support/machine.ts";

const ABSENT = Symbol("absent");
const VALUES = [ABSENT, undefined, null, "", " ", "ann"] as const;

function argumentsOf(
  publicId: (typeof VALUES)[number],
  consentToken: (typeof VALUES)[number],
): Arguments {
  return {
    ...(publicId !== ABSENT && { publicId }),
    ...(consentToken !== ABSENT && { consentToken }),
  };
}

test("E1, E2, E3, IN-01, IN-02, IN-03: the whole truth table of the two arguments", () => {
  for (const publicId of VALUES) {
    for (const consentToken of VALUES) {
      const selected = select(argumentsOf(publicId, consentToken));
      const bad = { outcome: "refused", code: "BAD_USER_INPUT" };
      if (typeof publicId === "string" && typeof consentToken === "string") {
        assert.deepEqual(selected, { ...bad, reason: "both_inputs" });
      } else if (typeof publicId === "string") {
        assert.deepEqual(selected, { outcome: "selected", by: "publicId", publicId });
      } else if (typeof consentToken === "string") {
        assert.deepEqual(selected, { outcome: "selected", by: "consentToken", consentToken });
      } else {
        assert.deepEqual(selected, { ...bad, reason: "no_input" });
      }
    }
  }
});

test("E1, IN-04: an empty string beside a value is both, not one", () => {
  const both = { outcome: "refused", code: "BAD_USER_INPUT", reason: "both_inputs" };
  assert.deepEqual(select({ publicId: "", consentToken: "x" }), both);
  assert.deepEqual(select({ publicId: "x", consentToken: "" }), both);
});

test("E1, P1: an empty public id is provided, and is an unknown user", () => {
  const { machine } = createSeededMachine();
  assertRefused(fetchByPublicId(machine, "partner", ""), "NO_USER", "id_malformed");
});

test("E2, G4: every code has a message, a sentence of its own", () => {
  const messages = Object.values(MESSAGES);
  for (const message of messages) assert.match(message, /^[A-Z].+\.$/);
  assert.equal(new Set(messages).size, messages.length);
  assert.match(MESSAGES.BAD_USER_INPUT, /exactly one of publicId and consentToken/);
});
