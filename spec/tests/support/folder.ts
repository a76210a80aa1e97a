/**
 * A folder for database files that goes when the test is over.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a new folder; whoever asked removes it. */
export async function makeFolder(): Promise<
  { readonly folder: string; remove(): Promise<void> }
> {
  const folder = await mkdtemp(join(tmpdir(), "stores-"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Makes a new folder, calls `work` with its path, and removes it with all that is in it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const { folder, remove } = await makeFolder();
  try {
    return await work(folder);
  } finally {
    await remove();
  }
}
