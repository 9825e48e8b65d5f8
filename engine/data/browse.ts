import type { SourceConfig } from "../config/index.ts";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { DataError } from "../protocol/errors.ts";
import type { Reason } from "../protocol/dataCounts.ts";
import { type JsonRecord, preference, promptOf, readJsonl, sftExample } from "../storage/datasets.ts";
import { QuestionReader } from "./benchmarks.ts";
import { DigestSet, promptText } from "./digests.ts";
import { recordOf } from "./layouts/index.ts";
import { type DataCounts, ReasonCounts } from "./reasons.ts";
import type { AnyRecord, RecordKind } from "./records.ts";
import { fileRows } from "./rows/file.ts";
import type { RowPlace } from "./rows/row.ts";
import { isKeptBack, ownReason } from "./select.ts";
import type { DataSource } from "./source.ts";
import { type FilesSettings, filesOf } from "./sources.ts";

/** Records of this project's own files, by kind. */
export const OWN_RECORDS: Readonly<Record<RecordKind, (record: JsonRecord) => AnyRecord>> = {
  sft: sftExample,
  preferences: preference,
  prompts: promptOf,
};

/** A record on its way to training, or why the row that it stands in is none. */
export interface BrowsedRow {
  readonly place: RowPlace;
  readonly record?: AnyRecord;
  /** Why there is no record; of a file that cannot be read on, the last row. */
  readonly problem?: string;
  /** Why it is of no use by itself, or for those before it. */
  readonly reason?: Reason;
  /** True if its prompt is kept back from training. */
  readonly isValidation: boolean;
}

/** A source that is looked into. */
export interface Browsed {
  readonly source: DataSource;
  /** Files that it is read from. */
  readonly files: readonly string[];
  /** The rows of a source, in the order of its files, one in memory at a time; also those that training leaves out. */
  rows(): AsyncGenerator<BrowsedRow, undefined>;
}

/**
 * Looks into a source without preparing it.
 * @throws {DataError} when there is no such source.
 */
export async function browse(given: SourceConfig, settings: FilesSettings): Promise<Browsed> {
  const { source, files, isOwn } = await filesOf(given, settings);
  const { kind } = settings;
  return {
    source,
    files,
    rows: () => (isOwn ? ownRows(files, kind) : sourceRows(files, { kind, source })),
  };
}

async function* ownRows(files: readonly string[], kind: RecordKind): AsyncGenerator<BrowsedRow, undefined> {
  const seen = new DigestSet();
  for (const file of files) {
    const place = { file };
    yield* readOn(place, async function* () {
      for await (const row of readJsonl(file)) {
        yield rowOf({ file, line: row.line }, () => {
          const record = OWN_RECORDS[kind](row);
          const reason = ownReason(record, { kind, seen });
          return { record, isValidation: false, ...(reason !== undefined && { reason }) };
        });
      }
    });
  }
}

/**
 * Counts of a file that is used as it is: of the records that are of no use by themselves, all are used.
 *
 * @returns Undefined where a row cannot be read: those who check the file say which, and why.
 */
export async function countsInPlace(file: string, kind: RecordKind): Promise<DataCounts | undefined> {
  const tally = new ReasonCounts();
  let read = 0;
  for await (const { reason, problem } of ownRows([file], kind)) {
    if (problem !== undefined) return undefined;
    read += 1;
    if (reason !== undefined) tally.add(reason);
  }
  return { read, used: read, validation: 0, unusable: tally.unusable };
}

async function* sourceRows(
  files: readonly string[],
  { kind, source }: { readonly kind: RecordKind; readonly source: DataSource },
): AsyncGenerator<BrowsedRow, undefined> {
  const { skip, columns, validation } = source;
  const questions = source.kind === undefined ? undefined : new QuestionReader(benchmarkKind(source.kind), columns);
  const seen = new DigestSet();
  let passed = 0;
  for (const file of files) {
    yield* readOn({ file }, async function* () {
      for await (const row of fileRows(file)) {
        if (passed++ < skip) continue;
        yield rowOf(row.place, () => {
          if (questions !== undefined) return { record: questions.read(row), isValidation: false };
          const record = recordOf(row, kind, columns);
          const reason = ownReason(record, { kind, seen });
          const isValidation = isKeptBack(promptText(record), validation);
          return { record, isValidation, ...(reason !== undefined && { reason }) };
        });
      }
    });
  }
}

function rowOf(place: RowPlace, read: () => Omit<BrowsedRow, "place">): BrowsedRow {
  try {
    return { place, ...read() };
  } catch (error) {
    return problemAt(place, error);
  }
}

/** Rows of a file; one that cannot be read on ends with a row that says why. */
async function* readOn(
  place: RowPlace,
  rows: () => AsyncGenerator<BrowsedRow, unknown>,
): AsyncGenerator<BrowsedRow, undefined> {
  try {
    for await (const row of rows()) yield row;
  } catch (error) {
    yield problemAt(place, error);
  }
}

function problemAt(place: RowPlace, error: unknown): BrowsedRow {
  if (!(error instanceof DataError)) throw error;
  const { what, remedy, file, line } = error;
  const at = line === undefined ? (place.file === file ? place : { file }) : { file, line };
  return { place: at, problem: `${what}; ${remedy}`, isValidation: false };
}
