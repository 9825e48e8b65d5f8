import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { DiskError } from "../protocol/errors.ts";
import { errorCode, isDiskFull, onDisk, temporaryName } from "./disk.ts";
import { HEARTBEAT_MS, heartbeat } from "./heartbeat.ts";
import { placeIn, placeOf } from "./places.ts";
import { type ProcessId, isLocal, isProcessAlive, thisProcess } from "./processes.ts";
import { readText } from "./reading.ts";
import { makeFolderAt } from "./writing.ts";

/**
 * Milliseconds after its last sign of life at which a holder on another machine counts as dead. The clocks of machines
 * that share a folder have to agree to within a minute.
 */
export const HOLDER_TIMEOUT_MS = 12 * HEARTBEAT_MS;

/** The lock of a folder, in the folder. */
export const LOCK_FILE = "lock";
/** Largest lock file that is read, in bytes. */
const MOST_LOCK_BYTES = 65_536;
/** Ends the name of the lock that decides which process takes over from a dead holder. */
const SUCCESSION = ".next";
/** Milliseconds until a process that lost such a decision looks again. */
const SUCCESSION_MS = 5;
/** Times that a folder is made again when its last holder removes it. */
const MOST_FOLDERS = 100;

/** Content of a lock file; those from before 2026-12 have no host, table and token. */
const ownerSchema = z.object({
  host: z.string().default(""),
  table: z.string().default(""),
  pid: z.int(),
  started: z.string(),
  token: z.string().default(""),
  socket: z.exactOptional(z.string()),
});

/**
 * Holder of a lock: a process, or, with pid 0, work that no process of a machine stands for, such as a cluster's job.
 */
export interface LockOwner extends ProcessId {
  /** Distinguishes the locks of one process, which may hold a lock twice, one after the other. */
  readonly token: string;
  /** Where the process can be reached, if it listens. */
  readonly socket?: string;
}

