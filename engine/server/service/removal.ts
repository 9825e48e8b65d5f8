import { basename, dirname, join } from "node:path";
import { type TrackedFolder, removeTracked, trackedFoldersOf } from "../../pipeline/tracking/trackedRuns.ts";
import { DataError } from "../../protocol/errors.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import type { ShownSize } from "../../protocol/storageUse.ts";
import { Artifacts, isArtifactKey } from "../../storage/artifacts.ts";
import { copiesFor } from "../../storage/attempts.ts";
import { isLeftover } from "../../storage/disk.ts";
import { LockedError, lockOf, ownerName, takeLockToRemove } from "../../storage/locks.ts";
import { type Place, isFolderAt, placeBelow, placeIn, realRoot } from "../../storage/places.ts";
import { removeAt, removeUnless, sweepAt } from "../../storage/writing.ts";
import { bytesFreedBy, folderBytes } from "./folderSize.ts";
import { isLeftAlone } from "./control.ts";
import { type Runs, isRunPlace } from "./runs.ts";
import type { TrackedRun } from "./trackedRun.ts";

/**
 * Computes the bytes that removing a run would free, and names the folders that would go. Runs that are removed before it
 * use nothing any more.
 * @throws {DataError} when one of them is a link, or stands below one.
 */
export async function sizeOfRun(
  runs: Runs,
  run: TrackedRun,
  before: readonly TrackedRun[],
): Promise<ServiceRequests["sizeOf"]["result"]> {
  const tracking = await trackedFoldersOf(run.root, run.id);
  const removal = removalOf(runs, run, before);
  const made = (await ownArtifacts(removal)).flatMap(({ folders }) => folders);
  const shared = [...(await ownPrepared(removal)), ...(await ownCopies(removal))];
  const own = [...made, ...shared.map(({ file }) => file)];
  const root = await realRoot(placeIn(run.folder));
  return {
    runBytes: await recordBytes(run, tracking),
    artifactBytes: await bytesFreedBy(own),
    root,
    run: nameOf(run.folder),
    tracking: tracking.map(({ name }) => name),
    artifacts: own.map(nameOf),
    createdAt: run.summary().createdAt,
  };
}

/** A folder of a run or an artifact, from the root. */
function nameOf(folder: string): string {
  return join(basename(dirname(folder)), basename(folder));
}

/** Bytes of a run's folder and of its metrics for other tools. */
async function recordBytes(run: TrackedRun, tracking: readonly TrackedFolder[]): Promise<number> {
  let bytes = (await folderBytes(run.folder)) ?? 0;
  for (const { name } of tracking) bytes += (await folderBytes(join(run.root, name))) ?? 0;
  return bytes;
}

/**
 * Removes a run that no process works on and, if requested, the artifacts that no other run uses; where something was
 * shown, nothing but that.
 * @returns Bytes freed.
 * @throws {DataError} when a process works on the run, it is not the one that was shown, or something of it is a link or
 * stands below one: then nothing is removed.
 */
