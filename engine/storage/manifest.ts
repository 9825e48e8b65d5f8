import { createHash } from "node:crypto";
import * as path from "node:path";
import * as z from "zod";
import { CheckpointError } from "../protocol/errors.ts";
import { sha256 } from "../protocol/texts.ts";
import { atomicWrite } from "./disk.ts";
import { stableHash } from "./json.ts";
import { type Place, entryAt, placeIn } from "./places.ts";
import { chunksAt, readText, walkAt } from "./reading.ts";

/** File that lists an artifact's content; written last, so that its presence means the rest is whole. */
export const MANIFEST_FILE = "manifest.json";

/** A name within an artifact, with `/`: it may come from somebody else and must lead nowhere else. */
const nameSchema = z
  .string()
  .refine((name) => !/[\\\0]/.test(name) && !name.split("/").some((part) => ["", ".", ".."].includes(part)));

const manifestSchema = z.object({
  stage: z.string(),
  hash: z.string(),
  /** Artifacts that it was computed from: their digests, by their keys; absent in those from before 2026-12. */
  inputs: z.exactOptional(z.record(z.string(), sha256)),
  files: z.record(nameSchema, z.object({ bytes: z.int().min(0), sha256 })),
});

/** The content of an artifact. */
export type Manifest = Readonly<z.output<typeof manifestSchema>>;

/** A file of an artifact. */
export type ContentRecord = Manifest["files"][string];

/** An artifact that must not be used: damaged on disk, or computed from one that was. */
export class DamagedArtifact extends CheckpointError {
  /** The defect, without the file. */
  readonly defect: string;
  /** The last moment at which it is known to have been whole, in milliseconds since 1970. */
  readonly since: number;
  /** Key of the damaged artifact that it was computed from, where its own content is whole. */
  readonly from: string | undefined;
  constructor(file: string, defect: string, since: number, options: ErrorOptions & { readonly from?: string } = {}) {
    const remedy = "run the config again: it makes the stage again, and what was computed from it since";
    super(`read artifact: ${defect}`, { file, remedy }, options);
    this.defect = defect;
    this.since = since;
    this.from = options.from;
  }
}

/** File in an artifact that was computed from one that turned out damaged. */
const DOUBT_FILE = "doubt.json";

const doubtSchema = z.object({ from: z.string() });

/** True if an artifact stands in a folder, as far as its manifest's being there shows. */
export async function hasManifest(folder: string): Promise<boolean> {
  return (await entryAt(placeIn(folder, MANIFEST_FILE))) !== undefined;
}

/** Marks an artifact as computed from one that was damaged; one that is gone needs no mark. */
export async function writeDoubt(folder: string, from: string): Promise<void> {
  const doubt: z.output<typeof doubtSchema> = { from };
  if (!(await hasManifest(folder))) return;
  await atomicWrite(path.join(folder, DOUBT_FILE), `${JSON.stringify(doubt)}\n`);
}

/** @throws {DamagedArtifact} when an artifact is marked. */
export async function checkDoubt(folder: string, { finished }: FoundManifest): Promise<void> {
  const place = placeIn(folder, DOUBT_FILE);
  const text = await readText(place);
  if (text === undefined) return;
  let from = "an artifact";
  try {
    from = doubtSchema.parse(JSON.parse(text)).from;
  } catch {
    // A mark that cannot be read is a mark.
  }
  throw new DamagedArtifact(place.file, `it was computed from ${from}, which was damaged`, finished, { from });
}

/** A manifest as it stands on disk. */
export interface FoundManifest {
  readonly manifest: Manifest;
  /** SHA-256 of its text. */
  readonly sha256: string;
  /** When the artifact was finished, in milliseconds since 1970. */
  readonly finished: number;
}

/**
 * Reads an artifact's manifest; undefined when there is none.
 * @throws {DamagedArtifact} when it cannot be read as one.
 */
export async function findManifest(folder: string): Promise<FoundManifest | undefined> {
  const place = placeIn(folder, MANIFEST_FILE);
  const text = await readText(place);
  if (text === undefined) return undefined;
  const finished = await timeOf(place);
  try {
    const manifest = manifestSchema.parse(JSON.parse(text));
    return { manifest, sha256: createHash("sha256").update(text).digest("hex"), finished };
  } catch (cause) {
    const defect = cause instanceof z.ZodError ? "the manifest is none" : "the manifest is not JSON";
    throw new DamagedArtifact(place.file, defect, finished, { cause });
  }
}

/** The digest of an artifact's content, which does not depend on when and from what it was made. */
export function contentDigest({ files }: Pick<Manifest, "files">): string {
  return stableHash(files);
}

/** Modification time in milliseconds since 1970; 0 when there is no such file, or its time has not come yet. */
export async function timeOf(place: Place): Promise<number> {
  const time = (await entryAt(place))?.mtimeMs ?? 0;
  return time <= Date.now() ? time : 0;
}

/** Every file below a folder but the manifest, by name. */
export async function contentOf(folder: string): Promise<Manifest["files"]> {
  const records: [string, ContentRecord][] = [];
  for await (const { file, entry } of walkAt(placeIn(folder))) {
    const name = path.relative(folder, file).replaceAll(path.sep, "/");
    if (entry.isFile() && name !== MANIFEST_FILE) records.push([name, await recordOf(placeIn(folder, name))]);
  }
  return Object.fromEntries(records.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Reads a file and hashes it, a piece at a time.
 * @param place - Of the file.
 * @param read - Called with the bytes of each piece.
 */
export async function recordOf(place: Place, read?: (bytes: number) => void): Promise<ContentRecord> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunksAt(place)) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    read?.(chunk.byteLength);
  }
  return { bytes, sha256: hash.digest("hex") };
}
