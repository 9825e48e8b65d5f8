import { type Dirent, constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { DataError } from "../protocol/errors.ts";
import { diskError, errorCode, inTime, MAX_CALL_BYTES, onDisk } from "./disk.ts";
import { type Place, entryAt, isFolderAt, placeInChecked, refusal } from "./places.ts";

/**
 * Largest file below a root that is read as a whole, in bytes; logs and weights are read in pieces. A `run.json` has some
 * 7 MB at most, and JSON takes up to twenty times its length while it is read.
 */
export const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/** Bytes of a stream that are read at a time. */
const CHUNK = 1 << 18;
/** Entries that are looked at at a time. */
const AT_ONCE = 16;

/** Windows has neither. */
const { O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
/** Does not wait for the other end of a pipe. */
const READ = constants.O_RDONLY | O_NONBLOCK;

/**
 * Opens a regular file below a root; undefined when there is none. Every file there is opened here.
 * @throws {DataError} when it, or a folder on the way from the root, is a link, or it is a pipe, a device or a socket.
 * @throws {DiskError}
 */
export async function openAt(place: Place): Promise<fs.FileHandle | undefined> {
  const opened = opening(place);
  try {
    return await inTime("open", place.file, opened);
  } catch (error) {
    void opened.then((handle) => handle?.close()).catch(() => undefined); // it may still come
    throw error;
  }
}

async function opening(place: Place): Promise<fs.FileHandle | undefined> {
  const { file } = place;
  const entry = await entryAt(place);
  if (entry === undefined) return undefined;
  if (entry.isDirectory()) throw diskError("read", file, "EISDIR");
  if (!entry.isFile()) throw refusal(file, entry);
  return onDisk("open", file, async () => {
    try {
      return await openRegular(file, READ | O_NOFOLLOW);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

/**
 * Opens a file that a config or a command names; it may be a link, as in Hugging Face's cache.
 * @throws {DataError} when it is a pipe, a device or a socket.
 */
export async function openInput(file: string): Promise<fs.FileHandle> {
  const entry = await fs.stat(file); // opening a device can already do something
  if (!entry.isFile() && !entry.isDirectory()) throw refusal(file, entry);
  return openRegular(file, READ);
}

async function openRegular(file: string, flags: number): Promise<fs.FileHandle> {
  const handle = await fs.open(file, flags);
  try {
    const entry = await handle.stat();
    if (entry.isDirectory()) throw diskError("read", file, "EISDIR");
    if (!entry.isFile()) throw refusal(file, entry);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Text of a file below a root; undefined when there is none. One that is larger than `mostBytes` is refused.
 * @throws {DataError} {DiskError}
 */
export async function readText(place: Place, mostBytes = MOST_TEXT_BYTES): Promise<string | undefined> {
  const handle = await openAt(place);
  if (handle === undefined) return undefined;
  return (await readWhole(place.file, handle, mostBytes)).toString("utf8");
}

/**
 * Bytes of a file below a root, in order, some at a time.
 * @throws {DataError} {DiskError} also when there is no such file.
 */
export async function* chunksAt(place: Place): AsyncGenerator<Buffer, undefined> {
  const handle = await openAt(place);
  if (handle === undefined) throw diskError("read", place.file, "ENOENT");
  yield* chunksOf(place.file, handle);
}

/** Runs one piece of reading, which takes a moment. @throws {DiskError} also when the disk does not answer. */
function readInTime<T>(file: string, work: () => Promise<T>): Promise<T> {
  return inTime("read", file, onDisk("read", file, work));
}

/** Bytes of an open file, which is closed at the end. */
export async function* chunksOf(file: string, handle: fs.FileHandle): AsyncGenerator<Buffer, undefined> {
  let isFailed = false;
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK); // a reader may keep it
      const { bytesRead } = await readInTime(file, () => handle.read(chunk, 0, CHUNK, null));
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    isFailed = true;
    throw error;
  } finally {
    // Closing waits for what is under way, which on a disk that does not answer never ends.
    const closed = handle.close();
    if (isFailed) closed.catch(() => undefined);
    else await closed;
  }
}

/** Reads an open file to its end and closes it. @throws {DataError} when it is larger than that. */
export async function readWhole(file: string, handle: fs.FileHandle, mostBytes: number): Promise<Buffer> {
  return readInTime(file, async () => {
    try {
      const { size } = await handle.stat();
      if (size > mostBytes) {
        const remedy = "is it the right file?";
        throw new DataError(`holds ${size} bytes, more than the ${mostBytes} that are read`, { file, remedy });
      }
      const bytes = Buffer.alloc(size);
      const nRead = await readRange(handle, bytes, 0);
      return bytes.subarray(0, nRead);
    } finally {
      await handle.close();
    }
  });
}

/** The beginning of a file below a root; no bytes when there is none. @throws {DataError} {DiskError} */
export async function readStart(place: Place, mostBytes: number): Promise<Buffer> {
  const handle = await openAt(place);
  if (handle === undefined) return Buffer.alloc(0);
  return readInTime(place.file, async () => {
    try {
      const bytes = Buffer.alloc(mostBytes);
      return bytes.subarray(0, await readRange(handle, bytes, 0));
    } finally {
      await handle.close();
    }
  });
}

/** The end of a file below a root, as text; empty when there is none. @throws {DataError} {DiskError} */
export async function readEnd(place: Place, mostBytes: number): Promise<string> {
  const handle = await openAt(place);
  if (handle === undefined) return "";
  return readInTime(place.file, async () => {
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.min(size, mostBytes));
      const nRead = await readRange(handle, bytes, size - bytes.byteLength);
      return bytes.toString("utf8", 0, nRead);
    } finally {
      await handle.close();
    }
  });
}

/** Fills `into` from a position on. @returns The bytes read: fewer at the file's end. */
export async function readRange(handle: fs.FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.byteLength) {
    const count = Math.min(into.byteLength - done, MAX_CALL_BYTES);
    const { bytesRead } = await handle.read(into, done, count, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Entries of a folder below a root; none when there is none.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 */
export async function listAt(place: Place): Promise<readonly Dirent[]> {
  return inTime("list", place.file, listing(place));
}

async function listing(place: Place): Promise<readonly Dirent[]> {
  if (!(await isFolderAt(place))) return [];
  return onDisk("list", place.file, async () => {
    try {
      return await fs.readdir(place.file, { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  });
}

/** A folder, and when a file in it was written, in milliseconds since 1970. */
export interface DatedFolder {
  readonly folder: string;
  readonly time: number;
}

/**
 * Folders in one below a root that have a file of a name; links are passed over.
 *
 * @param place - Of the folder that they stand in.
 * @param name - Of the file.
 * @param isWanted - Spares a look at others, by their names.
 * @throws {DataError} when the folder that they stand in, or one on the way from the root, is a link.
 */
export async function foldersWith(
  place: Place,
  name: string,
  isWanted: (folder: string) => boolean = () => true,
): Promise<readonly DatedFolder[]> {
  const folders = (await listAt(place)).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const waiting = folders.filter((folder) => isWanted(folder)).values();
  const found: DatedFolder[] = [];
  const work = async (): Promise<void> => {
    for (const folder of waiting) {
      const parent = path.join(place.file, folder);
      const entry = await entryAt(placeInChecked(parent, name)).catch(() => undefined); // one that may not be entered
      if (entry !== undefined) found.push({ folder: parent, time: entry.mtimeMs });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** An entry below a folder that is gone through. */
export interface WalkedEntry {
  readonly file: string;
  readonly entry: Dirent;
}

/**
 * Everything below a folder but folders, which are gone into; a link is an entry and leads nowhere. Folders that vanish
 * meanwhile are passed over.
 * @throws {DataError} when the folder, or one on the way from the root, is a link.
 */
export async function* walkAt(place: Place): AsyncGenerator<WalkedEntry, undefined> {
  for (const entry of await listAt(place)) {
    const file = path.join(place.file, entry.name);
    if (entry.isDirectory()) yield* walkAt({ root: place.root, file });
    else yield { file, entry };
  }
}

/**
 * Checks a folder before it is worked in: that nothing in it is a link, a pipe, a device or a socket.
 * @throws {DataError} naming the first that is.
 */
export async function checkTree(place: Place): Promise<void> {
  for await (const { file, entry } of walkAt(place)) if (!entry.isFile()) throw refusal(file, entry);
}
