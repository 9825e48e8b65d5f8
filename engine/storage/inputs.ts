import { type Dirent, existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { DataError, DiskError } from "../protocol/errors.ts";
import { errorCode, onDisk } from "./disk.ts";
import { chunksOf, openInput, readRange, readWhole } from "./reading.ts";

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
  yield* chunksOf(file, await openGiven(file));
}

/** A data file that is read here and there. */
export interface OpenInput {
  readonly size: number;
  /** Bytes from `start` to before `end`. @throws {DataError} when the file ends before that. {DiskError} */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a data file that is read here and there.
 * @throws {DataError} when there is no such file, or it is a pipe, a device or a socket.
 * @throws {DiskError}
 */
export async function openInputFile(file: string): Promise<OpenInput> {
  const handle = await openGiven(file);
  const { size } = await onDisk("look at", file, () => handle.stat());
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      const nRead = await onDisk("read", file, () => readRange(handle, bytes, start));
      if (nRead === bytes.byteLength) return bytes;
      throw new DataError(`read: it has become shorter than ${end} bytes`, { file, remedy: "is it being written?" });
    },
    close: () => handle.close(),
  };
}

async function openGiven(file: string): Promise<fs.FileHandle> {
  return onDisk("read", file, async () => {
    try {
      return await openInput(file);
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause;
      const remedy = "check the path; one in a config counts from the config's folder";
      throw new DataError("read: no such file", { file, remedy }, { cause });
    }
  });
}

/** Deepest folder that is looked into, and most files that are listed: a link may lead in a circle. */
const MOST_LEVELS = 12;
const MOST_FILES = 100_000;

/** True if a path that a config names leads to a folder. @throws {DiskError} */
export async function isInputFolder(file: string): Promise<boolean> {
  return onDisk("look at", file, async () => {
    try {
      return (await fs.stat(file)).isDirectory();
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return false;
      throw error;
    }
  });
}

/** True if there is a file of that name, whatever is in it. @throws {DiskError} */
export async function hasInput(file: string): Promise<boolean> {
  return onDisk("look at", file, async () => {
    try {
      await fs.stat(file);
      return true;
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return false;
      throw error;
    }
  });
}

/** How a folder is gone through. */
export interface TreeOptions {
  /** True where files are only looked for: a folder in it that cannot be listed, such as another user's, has none. */
  readonly isSearch?: boolean;
}

/**
 * Files in a folder and those in it, by path; those that links lead to count. Names that begin with a dot are passed
 * over, and so are those that `isWanted` does not want, with all that is in them.
 * @throws {DataError} when there are too many.
 * @throws {DiskError}
 */
export async function inputTree(
  folder: string,
  isWanted: (name: string, isFolder: boolean) => boolean = () => true,
  { isSearch = false }: TreeOptions = {},
): Promise<readonly string[]> {
  const files: string[] = [];
  let nSeen = 0;
  const entriesIn = async (at: string): Promise<readonly Dirent[]> => {
    try {
      const entries = await onDisk("list", at, () => fs.readdir(at, { withFileTypes: true }));
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (isSearch && at !== folder && error instanceof DiskError) return [];
      throw error;
    }
  };
  const enter = async (at: string, level: number): Promise<void> => {
    if (level > MOST_LEVELS) return;
    for (const found of await entriesIn(at)) {
      const { name } = found;
      if (name.startsWith(".")) continue;
      const file = join(at, name);
      // A link is what it leads to, if anything; and some file systems do not list what entries are.
      const isKnown = found.isFile() || found.isDirectory();
      const entry = isKnown ? found : await fs.stat(file).catch(() => undefined);
      nSeen += 1;
      if (entry?.isDirectory() === true && isWanted(name, true)) await enter(file, level + 1);
      else if (entry?.isFile() === true && isWanted(name, false)) files.push(file);
      if (nSeen <= MOST_FILES) continue;
      throw new DataError(`holds more than ${MOST_FILES} files`, { file: folder, remedy: "name a folder in it" });
    }
  };
  await enter(folder, 0);
  return files;
}

/** True if two paths lead to one file or folder, by links or other names; false where one of them is not there. */
export async function isSameInput(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((file) => fs.stat(file, { bigint: true }).catch(() => undefined)));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/**
 * How a file looks that a config names: size, times of content and entry, inode. Undefined where it cannot be seen: who
 * reads it says best why.
 */
export async function inputStamp(file: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await fs.stat(file, { bigint: true });
    return [size, mtimeNs, ctimeNs, ino].join(" ");
  } catch {
    return undefined;
  }
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
