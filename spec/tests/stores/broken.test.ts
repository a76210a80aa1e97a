import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkClause, type Clause, clauses } from "../../store-contract/mod.ts";
import { historyOf } from "../../store-contract/histories.ts";
import { BROKEN, brokenStore } from "./broken-stores.ts";

/** Histories meet everything: they may notice whatever a clause of its own is about. */
const isHistory = ({ id }: Clause) => id.startsWith("model/");

describe("Stores that break the contract", () => {
  test("tool: there is one for each clause", () => {
    assert.deepEqual(Object.keys(BROKEN), clauses.map(({ id }) => id));
  });

  test("tool: the store that they are made of keeps every clause", async () => {
    const good = brokenStore({ does: "nothing wrong" });
    for (const clause of clauses) await checkClause(clause, good);
  });

  for (const [id, broken] of Object.entries(BROKEN)) {
    test(`tool: a store that ${broken.does} breaks ${id}, and no other clause`, async () => {
      const judged = clauses.filter((clause) => clause.id === id || !isHistory(clause));
      const caught: string[] = [];
      for (const clause of judged) {
        await checkClause(clause, brokenStore(broken)).catch(() => caught.push(clause.id));
      }
      assert.deepEqual(caught, [id]);
    });
  }

  test("tool: the histories meet every kind of change, sweep and answer", () => {
    const met = new Set<string>();
    for (let number = 0; number < 10; number++) {
      for (const step of historyOf(number, { length: 150 }).steps) {
        if (step.does === "sweep") {
          for (const [table, count] of Object.entries(step.removed)) if (count > 0) met.add(table);
        } else {
          for (const { type } of step.decision.changes) met.add(type);
          met.add(step.decision.outcome);
        }
      }
    }
    assert.deepEqual([...met].sort(), [
      "client-written",
      "connection-changed",
      "connection-established",
      "connection-revoked",
      "connections",
      "consent-redeemed",
      "consentUses",
      "families",
      "family-ended",
      "family-rotated",
      "family-started",
      "granted",
      "refused",
      "user-deleted",
      "user-written",
      "withdrawals",
      "withdrawn",
    ]);
  });
});
