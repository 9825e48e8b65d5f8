import type { BigIntStats } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import { DiskError } from "../protocol/errors.ts";
import { atomicWrite, errorCode, makeFolder, onDisk, readIfThere } from "./disk.ts";
import { DamagedArtifact, type FoundManifest, findManifest, recordOf, timeOf } from "./manifest.ts";
import { recordFolder } from "./recordFolder.ts";

/** An artifact's folder, and where findings about it are remembered. */
export interface ArtifactPlace {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  readonly folder: string;
}

/** Called while content is read. */
export type ReadProgress = (doneBytes: number, totalBytes: number) => void;

/** How content is checked. */
export interface CheckSettings {
  /** Reads every byte, whatever is remembered. */
  readonly isFull: boolean;
  readonly progress?: ReadProgress | undefined;
}

const memorySchema = z.object({
  /** SHA-256 of the manifest's text. */
  manifest: z.string(),
  /** When the content was last read and found whole, in milliseconds since 1970. */
  time: z.number(),
  /** How each file looked then, by name. */
  stamps: z.record(z.string(), z.string()),
});

type Memory = Readonly<z.output<typeof memorySchema>>;

/**
 * Compares an artifact's content with its manifest. Bytes are read where nothing is remembered of the files as they
 * look now (size, times of content and entry, inode); else a look at each is enough.
 *
 * @throws {DamagedArtifact} naming the first file that differs.
 */
export async function checkContent(place: ArtifactPlace, found: FoundManifest, settings: CheckSettings): Promise<void> {
  const { folder } = place;
  const memory = await memoryOf(place, found);
  const whole = Math.max(found.finished, memory?.time ?? 0);
  const time = Date.now();
  // Looked at before they are read: what changes meanwhile looks different the next time.
  const stamps = await stampsOf(folder, found, whole);
  if (!settings.isFull && memory !== undefined && isSame(memory.stamps, stamps)) return;
  try {
    await readAll(folder, found, { ...settings, whole });
  } catch (error) {
    // It is read again the next time, however its files look.
    if (error instanceof DamagedArtifact && memory !== undefined) await remember(place, { ...memory, stamps: {} });
    throw error;
  }
  await remember(place, { manifest: found.sha256, time, stamps });
}

/** Remembers an artifact that this process has just written, with the bytes that its manifest lists. */
export async function rememberNew(place: ArtifactPlace): Promise<void> {
  try {
    const found = await findManifest(place.folder);
    if (found === undefined) return;
    const stamps = await stampsOf(place.folder, found, found.finished);
    await remember(place, { manifest: found.sha256, time: found.finished, stamps });
  } catch (error) {
    // Removed or changed already: who takes it checks it.
    if (!(error instanceof DamagedArtifact)) throw error;
  }
}

/** Forgets what is known of an artifact. */
export async function forget(place: ArtifactPlace): Promise<void> {
  await onDisk("remove", memoryFile(place), () => fs.rm(memoryFile(place), { force: true }));
}

/** In the artifact's record, as the artifact itself never changes. */
function memoryFile({ root, folder }: ArtifactPlace): string {
  return path.join(recordFolder(root, path.basename(folder)), "verified.json");
}

/** What is remembered of an artifact with this very manifest; a file that cannot be read counts for nothing. */
async function memoryOf(place: ArtifactPlace, { sha256 }: FoundManifest): Promise<Memory | undefined> {
  const text = await readIfThere(memoryFile(place));
  if (text === undefined) return undefined;
  try {
    const memory = memorySchema.parse(JSON.parse(text));
    return memory.manifest === sha256 && memory.time <= Date.now() ? memory : undefined;
  } catch {
    return undefined;
  }
}

async function remember(place: ArtifactPlace, memory: Memory): Promise<void> {
  const file = memoryFile(place);
  try {
    await makeFolder(path.dirname(file));
    await atomicWrite(file, `${JSON.stringify(memory)}\n`);
  } catch (error) {
    // A folder that may only be read, or a full disk: the content is read again the next time.
    if (!(error instanceof DiskError)) throw error;
  }
}

function isSame(a: Memory["stamps"], b: Memory["stamps"]): boolean {
  const names = Object.keys(b);
  return names.length === Object.keys(a).length && names.every((name) => a[name] === b[name]);
}

async function stampsOf(folder: string, { manifest }: FoundManifest, whole: number): Promise<Memory["stamps"]> {
  const stamps: [string, string][] = [];
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const file = path.join(folder, name);
    const entry = await entryOf(file);
    if (entry?.size !== BigInt(bytes)) {
      const since = Math.max(whole, await timeOf(entry === undefined ? path.dirname(file) : file));
      throw new DamagedArtifact(file, `${entry?.size ?? "no"} bytes where ${bytes} were written`, since);
    }
    stamps.push([name, [entry.size, entry.mtimeNs, entry.ctimeNs, entry.ino].join(" ")]);
  }
  return Object.fromEntries(stamps);
}

/** A regular file; undefined for anything else. */
async function entryOf(file: string): Promise<BigIntStats | undefined> {
  return onDisk("look at", file, async () => {
    try {
      const entry = await fs.lstat(file, { bigint: true });
      return entry.isFile() ? entry : undefined;
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
      throw error;
    }
  });
}

async function readAll(
  folder: string,
  { manifest }: FoundManifest,
  { progress, whole }: CheckSettings & { readonly whole: number },
): Promise<void> {
  const files = Object.entries(manifest.files);
  const total = files.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  let done = 0;
  for (const [name, { sha256 }] of files) {
    const file = path.join(folder, name);
    const read = await recordOf(file, (bytes) => progress?.((done += bytes), total));
    if (read.sha256 === sha256) continue;
    throw new DamagedArtifact(file, "its content has changed", Math.max(whole, await timeOf(file)));
  }
}
