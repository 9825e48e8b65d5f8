import type { BigIntStats, Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import * as path from "node:path";
import { DataError } from "../protocol/errors.ts";
import { errorCode, onDisk } from "./disk.ts";

/** Folders of a root, each of which holds folders of one kind: of runs, of artifacts, of records, of calls, of claims. */
export const RUN_KINDS: readonly string[] = ["runs", "artifacts", "records", "calls", "claims"];

/**
 * A file or folder below a root, the folder `.salsa` of runs and artifacts.
 *
 * The root may be a link. Nothing below it may be: in a folder that came from somebody else, a link could lead anywhere.
 */
export interface Place {
  readonly root: string;
  /** Absolute path. */
  readonly file: string;
}

/**
 * The place of something in the folder of a run, an artifact or a record, or of that folder itself. A folder that stands
 * elsewhere, as a copy of a run may, is a root of its own.
 *
 * @param folder - Of the run, the artifact or the record.
 * @param name - Path within the folder; it may come from a file.
 * @throws {DataError} when the name leads out of the folder.
 */
export function placeIn(folder: string, name = ""): Place {
  const unit = path.resolve(folder);
  const kind = path.dirname(unit);
  const root = RUN_KINDS.includes(path.basename(kind)) ? path.dirname(kind) : unit;
  return { root, file: within(unit, name) };
}

/**
 * The place of something in a folder that has just been looked at and is no link, nor are those above it: they are not
 * looked at again.
 */
export function placeInChecked(folder: string, name: string): Place {
  return { root: folder, file: within(folder, name) };
}

/** The place of a file that stands directly in the folder of a run, an artifact or a record. */
export function placeOf(file: string): Place {
  return placeIn(path.dirname(file), path.basename(file));
}

/**
 * The place of something below a root that is known.
 * @throws {DataError} when the name leads out of the root.
 */
export function placeBelow(root: string, name: string): Place {
  const top = path.resolve(root);
  return { root: top, file: within(top, name) };
}

function within(folder: string, name: string): string {
  const file = path.resolve(folder, name);
  const inside = path.relative(folder, file);
  const isOutside = path.isAbsolute(inside) || inside.split(path.sep)[0] === "..";
  if (!isOutside && !name.includes("\0")) return file;
  throw new DataError(`${JSON.stringify(name)} leads out of this folder`, { file: folder, remedy: HOSTILE });
}

const HOSTILE = "do not use this folder if somebody else made it: it may be hostile";

/**
 * The entry at a place, which may itself be a link; undefined when there is none.
 * @throws {DataError} when a folder on the way from the root is a link.
 * @throws {DiskError}
 */
export async function entryAt({ root, file }: Place): Promise<Stats | undefined> {
  const parts = path.relative(root, file).split(path.sep).filter(Boolean);
  let at = root;
  let entry = parts.length === 0 ? await ifThere<Stats>(root, stat) : undefined;
  for (const [index, part] of parts.entries()) {
    if (index > 0 && entry?.isDirectory() === false) {
      if (entry.isSymbolicLink()) throw refusal(at, entry);
      return undefined;
    }
    at = path.join(at, part);
    entry = await ifThere<Stats>(at, lstat);
    if (entry === undefined) return undefined;
  }
  return entry;
}

/** The same, with times in nanoseconds. @throws {DataError} {DiskError} */
export async function exactEntryAt(place: Place): Promise<BigIntStats | undefined> {
  if ((await entryAt(place)) === undefined) return undefined;
  return ifThere(place.file, (file) => lstat(file, { bigint: true }));
}

/**
 * True if a folder stands at a place.
 * @throws {DataError} when it, or a folder on the way from the root, is a link.
 */
export async function isFolderAt(place: Place): Promise<boolean> {
  const entry = await entryAt(place);
  if (entry?.isSymbolicLink() === true) throw refusal(place.file, entry);
  return entry?.isDirectory() === true;
}

/** The root of a place, as the system knows it. @throws {DiskError} */
export async function realRoot({ root }: Place): Promise<string> {
  return onDisk("look at", root, () => realpath(root));
}

async function ifThere<T>(file: string, look: (file: string) => Promise<T>): Promise<T | undefined> {
  return onDisk("look at", file, async () => {
    try {
      return await look(file);
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
      throw error;
    }
  });
}

/** The error for an entry that is no regular file, or no folder of its own. */
export function refusal(file: string, entry: Entry): DataError {
  const remedy = entry.isSymbolicLink()
    ? "put what it leads to in its place, or remove it"
    : "remove it: only files and folders belong here";
  return new DataError(`is ${kindOf(entry)}, which is neither read nor written`, { file, remedy });
}

/** Kind of an entry, as far as the checks go. */
type Entry = Pick<Stats, "isSymbolicLink" | "isFIFO" | "isSocket">;

function kindOf(entry: Entry): string {
  if (entry.isSymbolicLink()) return "a link";
  if (entry.isFIFO()) return "a pipe";
  return entry.isSocket() ? "a socket" : "a device";
}
