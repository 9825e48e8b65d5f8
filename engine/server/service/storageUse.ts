import type { Dirent } from "node:fs";
import { basename, join } from "node:path";
import { REPORT_TARGETS } from "../../config/index.ts";
import { usableFileName } from "../../config/usableName.ts";
import { removeTracked, trackedFolders } from "../../pipeline/tracking/trackedRuns.ts";
import { PREPARED_NAME } from "../../protocol/dataCountsSchema.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import {
  type StorageEntry,
  type StorageParams,
  type StorageUse,
  mentionedArtifacts,
} from "../../protocol/storageUse.ts";
import { Artifacts, isArtifactKey } from "../../storage/artifacts.ts";
import { isTemporary } from "../../storage/disk.ts";
import { RUN_FILE } from "../../storage/formats/runDescription.ts";
import { entryAt, isFolderAt, placeBelow, placeIn, realRoot } from "../../storage/places.ts";
import { listAt, readText, walkAt } from "../../storage/reading.ts";
import { workedAt } from "../../storage/workspaces.ts";
import { removeAt, removeUnless } from "../../storage/writing.ts";
import { bytesFreedBy } from "./folderSize.ts";
import { copiesOf, hasNotSaid, preparedOf } from "./removal.ts";
import type { Runs } from "./runs.ts";
import type { TrackedRun } from "./trackedRun.ts";

/**
 * Everything in a folder of runs and artifacts with its size, and what of it no run uses.
 * @throws {DataError} when something on the way is a link.
 */
export async function storageUse(runs: Runs, { root, mentioned }: StorageParams): Promise<StorageUse> {
  const uses = await usesIn(runs, { root, mentioned });
  const sizes = await sizesIn(root);
  const entries: StorageEntry[] = [];
  let [totalBytes, otherBytes] = [0, 0];
  for (const [name, bytes] of sizes) {
    totalBytes += bytes;
    const kind = uses.kindOf(name);
    if (kind === undefined) otherBytes += bytes;
    else entries.push({ name, kind, bytes, ...uses.of(kind, name) });
  }
  entries.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return { root: await realRoot(placeBelow(root, "")), totalBytes, entries, otherBytes };
}

/**
 * Removes those of some entries that no run uses by now.
 * @throws {DataError} when something on the way is a link.
 */
export async function cleanUp(
  runs: Runs,
  { root, mentioned, names }: ServiceRequests["cleanUp"]["params"],
): Promise<ServiceRequests["cleanUp"]["result"]> {
  const wanted = new Set(names);
  const { entries } = await storageUse(runs, { root, mentioned });
  const artifacts = new Artifacts(root);
  const removed: string[] = [];
  let freedBytes = 0;
  for (const { name, kind } of entries.filter((one) => one.canGo && wanted.has(one.name))) {
    const key = basename(name);
    // Asked again when nobody finds it any longer: a run may have begun since.
    const isNeeded = async (): Promise<boolean> => !(await usesIn(runs, { root, mentioned })).of(kind, name).canGo;
    const bytes = await bytesFreedBy(kind === "artifact" ? artifacts.foldersOf(key) : [join(root, name)]);
    if (kind === "artifact") await artifacts.remove(key, isNeeded);
    else if (kind === "data" || kind === "input") await removeUnless(placeBelow(root, name), isNeeded);
    else if (kind === "tracking") await removeTracked(root, name, isNeeded);
    else await removeAt(placeBelow(root, name));
    if ((await entryAt(placeBelow(root, name))) !== undefined) continue;
    removed.push(name);
    freedBytes += bytes;
  }
  return { freedBytes, removed };
}

type Kind = StorageEntry["kind"];

/**
 * Entries of the folders of a root, by the folder and the name of what stands there; undefined for what else does. Metrics
 * for other tools are not among them: these tell by their files whose they are.
 */
const KINDS: Readonly<Record<string, (name: string) => Kind | undefined>> = {
  runs: (name) => (name === "" ? undefined : "run"),
  artifacts: (name) => (isArtifactKey(name) ? "artifact" : DAMAGED.test(name) ? "damaged" : undefined),
  data: (name) => (PREPARED_NAME.test(name) ? "data" : undefined),
  inputs: (name) => (name === "" ? undefined : "input"),
};

/** Artifacts that were set aside. */
const DAMAGED = /^[A-Za-z0-9][A-Za-z0-9-]*\.damaged-[0-9TZ]+$/;

/**
 * Which runs use an entry, and whether it can go.
 *
 * A run at work may take results of the kinds of its stages that are still to come: their keys are not known before. One
 * that has not said its stages yet may take any. What the config of a run, or of the workspace, mentions is used, too.
 */
