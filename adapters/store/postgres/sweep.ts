/**
 * Removes dead rows from PostgreSQL (R5, `core/sweep.ts`), in small steps. Rows that are locked are
 * skipped, so a sweep never makes a decision wait; whoever still wants a row that went finds it gone
 * (see `batch.ts`).
 * @module
 */
import type { Horizon } from "../../../core/sweep.ts";
import type { Layout } from "./schema.ts";

/** One step: a statement that removes at most `limit` rows and returns a row with their number. */
export type SweepStep = (horizon: Horizon, limit: number) => string;

/** The steps, in order. A step runs only when those before it found nothing left. */
export function createSweep({ schema }: Layout): readonly SweepStep[] {
  const on = (name: string) => `${schema}.${name}`;
  const counted = (statement: string) =>
    `WITH gone AS (${statement} RETURNING 1) SELECT count(*)::int AS removed FROM gone`;
  const remove = (table: string, key: string, which: string) =>
    counted(`DELETE FROM ${on(table)} WHERE (${key}) IN (${which})`);
  const older =
    (table: string, key: string, column: string, at: (horizon: Horizon) => number): SweepStep =>
    (horizon, limit) =>
      remove(
        table,
        key,
        `
      SELECT ${key} FROM ${on(table)} WHERE ${column} <= ${integer(at(horizon))}
      ORDER BY ${column} LIMIT ${integer(limit)} FOR UPDATE SKIP LOCKED`,
      );

  // Revoked connections, and those delegated from one, never live again (R3). A delegated connection
  // is removed before its source, and families before their connection. A source is of the same user.
  const revoked = `SELECT id, user_id, bucket FROM ${
    on("connections")
  } WHERE revoked_at IS NOT NULL`;
  const delegated = `
    SELECT d.id, d.bucket FROM (${revoked}) AS s JOIN ${on("connections")} AS d
    ON d.user_id = s.user_id AND d.source = s.id AND d.bucket = s.bucket AND d.revoked_at IS NULL`;
  const familiesOf = (dead: string): SweepStep => (_horizon, limit) =>
    remove(
      "families",
      "id, bucket",
      `
      SELECT f.id, f.bucket FROM ${on("families")} AS f
      JOIN (${dead}) AS dead ON f.connection = dead.id AND f.bucket = dead.bucket
      LIMIT ${integer(limit)} FOR UPDATE OF f SKIP LOCKED`,
    );
  const connections = (dead: string): SweepStep => (_horizon, limit) =>
    remove(
      "connections",
      "id, bucket",
      `
      SELECT c.id, c.bucket FROM ${on("connections")} AS c
      JOIN (${dead}) AS dead ON c.id = dead.id AND c.bucket = dead.bucket
      WHERE NOT EXISTS (
        SELECT FROM ${on("families")} AS f WHERE f.connection = c.id AND f.bucket = c.bucket)
      AND NOT EXISTS (
        SELECT FROM ${on("connections")} AS d WHERE d.user_id = c.user_id AND d.source = c.id
        AND d.bucket = c.bucket AND d.revoked_at IS NULL)
      LIMIT ${integer(limit)} FOR UPDATE OF c SKIP LOCKED`,
    );

  return [
    older(
      "families",
      "id, bucket",
      "generation_started_at",
      (horizon) => horizon.generationStartedAt,
    ),
    older("families", "id, bucket", "started_at", (horizon) => horizon.familyStartedAt),
    older("consent_uses", "jti, issuer", "keep_until", (horizon) => horizon.consentKeepUntil),
    older("withdrawals", "user_id, client, bucket", "at", (horizon) => horizon.withdrawnAt),
    familiesOf(revoked),
    familiesOf(delegated),
    connections(delegated),
    connections(revoked),
  ];
}

/** A number as SQL. */
function integer(value: number): string {
  return String(Math.trunc(value));
}
