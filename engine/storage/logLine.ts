import { DataError } from "../protocol/errors.ts";
import { isUtf8 } from "node:buffer";
import { type JsonObject, isJsonObject } from "./json.ts";
import { MAX_LINE_BYTES } from "./lines.ts";

/**
 * A line of a log, as everybody who reads, repairs or continues one takes it.
 *
 * Lines end in LF and nothing else: a CR before it is white space, and so are spaces and tabs; U+2028 is a letter. A line
 * is a record if it is UTF-8, no longer than `MAX_LINE_BYTES` and one JSON object; it may begin with a byte order mark,
 * which an editor may have left. A line of white space holds nothing, and any other was damaged on disk: one that a
 * crash cut, within a character too, or that holds the zeros of a page that was never written.
 */
export type LogLine = { readonly record: JsonObject } | "blank" | "damaged";

const SPACES: ReadonlySet<number> = new Set([9, 13, 32]);
const [OPEN, CLOSE] = [123, 125];
const MARK = [0xef, 0xbb, 0xbf];

/** Reads a line. @param bytes - Without its end. */
export function logLineOf(bytes: Buffer): LogLine {
  const line = MARK.every((byte, at) => bytes[at] === byte) ? bytes.subarray(MARK.length) : bytes;
  const first = line.findIndex((byte) => !SPACES.has(byte));
  if (first < 0) return "blank";
  const last = line.findLastIndex((byte) => !SPACES.has(byte));
  // Parsing what is no object takes a hundred times as long as that look, for the error that it throws.
  if (line[first] !== OPEN || line[last] !== CLOSE || bytes.length > MAX_LINE_BYTES) return "damaged";
  const record = jsonObject(line);
  return record === undefined ? "damaged" : { record };
}

/** The record of a line; undefined where it holds none. */
export function recordOf(bytes: Buffer): JsonObject | undefined {
  const line = logLineOf(bytes);
  return typeof line === "string" ? undefined : line.record;
}

function jsonObject(bytes: Buffer): JsonObject | undefined {
  // Decoding would put replacement characters where bytes are torn.
  if (!isUtf8(bytes)) return undefined;
  try {
    const value = JSON.parse(bytes.toString("utf8")) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {DataError} for a line that nobody would read, naming the file and what to do. */
export function checkLineLength(line: Buffer, place: ConstructorParameters<typeof DataError>[1]): void {
  if (line.length <= MAX_LINE_BYTES) return;
  throw new DataError(`append: a record of ${line.length} bytes is longer than lines are read`, place);
}
