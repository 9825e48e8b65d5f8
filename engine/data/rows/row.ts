import { DataError } from "../../protocol/errors.ts";
import { type JsonError, parseJson } from "../../common/json.ts";
import { isJsonObject, type JsonObject } from "../../storage/json.ts";

/** The place of a record: a line of a text, or a row of a table. */
export interface RowPlace {
  readonly file: string;
  /** Counted from 1; that of its first character. */
  readonly line?: number;
  /** Counted from 1. */
  readonly row?: number;
}

/** A record as a file has it, and where it stands. Its objects are read by own names only. */
export interface Row {
  readonly place: RowPlace;
  readonly fields: JsonObject;
}

/** Facts that those who read whole sources may get meanwhile. */
export interface ReadSettings {
  /** Columns that are wanted, where a file stores them apart; all of them if left out. */
  readonly columns?: readonly string[];
  /** Bytes of text, unpacked, after which reading fails: for those who look at a beginning, which may hold no record. */
  readonly mostBytes?: number;
}

/** More text than was to be read. */
export class MoreTextError extends Error {
  override readonly name = "MoreTextError";
}

/**
 * The row of a JSON text.
 * @throws {DataError} naming its place when it is no object.
 */
export function rowOf(place: RowPlace, text: string): Row {
  let fields: unknown;
  try {
    fields = parseJson(text);
  } catch (cause) {
    const remedy = "put one whole JSON object on each line, or write one JSON array of objects";
    const what = `read data: ${(cause as JsonError).message}: ${startOf(text)}`;
    throw new DataError(what, { ...place, remedy }, { cause });
  }
  if (isJsonObject(fields)) return { place, fields };
  throw new DataError(`read data: ${startOf(text)} where an object is needed`, { ...place, remedy: "write {…}" });
}

function startOf(text: string): string {
  const line = text.trim().slice(0, 40).replaceAll(/\s+/g, " ");
  return text.trim().length <= 40 ? line : `${line}…`;
}
