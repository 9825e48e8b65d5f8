import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import { errorCode, isLeftover, onDisk, temporaryName } from "../../storage/disk.ts";
import { LockedError, livingOwner, ownerName, takeLock } from "../../storage/locks.ts";
import { recordFolder } from "../../storage/stageRecords.ts";
import { bytesFreedBy, folderBytes } from "./folderSize.ts";
import { type Runs, isRunPlace } from "./runs.ts";
import { statIfThere } from "./runFacts.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Prefix of the folder, beside its artifact, that holds a stage's state for resuming after a crash. */
const WORK = ".work-";

/** Computes the bytes that removing a run would free. */
export async function sizeOfRun(runs: Runs, run: TrackedRun): Promise<ServiceRequests["sizeOf"]["result"]> {
  const runBytes = (await folderBytes(run.folder)) ?? 0;
  return { runBytes, artifactBytes: await bytesFreedBy(await ownArtifacts(runs, run)) };
}

/**
 * Removes a run that no process works on and, if requested, the artifacts that no other run uses.
 * @returns Bytes freed.
 * @throws {DataError} when a process works on the run.
 */
export async function deleteRun(runs: Runs, run: TrackedRun, hasArtifacts: boolean): Promise<number> {
  const { folder } = run;
  const remedy = "delete it by hand if you no longer need it";
  if (!isRunPlace(folder)) throw new DataError("delete run: is not below a folder of runs", { file: folder, remedy });
  const lock = join(folder, "lock");
  const held = await takeLock(lock).catch((error: unknown) => {
    throw error instanceof LockedError ? atWork(folder, error) : error;
  });
  let freed: number;
  try {
    const artifacts = hasArtifacts ? await ownArtifacts(runs, run) : [];
    freed = ((await folderBytes(folder)) ?? 0) + (await bytesFreedBy(artifacts));
    // Artifacts first: cut off in between, the run is there still and can be removed again.
    for (const artifact of artifacts) await removeWhole(artifact);
    await removeWhole(folder);
    await sweep(dirname(folder));
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
      if ((await statIfThere(folder)) !== undefined) folders.push(folder);
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

/** Removes the remains of removals whose process was killed. */
async function sweep(runs: string): Promise<void> {
  for (const name of await onDisk("list", runs, () => readdir(runs))) {
    const file = join(runs, name);
    if (await isLeftover(file)) await onDisk("remove", file, () => rm(file, { recursive: true, force: true }));
  }
}

/** Renames a folder before removing it, so that no reader finds half of it. */
async function removeWhole(folder: string): Promise<void> {
  const aside = temporaryName(folder);
  await onDisk("remove", folder, async () => {
    try {
      await rename(folder, aside);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return; // somebody else was faster
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  });
}
