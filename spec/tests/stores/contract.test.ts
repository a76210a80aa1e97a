import { createMemoryStore } from "../../../adapters/store/memory.ts";
import { SQLITE_FILES, testStoreContract } from "../support/store-contract.ts";

testStoreContract("the memory store", {
  shared: false,
  create: () => Promise.resolve({ open: () => Promise.resolve(createMemoryStore()) }),
});

testStoreContract("SQLite files", SQLITE_FILES);
