import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { PREPARED_NAME } from "../protocol/dataCountsSchema.ts";
import { DataError } from "../protocol/errors.ts";
import { parseJson } from "../common/json.ts";
import { atomicWrite, syncTree, temporaryName } from "../storage/disk.ts";
import { stableHash, type Json } from "../storage/json.ts";
import { readLines } from "../storage/lines.ts";
import { placeBelow } from "../storage/places.ts";
import { readText } from "../storage/reading.ts";
import { makeRoot } from "../storage/rootFolder.ts";
import { discard, makeFolderAt, makeNewFolder, moveFolder } from "../storage/writing.ts";
import { benchmarkQuestions } from "./benchmarks.ts";
import { LineFile, shuffled } from "./order.ts";
import type { DataCounts } from "./reasons.ts";
import type { RecordKind } from "./records.ts";
import { fileRows } from "./rows/file.ts";
import type { Row } from "./rows/row.ts";
import { type Check, type Selected, select } from "./select.ts";
import type { DataSource } from "./source.ts";

/** To be raised whenever the same rows would become other records. */
const REVISION = 2;
/** Folder below a root, beside runs and artifacts. */
const PREPARED = "data";
const ROWS = "rows.jsonl";
const MANIFEST = "manifest.json";

/** A file that rows are read from, and what its content is known by. */
export interface SourceFile {
  readonly file: string;
  /** Hash of its bytes. */
  readonly digest: string;
}

/** A source as stages read it: one JSON Lines file of records, those kept back from training at its end. */
export interface PreparedData {
  readonly file: string;
  readonly counts: DataCounts;
}

/** A check, and a name for all that its findings depend on, which is part of what prepared data is called. */
export interface NamedCheck {
  readonly name: string;
  readonly check: Check;
}

/** A source to prepare. */
export interface PrepareSettings {
  /** `.salsa`. */
  readonly root: string;
  readonly kind: RecordKind;
  readonly source: DataSource;
  readonly files: readonly SourceFile[];
  /** Of a benchmark that has one. */
  readonly references?: SourceFile | undefined;
  readonly check?: NamedCheck | undefined;
  /** Called now and then with the records that have been read. */
  readonly progress?: ((read: number) => void) | undefined;
}

const manifestSchema = z.object({
  counts: z.object({
    read: z.int().min(0),
    used: z.int().min(0),
    validation: z.int().min(0),
    unusable: z.record(z.string(), z.int().min(0)),
  }),
  source: z.object({ validation: z.number() }),
});

/** Records between two reports of progress. */
const REPORT_EVERY = 10_000;

/**
 * Reads a source's records, leaves out those of no use, splits and orders them, and writes those that are used to a file
 * below the root, whose folder is named by everything that it depends on. One that is there is taken as it is. Of two
 * processes that prepare the same, one's is kept.
 *
 * Beside the file stand the counts.
 *
 * @throws {DataError} naming the place of a row that cannot be read, or that is refused, and when no record is left.
 * @throws {DiskError}
 */
export async function prepare(settings: PrepareSettings): Promise<PreparedData> {
  const { root, kind, source, files, references, check } = settings;
  const { from: _from, references: _references, ...rest } = source; // the files stand for it, wherever they are
  const ingredients = JSON.parse(JSON.stringify(rest)) as Json;
  const digests = files.map(({ digest }) => digest);
  const key = stableHash({
    revision: REVISION,
    kind,
    source: ingredients,
    files: digests,
    ...(references && { references: references.digest }),
    ...(check && { check: check.name }),
  }).slice(0, 16);
  const folder = join(root, PREPARED, `${kind}-${key}`);
  const found = await readPrepared(folder);
  if (found !== undefined) return found;
  await makeRoot(root);
  await makeFolderAt(placeBelow(root, PREPARED));
  const temporary = temporaryName(folder);
  try {
    await makeNewFolder(temporary);
    const counts = await write(temporary, settings);
    if (counts.used === 0) throw nothingLeft(source.from, counts);
    await syncTree(temporary);
    await atomicWrite(join(temporary, MANIFEST), `${JSON.stringify({ counts, source, files }, undefined, 2)}\n`);
    await moveFolder(temporary, folder, async () => (await readPrepared(folder)) !== undefined);
    return { file: join(folder, ROWS), counts };
  } finally {
    await discard(temporary);
  }
}

/** Name of the folder of prepared data that a file stands in; undefined for a file that is not prepared. */
export function preparedName(file: string): string | undefined {
  return isPreparedFile(file) ? basename(dirname(file)) : undefined;
}

