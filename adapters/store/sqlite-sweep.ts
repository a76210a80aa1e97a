/**
 * Removes dead rows from SQLite (R5, `core/sweep.ts`), in small steps.
 * @module
 */
import type { Horizon } from "../../core/sweep.ts";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.ts";

/** The next revoked connections, in a stable order. */
const REVOKED = `
  SELECT id, user FROM connections INDEXED BY connections_revoked
  WHERE revoked_at IS NOT NULL LIMIT ?`;

/**
 * The connections delegated from them, by the same user. A delegated connection is always removed
 * before its source, so there are none without a source.
 */
const DELEGATED = `
  SELECT delegated.id FROM (${REVOKED}) AS source
  CROSS JOIN connections AS delegated INDEXED BY connections_live
  WHERE delegated.user = source.user AND delegated.source = source.id
    AND delegated.revoked_at IS NULL`;

/**
 * Prepares the statements that sweep.
 * @returns a function that removes at most `limit` rows, inside the caller's transaction, and
 *   returns how many it removed: fewer than `limit` means that nothing is left to remove
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
    // A statement runs only when those before it found nothing left: families are removed before their
    // connection, and delegated connections before their source.
    const run = (statement: SqliteStatement, ...values: number[]) => {
      if (left > 0) left -= Number(statement.run(...values, left).changes);
    };
    run(idleFamilies, horizon.generationStartedAt);
    run(oldFamilies, horizon.familyStartedAt);
    run(consentUses, horizon.consentKeepUntil);
    run(withdrawals, horizon.withdrawnAt);
    // At most as many revoked connections as may be removed: each step considers only these.
    run(familiesOfRevoked, limit);
    run(familiesOfDelegated, limit);
    run(delegated, limit);
    run(revoked);
    return limit - left;
  };
}
