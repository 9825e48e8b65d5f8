import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { t } from "./localize.ts";

/** Milliseconds between two looks at a file that another window is writing. */
const PAUSE_MS = 20;
/** A window writes for some milliseconds, on a slow disk for a second or two. */
const ABANDONED_MS = 5_000;
/** Milliseconds in which an editor that has emptied a file writes its new content. */
const EMPTY_MS = 200;

/**
 * Changes a file in turn with every other window, as git does: the new content is written beside it, to a file that only
 * one can make at a time, and that then takes its place. A reader sees all of the old content or all of the new.
 *
 * @param file - Its path.
 * @param change - Reads the file and gives its new content; undefined leaves it as it is.
 * @param abandonedMs - Milliseconds after which another window that is still writing counts as gone.
 * @throws {Error} what `change` throws, or that the file cannot be written; then it is as it was.
 */
export async function inTurn(
  file: string,
  change: () => Promise<Uint8Array | undefined>,
  abandonedMs = ABANDONED_MS,
): Promise<void> {
  const beside = `${file}.lock`;
  const handle = await taken(beside, file, abandonedMs);
  try {
    const content = await change();
    if (content !== undefined) await onDisk(file, () => written(handle, file, content));
    await handle.close();
    if (content === undefined) await fs.rm(beside, { force: true });
    else await onDisk(file, () => fs.rename(beside, file));
  } catch (error) {
    await handle.close(); // does nothing if it is closed
    await fs.rm(beside, { force: true });
    throw error;
  }
}

/** Content of a file that somebody may be writing in place: when it is empty, it is read again a little later. */
export async function readSettled(read: () => PromiseLike<Uint8Array>): Promise<Uint8Array> {
  let content = await read();
  for (let waited = 0; content.length === 0 && waited < EMPTY_MS; waited += PAUSE_MS) {
    await setTimeout(PAUSE_MS);
    content = await read();
  }
  return content;
}

/** Waits until no other window writes, or the one that does has made no progress for long: then it has crashed. */
async function taken(beside: string, file: string, abandonedMs: number): Promise<fs.FileHandle> {
  let [seen, since] = ["", Date.now()];
  for (;;) {
    try {
      return await fs.open(beside, "wx");
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw unwritable(file, error);
    }
    const now = await lookAt(beside);
    if (now !== seen) [seen, since] = [now, Date.now()];
    else if (Date.now() - since > abandonedMs) await onDisk(file, () => putAside(beside));
    await setTimeout(PAUSE_MS);
  }
}

/** Tells a file from one that was made in its place later on. */
async function lookAt(beside: string): Promise<string> {
  try {
    const { ino, mtimeMs } = await fs.stat(beside);
    return `${ino} ${mtimeMs}`;
  } catch {
    return ""; // just gone
  }
}

/** Of two windows that wait, one does it. */
async function putAside(beside: string): Promise<void> {
  const aside = `${beside}.${randomUUID()}`;
  try {
    await fs.rename(beside, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  await fs.rm(aside, { force: true });
}

/** With the permissions of the file that it replaces. */
async function written(handle: fs.FileHandle, file: string, content: Uint8Array): Promise<void> {
  await handle.writeFile(content);
  try {
    await handle.chmod((await fs.stat(file)).mode);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error; // there is none yet
  }
  await handle.sync();
}

async function onDisk(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, cause: unknown): Error {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new Error(t("{0} cannot be written, and is as it was: {1}", file, words), { cause });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
