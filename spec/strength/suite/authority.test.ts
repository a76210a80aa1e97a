import assert from "node:assert/strict";
import test from "node:test";
import { examineQuickly } from "./examine.ts";
import { citationsOf } from "./fault.ts";
import { GROUPS, PROTOCOL_GROUPS } from "./faults/all.ts";

for (const { faults } of GROUPS.filter(({ name }) => !PROTOCOL_GROUPS.includes(name))) {
  for (const fault of faults) {
    const { rules } = citationsOf(fault);
    test(`${rules.join(", ")}: the suite catches ${fault.id}: ${fault.title}`, async () => {
      assert.deepEqual(await examineQuickly(fault), []);
    });
  }
}
