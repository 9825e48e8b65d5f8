import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import { isLeftover, onDisk, removeWhole } from "../../storage/disk.ts";
import { LockedError, lockOf, ownerName, takeLock } from "../../storage/locks.ts";
import { bytesFreedBy, folderBytes } from "./folderSize.ts";
import { type Runs, isRunPlace } from "./runs.ts";
import { Artifacts, isArtifactKey } from "../../storage/artifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Computes the bytes that removing a run would free. */
export async function sizeOfRun(runs: Runs, run: TrackedRun): Promise<ServiceRequests["sizeOf"]["result"]> {
  const runBytes = (await folderBytes(run.folder)) ?? 0;
  const folders = (await ownArtifacts(runs, run)).flatMap((key) => new Artifacts(run.root).foldersOf(key));
  return { runBytes, artifactBytes: await bytesFreedBy(folders) };
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
  const held = await takeLock(lockOf(folder)).catch((error: unknown) => {
    throw error instanceof LockedError ? atWork(folder, error) : error;
  });
  let freed: number;
  try {
    const artifacts = new Artifacts(run.root);
    const keys = hasArtifacts ? await ownArtifacts(runs, run) : [];
    const folders = keys.flatMap((key) => artifacts.foldersOf(key));
    freed = ((await folderBytes(folder)) ?? 0) + (await bytesFreedBy(folders));
    // Artifacts first: cut off in between, the run is there still and can be removed again.
    for (const key of keys) await artifacts.remove(key);
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
 * Keys of the artifacts of a run that no other run of its root uses, and that nobody works at.
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
  const artifacts = new Artifacts(run.root);
  const own: string[] = [];
  for (const key of run.keys()) {
    if (isArtifactKey(key) && !used.has(key) && (await artifacts.worker(key)) === undefined) own.push(key);
  }
  return own;
}

function stagesToCome({ brief }: TrackedRun): readonly string[] {
  return brief.stages.filter(({ status }) => status === "waiting").map(({ id: name }) => name);
}

/** Removes the remains of removals whose process was killed. */
async function sweep(runs: string): Promise<void> {
  for (const name of await onDisk("list", runs, () => readdir(runs))) {
    const file = join(runs, name);
    if (await isLeftover(file)) await onDisk("remove", file, () => rm(file, { recursive: true, force: true }));
  }
}
