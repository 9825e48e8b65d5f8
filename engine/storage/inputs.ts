import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../protocol/errors.ts";
import { errorCode, onDisk } from "./disk.ts";
import { chunksOf, openInput, readWhole } from "./reading.ts";

/** Largest file of settings that is read as a whole, in bytes: tokenizers of 256,000 tokens take 35 MB. */
const MOST_INPUT_BYTES = 512 * 1024 * 1024;

/**
 * Content of a file that a config or a command names; undefined when there is none. One that is larger than `mostBytes`
 * is refused.
 * @throws {DataError} when it is too large, or a pipe, a device or a socket.
 * @throws {DiskError}
 */
export async function readInput(file: string, mostBytes = MOST_INPUT_BYTES): Promise<Buffer | undefined> {
  const handle = await onDisk("read", file, async () => {
    try {
      return await openInput(file);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
  return handle === undefined ? undefined : readWhole(file, handle, mostBytes);
}

/**
 * Bytes of a data file, in order, some at a time.
 * @throws {DataError} when there is no such file, or it is a pipe, a device or a socket.
 * @throws {DiskError}
 */
export async function* inputChunks(file: string): AsyncGenerator<Buffer, undefined> {
  const handle = await onDisk("read", file, async () => {
    try {
      return await openInput(file);
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause;
      const remedy = "check the path; it counts from the config's folder";
      throw new DataError("read: no such file", { file, remedy }, { cause });
    }
  });
  yield* chunksOf(file, handle);
}

/** True if a path that a config or a command names leads to a file or folder. */
export async function inputExists(file: string): Promise<boolean> {
  return onDisk("look for file", file, async () => {
    try {
      await fs.stat(file);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
  });
}

/** The same for work that blocks; false where it cannot be seen. */
export function inputExistsSync(file: string): boolean {
  return existsSync(file);
}

/** A file of a checkpoint's folder. */
export interface InputFile {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Files that a folder itself holds, by name; those that links lead to count. @throws {DiskError} */
export async function inputFiles(folder: string): Promise<readonly InputFile[]> {
  return onDisk("list", folder, async () => {
    const files: InputFile[] = [];
    for (const name of (await fs.readdir(folder)).sort()) {
      const entry = await fs.stat(join(folder, name)).catch(() => undefined);
      if (entry?.isFile() === true) files.push({ name, size: entry.size, mtimeMs: entry.mtimeMs });
    }
    return files;
  });
}
