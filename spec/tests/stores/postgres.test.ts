import { openPostgresStore } from "../support/postgres.ts";
import { storeContract } from "./contract.ts";

storeContract("the PostgreSQL store", () => openPostgresStore());
