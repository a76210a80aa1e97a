/**
 * Writes changes to SQLite, as `applyChange` in `core/evolve.ts` does to a state. Unique keys
 * ensure that a consent token is redeemed once and that there is one active connection per (user,
 * client, source).
 * @module
 */
import type { Change } from "../../core/decision.ts";
import { writeScope } from "../../core/scope.ts";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.ts";

const WRITES = {
  writeClient: `
    INSERT INTO clients (id, role, status, scope, secrets) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET role = excluded.role, status = excluded.status,
      scope = excluded.scope, secrets = excluded.secrets`,
  writeUser: `
    INSERT INTO users (public_id, status) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET status = excluded.status`,
  // Families are deleted with their connections; redeemed consents stay (C13).
  deleteLiveConnections: "DELETE FROM connections WHERE user = ? AND revoked_at IS NULL",
  deleteRevokedConnections: "DELETE FROM connections WHERE user = ? AND revoked_at IS NOT NULL",
  deleteWithdrawals: "DELETE FROM withdrawals WHERE user = ?",
  deleteUser: "DELETE FROM users WHERE public_id = ?",
  retireUser: "INSERT INTO retired_users (digest) VALUES (?) ON CONFLICT DO NOTHING",
  establishConnection: `
    INSERT INTO connections (id, user, client, source, scope, consented_at)
    VALUES (?, ?, ?, ?, ?, ?)`,
  // Revocation is a field that no other change writes.
  changeConnection: "UPDATE connections SET scope = ?, consented_at = ? WHERE id = ?",
  revokeConnection: "UPDATE connections SET revoked_at = ? WHERE id = ?",
  withdraw: `
    INSERT INTO withdrawals (user, client, direct_at, at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET at = max(at, excluded.at),
      direct_at = nullif(max(ifnull(direct_at, -1), ifnull(excluded.direct_at, -1)), -1)`,
  redeemConsent: `
    INSERT INTO consent_uses (issuer, jti, digest, client, family, redeemed_at, keep_until)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  startFamily: `
    INSERT INTO families (id, connection, scope, started_at, generation, generation_started_at,
      previous_generation_started_at, salt, key_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  rotateFamily: `
    UPDATE families SET generation = ?, generation_started_at = ?,
      previous_generation_started_at = ?, salt = ?, key_id = ?
    WHERE id = ?`,
  endFamily: "DELETE FROM families WHERE id = ?",
} as const;

/**
 * Prepares the statements that write changes.
 * @returns a function that writes one change, inside the caller's transaction
 */
export function createWriter(db: SqliteDatabase): (change: Change) => void {
  const sql = Object.fromEntries(
    Object.entries(WRITES).map(([name, text]) => [name, db.prepare(text)]),
  ) as Record<keyof typeof WRITES, SqliteStatement>;
  return (change) => {
    switch (change.type) {
      case "client-written": {
        const { id, role, status, scope, secrets } = change.client;
        sql.writeClient.run(id, role, status, writeScope(scope), JSON.stringify(secrets));
        return;
      }
      case "user-written":
        sql.writeUser.run(change.user.publicId, change.user.status);
        return;
      case "user-deleted":
        // Two statements for the connections: each half has an index, but there is none for both.
        sql.deleteLiveConnections.run(change.publicId);
        sql.deleteRevokedConnections.run(change.publicId);
        sql.deleteWithdrawals.run(change.publicId);
        sql.deleteUser.run(change.publicId);
        sql.retireUser.run(change.digest);
        return;
      case "connection-established": {
        const { id, user, client, source, scope, consentedAt } = change.connection;
        sql.establishConnection.run(id, user, client, source, writeScope(scope), consentedAt);
        return;
      }
      case "connection-changed": {
        const { id, scope, consentedAt } = change.connection;
        sql.changeConnection.run(writeScope(scope), consentedAt, id);
        return;
      }
      case "connection-revoked":
        sql.revokeConnection.run(change.connection.revokedAt, change.connection.id);
        return;
      case "withdrawn": {
        const { user, client, directAt, at } = change.withdrawal;
        sql.withdraw.run(user, client, directAt, at);
        return;
      }
      case "consent-redeemed": {
        const { issuer, jti, digest, client, family, redeemedAt, keepUntil } = change.use;
        sql.redeemConsent.run(issuer, jti, digest, client, family, redeemedAt, keepUntil);
        return;
      }
      case "family-started": {
        const family = change.family;
        sql.startFamily.run(
          family.id,
          family.connection,
          writeScope(family.scope),
          family.startedAt,
          family.generation,
          family.generationStartedAt,
          family.previousGenerationStartedAt,
          family.salt,
          family.keyId,
        );
        return;
      }
      case "family-rotated": {
        const family = change.family;
        sql.rotateFamily.run(
          family.generation,
          family.generationStartedAt,
          family.previousGenerationStartedAt,
          family.salt,
          family.keyId,
          family.id,
        );
        return;
      }
      case "family-ended":
        sql.endFamily.run(change.family);
        return;
    }
  };
}
