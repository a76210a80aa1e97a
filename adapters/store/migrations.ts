/**
 * The rule of migrations, for every store: forward only, and safe while older servers run.
 *
 * A migration says which programs still work on its result. One that only adds (tables, indexes, columns
 * with a default that older programs may leave alone) is compatible with what came before it. One that
 * takes away comes a release later, when no program needs what it takes, and says so.
 * @module
 */

/** One step from a schema to the next. */
export interface Migration<Statements> {
  readonly statements: Statements;
  /** The oldest schema whose programs work on the result: 1 for the first migration. */
  readonly compatible: number;
}

/** What a database says of itself. */
export interface SchemaVersion {
  /** How many migrations were applied; 0 for an empty database. */
  readonly schema: number;
  /** The oldest schema whose programs work on it. */
  readonly compatible: number;
}

/** An empty database. */
export const EMPTY: SchemaVersion = { schema: 0, compatible: 0 };

/**
 * The migrations that are still to be applied, oldest first; none if the database is newer and this program
 * works on it.
 * @throws {RangeError} if this program is too old for the database; the message continues a sentence
 */
export function pendingMigrations<Statements>(
  { schema, compatible }: SchemaVersion,
  migrations: readonly Migration<Statements>[],
): readonly Migration<Statements>[] {
  const newest = migrations.length;
  if (compatible > newest) {
    throw new RangeError(
      `It has schema ${schema} and this version knows ${newest}: upgrade the program`,
    );
  }
  return migrations.slice(schema);
}
