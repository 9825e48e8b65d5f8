import { basename, join } from "node:path";
import { PREPARED_NAME } from "../../protocol/dataCountsSchema.ts";
import {
  type ServiceRequests,
  type StorageEntry,
  type StorageParams,
  type StorageUse,
  mentionedArtifacts,
} from "../../protocol/service.ts";
import { Artifacts, isArtifactKey } from "../../storage/artifacts.ts";
import { isTemporary } from "../../storage/disk.ts";
import { RUN_FILE } from "../../storage/formats/runDescription.ts";
import { entryAt, placeBelow, placeIn, realRoot } from "../../storage/places.ts";
import { listAt, readText, walkAt } from "../../storage/reading.ts";
import { workedAt } from "../../storage/workspaces.ts";
import { removeAt, removeUnless } from "../../storage/writing.ts";
import { bytesFreedBy } from "./folderSize.ts";
import { hasNotSaid, preparedOf } from "./removal.ts";
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
    const [folder = "", key = ""] = name.split("/");
    const kind = KINDS[folder]?.(key);
    if (kind === undefined) otherBytes += bytes;
    else entries.push({ name, kind, bytes, ...uses(kind, key) });
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
    const isNeeded = async (): Promise<boolean> => !(await usesIn(runs, { root, mentioned }))(kind, key).canGo;
    const bytes = await bytesFreedBy(kind === "artifact" ? artifacts.foldersOf(key) : [join(root, name)]);
    if (kind === "artifact") await artifacts.remove(key, isNeeded);
    else if (kind === "data") await removeUnless(placeBelow(root, name), isNeeded);
    else await removeAt(placeBelow(root, name));
    if ((await entryAt(placeBelow(root, name))) !== undefined) continue;
    removed.push(name);
    freedBytes += bytes;
  }
  return { freedBytes, removed };
}

type Kind = StorageEntry["kind"];

/** Entries of the folders of a root, by the folder and the name of what stands there; undefined for what else does. */
const KINDS: Readonly<Record<string, (name: string) => Kind | undefined>> = {
  runs: (name) => (name === "" ? undefined : "run"),
  artifacts: (name) => (isArtifactKey(name) ? "artifact" : DAMAGED.test(name) ? "damaged" : undefined),
  data: (name) => (PREPARED_NAME.test(name) ? "data" : undefined),
};

/** Artifacts that were set aside. */
const DAMAGED = /^[A-Za-z0-9][A-Za-z0-9-]*\.damaged-[0-9TZ]+$/;

/**
 * Which runs use an entry, and whether it can go.
 *
 * A run at work may take results of the kinds of its stages that are still to come: their keys are not known before. One
 * that has not said its stages yet may take any. What the config of a run, or of the workspace, mentions is used, too.
 */
async function usesIn(
  runs: Runs,
  { root, mentioned }: StorageParams,
): Promise<(kind: Kind, name: string) => Pick<StorageEntry, "usedBy" | "canGo">> {
  const all = await runs.allOf(root);
  const users = new Map<string, string[]>();
  const use = (name: string, id: string): void => {
    const list = users.get(name);
    if (list === undefined) users.set(name, [id]);
    else if (!list.includes(id)) list.push(id);
  };
  for (const run of all) {
    const named = [...run.keys(), ...preparedOf(run), ...(await mentionedBy(run))];
    for (const name of new Set(named)) use(name, run.id);
  }
  const kept = new Set(mentioned);
  const isUnsure = all.some(hasNotSaid);
  const atWork = all.filter(({ isAtWork }) => isAtWork).flatMap(({ brief }) => brief.stages);
  const awaited = new Set(atWork.filter(({ status }) => status === "waiting").map(({ kind }) => kind));
  return (kind, name) => {
    if (kind === "run") return { usedBy: [name], canGo: false };
    if (kind === "damaged") return { usedBy: [], canGo: true };
    const usedBy = users.get(name) ?? [];
    const isAwaited = kind === "artifact" && awaited.has(name.slice(0, name.lastIndexOf("-")));
    return { usedBy, canGo: usedBy.length === 0 && !kept.has(name) && !isUnsure && !isAwaited };
  };
}

/** Artifacts that a run's description names, as its config may; also one that this version cannot read. */
async function mentionedBy({ folder }: TrackedRun): Promise<readonly string[]> {
  return mentionedArtifacts((await readText(placeIn(folder, RUN_FILE))) ?? "");
}

/** Bytes by entry: what belongs to an artifact, its record and work on it, counts with it. */
async function sizesIn(root: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const top = placeBelow(root, "");
  for (const { name: folder } of (await listAt(top)).filter((entry) => entry.isDirectory())) {
    const place = placeBelow(root, folder);
    for (const entry of await listAt(place)) {
      const inner = placeBelow(root, join(folder, entry.name));
      let bytes = 0;
      const files = entry.isDirectory() ? walkAt(inner) : [{ file: inner.file, entry }];
      for await (const { file, entry: found } of files) {
        const stats = found.isFile() ? await entryAt({ root: inner.root, file }) : undefined;
        bytes += stats?.isFile() === true ? stats.size : 0;
      }
      const name = nameOf(folder, entry.name);
      sizes.set(name, (sizes.get(name) ?? 0) + bytes);
    }
  }
  return sizes;
}

function nameOf(folder: string, name: string): string {
  if (folder === "records") return `artifacts/${name}`;
  if (folder !== "artifacts" && folder !== "runs" && folder !== "data") return folder;
  return isTemporary(name) ? "temporary" : `${folder}/${workedAt(name) ?? name}`;
}
