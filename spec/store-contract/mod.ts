/**
 * The contract of a store, for whoever writes one. It imports no test runner: iterate {@link clauses} in
 * your own.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "fetch-tokens-for-user";
 * import { applies, checkClause, clauses } from "fetch-tokens-for-user/store-contract";
 *
 * const subject = {
 *   create: async () => ({ open: async () => createMemoryStore() }),
 *   shared: false, // nobody else can open what is in memory
 * };
 * for (const clause of clauses.filter((clause) => applies(clause, subject)).slice(0, 5)) {
 *   await checkClause(clause, subject); // rejects with a ContractError where the store breaks it
 * }
 * ```
 * @module
 */
import { FRESHNESS, OPENING } from "./clauses/freshness.ts";
import { MODEL } from "./clauses/model.ts";
import { RACES } from "./clauses/races.ts";
import { ROWS } from "./clauses/rows.ts";
import { STEPS } from "./clauses/steps.ts";
import { SWEEPING } from "./clauses/sweeping.ts";
import type { Clause } from "./contract.ts";

export {
  applies,
  checkClause,
  type Clause,
  ContractError,
  type StoreData,
  type StoreUnderTest,
} from "./contract.ts";

/** Every clause, from the simplest to histories in which everything happens. */
export const clauses: readonly Clause[] = [
  ...ROWS,
  ...STEPS,
  ...FRESHNESS,
  ...RACES,
  ...SWEEPING,
  ...OPENING,
  ...MODEL,
];
