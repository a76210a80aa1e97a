import { openSqliteStore } from "../../../adapters/store/sqlite.ts";
import { storeContract } from "./contract.ts";

storeContract("the SQLite store", () => openSqliteStore(":memory:"));
