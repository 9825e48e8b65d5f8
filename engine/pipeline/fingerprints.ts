import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { SourceConfig } from "../config/index.ts";
import * as z from "zod";
import { type DataCounts, type Progress, type RecordKind, keptBackIn, knownFact, readySource } from "../data/index.ts";
import { DataError } from "../protocol/errors.ts";
import { CHAT_TEMPLATE_FILE, readCheckpointFiles } from "../storage/checkpoints.ts";
import { inputChunks, inputFiles, readInput } from "../storage/inputs.ts";
import { type Json, stableHash } from "../storage/json.ts";
import { placeIn } from "../storage/places.ts";
import { writeAt } from "../storage/writing.ts";
import { type ModelView, checkOf } from "./modelView.ts";
import type { DataFile } from "./stage.ts";

/** A source of data that has been read. */
export interface ReadData {
  readonly source: SourceConfig;
  readonly kind: RecordKind;
  readonly file: DataFile;
  /** Absent for a file that is used as it is, unless they were asked for. */
  readonly counts?: DataCounts;
}

/** Purpose of a source, and the place of prepared records. */
export interface ReadDataSettings {
  readonly kind: RecordKind;
  readonly root: string;
  /** Of the model that the records are for; without it they are not checked by their tokens. */
  readonly view?: ModelView | undefined;
  readonly progress?: Progress | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/**
 * Makes a source ready and hashes what stages read of it: the records, and how many of them are kept back.
 * @throws {DataError} naming the place of what cannot be read.
 */
export async function readData(source: SourceConfig, settings: ReadDataSettings): Promise<ReadData> {
  const { kind, root, view, ...others } = settings;
  const check = view && checkOf(kind, view);
  const { file: path, counts } = await readySource(source, { ...others, kind, root, check });
  const facts = await knownFact({ root, file: path, name: "facts", schema: factsSchema }, () => dataFileFacts(path));
  if (counts === undefined) return { source, kind, file: { path, ...facts } };
  const kept = await keptBackIn(path);
  const fingerprint = fingerprintOf(facts, kept);
  return { source, kind, file: { path, ...facts, fingerprint, ...(kept !== undefined && { kept }) }, counts };
}

/** Of a file's bytes, and of how many records at its end are kept back where its source says so. */
function fingerprintOf({ fingerprint }: DataFileFacts, kept: number | undefined): string {
  return kept === undefined ? fingerprint : stableHash({ rows: fingerprint, kept });
}

/**
 * Looks at a file again that a stage has just read, data of any kind: its result is called by the content that the file had
 * when the run began, and must not come of another. Later changes are of no consequence, for the stage has all that it needs.
 * @throws {DataError} when it has another.
 */
export async function assertUnchanged(file: DataFile | undefined): Promise<void> {
  if (file === undefined || fingerprintOf(await dataFileFacts(file.path), file.kept) === file.fingerprint) return;
  const remedy = "resume the run, which then goes by the file as it is by then";
  throw new DataError("has changed since the run began", { file: file.path, remedy });
}

/** Facts of a data file, from one pass over its bytes. */
export type DataFileFacts = Omit<DataFile, "path" | "kept">;

const factsSchema: z.ZodType<DataFileFacts> = z.object({
  fingerprint: z.string(),
  rows: z.int().min(0),
  longestRow: z.int().min(0),
});

const NEWLINE = 0x0a;

/**
 * Hashes a data file and counts its rows.
 * @throws {DataError} when there is no such file, or it is a pipe, a device or a socket.
 */
export async function dataFileFacts(file: string): Promise<DataFileFacts> {
  const hash = createHash("sha256");
  let rows = 0;
  let longestRow = 0;
  /** Of the line that is being read, so far. */
  let line = { bytes: 0, isBlank: true };
  const endLine = (): void => {
    if (!line.isBlank) rows++;
    longestRow = Math.max(longestRow, line.bytes);
    line = { bytes: 0, isBlank: true };
  };
  try {
    for await (const chunk of inputChunks(file)) {
      hash.update(chunk);
      for (let from = 0; from < chunk.length;) {
        const end = chunk.indexOf(NEWLINE, from);
        const to = end < 0 ? chunk.length : end;
        line = { bytes: line.bytes + to - from, isBlank: line.isBlank && isBlankBetween(chunk, from, to) };
        if (end >= 0) endLine();
        from = to + 1;
      }
    }
  } catch (cause) {
    if (cause instanceof DataError && cause.cause === undefined) throw cause; // it says what the file is
    throw new DataError("cannot be read", { file, remedy: "check the path in the config's data section" }, { cause });
  }
  endLine();
  return { fingerprint: hash.digest("hex"), rows, longestRow };
}

/** True for white space only. Looks at few bytes, since most lines begin with a brace. */
function isBlankBetween(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if ((bytes[at] ?? 0) > 0x20) return false;
  return true;
}

/**
 * Name for a checkpoint that was there before: its settings, chat template included, and sizes and times of its weight files, whose gigabytes
 * are not worth reading for a name. Of one from the hub, its commit stands for the weights. A copy that was sent here for a
 * run is called by the name that it has where it comes from, while it is as it came.
 * @throws {CheckpointError} when the folder is no checkpoint.
 */
export async function folderFingerprint(folder: string, pinned?: string): Promise<string> {
  const own = await ownFingerprint(folder, pinned);
  if (!SENT_NAME.test(basename(folder))) return own;
  const asSent = (await readInput(join(folder, SENT_FILE)))?.toString("utf8");
  return asSent === own ? basename(folder) : own;
}

/** Remembers how a copy looks that was sent here, for {@link folderFingerprint}. @throws {CheckpointError} {DiskError} */
export async function rememberSent(folder: string): Promise<void> {
  await writeAt(placeIn(folder, SENT_FILE), await ownFingerprint(folder));
}

async function ownFingerprint(folder: string, pinned?: string): Promise<string> {
  const { config, tokenizer, tokenizerConfig, generationConfig } = await readCheckpointFiles(folder);
  const template = (await readInput(join(folder, CHAT_TEMPLATE_FILE)))?.toString("utf8");
  // Prompts are rendered with the special tokens' texts, and answers end where tokenizer and generation settings say.
  const chat = { template, tokenizerConfig, ...(generationConfig && { generationConfig }) };
  // The settings count all the same: another program may have cached some of a commit's files only.
  const weights = pinned === undefined ? { files: await weightFiles(folder) } : { pinned };
  return `checkpoint-${stableHash({ config, tokenizer, ...chat, ...weights }).slice(0, 16)}`;
}

/** In a copy that was sent here: the name that it would have by its files. */
const SENT_FILE = "sent.txt";
const SENT_NAME = /^checkpoint-[0-9a-f]{16}$/;

async function weightFiles(folder: string): Promise<Json> {
  const files = (await inputFiles(folder)).filter(({ name }) => name.endsWith(".safetensors"));
  return files.map((file) => ({ ...file }));
}
