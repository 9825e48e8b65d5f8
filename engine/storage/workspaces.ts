import * as path from "node:path";
import { fileExists, removeWhole } from "./disk.ts";
import {
  type Lock,
  LockedError,
  type LockOwner,
  type LockSettings,
  livingOwner,
  lockOf,
  takeFolder,
  takeLock,
} from "./locks.ts";

/** A stage's working folder, held by this process or by a job that it watches. */
export interface Workspace extends Pick<Lock, "beat"> {
  readonly folder: string;
  /** Gives it free; where the artifact is finished, the folder goes. */
  release(): Promise<void>;
}

const PREFIX = ".work-";

/** The working folder of an artifact, beside it. */
export function workFolder(artifact: string): string {
  return path.join(path.dirname(artifact), `${PREFIX}${path.basename(artifact)}`);
}

/** Name of the artifact that a working folder, by its name, belongs to; undefined for other names. */
export function workedAt(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}

/**
 * Takes the working folder of an artifact, making it if it is not there.
 *
 * @param artifact - Its folder, which need not be there.
 * @param isFinished - Asked when the folder is given free.
 * @param holder - Holds it in place of this process.
 * @throws {LockedError} when another process or job works on the same artifact.
 */
export async function takeWorkspace(
  artifact: string,
  isFinished: () => Promise<boolean>,
  holder: Pick<LockSettings, "job"> = {},
): Promise<Workspace> {
  const folder = workFolder(artifact);
  const lock = await takeFolder(folder, holder);
  const release = async (): Promise<void> => {
    try {
      // With its lock, in one step: another process may be about to take it.
      if (await isFinished()) await removeWhole(folder);
    } finally {
      await lock.release();
    }
  };
  return { folder, beat: () => lock.beat(), release };
}

/** The living process that works at an artifact; undefined when none does. */
export function workerOf(artifact: string): Promise<LockOwner | undefined> {
  return livingOwner(lockOf(workFolder(artifact)));
}

/** Removes a working folder, unless somebody holds it. */
export async function removeUnheld(folder: string): Promise<void> {
  let lock: Lock;
  try {
    lock = await takeLock(lockOf(folder));
  } catch (error) {
    // Held, or removed by its holder meanwhile.
    if (error instanceof LockedError || !(await fileExists(folder))) return;
    throw error;
  }
  await removeWhole(folder);
  await lock.release();
}
