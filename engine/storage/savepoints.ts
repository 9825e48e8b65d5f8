import * as path from "node:path";
import { atomicWrite, onDisk, syncFolder, syncTree } from "./disk.ts";
import { type Place, placeIn } from "./places.ts";
import { readText } from "./reading.ts";
import { discard, makeFolderAt, makeNewFolder, sweepAt } from "./writing.ts";

/** Names the folder that counts. */
const POINTER = "current";
const STATE = /^state-(\d{1,15})$/;
/** Numbers begin again after that many: what stands in the file may be any. */
const MOST_STATES = 1e9;

/**
 * Replaces a state of several files all-or-nothing: whenever the process dies, `openSavepoint` gives the files of one
 * whole state, the old one or the new one.
 *
 * @param folder - Holds the states, in a working folder; made if it is not there.
 * @param fill - Writes the files into an empty folder.
 * @throws {DiskError} and leaves the old state in place.
 */
export async function replaceSavepoint(folder: string, fill: (state: string) => Promise<void>): Promise<void> {
  await makeFolderAt(placeFor(folder));
  const before = await readPointer(folder);
  const name = `state-${(Number(STATE.exec(before ?? "")?.[1] ?? 0) % MOST_STATES) + 1}`;
  await removeStates(folder, before); // leftovers of an interrupted replacement
  const state = path.join(folder, name);
  try {
    await makeNewFolder(state);
    await onDisk("write", folder, () => fill(state));
    await syncTree(state);
    await syncFolder(folder);
    await atomicWrite(path.join(folder, POINTER), name);
  } catch (error) {
    await discard(state);
    throw error;
  }
  await removeStates(folder, name);
}

/** Folder of the newest whole state; undefined when none was ever finished. */
export async function openSavepoint(folder: string): Promise<string | undefined> {
  const name = await readPointer(folder);
  return name === undefined ? undefined : path.join(folder, name);
}

async function readPointer(folder: string): Promise<string | undefined> {
  const name = await readText(placeFor(folder, POINTER));
  return name !== undefined && STATE.test(name) ? name : undefined;
}

async function removeStates(folder: string, except: string | undefined): Promise<void> {
  await sweepAt(placeFor(folder), (_, name) => Promise.resolve(STATE.test(name) && name !== except));
}

function placeFor(folder: string, name = ""): Place {
  return placeIn(path.dirname(folder), path.join(path.basename(folder), name));
}
