/**
 * What a clause of the store contract is, and how one is checked.
 * @module
 */
import type { Store } from "../../adapters/ports.ts";

/** One set of data that stores are opened on: a database, a file, a schema. */
export interface StoreData {
  /** Opens a store on this data; if the store is shared, also while others are open on it. */
  open(): Promise<Store>;
  /** Removes the data. Called once, after every store on it was closed. */
  remove?(): Promise<void>;
  /** The bytes that the data takes. Without it, `growth/size` does not apply. */
  size?(): Promise<number>;
  /** Marks the data as written by a newer version. Without it, `schema/newer` does not apply. */
  makeNewer?(): Promise<void>;
}

/** The store to check. */
export interface StoreUnderTest {
  /** Makes new, empty data, apart from all other data. */
  create(): Promise<StoreData>;
  /** Whether several stores can be open on the same data, at once and one after the other. */
  readonly shared: boolean;
  /** Which optional parts {@link StoreData} has. Default: none. */
  readonly has?: readonly ("size" | "makeNewer")[];
}

/** One thing that every store must do. */
export interface Clause {
  /** `group/slug`. Stable. */
  readonly id: string;
  /** What holds: one sentence. */
  readonly title: string;
  /** Ids of the rules and attacks that depend on it. */
  readonly requirements: readonly string[];
  /** What the store under test must offer for the clause to apply. */
  readonly needs?: "shared" | "size" | "makeNewer";
  /**
   * Checks it.
   * @param create makes new, empty data; whatever is opened on it is closed afterwards. Where the store is
   *   not shared, it is opened once, and opening it again returns the same store
   * @throws {ContractError} saying what was expected and what was seen
   */
  run(create: () => Promise<StoreData>): Promise<void>;
}

/** A store breaks the contract; the message says what was expected and what was seen. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}

/** Whether a clause applies to a store. */
export function applies({ needs }: Clause, { shared, has = [] }: StoreUnderTest): boolean {
  return needs === undefined || (needs === "shared" ? shared : has.includes(needs));
}

/**
 * Checks one clause.
 * @throws {ContractError} where the store breaks it; errors of the store itself are passed on
 */
export async function checkClause(clause: Clause, subject: StoreUnderTest): Promise<void> {
  const stores: Store[] = [];
  const made: StoreData[] = [];
  try {
    await clause.run(async () => {
      const data = await subject.create();
      made.push(data);
      let only: Store | null = null;
      const open = async () => {
        if (only !== null && !subject.shared) return only;
        stores.push(only = await data.open());
        return only;
      };
      return { ...data, open };
    });
  } finally {
    await Promise.allSettled(stores.map((store) => store.close()));
    await Promise.all(made.map((data) => data.remove?.()));
  }
}
