import * as fs from "node:fs/promises";
import * as path from "node:path";
import { DiskError } from "../protocol/errors.ts";
import { errorCode, onDisk, readIfThere, temporaryName } from "./disk.ts";

/** What a lock file tells about the process that holds it. */
export interface LockOwner {
  readonly pid: number;
  /** When the process started, as the system counts it; tells it from a later one with the same pid. Empty if unknown. */
  readonly started: string;
  /** Where the process can be reached, if it listens. */
  readonly socket?: string;
}

/** A held lock. */
export interface Lock {
  readonly owner: LockOwner;
  release(): Promise<void>;
}

/** Something that another living process holds. */
export class LockedError extends DiskError {
  readonly owner: LockOwner;
  constructor(file: string, owner: LockOwner) {
    const remedy = "wait for it to end, or stop it first";
    super(`in use by process ${owner.pid}`, { file, remedy });
    this.owner = owner;
  }
}

/**
 * Takes a lock file, also one whose owner is gone without having released it.
 *
 * The file appears with its content in one step (a hard link), so nobody reads half of it.
 * @throws {LockedError} when a living process holds it.
 */
export async function takeLock(file: string, socket?: string): Promise<Lock> {
  const started = (await processStart(process.pid)) ?? "";
  const owner: LockOwner = { pid: process.pid, started, ...(socket !== undefined && { socket }) };
  for (;;) {
    if (await link(file, owner)) return { owner, release: () => removeLock(file, owner) };
    const holder = await readLock(file);
    if (holder === undefined) continue; // released in between
    if (await isAlive(holder)) throw new LockedError(file, holder);
    await removeLock(file, holder);
  }
}

/** Who holds a lock file; undefined when nobody does. The owner may be dead: see `isAlive`. */
export async function readLock(file: string): Promise<LockOwner | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as LockOwner;
  } catch {
    return { pid: 0, started: "" }; // damaged on disk: its owner did not live through whatever did that
  }
}

/** Whether the very process that wrote a lock still runs. */
export async function isAlive({ pid, started }: LockOwner): Promise<boolean> {
  if (!isRunning(pid)) return false;
  return started === "" || ((await processStart(pid)) ?? started) === started;
}

/** Whether some process has this pid. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // it is there, and somebody else's
  }
}

async function link(file: string, owner: LockOwner): Promise<boolean> {
  const temporary = temporaryName(file);
  return onDisk("lock", file, async () => {
    try {
      await fs.writeFile(temporary, JSON.stringify(owner), { flag: "wx" });
      await fs.link(temporary, file);
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    } finally {
      await fs.rm(temporary, { force: true });
    }
  });
}

/**
 * Removes a lock if it still is the one expected. Two processes may find the same dead owner: moving the file aside
 * first lets each see what it took, and put back a lock that the other has just made.
 */
async function removeLock(file: string, expected: LockOwner): Promise<void> {
  const aside = temporaryName(file);
  await onDisk("unlock", file, async () => {
    try {
      await fs.rename(file, aside);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    const taken = await readLock(aside);
    if (taken?.pid !== expected.pid || taken.started !== expected.started) await fs.link(aside, file);
    await fs.rm(aside, { force: true });
  });
}

/** Start time from Linux's process table; undefined elsewhere; "dead" for a zombie, which holds nothing. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await fs.readFile(path.join("/proc", String(pid), "stat"), "utf8");
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the second may hold spaces
    return "ZX".includes(state) ? "dead" : fields[18]; // field 22
  } catch {
    return undefined;
  }
}