export async function deleteRun(
  runs: Runs,
  run: TrackedRun,
  hasArtifacts: boolean,
  shown?: ShownSize,
): Promise<number> {
  const { folder } = run;
  const remedy = "delete it by hand if you no longer need it";
  if (!isRunPlace(folder)) throw new DataError("delete run: is not below a folder of runs", { file: folder, remedy });
  if (!(await isFolderAt(placeIn(folder))))
    throw new DataError("delete run: there is no run", { file: folder, remedy });
  await isLeftAlone(run); // a process that stays has the lock, which says whose it is
  const held = await takeLockToRemove(lockOf(folder)).catch((error: unknown) => {
    throw error instanceof LockedError ? atWork(folder, error) : error;
  });
  let freed: number;
  try {
    if (shown !== undefined && shown.createdAt !== run.summary().createdAt) {
      const another = "look at it, and delete it if it is to go, too";
      throw new DataError("delete run: another run has its place by now", { file: folder, remedy: another });
    }
    const isShown = (one: string): boolean => shown?.artifacts.includes(nameOf(one)) ?? true;
    const artifacts = new Artifacts(run.root);
    const removal = removalOf(runs, run);
    const own = (hasArtifacts ? await ownArtifacts(removal) : []).filter(({ folders }) => folders.every(isShown));
    const prepared = (hasArtifacts ? await ownPrepared(removal) : []).filter(({ file }) => isShown(file));
    const copies = (hasArtifacts ? await ownCopies(removal) : []).filter(({ file }) => isShown(file));
    const tracking = await trackedFoldersOf(run.root, run.id);
    const all = [...own.flatMap(({ folders }) => folders), ...[...prepared, ...copies].map(({ file }) => file)];
    freed = (await recordBytes(run, tracking)) + (await bytesFreedBy(all));
    // The run's folder last: cut off in between, the run is there still and can be removed again.
    // A run may have begun since its artifacts were listed.
    for (const { key } of own) await artifacts.remove(key, async () => !(await isUnused(removal))(key));
    for (const place of prepared) {
      await removeUnless(place, async () => !(await isUnprepared(removal))(basename(place.file)));
    }
    for (const place of copies)
      await removeUnless(place, async () => !(await isUncopied(removal))(basename(place.file)));
    // The run's number is given again: the next run of it must not go on in its curves.
    for (const { name } of tracking) await removeTracked(run.root, name);
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

/** A run that is to go, and the runs of its root that stay, as they are when asked. */
interface Removal {
  readonly run: TrackedRun;
  readonly others: () => Promise<readonly TrackedRun[]>;
}

function removalOf(runs: Runs, run: TrackedRun, before: readonly TrackedRun[] = []): Removal {
  const gone = new Set([...before, run]);
  return { run, others: async () => (await runs.allOf(run.root)).filter((other) => !gone.has(other)) };
}

/** An artifact that a run alone uses. */
interface OwnArtifact {
  readonly key: string;
  /** Those of its folders that are there. */
  readonly folders: readonly string[];
}

/**
 * The artifacts of a run that no other run of its root uses, and that nobody works at.
 * @throws {DataError} when one of them is a link, or stands below one.
 */
async function ownArtifacts(removal: Removal): Promise<readonly OwnArtifact[]> {
  const { run } = removal;
  const isOwn = await isUnused(removal);
  const artifacts = new Artifacts(run.root);
  const own: OwnArtifact[] = [];
  for (const key of run.keys()) {
    if (!isArtifactKey(key) || !isOwn(key) || (await artifacts.worker(key)) !== undefined) continue;
    const folders: string[] = [];
    for (const folder of artifacts.foldersOf(key)) if (await isFolderAt(placeIn(folder))) folders.push(folder);
    own.push({ key, folders });
  }
  return own;
}

/**
 * Which artifacts of a run no other run of its root uses, by their names.
 *
 * A run at work uses the artifacts that its stages have taken so far, and may take those of stages with the names of
 * its later ones: their keys are not known before. One that has not said its stages yet may take any.
 */
async function isUnused({ run, others: ask }: Removal): Promise<(key: string) => boolean> {
  const others = await ask();
  if (others.some(hasNotSaid)) return () => false;
  const used = new Set(others.flatMap((other) => [...other.keys()]));
  const awaited = new Set(others.filter(({ isAtWork }) => isAtWork).flatMap(stagesToCome));
  for (const { id: name, key } of run.brief.stages) if (awaited.has(name)) used.add(key);
  return (key) => !used.has(key);
}

/**
 * Prepared data of a run that no other run of its root uses. A config that no run was made of counts nothing: what it
 * needs is prepared again, with the same bytes.
 * @throws {DataError} when a folder of it is a link, or stands below one.
 */
async function ownPrepared(removal: Removal): Promise<readonly Place[]> {
  const { run } = removal;
  const isOwn = await isUnprepared(removal);
  const own: Place[] = [];
  for (const name of new Set(preparedOf(run))) {
    const place = placeBelow(run.root, join("data", name));
    if (isOwn(name) && (await isFolderAt(place))) own.push(place);
  }
  return own;
}

/**
 * Which prepared data of a run no other run of its root uses, by their names. One that is at work, and has not yet said
 * what it uses, may use any of it: data is prepared, or found, before a run says so together with its stages.
 */
async function isUnprepared({ others: ask }: Removal): Promise<(name: string) => boolean> {
  const others = await ask();
  if (others.some(hasNotSaid)) return () => false;
  const used = new Set(others.flatMap(preparedOf));
  return (name) => !used.has(name);
}

/**
 * Copies of inputs that a cluster has read for a run, and for no other run of its root.
 * @throws {DataError} when one of them is a link, or stands below one.
 */
async function ownCopies(removal: Removal): Promise<readonly Place[]> {
  const { run } = removal;
  const names = await copiesOf(run);
  const isOwn = names.size === 0 ? undefined : await isUncopied(removal);
  const own: Place[] = [];
  for (const name of names) {
    const place = placeBelow(run.root, join("inputs", name));
    if (isOwn?.(name) === true && (await isFolderAt(place))) own.push(place);
  }
  return own;
}

/** Which copies no other run of a root uses, by their names. One at work may come to use any: keys are not known before. */
async function isUncopied({ others: ask }: Removal): Promise<(name: string) => boolean> {
  const others = await ask();
  if (others.some(({ isAtWork }) => isAtWork)) return () => false;
  const used = new Set((await Promise.all(others.map(copiesOf))).flatMap((names) => [...names]));
  return (name) => !used.has(name);
}

/** Names of the copies of inputs that a run's stages were made from on a cluster. */
export async function copiesOf(run: TrackedRun): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const key of run.keys()) {
    if (!isArtifactKey(key)) continue;
    for (const name of await copiesFor({ root: run.root, key })) names.add(name);
  }
  return names;
}

/** True for a run at work that may use anything: it has not said its stages. */
export function hasNotSaid({ isAtWork, brief }: TrackedRun): boolean {
  return isAtWork && brief.stages.length === 0;
}

/** Names of the prepared data that a run uses. */
export function preparedOf({ brief }: TrackedRun): readonly string[] {
  return (brief.data ?? []).flatMap(({ prepared }) => prepared ?? []);
}

function stagesToCome({ brief }: TrackedRun): readonly string[] {
  return brief.stages.filter(({ status }) => status === "waiting").map(({ id: name }) => name);
}