async function usesIn(runs: Runs, { root, mentioned }: StorageParams): Promise<Uses> {
  const all = await runs.allOf(root);
  const tracked = new Map((await trackedFolders(root)).map(({ name, run }) => [name, run]));
  const hasCopies = await isFolderAt(placeBelow(root, "inputs"));
  const users = new Map<string, string[]>();
  const use = (name: string, id: string): void => {
    const list = users.get(name);
    if (list === undefined) users.set(name, [id]);
    else if (!list.includes(id)) list.push(id);
  };
  for (const run of all) {
    const named = [...run.keys(), ...preparedOf(run), ...(await mentionedBy(run))];
    for (const name of new Set(named)) use(name, run.id);
    for (const name of hasCopies ? await copiesOf(run) : []) use(`inputs/${name}`, run.id);
  }
  const idsOf = Map.groupBy(
    all.map(({ id }) => id),
    usableFileName,
  );
  for (const [folder, run] of tracked) for (const id of idsOf.get(run) ?? []) use(folder, id);
  const kept = new Set(mentioned);
  const isUnsure = all.some(hasNotSaid);
  const atWork = all.filter(({ isAtWork }) => isAtWork);
  const waiting = atWork.flatMap(({ brief }) => brief.stages).filter(({ status }) => status === "waiting");
  const awaited = new Set(waiting.map(({ kind }) => kind));
  const byKind = (kind: Kind, path: string): Pick<StorageEntry, "usedBy" | "canGo"> => {
    const name = basename(path);
    if (kind === "run") return { usedBy: [name], canGo: false };
    if (kind === "damaged") return { usedBy: [], canGo: true };
    const usedBy = users.get(kind === "input" || kind === "tracking" ? path : name) ?? [];
    if (kind === "tracking") return { usedBy, canGo: usedBy.length === 0 };
    // Stages that are still to come may read any copy.
    if (kind === "input") return { usedBy, canGo: usedBy.length === 0 && atWork.length === 0 };
    const isAwaited = kind === "artifact" && awaited.has(name.slice(0, name.lastIndexOf("-")));
    return { usedBy, canGo: usedBy.length === 0 && !kept.has(name) && !isUnsure && !isAwaited };
  };
  return {
    of: byKind,
    kindOf(name) {
      const [folder = "", key = ""] = name.split("/");
      return tracked.has(name) ? "tracking" : KINDS[folder]?.(key);
    },
  };
}

/** Which runs use the entries of a root, by their names. */
interface Uses {
  /** Undefined for what is none of the entries. */
  readonly kindOf: (name: string) => Kind | undefined;
  readonly of: (kind: Kind, name: string) => Pick<StorageEntry, "usedBy" | "canGo">;
}

/** Artifacts that a run's description names, as its config may; also one that this version cannot read. */
async function mentionedBy({ folder }: TrackedRun): Promise<readonly string[]> {
  return mentionedArtifacts((await readText(placeIn(folder, RUN_FILE))) ?? "");
}

/** Bytes by entry: what belongs to an artifact, its record and work on it, counts with it. */
async function sizesIn(root: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const add = async (parts: readonly string[], entry: Dirent): Promise<void> => {
    const inner = placeBelow(root, join(...parts));
    let bytes = 0;
    const files = entry.isDirectory() ? walkAt(inner) : [{ file: inner.file, entry }];
    for await (const { file, entry: found } of files) {
      const stats = found.isFile() ? await entryAt({ root: inner.root, file }) : undefined;
      bytes += stats?.isFile() === true ? stats.size : 0;
    }
    const name = nameOf(parts);
    sizes.set(name, (sizes.get(name) ?? 0) + bytes);
  };
  for (const { name: folder } of (await listAt(placeBelow(root, ""))).filter((entry) => entry.isDirectory())) {
    for (const entry of await listAt(placeBelow(root, folder))) {
      const isExperiment = folder === "mlflow" && entry.isDirectory();
      const below = isExperiment ? await listAt(placeBelow(root, join(folder, entry.name))) : [];
      for (const one of below) await add([folder, entry.name, one.name], one);
      if (!isExperiment) await add([folder, entry.name], entry);
    }
  }
  return sizes;
}

/** Folders whose entries are listed one by one. */
const LISTED: ReadonlySet<string> = new Set(["artifacts", "runs", "data", "inputs", ...REPORT_TARGETS]);

function nameOf([folder = "", ...names]: readonly string[]): string {
  const name = names.join("/");
  if (folder === "records") return `artifacts/${name}`;
  if (!LISTED.has(folder)) return folder;
  return names.some(isTemporary) ? "temporary" : `${folder}/${workedAt(name) ?? name}`;
}
