import * as fs from "node:fs/promises";
import * as path from "node:path";
import { atomicWrite, makeFolder, onDisk, readIfThere, syncFile, syncFolder } from "./disk.ts";

/** Names the folder that counts. */
const POINTER = "current";
const STATE = /^state-(\d+)$/;

/**
 * Replaces a state of several files all-or-nothing: whenever the process dies, `openSavepoint` gives the files of one
 * whole state, the old one or the new one.
 *
 * @param folder - Holds the states; made if it is not there.
 * @param fill - Writes the files into an empty folder.
 * @throws {DiskError} and leaves the old state in place.
 */
export async function replaceSavepoint(folder: string, fill: (state: string) => Promise<void>): Promise<void> {
  await makeFolder(folder);
  const before = await readPointer(folder);
  const name = `state-${Number(STATE.exec(before ?? "")?.[1] ?? 0) + 1}`;
  await removeStates(folder, before); // leftovers of an interrupted replacement
  const state = path.join(folder, name);
  try {
    await onDisk("create folder", state, () => fs.mkdir(state));
    await onDisk("write", folder, () => fill(state));
    await syncTree(state);
    await syncFolder(folder);
    await atomicWrite(path.join(folder, POINTER), name);
  } catch (error) {
    await fs.rm(state, { recursive: true, force: true });
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
  const name = await readIfThere(path.join(folder, POINTER));
  return name !== undefined && STATE.test(name) ? name : undefined;
}

async function removeStates(folder: string, except: string | undefined): Promise<void> {
  await onDisk("remove old state", folder, async () => {
    for (const name of await fs.readdir(folder)) {
      if (STATE.test(name) && name !== except) await fs.rm(path.join(folder, name), { recursive: true, force: true });
    }
  });
}

/**
 * Makes everything below a folder durable.
 * @throws {DiskError}
 */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await onDisk("list", folder, () => fs.readdir(folder, { withFileTypes: true }))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(file);
    else await syncFile(file);
  }
  await syncFolder(folder);
}
