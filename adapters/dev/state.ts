/**
 * Users with their connections and token families, for people to look at.
 * @module
 */
import type { Connection, PublicId, TokenFamily, User } from "../../core/model.ts";
import type { Service } from "../direct.ts";

/** A connection with its families. */
export type ConnectionState = Connection & {
  /** The merchant that it was delegated through; `null` if it is direct, or that one is gone. */
  readonly via: string | null;
  readonly families: readonly Omit<TokenFamily, "salt">[];
};

/** A user with everything that hangs on them. */
export type UserState = User & {
  readonly publicId: PublicId;
  readonly connections: readonly ConnectionState[];
};

const USERS = 50;
const FAMILIES = 10;

/** The first users and what hangs on them. */
export async function listState(service: Service): Promise<readonly UserState[]> {
  const { rows: users } = await service.listUsers({ limit: USERS });
  return await Promise.all(users.map(async (user) => {
    const { rows } = await service.listConnections(user.publicId);
    const connections = await Promise.all(rows.map(async (row) => {
      const source = rows.find(({ id }) => id === row.source);
      const { rows: families } = await service.listFamilies(row.id, { limit: FAMILIES });
      return { ...row, via: source?.client ?? null, families: families.map(withoutSalt) };
    }));
    return { ...user, connections };
  }));
}

function withoutSalt({ salt: _salt, ...family }: TokenFamily): Omit<TokenFamily, "salt"> {
  return family;
}
