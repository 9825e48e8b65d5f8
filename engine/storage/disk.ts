import * as fs from "node:fs/promises";
import * as path from "node:path";
import { DiskError } from "../protocol/errors.ts";
import { isProcessAlive, tableDigest, thisProcess } from "./processes.ts";

/** The most that is read or written in one call, in bytes: systems take less than 2 GiB. */
export const MAX_CALL_BYTES = 2 ** 30;

/** Remedies for the errors of an operating system. */
const REMEDIES: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ["no space left on the disk", "free some space and run again, finished stages are kept"],
  EDQUOT: ["the disk quota is used up", "free some space and run again, finished stages are kept"],
  EFBIG: ["the file would be larger than this system allows", "raise the limit (ulimit -f) or use another disk"],
  EROFS: ["the disk is read-only", "choose another runtime.directory"],
  EACCES: ["permission denied", "check who owns it, or choose another runtime.directory"],
  EPERM: ["not permitted", "check who owns it, or choose another runtime.directory"],
  EIO: ["the disk reported an error", "check the disk, and run again from another one"],
  EMFILE: ["too many open files", "raise the limit (ulimit -n)"],
  ENOTDIR: ["a part of the path is a file where a folder is needed", "move that file away or choose another path"],
  EISDIR: ["a folder stands where a file is needed", "move it away or choose another path"],
  ENOENT: ["no such file or folder", "check the path"],
  ETIMEDOUT: ["the disk does not answer", "see whether the machine that it belongs to is there, and mount it again"],
};

/** Milliseconds that a disk may take for what takes a moment, twice. */
const PATIENCE_MS = 30_000;

/**
 * Waits for work that takes a disk a moment: a network's disk whose other side is gone never answers. The time is waited
 * for twice, since clocks go on while a machine sleeps.
 *
 * @throws {DiskError} when there is no answer; that of the work is nobody's then.
 */
export function inTime<T>(operation: string, file: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(diskError(operation, file, "ETIMEDOUT"));
    let timer = setTimeout(() => (timer = setTimeout(late, PATIENCE_MS).unref()), PATIENCE_MS).unref();
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Runs one piece of work on a file and turns the system's errors into a DiskError that names the file.
 * Errors that are not the system's pass as they are.
 * @throws {DiskError}
 */
export async function onDisk<T>(operation: string, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDiskError(operation, file, error);
  }
}

/** The same for work that blocks. */
export function onDiskSync<T>(operation: string, file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asDiskError(operation, file, error);
  }
}

/**
 * Makes a folder, and those above it that are not there.
 * @throws {DiskError}
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const options = mode === undefined ? {} : { mode };
  await onDisk("create folder", folder, async () => {
    try {
      await fs.mkdir(folder, { recursive: true, ...options });
    } catch (error) {
      // Node reports a read-only disk like this, too; made one by one, the first folder that fails gives the cause.
      if (errorCode(error) !== "ENOENT") throw error;
      await makeOneByOne(folder, options);
    }
  });
}

async function makeOneByOne(folder: string, options: { readonly mode?: number }): Promise<void> {
  const parent = path.dirname(folder);
  try {
    await fs.mkdir(folder, options);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || parent === folder) throw error;
    await makeOneByOne(parent, options);
    await fs.mkdir(folder, options);
  }
}

function asDiskError(operation: string, file: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof DiskError) return error;
  return diskError(operation, file, code, { cause: error });
}

/** The error of a system's code, such as ENOENT. */
export function diskError(operation: string, file: string, code: string, options?: ErrorOptions): DiskError {
  const [what, remedy] = REMEDIES[code] ?? [code, "see the cause"];
  return new DiskError(`${operation}: ${what}`, { file, remedy }, options);
}

/** The system's name for an error, such as ENOENT; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return "syscall" in error ? error.code : undefined;
}

/** True for an error of a disk that has no room left for its user. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof DiskError && ["ENOSPC", "EDQUOT"].includes(errorCode(error.cause) ?? "");
}

let temporaries = 0;

/** A name beside `file` that no other process or call uses, and that identifies the process that made it. */
export function temporaryName(file: string): string {
  temporaries += 1;
  const { pid, started } = thisProcess();
  const maker = `${tableDigest()}.${pid}.${started}`;
  return path.join(path.dirname(file), `.tmp-${maker}-${temporaries}-${path.basename(file)}`);
}

/** Names from before 2026-12 have the pid alone. */
const TEMPORARY = /^\.tmp-(?:(?<table>[0-9a-f]{8})\.)?(?<pid>\d+)(?:\.(?<started>\w*))?-\d+-/;
/** Age in milliseconds at which other machines' temporary files are given up: 30 days. No stage takes that long. */
const GIVEN_UP_MS = 30 * 24 * 3600 * 1000;

/** True if a file's name is a temporary one. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** True if a file or folder is a temporary one whose maker is gone. @throws {DiskError} */
export async function isLeftover(file: string): Promise<boolean> {
  const maker = TEMPORARY.exec(path.basename(file))?.groups;
  if (maker === undefined) return false;
  const { table, pid, started = "" } = maker;
  if (table === undefined || table === tableDigest()) return !(await isProcessAlive({ pid: Number(pid), started }));
  const found = await onDisk("look at", file, () => fs.lstat(file).catch(() => undefined));
  return found !== undefined && Date.now() - found.mtimeMs > GIVEN_UP_MS;
}

/**
 * Replaces a file: readers see all of the old content or all of the new, also after a crash or a power cut.
 * With `mode`, these are its permissions from the start.
 * @throws {DiskError}
 */
export async function atomicWrite(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const temporary = temporaryName(file);
  await onDisk("write", file, async () => {
    try {
      await fs.writeFile(temporary, content, { flag: "wx", flush: true, ...(mode !== undefined && { mode }) });
      await fs.rename(temporary, file);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(path.dirname(file));
  });
}

/** Makes the names in a folder durable; on systems that cannot (Windows), it does nothing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await onDisk("sync", folder, async () => {
    const handle = await fs.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/**
 * Makes everything below a folder that this process has made durable.
 * @throws {DiskError}
 */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await onDisk("list", folder, () => fs.readdir(folder, { withFileTypes: true }))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(file);
    else await syncFile(file);
  }
  await syncFolder(folder);
}

async function syncFile(file: string): Promise<void> {
  await onDisk("sync", file, async () => {
    const handle = await fs.open(file, "r+");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** Bytes that are free on the disk of a folder. @throws {DiskError} */
export async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await onDisk("look at", folder, () => fs.statfs(folder));
  return bavail * bsize;
}
