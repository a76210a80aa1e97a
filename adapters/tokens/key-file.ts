/**
 * Files with secret keys: readable only by their owner, and written atomically.
 * @module
 */
import { link, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { hex, systemEntropy } from "../entropy.ts";

/** A key file cannot be used. The message names the file, the reason and the cure. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/** Receives warnings about risky but valid files. */
export type Warn = (message: string) => void;

const READABLE_BY_OTHERS = 0o044;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads a key file; `null` if it does not exist.
 * @param read parses the text; its errors contain no key material
 * @throws {KeyFileError} if it cannot be read, others can write to it, or its keys are invalid
 */
export async function readKeyFile<Keys>(
  path: string,
  read: (text: string) => Keys,
  warn: Warn = () => {},
): Promise<Keys | null> {
  try {
    return read(await readRegularFile(path, (mode) => checkMode(path, mode, warn)));
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    const cure = codeOf(cause) === undefined ? ". Restore it from its backup" : "";
    if (cause instanceof KeyFileError) throw cause;
    throw new KeyFileError(`Cannot use the key file ${path}: ${reasonOf(cause)}${cure}`, { cause });
  }
}

/**
 * Reads a text file once its mode is checked. A pipe or a device is refused before it is opened: one
 * would wait for a writer, the other may never end.
 */
export async function readRegularFile(
  path: string,
  checkMode: (mode: number) => void,
): Promise<string> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory()) {
    throw Object.assign(new Error("Not a regular file"), { code: "EFTYPE" });
  }
  const file = await open(path, "r");
  try {
    checkMode((await file.stat()).mode);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Whoever can write to a key file knows the secrets of future tokens. */
function checkMode(path: string, mode: number, warn: Warn): void {
  const cure = `Run "chmod 600 ${path}"`;
  if (isWritableByOthers(mode)) {
    throw new KeyFileError(
      `Cannot use the key file ${path}: others than its owner can write to it. ${cure}, and rotate ` +
        "its keys if others may have read or changed it",
    );
  }
  if (process.platform !== "win32" && (mode & READABLE_BY_OTHERS) !== 0) {
    warn(`The key file ${path} can be read by others than its owner. ${cure}`);
  }
}

/** Whether a file mode lets others than the owner write. Windows has other permissions. */
export function isWritableByOthers(mode: number): boolean {
  return process.platform !== "win32" && (mode & WRITABLE_BY_OTHERS) !== 0;
}

/** Describes why a file cannot be used. */
export function reasonOf(error: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file or folder. Check the path",
    ENOTDIR: "a part of the path is not a folder. Check the path",
    EISDIR: "it is a folder. Give the path of a file",
    EFTYPE: "it is not a regular file. Give the path of one",
    EACCES: "permission denied. Give this user access, or run as another user",
    EPERM: "not permitted. Give this user access, or run as another user",
    EROFS: "the file system is read-only. Give a path that can be written",
    ENOSPC: "the disk is full. Free some space",
  };
  const message = error instanceof Error ? error.message : String(error);
  return words[String(codeOf(error))] ?? message;
}

/**
 * Creates a file with this text, unless it exists; if two processes do so at the same time, the
 * first wins.
 * @throws {KeyFileError} when it cannot be written
 */
export async function createKeyFile(path: string, text: string): Promise<void> {
  await writing(path, async (temporary) => {
    try {
      await link(temporary, path); // unlike rename, link never replaces a file
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      await stat(path); // what exists may be a link to nothing
    }
  }, text);
}

/**
 * Replaces the text of a file atomically and durably.
 * @throws {KeyFileError} when it cannot be written; the file is then as before
 */
export async function saveFile(path: string, text: string): Promise<void> {
  await writing(path, (temporary) => rename(temporary, path), text);
}

async function writing(
  path: string,
  place: (temporary: string) => Promise<void>,
  text: string,
): Promise<void> {
  try {
    const temporary = await writeTemporary(path, text);
    try {
      await place(temporary);
      await syncDirectory(path);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (cause) {
    throw new KeyFileError(`Cannot write the key file ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Writes a durable temporary file with mode 0600 next to its target. */
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
