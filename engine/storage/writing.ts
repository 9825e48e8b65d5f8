import * as fs from "node:fs";
import * as path from "node:path";
import { atomicWrite, diskError, errorCode, makeFolder, onDisk, onDiskSync, temporaryName } from "./disk.ts";
import { type Place, entryAt, placeIn, refusal } from "./places.ts";
import { listAt } from "./reading.ts";

/** Times that a folder is moved to its place while others move theirs there and away. */
const MOST_MOVES = 100;

/**
 * Makes a folder below a root, and those on the way to it, the root included.
 * @throws {DataError} when one of them is a link.
 * @throws {DiskError}
 */
export async function makeFolderAt({ root, file }: Place): Promise<void> {
  const parts = path.relative(root, file).split(path.sep).filter(Boolean);
  if (parts.length === 0) await makeFolder(root);
  let at = root;
  for (const part of parts) {
    at = path.join(at, part);
    await onDisk("create folder", at, () => makeOne(at));
  }
}

async function makeOne(folder: string): Promise<void> {
  try {
    await fs.promises.mkdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return makeFolder(folder); // the root is not there, either
    if (errorCode(error) !== "EEXIST") throw error;
    const entry = await fs.promises.lstat(folder);
    if (entry.isSymbolicLink()) throw refusal(folder, entry);
    if (!entry.isDirectory()) throw diskError("create folder", folder, "ENOTDIR");
  }
}

/**
 * Writes a file below a root as a whole, in a folder that is made if it is not there. A link of its name is replaced.
 * With `mode`, these are its permissions from the start.
 * @throws {DataError} when a folder on the way from the root is a link.
 * @throws {DiskError}
 */
export async function writeAt({ root, file }: Place, content: string | Uint8Array, mode?: number): Promise<void> {
  await makeFolderAt({ root, file: path.dirname(file) });
  await atomicWrite(file, content, mode);
}

/** Makes a folder that must not be there yet, so that nobody else has put anything into it. @throws {DiskError} */
export async function makeNewFolder(folder: string): Promise<void> {
  await onDisk("create folder", folder, () => fs.promises.mkdir(folder));
}

/**
 * Opens a file that must not be there yet, for writing.
 *
 * @param made - Its name until it is whole.
 * @param file - The name it will have, for messages.
 * @throws {DiskError}
 */
export async function createFile(made: string, file: string): Promise<fs.promises.FileHandle> {
  return onDisk("create", file, () => fs.promises.open(made, "wx"));
}

/** Writes a file that must not be there yet, and leaves it to the caller to make it durable. @throws {DiskError} */
export async function writeNewFile(file: string, content: string | Uint8Array): Promise<void> {
  await onDisk("write", file, () => fs.promises.writeFile(file, content, { flag: "wx" }));
}

/** Gives a file that this process has made its name. @throws {DiskError} */
export async function moveFile(made: string, file: string): Promise<void> {
  await onDisk("rename", file, () => fs.promises.rename(made, file));
}

/**
 * Gives a folder that this process has made its name.
 *
 * @param made - The folder.
 * @param folder - Its name from now on.
 * @param isThere - Asked where another folder has that name: true leaves both as they are.
 * @returns False where they were left so.
 * @throws {DiskError}
 */
export async function moveFolder(made: string, folder: string, isThere: () => Promise<boolean>): Promise<boolean> {
  return onDisk("rename", folder, async () => {
    for (let left = MOST_MOVES; ; left--) {
      try {
        await fs.promises.rename(made, folder);
        return true;
      } catch (error) {
        const isTaken = ["ENOTEMPTY", "EEXIST", "EPERM"].includes(errorCode(error) ?? "");
        if (!isTaken || left === 0) throw error;
        if (await isThere()) return false;
      }
    }
  });
}

/** Removes a file or folder that this process, or one like it, has made; links in it are removed, not followed. */
export async function discard(made: string): Promise<void> {
  await onDisk("remove", made, () => fs.promises.rm(made, { recursive: true, force: true }));
}

/** Removes a folder that this process may have made, if it is empty. */
export async function discardEmpty(folder: string): Promise<void> {
  await fs.promises.rmdir(folder).catch(() => undefined); // which fails on any other
}

/**
 * Removes a file or folder below a root, with all that it holds; what is not there is no error. It loses its name in one
 * step, so that nobody finds half of it, and of several processes that remove it one does the work. Links in it are
 * removed, and what they lead to stays.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 * @throws {DiskError}
 */
export async function removeAt(place: Place): Promise<void> {
  const aside = temporaryName(path.join(path.dirname(place.file), "removed"));
  if (await moveAside("remove", place, aside)) await discard(aside);
}

/**
 * Removes a folder below a root as {@link removeAt} does, but has it back if it turns out to be needed. It is asked when
 * nobody finds the folder any longer: who has found it before has said so by then, and who comes later makes it again.
 * @returns False when it stayed.
 * @throws {DataError} {DiskError}
 */
export async function removeUnless(place: Place, isNeeded: () => Promise<boolean>): Promise<boolean> {
  const aside = temporaryName(path.join(path.dirname(place.file), "removed"));
  if (!(await moveAside("remove", place, aside))) return true;
  if (await isNeeded()) {
    const isMadeAgain = async (): Promise<boolean> => (await entryAt(place)) !== undefined;
    if (await moveFolder(aside, place.file, isMadeAgain)) return false;
  }
  await discard(aside);
  return true;
}

