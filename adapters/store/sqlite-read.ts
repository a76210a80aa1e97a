/**
 * Loads facts from SQLite, as `factsOf` in `core/evolve.ts` does from a state: only what the keys
 * ask for, loading each client once.
 * @module
 */
import { type Facts, type Keys, NO_FAMILIES, type Standing } from "../../core/decision.ts";
import type { Client, ClientId, Connection, User } from "../../core/model.ts";
import type { SqliteDatabase } from "./sqlite-driver.ts";
import { prepareLookUps } from "./sqlite-rows.ts";

/**
 * Prepares the statements that load facts.
 * @returns a function that loads them; the caller ensures that they are one snapshot
 */
export function createReader(db: SqliteDatabase): (keys: Keys) => Facts {
  const find = prepareLookUps(db);

  return (keys) => {
    const seen = new Map<ClientId, Client | null>();
    const clientOf = (id: ClientId): Client | null => {
      const known = seen.get(id);
      if (known !== undefined) return known;
      const client = find.client(id);
      seen.set(id, client);
      return client;
    };
    const standingOf = (connection: Connection, user: User | null): Standing => {
      const source = connection.source === null ? null : find.connection(connection.source);
      const merchant = source === null ? null : clientOf(source.client);
      return { connection, client: clientOf(connection.client), user, source, merchant };
    };

    const { client, user: publicId, userDigest, maxFamilies, merchant, consent } = keys;
    const user = publicId === undefined ? null : find.user(publicId);
    const withClient = publicId !== undefined && client !== undefined;
    const withMerchant = publicId !== undefined && merchant !== undefined;
    const active = withClient ? find.activeBetween(publicId, client) : [];
    const consentUse = consent === undefined ? null : find.consentUse(consent);
    const familyId = keys.family ?? consentUse?.family;
    const family = familyId === undefined ? null : find.family(familyId);
    const connectionId = keys.connection ?? family?.connection;
    const connection = connectionId === undefined ? null : find.connection(connectionId);
    return {
      client: client === undefined ? null : clientOf(client),
      user,
      userRetired: userDigest !== undefined && find.isRetired(userDigest),
      candidates: active.map((connection) => ({
        ...standingOf(connection, user),
        connection,
        families: maxFamilies === undefined
          ? NO_FAMILIES
          : find.familiesOf(connection.id, maxFamilies),
      })),
      merchant: merchant === undefined ? null : clientOf(merchant),
      source: withMerchant ? find.directBetween(publicId, merchant) : null,
      clientWithdrawal: withClient ? find.withdrawal(publicId, client) : null,
      merchantWithdrawal: withMerchant ? find.withdrawal(publicId, merchant) : null,
      consentUse,
      family,
      standing: connection === null ? null : standingOf(connection, find.user(connection.user)),
    };
  };
}
