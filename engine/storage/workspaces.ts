import * as path from "node:path";
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
import { isFolderAt, placeIn } from "./places.ts";
import { checkTree } from "./reading.ts";
import { removeAt } from "./writing.ts";

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
 * Takes the working folder of an artifact to work in it, making it if it is not there.
 *
 * @param artifact - Its folder, which need not be there.
 * @param isFinished - Asked when the folder is given free.
 * @param holder - Holds it in place of this process.
 * @throws {LockedError} when another process or job works on the same artifact.
 * @throws {DataError} when it holds a link, or anything else that is no file or folder.
 */
export async function takeWorkspace(
  artifact: string,
  isFinished: () => Promise<boolean>,
  holder: Pick<LockSettings, "job"> = {},
): Promise<Workspace> {
  const workspace = await holdWorkspace(artifact, isFinished, holder);
  try {
    await checkTree(placeIn(workspace.folder)); // everything is written below it without another look
  } catch (error) {
    await workspace.release();
    throw error;
  }
  return workspace;
}

/** The same, whatever it holds, to keep others from it. @throws {LockedError} {DataError} */
export async function holdWorkspace(
  artifact: string,
  isFinished: () => Promise<boolean>,
  holder: Pick<LockSettings, "job"> = {},
): Promise<Workspace> {
  const folder = workFolder(artifact);
  const lock = await takeFolder(folder, holder);
  const release = async (): Promise<void> => {
    try {
      // With its lock, in one step: another process may be about to take it.
      if (await isFinished()) await removeAt(placeIn(folder));
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

/** Removes a working folder, unless somebody holds it. @throws {DataError} when it is a link. */
export async function removeUnheld(folder: string): Promise<void> {
  const place = placeIn(folder);
  if (!(await isFolderAt(place))) return;
  let lock: Lock;
  try {
    lock = await takeLock(lockOf(folder));
  } catch (error) {
    // Held, or removed by its holder meanwhile.
    if (error instanceof LockedError || !(await isFolderAt(place))) return;
    throw error;
  }
  await removeAt(place);
  await lock.release();
}
