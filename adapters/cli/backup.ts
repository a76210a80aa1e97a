/**
 * `backup`, `restore` and `mark-restored`: copies of a database, and what a restored one must know.
 * @module
 */
import process from "node:process";
import { systemClock } from "../entropy.ts";
import { markRestored } from "../restore.ts";
import { copyDatabase, openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../ports.ts";
import { databaseOf, openStore, sqliteFileOf, STORE_OPTIONS } from "./data.ts";
import { type Command, defineCommand, UsageError, type Values } from "./options.ts";
import { print } from "./output.ts";

/** The command `backup`. */
export const backup: Command = defineCommand({
  name: "backup",
  arguments: ["FILE"],
  summary: "Copy the SQLite database to a new file, while servers run, and check the copy.",
  details:
    "Copying a live database with cp loses what is in its log. Key files are not copied: back " +
    "them up apart. For PostgreSQL use pg_dump or point-in-time recovery.",
  options: STORE_OPTIONS,
  async run(values, [file = ""]) {
    const store = await openStore(values); // says what is wrong with the database, if anything
    await store.close();
    await copyDatabase(requireFile(values), file);
    await print(`${JSON.stringify({ database: databaseOf(values), backup: file })}\n`);
    return 0;
  },
});

/** The command `restore`. */
export const restore: Command = defineCommand({
  name: "restore",
  arguments: ["FILE"],
  summary: "Put a backup where a server expects its SQLite database; nothing may be there.",
  details:
    "Stop every server first, and move the old database away with its -wal and -shm files. " +
    "Changes since the backup are lost, withdrawals too: repeat them before you serve again.",
  options: STORE_OPTIONS,
  async run(values, [file = ""]) {
    let lost = "";
    await copyDatabase(file, requireFile(values), async (copy) => {
      lost = await mark(await openSqliteStore(copy));
    });
    await (await openStore(values)).close();
    return await report(values, lost);
  },
});

/** The command `mark-restored`. */
export const markRestoredCommand: Command = defineCommand({
  name: "mark-restored",
  summary:
    "Tell a database that it was restored by other means than restore; before servers start.",
  details:
    "Old tokens of the time that was lost are then no sign of theft, and consent from before " +
    "the restore is refused. restore does this by itself.",
  options: STORE_OPTIONS,
  run: async (values) => await report(values, await mark(await openStore(values))),
});

/** Marks a store and closes it; returns the beginning and the end of the lost time. */
async function mark(store: Store): Promise<string> {
  try {
    const { from, until } = await markRestored(store, Math.floor(systemClock.now() / 1000));
    return [from, until].map((seconds) => new Date(seconds * 1000).toISOString()).join("/");
  } finally {
    await store.close();
  }
}

async function report(values: Values, lostTime: string): Promise<number> {
  await print(`${JSON.stringify({ database: databaseOf(values), lostTime })}\n`);
  process.stderr.write(
    "What happened in that time is lost. Repeat the withdrawals, suspensions, deletions and secret " +
      "rotations that the audit log shows since its beginning, then start the servers.\n",
  );
  return 0;
}

function requireFile(values: Values): string {
  const path = sqliteFileOf(values);
  if (path !== null) return path;
  throw new UsageError(
    `${databaseOf(values)} is not an SQLite file: use pg_dump or point-in-time recovery, and ` +
      '"mark-restored" after a restore',
  );
}
