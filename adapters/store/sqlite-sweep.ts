/**
 * Removes from SQLite what can never live again (R5, `core/sweep.ts`), in small steps.
 * @module
 */
import type { Horizon } from "../../core/sweep.ts";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.ts";

/** The next revoked connections, always in the same order. */
const REVOKED = `
  SELECT id, user FROM connections INDEXED BY connections_revoked
  WHERE revoked_at IS NOT NULL LIMIT ?`;

/**
 * What was delegated from them, by the same user. A delegation whose source is gone is not looked for: it
 * went before its source.
 */
const DELEGATED = `
  SELECT delegated.id FROM (${REVOKED}) AS source
  CROSS JOIN connections AS delegated INDEXED BY connections_live
  WHERE delegated.user = source.user AND delegated.source = source.id
    AND delegated.revoked_at IS NULL`;

/**
 * Prepares the statements that sweep.
 * @returns a function that removes at most `limit` rows, inside the caller's transaction, and says how many
 *   went: fewer than `limit` means that there is nothing left to remove
 */
export function createSweeper(db: SqliteDatabase): (horizon: Horizon, limit: number) => number {
  const prepareOlder = (table: string, column: string) =>
    db.prepare(`
      DELETE FROM ${table} WHERE rowid IN (
        SELECT rowid FROM ${table} WHERE ${column} <= ? ORDER BY ${column} LIMIT ?)`);
  const prepareFamiliesOf = (dead: string) =>
    db.prepare(`
      DELETE FROM families WHERE rowid IN (
        SELECT families.rowid FROM (${dead}) AS dead
        CROSS JOIN families WHERE families.connection = dead.id LIMIT ?)`);
  const idleFamilies = prepareOlder("families", "generation_started_at");
  const oldFamilies = prepareOlder("families", "started_at");
  const consentUses = prepareOlder("consent_uses", "keep_until");
  const withdrawals = prepareOlder("withdrawals", "at");
  const familiesOfRevoked = prepareFamiliesOf(REVOKED);
  const familiesOfDelegated = prepareFamiliesOf(DELEGATED);
  const delegated = db.prepare(`DELETE FROM connections WHERE id IN (${DELEGATED} LIMIT ?)`);
  const revoked = db.prepare(
    `DELETE FROM connections WHERE id IN (SELECT id FROM (${REVOKED}))`,
  );

  return (horizon, limit) => {
    let left = limit;
    // A statement runs only when the ones before it left nothing behind: families go before their
    // connection, and what was delegated before its source.
    const run = (statement: SqliteStatement, ...values: number[]) => {
      if (left > 0) left -= Number(statement.run(...values, left).changes);
    };
    run(idleFamilies, horizon.generationStartedAt);
    run(oldFamilies, horizon.familyStartedAt);
    run(consentUses, horizon.consentKeepUntil);
    run(withdrawals, horizon.withdrawnAt);
    // As many revoked connections as could go, if nothing else did: each step looks at these alone.
    run(familiesOfRevoked, limit);
    run(familiesOfDelegated, limit);
    run(delegated, limit);
    run(revoked);
    return limit - left;
  };
}
