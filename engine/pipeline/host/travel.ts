import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { FrameWriter } from "../../cluster/ssh/frames.ts";
import { DataError } from "../../protocol/errors.ts";
import { temporaryName } from "../../storage/disk.ts";
import { inputChunks, openInputFile } from "../../storage/inputs.ts";
import { rememberNew } from "../../storage/verified.ts";
import { entryAt, placeBelow, placeIn } from "../../storage/places.ts";
import { chunksAt, walkAt } from "../../storage/reading.ts";
import { createFile, discard, makeFolderAt, makeNewFolder, moveFolder, removeAt } from "../../storage/writing.ts";
import { folderFingerprint, rememberSent } from "../fingerprints.ts";
import type { FilePart, UnitEnd } from "./messages.ts";

/** A file that travels. */
export interface TravellingFile {
  /** Its name in the folder. */
  readonly file: string;
  readonly bytes: number;
  readonly chunks: () => AsyncIterable<Buffer>;
}

/** A folder that travels, named by its content. */
export interface TravellingUnit {
  /** Its place below the folder of runs: `artifacts/sft-…`, `inputs/…`, `records/…`. */
  readonly unit: string;
  readonly files: readonly TravellingFile[];
}

/** A file that a config names. @throws {DataError} {DiskError} */
export async function inputFile(path: string, file: string): Promise<TravellingFile> {
  const input = await openInputFile(path);
  await input.close();
  return { file, bytes: input.size, chunks: () => inputChunks(path) };
}

/**
 * A folder below the folder of runs as it travels; memory of how its files looked stays behind. Undefined when there is none.
 * @throws {DataError} {DiskError}
 */
export async function unitAt(root: string, unit: string): Promise<TravellingUnit | undefined> {
  const folder = placeBelow(root, unit);
  const files: TravellingFile[] = [];
  for await (const { file: path } of walkAt(folder)) {
    const file = path.slice(folder.file.length + 1).replaceAll("\\", "/");
    if (MACHINES_OWN.test(file)) continue;
    const place = placeIn(folder.file, file);
    files.push({ file, bytes: (await entryAt(place))?.size ?? 0, chunks: () => chunksAt(place) });
  }
  return files.length === 0 ? undefined : { unit, files };
}

/** Files of a folder that are about the machine that it stands on. */
const MACHINES_OWN = /^(verified\.json|attempts?[-.].*|.*\.lock|doubt\.json)$|(^|\/)\.tmp-/;

/** True for a folder with a model's weights. */
export function hasWeights({ files }: TravellingUnit): boolean {
  return files.some(({ file }) => file.endsWith(".safetensors"));
}

/** Bytes of folders. */
export function bytesOf(units: readonly TravellingUnit[]): number {
  return units.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Sends a folder: each file, then all of their hashes. `words` begin the headers, as those of requests or of replies; `sent` is
 * called with the bytes of each piece.
 */
export async function sendUnit(
  writer: FrameWriter,
  { unit, files }: TravellingUnit,
  words: { readonly file: object; readonly keep: object },
  sent: (bytes: number) => void = () => undefined,
): Promise<void> {
  const hashes: [string, string][] = [];
  for (const { file, bytes, chunks } of files) {
    const hash = createHash("sha256");
    await writer.send(
      { ...words.file, unit, file, bytes } satisfies FilePart,
      exactly(file, bytes, chunks(), (chunk) => {
        hash.update(chunk);
        sent(chunk.length);
      }),
    );
    hashes.push([file, hash.digest("hex")]);
  }
  await writer.send({ ...words.keep, unit, files: Object.fromEntries(hashes) } satisfies UnitEnd);
}

/** As many bytes as have been announced: a log may have grown meanwhile. */
async function* exactly(
  file: string,
  bytes: number,
  chunks: AsyncIterable<Buffer>,
  passed: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, undefined> {
  let left = bytes;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (part.length > 0) {
      passed(part);
      yield part;
    }
    if (left === 0) break;
  }
  if (left > 0) throw new DataError("has become shorter while it was copied", { file, remedy: "is it being written?" });
}

/** Receives folders: each gets its name when all of it is there and as it was sent. */
export class Incoming {
  private readonly root: string;
  private readonly open = new Map<string, { readonly folder: string; readonly hashes: Map<string, string> }>();

  /** @param root - The folder of runs and artifacts. */
  constructor(root: string) {
    this.root = root;
  }

  /** Takes a file. @throws {DiskError} {DataError} */
  async file({ unit, file }: FilePart, body: AsyncIterable<Buffer>): Promise<void> {
    const { folder, hashes } = await this.folderOf(unit);
    const path = placeIn(folder, file).file;
    await makeFolderAt(placeIn(folder, dirname(file)));
    const hash = createHash("sha256");
    const handle = await createFile(path, path);
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        await handle.write(chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    hashes.set(file, hash.digest("hex"));
  }

  /** Gives a folder its name. @throws {DataError} when it is not as it was sent. */
  async keep({ unit, files }: UnitEnd): Promise<void> {
    const { folder, hashes } = await this.folderOf(unit);
    const wanted = Object.entries(files);
    const place = placeBelow(this.root, unit);
    if (wanted.length !== hashes.size || wanted.some(([file, hash]) => hashes.get(file) !== hash)) {
      throw new DataError("is not as it was sent", { file: place.file, remedy: "try again" });
    }
    if (isCheckpoint(unit)) {
      await rememberSent(folder);
      if (!(await isThere(this.root, unit))) await removeAt(place); // a copy that has been changed since
    }
    await moveFolder(folder, place.file, async () => (await entryAt(place)) !== undefined);
    this.open.delete(unit);
    if (unit.startsWith("artifacts/")) await rememberNew({ root: this.root, folder: place.file });
  }

  /** Removes what has not been sent to its end. */
  async discard(): Promise<void> {
    for (const { folder } of this.open.values()) await discard(folder);
    this.open.clear();
  }

  private async folderOf(unit: string): Promise<{ readonly folder: string; readonly hashes: Map<string, string> }> {
    const known = this.open.get(unit);
    if (known !== undefined) return known;
    const { file } = placeBelow(this.root, unit);
    await makeFolderAt(placeBelow(this.root, dirname(unit)));
    const made = { folder: temporaryName(file), hashes: new Map<string, string>() };
    await makeNewFolder(made.folder);
    this.open.set(unit, made);
    return made;
  }
}

/** Folders that stand below the folder of runs already, of some; copies of checkpoints, as they were sent. */
export async function unitsAt(root: string, units: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const unit of units) if (await isThere(root, unit)) found.push(unit);
  return found;
}

async function isThere(root: string, unit: string): Promise<boolean> {
  const probe = placeBelow(root, unit.startsWith("artifacts/") ? join(unit, "manifest.json") : unit);
  if ((await entryAt(probe)) === undefined) return false;
  return !isCheckpoint(unit) || (await folderFingerprint(probe.file).catch(() => "")) === basename(unit);
}

function isCheckpoint(unit: string): boolean {
  return unit.startsWith("inputs/checkpoint-");
}
