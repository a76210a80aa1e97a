import { POSTGRES_SCHEMAS } from "../support/postgres.ts";
import { testStoreContract } from "../support/store-contract.ts";

// Without a clause of 4,000 round trips that model/histories covers from the other side.
testStoreContract("PostgreSQL schemas", POSTGRES_SCHEMAS, ["model/unswept"]);
