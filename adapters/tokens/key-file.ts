/**
 * Files that hold secret keys: readable by their owner alone, written all or not at all.
 * @module
 */
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { hex, systemEntropy } from "../entropy.ts";

/**
 * The text of a file. Where there is none, it is created with `create()`; of two processes that do so
 * at once, both get the text of the one that came first.
 */
export async function loadOrCreateFile(
  path: string,
  create: () => string | Promise<string>,
): Promise<string> {
  const existing = await readIfThere(path);
  if (existing !== null) return existing;
  const temporary = await writeTemporary(path, await create());
  try {
    await link(temporary, path); // unlike rename, link never replaces a file
    await syncDirectory(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return await readFile(path, "utf8");
}

/** Replaces the text of a file in one atomic, durable step. */
export async function saveFile(path: string, text: string): Promise<void> {
  const temporary = await writeTemporary(path, text);
  try {
    await rename(temporary, path);
    await syncDirectory(path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** A durable file with mode 0600 beside the one that it is to become. */
async function writeTemporary(path: string, text: string): Promise<string> {
  const temporary = `${path}.${hex(systemEntropy.bytes(8))}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

/** Makes a new name durable; the file itself was synced before. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
