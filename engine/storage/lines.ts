import { DataError } from "../protocol/errors.ts";
import { inputChunks } from "./inputs.ts";

/** A line of a text file. */
export interface TextLine {
  /** Counted from 1. */
  readonly line: number;
  /** Without its end, and without a byte order mark. */
  readonly text: string;
}

/** Longer lines are refused: they are not data, and they would fill the memory, in bytes. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 10;
const RETURN = 13;
const MARK = "\ufeff";
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The lines of a UTF-8 file that hold more than white space, one in memory at a time. Ends may be LF or CRLF.
 * @throws {DataError} when the file is missing, no regular file, not UTF-8, or has a line that is too long.
 */
export function readLines(file: string): AsyncGenerator<TextLine, undefined> {
  return linesOf(file, inputChunks(file));
}

/** The same of bytes that come from a file, unpacked maybe. @throws {DataError} */
export async function* linesOf(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine, undefined> {
  let line = 0;
  for await (const ended of splitLines(file, chunks)) {
    for (const bytes of ended) {
      line += 1;
      const text = bytes.length === 0 ? "" : decode(file, line, bytes);
      if (text.trim() !== "") yield { line, text };
    }
  }
}

function decode(file: string, line: number, bytes: Uint8Array): string {
  const body = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
  try {
    const text = UTF8.decode(body);
    return line === 1 && text.startsWith(MARK) ? text.slice(MARK.length) : text;
  } catch (cause) {
    throw new DataError("read: not UTF-8", { file, line, remedy: "save the file as UTF-8" }, { cause });
  }
}

/** The lines that end in each chunk: awaiting every single one would take longer than finding it. */
async function* splitLines(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[], undefined> {
  let parts: Uint8Array[] = []; // of the line that goes on in the next chunk
  let held = 0;
  let line = 1;
  for await (const chunk of chunks) {
    const ended: Uint8Array[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      ended.push(joined(parts, chunk.subarray(from, end)));
      parts = [];
      held = 0;
      from = end + 1;
    }
    yield ended;
    line += ended.length;
    parts.push(chunk.subarray(from));
    held += chunk.byteLength - from;
    if (held > MAX_LINE_BYTES) {
      const remedy = "write one record per line (JSON Lines), not one array";
      throw new DataError(`read: a line of more than ${MAX_LINE_BYTES} bytes`, { file, line, remedy });
    }
  }
  if (held > 0) yield [joined(parts, new Uint8Array())];
}

function joined(parts: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}
