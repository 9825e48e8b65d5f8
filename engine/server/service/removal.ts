import { basename, dirname, join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { isLeftover } from "../../storage/disk.ts";
import { LockedError, livingOwner, ownerName, takeLock } from "../../storage/locks.ts";
import { isFolderAt, placeBelow, placeIn, realRoot } from "../../storage/places.ts";
import { recordFolder } from "../../storage/stageRecords.ts";
import { removeAt, sweepAt } from "../../storage/writing.ts";
import { bytesFreedBy, folderBytes } from "./folderSize.ts";
import { type Runs, isRunPlace } from "./runs.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Prefix of the folder, beside its artifact, that holds a stage's state for resuming after a crash. */
const WORK = ".work-";

/**
 * Computes the bytes that removing a run would free, and names the folders that would go.
 * @throws {DataError} when one of them is a link, or stands below one.
 */
export async function sizeOfRun(runs: Runs, run: TrackedRun): Promise<ServiceRequests["sizeOf"]["result"]> {
  const runBytes = (await folderBytes(run.folder)) ?? 0;
  const own = await ownArtifacts(runs, run);
  const root = await realRoot(placeIn(run.folder));
  const nameOf = (folder: string): string => join(basename(dirname(folder)), basename(folder));
  return {
    runBytes,
    artifactBytes: await bytesFreedBy(own),
    root,
    run: nameOf(run.folder),
    artifacts: own.map(nameOf),
  };
}

/**
 * Removes a run that no process works on and, if requested, the artifacts that no other run uses.
 * @returns Bytes freed.
 * @throws {DataError} when a process works on the run, or something of it is a link or stands below one: then nothing is
 * removed.
 */
export async function deleteRun(runs: Runs, run: TrackedRun, hasArtifacts: boolean): Promise<number> {
  const { folder } = run;
  const remedy = "delete it by hand if you no longer need it";
  if (!isRunPlace(folder)) throw new DataError("delete run: is not below a folder of runs", { file: folder, remedy });
  if (!(await isFolderAt(placeIn(folder))))
    throw new DataError("delete run: there is no run", { file: folder, remedy });
  const lock = join(folder, "lock");
  const held = await takeLock(lock).catch((error: unknown) => {
    throw error instanceof LockedError ? atWork(folder, error) : error;
  });
  let freed: number;
  try {
    const artifacts = hasArtifacts ? await ownArtifacts(runs, run) : [];
    freed = ((await folderBytes(folder)) ?? 0) + (await bytesFreedBy(artifacts));
    // Artifacts first: cut off in between, the run is there still and can be removed again.
    for (const artifact of artifacts) await removeAt(placeIn(artifact));
    await removeAt(placeIn(folder));
    // The remains of removals whose process was killed.
    await sweepAt(placeBelow(run.root, "runs"), isLeftover);
  } finally {
    await held.release();
  }
  runs.remove(run);
  return freed;
}

function atWork(folder: string, error: LockedError): DataError {
  const remedy = "stop the run, then delete it";
  return new DataError(
    `delete run: ${ownerName(error.owner)} is at work on it`,
    { file: folder, remedy },
    { cause: error },
  );
}

/**
 * Artifacts, with their records and working folders, of a run that no other run of its root uses.
 *
 * A run at work uses the artifacts that its stages have taken so far, and may take those of stages with the names of
 * its later ones: their keys are not known before.
 *
 * @throws {DataError} when one of them is a link, or stands below one.
 */
async function ownArtifacts(runs: Runs, run: TrackedRun): Promise<readonly string[]> {
  const others = (await runs.allOf(run.root)).filter((other) => other !== run);
  if (others.some(({ isAtWork, brief }) => isAtWork && brief.stages.length === 0)) return []; // it has not said yet
  const used = new Set(others.flatMap((other) => [...other.keys()]));
  const awaited = new Set(others.filter(({ isAtWork }) => isAtWork).flatMap(stagesToCome));
  for (const { id: name, key } of run.brief.stages) if (awaited.has(name)) used.add(key);
  const own = [...run.keys()].filter((key) => isArtifactKey(key) && !used.has(key));
  const folders: string[] = [];
  for (const key of own) {
    const work = join(run.root, "artifacts", `${WORK}${key}`);
    if (await isHeld(work)) continue;
    for (const folder of [join(run.root, "artifacts", key), work, recordFolder(run.root, key)]) {
      if (await isFolderAt(placeIn(folder))) folders.push(folder);
    }
  }
  return folders;
}

function stagesToCome({ brief }: TrackedRun): readonly string[] {
  return brief.stages.filter(({ status }) => status === "waiting").map(({ id: name }) => name);
}

/** True if a living process works in a working folder. */
async function isHeld(folder: string): Promise<boolean> {
  return (await livingOwner(join(folder, "lock"))) !== undefined;
}
