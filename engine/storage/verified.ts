import * as path from "node:path";
import * as z from "zod";
import { DiskError } from "../protocol/errors.ts";
import { DamagedArtifact, type FoundManifest, findManifest, recordOf, timeOf } from "./manifest.ts";
import { type Place, exactEntryAt, placeIn, refusal } from "./places.ts";
import { readText } from "./reading.ts";
import { recordFolder } from "./recordFolder.ts";
import { removeAt, writeAt } from "./writing.ts";

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
 * @throws {DataError} when a file is a link, a pipe, a device or a socket.
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
  await removeAt(memoryAt(place));
}

/** In the artifact's record, as the artifact itself never changes. */
function memoryAt({ root, folder }: ArtifactPlace): Place {
  return placeIn(recordFolder(root, path.basename(folder)), "verified.json");
}

/** Memory of an artifact with this very manifest; a file that cannot be read counts for nothing. */
async function memoryOf(place: ArtifactPlace, { sha256 }: FoundManifest): Promise<Memory | undefined> {
  const text = await readText(memoryAt(place));
  if (text === undefined) return undefined;
  try {
    const memory = memorySchema.parse(JSON.parse(text));
    return memory.manifest === sha256 && memory.time <= Date.now() ? memory : undefined;
  } catch {
    return undefined;
  }
}

async function remember(place: ArtifactPlace, memory: Memory): Promise<void> {
  try {
    await writeAt(memoryAt(place), `${JSON.stringify(memory)}\n`);
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
    const place = placeIn(folder, name);
    const found = await exactEntryAt(place);
    if (found !== undefined && !found.isFile() && !found.isDirectory()) throw refusal(place.file, found);
    const entry = found?.isFile() === true ? found : undefined;
    if (entry?.size !== BigInt(bytes)) {
      const changed = entry === undefined ? placeIn(folder, path.dirname(name)) : place;
      const since = Math.max(whole, await timeOf(changed));
      throw new DamagedArtifact(place.file, `${entry?.size ?? "no"} bytes where ${bytes} were written`, since);
    }
    stamps.push([name, [entry.size, entry.mtimeNs, entry.ctimeNs, entry.ino].join(" ")]);
  }
  return Object.fromEntries(stamps);
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
    const place = placeIn(folder, name);
    const read = await recordOf(place, (bytes) => progress?.((done += bytes), total));
    if (read.sha256 === sha256) continue;
    throw new DamagedArtifact(place.file, "its content has changed", Math.max(whole, await timeOf(place)));
  }
}
