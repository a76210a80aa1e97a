/**
 * The error of a database that cannot be opened.
 * @module
 */

/** The database cannot be opened; the message says why and what to do, and never holds a password. */
export class PostgresOpenError extends Error {
  override readonly name = "PostgresOpenError";
}
