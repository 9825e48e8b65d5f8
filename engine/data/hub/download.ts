import { createHash, type Hash } from "node:crypto";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DataError } from "../../protocol/errors.ts";
import { formatBytes } from "../../common/format.ts";
import { makeFolder, onDisk } from "../../storage/disk.ts";
import { inputChunks, inputExists } from "../../storage/inputs.ts";
import { type Lock, LockedError, ownerName, takeLock } from "../../storage/locks.ts";
import { discard, moveFile, openToExtend } from "../../storage/writing.ts";
import type { CachedRepository } from "./cache.ts";
import { ask, type HubConnection, HubUnreachable } from "./requests.ts";

/** Times that a download goes on after it has stopped without a byte more. */
const MOST_STOPS = 4;
/** Milliseconds without a byte after which a download has stopped. */
const SILENCE_MS = 60_000;
/** Milliseconds between two looks at whether another process has finished. */
const LOOK_MS = 250;
/** Bytes between two reports. */
const REPORT_BYTES = 32 * 1024 * 1024;

/** A file on the hub. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of its bytes, or git's name for them. */
  readonly etag: string;
  readonly isLfs: boolean;
}

/**
 * Downloads a file into the cache, unless it is there. What an earlier attempt has is gone on from; of several processes
 * one downloads, and the others wait. Its content is compared with the hub's hash before it gets its name.
 *
 * @throws {DataError} when it stops again and again, or has another content than the hub says.
 */
export async function download(
  connection: HubConnection,
  repository: CachedRepository,
  { commit, file }: { readonly commit: string; readonly file: RemoteFile },
): Promise<void> {
  const blob = repository.blob(file.etag);
  if (await inputExists(blob)) return;
  await makeFolder(dirname(blob));
  await makeFolder(repository.locks);
  const lock = await waitFor(join(repository.locks, `${file.etag}.salsa`), connection);
  try {
    if (await inputExists(blob)) return; // another process was faster
    const part = `${blob}.incomplete`;
    const { path, size } = file;
    await fill(connection, part, { url: addressOf(connection, commit, path), path, size });
    await check(connection, part, file);
    await moveFile(part, blob);
  } finally {
    await lock.release();
  }
}

async function waitFor(file: string, { reference, progress }: HubConnection): Promise<Lock> {
  for (let isTold = false; ; isTold = true) {
    try {
      return await takeLock(file);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (!isTold) progress?.(`${reference.text}: ${ownerName(error.owner)} downloads it, too; waiting`);
      await setTimeout(LOOK_MS);
    }
  }
}

function addressOf({ environment, reference }: HubConnection, commit: string, path: string): string {
  const where = path.split("/").map(encodeURIComponent).join("/");
  const home = reference.kind === "dataset" ? "datasets/" : "";
  return `${environment.endpoint}/${home}${reference.name}/resolve/${commit}/${where}`;
}

/** A file at an address. */
export interface Wanted {
  readonly url: string;
  /** For messages. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Extends a part until it is whole. @throws {HubUnreachable} when it stops again and again. {DataError} {DiskError} */
export async function fill(connection: HubConnection, part: string, wanted: Wanted): Promise<void> {
  const { reference } = connection;
  const { path, size } = wanted;
  for (let stops = 0; ;) {
    const { before, done } = await extend(connection, part, wanted);
    if (done >= size) return;
    stops = done > before ? 0 : stops + 1;
    if (stops < MOST_STOPS) continue;
    const remedy = "run again: it goes on from there";
    const what = `${path}: the download has stopped after ${done} of ${size} bytes`;
    throw new HubUnreachable(what, { file: reference.text, remedy });
  }
}

/** Opens a part and writes what comes. @returns Bytes that were there, and that are there now. */
async function extend(
  connection: HubConnection,
  part: string,
  wanted: Wanted,
): Promise<{ readonly before: number; readonly done: number }> {
  const { size } = wanted;
  const handle = await openToExtend(part);
  try {
    const found = (await onDisk("look at", part, () => handle.stat())).size;
    const before = found > size ? 0 : found; // one that is too long is another file's
    if (found > size) await onDisk("write", part, () => handle.truncate(0));
    if (before === size) return { before, done: size };
    return { before, done: await append(connection, handle, { ...wanted, part, done: before }) };
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof openToExtend>>;

/** Writes what comes until it stops. @returns Bytes that are there now. */
async function append(
  connection: HubConnection,
  handle: Handle,
  { url, path, size, part, done: from }: Wanted & { readonly part: string; readonly done: number },
): Promise<number> {
  const { reference, progress } = connection;
  const answer = await ask(connection, url, from > 0 ? { range: `bytes=${from}-` } : {});
  let done = from;
  if (from > 0 && answer.headers.get("content-range")?.startsWith(`bytes ${from}-`) !== true) {
    await onDisk("write", part, () => handle.truncate(0)); // the hub sends all of it
    done = 0;
  }
  const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return done;
  let told = done;
  try {
    for (;;) {
      const next = await Promise.race([reader.read().catch(() => undefined), silence()]);
      if (next?.value === undefined) return done;
      const { value } = next;
      if (done + value.byteLength > size) {
        throw new DataError(`${path} is longer than it should be`, { file: reference.text, remedy: "run again" });
      }
      await onDisk("write", part, () => handle.appendFile(value));
      done += value.byteLength;
      if (done - told < REPORT_BYTES && done < size) continue;
      told = done;
      const download = { source: reference.text, file: path, doneBytes: done, totalBytes: size };
      progress?.(`${reference.text}: ${path}, ${formatBytes(done)} of ${formatBytes(size)}`, download);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function silence(): Promise<undefined> {
  await setTimeout(SILENCE_MS, undefined, { ref: false });
  return undefined;
}

/** Compares a whole part with the hub's hash; a wrong one is removed. */
async function check({ reference }: HubConnection, part: string, file: RemoteFile): Promise<void> {
  const hash: Hash = createHash(file.isLfs ? "sha256" : "sha1");
  if (!file.isLfs) hash.update(`blob ${file.size}\0`); // as git names content
  for await (const chunk of inputChunks(part)) hash.update(chunk);
  if (hash.digest("hex") === file.etag) return;
  await discard(part);
  const what = `${file.path} has come with another content than the hub says`;
  throw new DataError(what, { file: reference.text, remedy: "run again; it is downloaded once more" });
}
