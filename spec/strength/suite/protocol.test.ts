import assert from "node:assert/strict";
import test from "node:test";
import { PROTOCOL_ROOMS, ROOMS } from "./faults/all.ts";
import { missed } from "./told.ts";

for (const { faults } of ROOMS.filter(({ name }) => PROTOCOL_ROOMS.includes(name))) {
  for (const fault of faults) {
    const { rules, id, title } = fault;
    test(`${rules.join(", ")}: the suite catches ${id}: ${title}`, async () => {
      assert.deepEqual(await missed(fault), []);
    });
  }
}