/**
 * Records at the end of a file that are kept back from training; undefined for a file that is not prepared, or whose
 * source says nothing of it.
 */
export async function keptBackIn(file: string): Promise<number | undefined> {
  const folder = dirname(file);
  if (!isPreparedFile(file)) return undefined;
  const found = await readPrepared(folder);
  return found === undefined || found.share === 0 ? undefined : found.counts.validation;
}

function isPreparedFile(file: string): boolean {
  const folder = dirname(file);
  return basename(file) === ROWS && PREPARED_NAME.test(basename(folder)) && basename(dirname(folder)) === PREPARED;
}

/** Prepared data with what else its manifest says. */
interface Found extends PreparedData {
  /** Share of prompts that are kept back. */
  readonly share: number;
}

async function readPrepared(folder: string): Promise<Found | undefined> {
  // Not `placeIn`: a folder called data may be anybody's, and a link.
  const root = dirname(dirname(folder));
  const text = await readText(placeBelow(root, join(PREPARED, basename(folder), MANIFEST)));
  if (text === undefined) return undefined;
  const manifest = manifestSchema.safeParse(parseOrNothing(text));
  if (manifest.success) {
    const { counts, source } = manifest.data;
    return { file: join(folder, ROWS), counts, share: source.validation };
  }
  throw new DataError("is not a manifest of prepared data", {
    file: join(folder, MANIFEST),
    remedy: "remove the folder",
  });
}

function parseOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

async function write(folder: string, settings: PrepareSettings): Promise<DataCounts> {
  const { source, kind, check, references } = settings;
  let counts: DataCounts = { read: 0, used: 0, validation: 0, unusable: {} };
  async function* lines(): AsyncGenerator<string, undefined> {
    const rows = reported(rowsOf(settings));
    const records =
      source.kind === undefined
        ? select(rows, { kind, source, check: check?.check })
        : benchmarkQuestions(rows, { source, references: references?.file, check: check?.check });
    for (let next = await records.next(); ; next = await records.next()) {
      if (next.done === true) {
        counts = next.value;
        return;
      }
      yield lineOf(next.value);
    }
  }
  async function* reported(rows: AsyncIterable<Row>): AsyncGenerator<Row, undefined> {
    let read = 0;
    for await (const row of rows) {
      if (read++ % REPORT_EVERY === 0) settings.progress?.(read);
      yield row;
    }
  }
  const { shuffle: seed, examples = Infinity } = source;
  const ordered = seed === undefined ? lines() : shuffled(lines(), { seed, folder });
  const taken = await writeSides(folder, ordered, examples);
  return { ...counts, ...taken };
}

async function* rowsOf({ files, source }: PrepareSettings): AsyncGenerator<Row, undefined> {
  for (const { file } of files) {
    const columns = source.columns === undefined ? undefined : topColumns(source.columns);
    yield* fileRows(file, columns === undefined ? {} : { columns });
  }
}

/** Columns that a map names, with the whole names of those that a dot may be a part of. */
function topColumns(columns: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(columns).flatMap((column) => [column, column.split(".")[0] ?? ""]);
}

/** A line on its way: a letter for the side of the split, and the record. */
function lineOf({ record, isValidation }: Selected): string {
  return `${isValidation ? "v" : "t"}${JSON.stringify(record)}`;
}

/** Writes lines until there are enough, those of the validation split behind the others. */
async function writeSides(
  folder: string,
  lines: AsyncIterable<string>,
  most: number,
): Promise<Pick<DataCounts, "used" | "validation">> {
  const train = await LineFile.create(join(folder, ROWS));
  const kept = await LineFile.create(join(folder, `kept-${ROWS}`));
  const taken = { used: 0, validation: 0 };
  try {
    for await (const line of lines) {
      if (taken.used >= most) break;
      const isKept = line.startsWith("v");
      await (isKept ? kept : train).add(line.slice(1));
      taken.used += 1;
      taken.validation += Number(isKept);
    }
    await kept.close();
    for await (const { text } of readLines(kept.file)) await train.add(text);
    await discard(kept.file);
  } finally {
    for (const side of [train, kept]) await side.close();
  }
  return taken;
}

function nothingLeft(from: string, { read, unusable }: DataCounts): DataError {
  const reasons = Object.entries(unusable).map(([reason, n]) => `${reason} ${n}`);
  const what = read === 0 ? "no records" : `none of its ${read} records can be used`;
  const remedy = read === 0 ? "put one JSON object on each line, or lower skip" : `reasons: ${reasons.join(", ")}`;
  return new DataError(what, { file: basename(from) === "" ? "." : from, remedy });
}
