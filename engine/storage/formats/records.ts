import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { JsonError, parseJson } from "../../common/json.ts";
import { LineTail, forEachLine } from "../lineTail.ts";
import { logLineOf } from "../logLine.ts";
import { entryAt, placeOf } from "../places.ts";
import { readText } from "../reading.ts";

/** Values of a JSON file of this program's own: a `run.json` has some thousands. */
const MOST_VALUES = 200_000;

/** Bytes of the records that are held together: some 100,000 answers of a thousand tokens. */
const MOST_RECORD_BYTES = 512 * 1024 * 1024;

/** How a file of this program's own is read. */
export interface RecordFormat<T> {
  /** Checks a record, or the value of a whole file. @throws with a message that describes the defect. */
  readonly parse: (value: unknown) => T;
  /** The remedy to name for a file that does not fit. */
  readonly remedy: string;
  /** "torn": the file is a log, whose last line may be cut short; it is left out. */
  readonly end?: "whole" | "torn";
}

/** The check of a schema. */
export function checkedBy<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => schema.parse(value);
}

/**
 * The records of a JSON Lines file that stands directly in the folder of a run, an artifact or a record, in order.
 * @throws {DataError} naming the line that is damaged or does not fit, when there is no such file, or when it holds more
 * than is kept in memory.
 */
export async function readRecords<T>(file: string, format: RecordFormat<T>): Promise<readonly T[]> {
  const size = (await entryAt(placeOf(file)))?.size ?? 0;
  if (size > MOST_RECORD_BYTES) {
    const what = `read: holds ${size} bytes, more than the ${MOST_RECORD_BYTES} that are read as a whole`;
    throw new DataError(what, { file, remedy: format.remedy });
  }
  const records: T[] = [];
  // One by one: a batch may hold more records than a call takes arguments.
  for await (const batch of recordBatches(file, format)) for (const record of batch) records.push(record);
  return records;
}

/** The same, some at a time, for files that are too large to be held. */
export async function* recordBatches<T>(
  file: string,
  format: RecordFormat<T>,
): AsyncGenerator<readonly T[], undefined> {
  const { remedy } = format;
  let line = 0;
  let isThere = false;
  let torn: DataError | undefined;
  for await (const block of new LineTail(file).blocks()) {
    isThere = true;
    const batch: T[] = [];
    forEachLine(block, (bytes) => {
      line += 1;
      const read = logLineOf(bytes);
      if (read === "blank") return;
      if (torn !== undefined) throw torn; // only the last line may be
      if (read === "damaged") torn = new DataError("read: was damaged on disk", { file, line, remedy });
      else batch.push(parsed(read.record, { file, line, remedy }, format.parse));
    });
    if (torn !== undefined && format.end !== "torn") throw torn;
    yield batch;
  }
  if (!isThere && (await entryAt(placeOf(file))) === undefined) {
    throw new DataError("read: no such file", { file, remedy });
  }
}

/**
 * The value of a JSON file that stands there; undefined when there is none.
 * @throws {DataError} when it is damaged or does not fit.
 */
export async function readRecord<T>(file: string, { parse, remedy }: RecordFormat<T>): Promise<T | undefined> {
  const text = await readText(placeOf(file));
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJson(text, MOST_VALUES);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new DataError(`read: ${cause.message}`, { file, remedy }, { cause });
  }
  return parsed(value, { file, remedy }, parse);
}

function parsed<T>(value: unknown, place: ConstructorParameters<typeof DataError>[1], parse: (value: unknown) => T): T {
  try {
    return parse(value);
  } catch (cause) {
    throw new DataError(`read: ${misfit(cause)}`, place, { cause });
  }
}

/** Describes the defect, in one line. */
function misfit(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  const [issue] = error.issues;
  const field = issue?.path.join(".") ?? "";
  return field === ""
    ? `does not fit: ${issue?.message ?? ""}`
    : `field ${field} does not fit: ${issue?.message ?? ""}`;
}

/** The format of a file of an artifact, which is written as a whole and can be made again. */
export function artifactFormat<T>(folder: string, parse: (value: unknown) => T): RecordFormat<T> {
  return { parse, remedy: `remove ${folder} and run the config again: only that stage is made again` };
}
