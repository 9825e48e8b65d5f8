import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { type LineBlock, LineTail, forEachLine } from "../lineTail.ts";
import { entryAt, placeOf } from "../places.ts";
import { readText } from "../reading.ts";

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

/** Numbers that JSON holds as null: NaN and infinities. */
export const numberOrNaN = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);

/**
 * The records of a JSON Lines file that stands directly in the folder of a run, an artifact or a record, in order.
 * @throws {DataError} naming the line that is damaged or does not fit, or when there is no such file.
 */
export async function readRecords<T>(file: string, format: RecordFormat<T>): Promise<readonly T[]> {
  const records: T[] = [];
  for await (const batch of recordBatches(file, format)) records.push(...batch);
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
      if (torn !== undefined) throw torn; // only the last line may be
      if (bytes.length === 0) return;
      const value = jsonOf(bytes);
      if (value !== undefined) batch.push(parsed(value, { file, line, remedy }, format.parse));
      else torn = new DataError("read: was damaged on disk", { file, line, remedy });
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
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError("read: not JSON", { file, remedy }, { cause });
  }
  return parsed(value, { file, remedy }, parse);
}

/** The JSON of a line; undefined for a damaged one, since no line holds nothing. */
export function jsonOf(bytes: LineBlock["bytes"]): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
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