/**
 * Gives a file or folder below a root another name beside it.
 * @returns False when there was none.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 * @throws {DiskError}
 */
export async function moveAside(operation: string, place: Place, aside: string): Promise<boolean> {
  const { file } = place;
  const entry = await entryAt(place);
  if (entry === undefined) return false;
  if (entry.isSymbolicLink()) throw refusal(file, entry);
  return onDisk(operation, file, async () => {
    try {
      await fs.promises.rename(file, aside);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false; // somebody else was faster
      throw error;
    }
  });
}

/**
 * Removes what `isOver` names of all that stands directly in a folder below a root; links are removed, and what they lead
 * to stays.
 * @throws {DataError} when the folder, or one on the way from the root, is a link.
 */
export async function sweepAt(place: Place, isOver: (file: string, name: string) => Promise<boolean>): Promise<void> {
  for (const { name } of await listAt(place)) {
    const file = path.join(place.file, name);
    if (!(await isOver(file, name))) continue;
    await discard(file);
  }
}

const { O_APPEND, O_CREAT, O_RDWR } = fs.constants;
/** Windows has none. */
const { O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/**
 * Opens a log for reading and appending, which stands directly in the folder of a run, an artifact or a record; made if
 * it is not there.
 * @returns Its descriptor.
 * @throws {DataError} when it is a link, a pipe, a device or a socket.
 * @throws {DiskError}
 */
export function openLog(file: string): number {
  return onDiskSync("open", file, () => {
    const entry = fs.lstatSync(file, { throwIfNoEntry: false });
    if (entry?.isDirectory() === true) throw diskError("open", file, "EISDIR");
    if (entry?.isFile() === false) throw refusal(file, entry);
    return fs.openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
  });
}

/** A log for a process to append to. */
export interface OpenLog {
  readonly descriptor: number;
  close(): void;
}

/**
 * Opens a log anywhere below a root, for a process to append to.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 * @throws {DiskError}
 */
export async function openLogAt(place: Place): Promise<OpenLog> {
  await entryAt(place); // refuses links on the way; `openLog` looks at the file itself
  const descriptor = openLog(place.file);
  return { descriptor, close: () => fs.closeSync(descriptor) };
}

/**
 * Gives the files that `isWanted` names second names in another folder, without copying where the disk can do that.
 *
 * @param from - Folder of an artifact.
 * @param to - The other one.
 * @param isWanted - By the file's name.
 * @throws {DataError} when one of them is a link, or the folder is.
 */
export async function linkFiles(from: string, to: string, isWanted: (name: string) => boolean): Promise<void> {
  for (const entry of await listAt(placeIn(from))) {
    if (!isWanted(entry.name)) continue;
    const file = path.join(from, entry.name);
    if (entry.isDirectory()) throw diskError("link", file, "EISDIR");
    if (!entry.isFile()) throw refusal(file, entry);
    const target = path.join(to, entry.name);
    await onDisk("link", target, () => linkOrCopy(file, target));
  }
}

async function linkOrCopy(file: string, target: string): Promise<void> {
  try {
    await fs.promises.link(file, target);
  } catch (error) {
    if (errorCode(error) === "ENOSPC") throw error;
    await fs.promises.copyFile(file, target);
  }
}

/** Opens a file that only this process extends, at its end; made if it is not there. @throws {DiskError} */
export async function openToExtend(file: string): Promise<fs.promises.FileHandle> {
  return onDisk("open", file, () => fs.promises.open(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o644));
}

/**
 * Makes a link of a name to a file; where the system has none, a second name, or a copy. One that another process has
 * made meanwhile stays.
 *
 * @param target - Relative to the link's folder.
 * @throws {DiskError}
 */
export async function linkTo(target: string, file: string): Promise<void> {
  await onDisk("link", file, async () => {
    try {
      await fs.promises.symlink(target, file);
    } catch (error) {
      if (errorCode(error) === "EEXIST") return;
      if (!["EPERM", "ENOSYS", "ENOTSUP"].includes(errorCode(error) ?? "")) throw error;
      await linkOrCopy(path.resolve(path.dirname(file), target), file);
    }
  });
}

/**
 * Adds bytes to a file of ours for other tools, in one piece; the file and its folders are made if they are not there. A link
 * in the file's place is refused.
 * @throws {DiskError}
 */
export function appendTo(file: string, bytes: Uint8Array): void {
  onDiskSync("append", file, () => put(file, bytes, O_APPEND));
}

/** Writes such a file from its beginning. @throws {DiskError} */
export function overwrite(file: string, text: string): void {
  onDiskSync("write", file, () => put(file, Buffer.from(text), fs.constants.O_TRUNC));
}

/** Makes a folder of ours for other tools, and those on the way to it. @throws {DiskError} */
export function makeFoldersTo(folder: string): void {
  onDiskSync("create folder", folder, () => fs.mkdirSync(folder, { recursive: true }));
}

function put(file: string, bytes: Uint8Array, how: number): void {
  const flags = fs.constants.O_WRONLY | O_CREAT | O_NOFOLLOW | how;
  const open = (): number => fs.openSync(file, flags, 0o644);
  let descriptor: number;
  try {
    descriptor = open();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    descriptor = open();
  }
  try {
    for (let done = 0; done < bytes.length;) done += fs.writeSync(descriptor, bytes, done);
  } finally {
    fs.closeSync(descriptor);
  }
}
