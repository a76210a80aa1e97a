/**
 * Loads `pg`, and makes one pool of those to a primary and its standbys.
 * @module
 */
import type { PgConnection, PgPool } from "./driver.ts";
import { PostgresOpenError } from "./errors.ts";

/** What is used of the package `pg`. */
export interface Pg {
  readonly Pool: new (config: Readonly<Record<string, unknown>>) => PgPool & {
    on(event: "error", listener: (error: Error) => void): unknown;
  };
}

/**
 * Loads the package.
 * @throws {PostgresOpenError} if it is not installed
 */
export async function loadPg(
  load: () => Promise<unknown> = () => import("pg"),
): Promise<Pg> {
  try {
    const { default: pg } = await load() as { default: Pg };
    return pg;
  } catch (cause) {
    throw new PostgresOpenError('The package pg is missing: run "npm install pg"', { cause });
  }
}

/**
 * One pool of several: a connection comes from the first one that gives it, beginning with the one
 * that did last time.
 */
export function connectPools(pools: readonly PgPool[]): PgPool {
  let current = 0;
  return {
    async connect(): Promise<PgConnection> {
      const start = current;
      let failure: unknown;
      for (let step = 0; step < pools.length; step++) {
        const index = (start + step) % pools.length;
        try {
          const connection = await pools[index]?.connect();
          if (connection === undefined) continue;
          current = index;
          return connection;
        } catch (error) {
          failure ??= error;
        }
      }
      throw failure;
    },
    async end() {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}
