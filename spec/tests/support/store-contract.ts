/**
 * The store contract (`spec/store-contract/`) as tests.
 * @module
 */
import { describe, test } from "node:test";
import { openDatabase } from "../../../adapters/store/sqlite-driver.ts";
import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { applies, checkClause, clauses, type StoreUnderTest } from "../../store-contract/mod.ts";
import { makeFolder } from "./folder.ts";

/**
 * Makes a test of each clause that applies.
 * @param without ids of clauses to leave out
 */
export function testStoreContract(
  name: string,
  subject: StoreUnderTest,
  without: readonly string[] = [],
): void {
  describe(`The contract of stores, kept by ${name}`, () => {
    for (const clause of clauses.filter((clause) => applies(clause, subject))) {
      if (without.includes(clause.id)) continue;
      const { id, title, requirements } = clause;
      test(`${requirements.join(", ")}: ${title} (${id})`, () => checkClause(clause, subject));
    }
  });
}

/** SQLite files, each in a folder of its own. */
export const SQLITE_FILES: StoreUnderTest = {
  shared: true,
  has: ["size", "makeNewer"],
  async create() {
    const { folder, remove } = await makeFolder();
    const path = `${folder}/store.sqlite`;
    const ask = async (pragma: string) => {
      const db = await openDatabase(path);
      const row = db.prepare(`PRAGMA ${pragma}`).get();
      db.close();
      return Number(Object.values(row as object)[0]);
    };
    return {
      open: () => openSqliteStore(path),
      remove,
      size: async () => await ask("page_count") * await ask("page_size"),
      async makeNewer() {
        const newer = await ask("user_version") + 1;
        const db = await openDatabase(path);
        db.exec(`PRAGMA user_version = ${newer}`);
        db.exec(`UPDATE meta SET value = '${newer}' WHERE key = 'compatible-schema'`);
        db.close();
      },
    };
  },
};