/** A held lock. */
export interface Lock {
  readonly owner: LockOwner;
  /** Gives a sign of life. A lock of this process gives its own; that of a job is up to the job's watcher. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

/** Settings of a lock. */
export interface LockSettings {
  /** Where this process can be reached. */
  readonly socket?: string | undefined;
  /** Holds the lock in place of this process; name it so that people find it: "ray job 7 at head:8265". */
  readonly job?: string | undefined;
}

/** Something that another living holder has. */
export class LockedError extends DiskError {
  readonly owner: LockOwner;
  constructor(file: string, owner: LockOwner) {
    super(`in use by ${ownerName(owner)}`, { file, remedy: "wait for it to end, or stop it first" });
    this.owner = owner;
  }
}

/** Something that this process held until it was taken for dead, as after a sleep of its machine: another one has it. */
export class TakenOverError extends DiskError {
  constructor(file: string, by: LockOwner | undefined) {
    const what =
      by === undefined
        ? "gone: another process went on and has ended, or somebody removed it"
        : `taken over by ${ownerName(by)}, to which this process seemed dead`;
    const remedy = "was this machine asleep, or is a clock wrong? What it did before is kept";
    super(what, { file, remedy });
  }
}

/** A holder, for people: "process 12 on build-7". */
export function ownerName({ host, pid }: Pick<LockOwner, "host" | "pid">): string {
  if (pid === 0) return host;
  return host === "" ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** True if two holders are the same one. */
export function isSameOwner(a: LockOwner | undefined, b: LockOwner | undefined): boolean {
  return a?.token === b?.token && a?.pid === b?.pid && a?.started === b?.started;
}

/**
 * Takes a lock file, also one whose holder is gone without having released it.
 *
 * The file appears with its content in one step (a hard link), so nobody reads half of it.
 * @throws {LockedError} when a living holder has it.
 */
export async function takeLock(file: string, { socket, job }: LockSettings = {}): Promise<Lock> {
  const holder = job === undefined ? thisProcess() : { host: job, table: "", pid: 0, started: "" };
  const token = randomBytes(8).toString("hex");
  const owner: LockOwner = { ...holder, token, ...(socket !== undefined && { socket }) };
  for (;;) {
    if (await link(file, owner)) return heldLock(file, owner);
    const other = await readLock(file);
    if (other === undefined) continue; // released in between
    if (await isAlive(file, other)) throw new LockedError(file, other);
    if (await takeOver(file, other, owner)) return heldLock(file, owner);
  }
}

/**
 * Takes the lock of something that is to be removed. On a full disk there is no room for a lock, of anybody: that nobody has
 * it is enough then, lest nothing could be removed to make room.
 * @throws {LockedError} when a living holder has it.
 */
export async function takeLockToRemove(file: string): Promise<Pick<Lock, "release">> {
  try {
    return await takeLock(file);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const owner = await livingOwner(file);
    if (owner !== undefined) throw new LockedError(file, owner);
    return { release: () => Promise.resolve() };
  }
}

/** The place of a folder's lock. */
export function lockOf(folder: string): string {
  return path.join(folder, LOCK_FILE);
}

/**
 * Makes the folder of a run or a working folder, unless it is there, and takes the lock in it. A holder that has
 * finished may remove folder and lock at any moment: then the folder is made again.
 *
 * @throws {LockedError} when a living holder has it.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 */
export async function takeFolder(folder: string, settings: LockSettings = {}): Promise<Lock> {
  for (let left = MOST_FOLDERS; ; left--) {
    try {
      await makeFolderAt(placeIn(folder));
      return await takeLock(lockOf(folder), settings);
    } catch (error) {
      const isGone = error instanceof DiskError && errorCode(error.cause) === "ENOENT";
      if (!isGone || left === 0) throw error;
    }
  }
}

/** The living holder of a lock file; undefined when there is none. */
export async function livingOwner(file: string): Promise<LockOwner | undefined> {
  const owner = await readLock(file);
  return owner !== undefined && (await isAlive(file, owner)) ? owner : undefined;
}

function heldLock(file: string, owner: LockOwner): Lock {
  if (owner.pid !== 0) heartbeat.add(file);
  return {
    owner,
    beat: () => onDisk("keep lock", file, () => beat(file)),
    release: async () => {
      heartbeat.remove(file);
      await removeLock(file, owner);
    },
  };
}

/** The owner named in a lock file, dead or alive; undefined when there is none. */
async function readLock(file: string): Promise<LockOwner | undefined> {
  const text = await readText(placeOf(file), MOST_LOCK_BYTES);
  return text === undefined ? undefined : ownerIn(text);
}

function ownerIn(text: string): LockOwner {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return DAMAGED; // on disk: its owner did not live through whatever did that
  }
}

const DAMAGED: LockOwner = { host: "", table: "", pid: -1, started: "", token: "" };

/** Looks whether a lock is still its holder's, as far as it can be read just now. @throws {TakenOverError} */
export function assertStillHeld(file: string, holder: LockOwner): void {
  let owner: LockOwner | undefined;
  try {
    owner = ownerIn(readFileSync(file, "utf8"));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") return; // a disk that is gone for a moment
  }
  if (!isSameOwner(owner, holder)) throw new TakenOverError(file, owner);
}

/** A process of this machine lives if it runs; of others, only signs of life are seen. */
async function isAlive(file: string, owner: LockOwner): Promise<boolean> {
  if (owner.pid !== 0 && isLocal(owner)) return isProcessAlive(owner);
  return onDisk("look at lock", file, async () => {
    try {
      return Date.now() - (await fs.lstat(file)).mtimeMs < HOLDER_TIMEOUT_MS;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false; // released in between
      throw error;
    }
  });
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

/** A lock that has gone with its folder needs no more signs of life. */
async function beat(file: string): Promise<void> {
  try {
    await fs.utimes(file, new Date(), new Date());
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/**
 * Takes over from a dead holder; false when another process did.
 *
 * Several processes may find the same dead holder. A second lock decides which one goes on, and the first is looked at
 * again under it: nobody else changes the lock of a dead holder then, so that it can be replaced in one step.
 */
async function takeOver(file: string, dead: LockOwner, owner: LockOwner): Promise<boolean> {
  const decision = await decide(file);
  if (decision === undefined) return false;
  try {
    if (!isSameOwner(await readLock(file), dead) || (await isAlive(file, dead))) return false;
    if (!isLocal(dead)) await checkClock(file, dead);
    await onDisk("lock", file, () => replace(file, owner));
    return true;
  } finally {
    await decision.release();
  }
}

/**
 * Compares this machine's clock with that of the folder, which has dated the lock that decides just now: by a clock that is
 * ahead, a holder on another machine seems dead that is not. @throws {DiskError}
 */
async function checkClock(file: string, { host }: LockOwner): Promise<void> {
  const { mtimeMs } = await onDisk("look at lock", file, () => fs.lstat(`${file}${SUCCESSION}`));
  const seconds = Math.round((Date.now() - mtimeMs) / 1000);
  if (Math.abs(seconds) < HOLDER_TIMEOUT_MS / 2000) return;
  const way = `${Math.round(Math.abs(seconds) / 60)} min ${seconds < 0 ? "behind" : "ahead of"}`;
  throw new DiskError(`whether ${host} is still at work cannot be told: this machine's clock is ${way} the folder's`, {
    file,
    remedy: "set the clocks by NTP",
  });
}

async function decide(file: string): Promise<Lock | undefined> {
  try {
    return await takeLock(`${file}${SUCCESSION}`);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    await setTimeout(SUCCESSION_MS);
    return undefined;
  }
}

async function replace(file: string, owner: LockOwner): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await fs.writeFile(temporary, JSON.stringify(owner), { flag: "wx" });
    await fs.rename(temporary, file);
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

/** Removes a lock if it still is the holder's own: nobody takes one from a living holder. */
async function removeLock(file: string, own: LockOwner): Promise<void> {
  if (isSameOwner(await readLock(file), own)) await onDisk("unlock", file, () => fs.rm(file, { force: true }));
}
