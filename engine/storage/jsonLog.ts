import * as fs from "node:fs";
import { onDiskSync } from "./disk.ts";
import type { Json, JsonObject } from "./json.ts";
import { MAX_LINE_BYTES } from "./lines.ts";
import { type LogLine, checkLineLength, logLineOf } from "./logLine.ts";
import { openLog } from "./writing.ts";

/** Bytes looked at first when a log's end is searched for. */
const TAIL_BYTES = 65_536;
const NEWLINE = 10;

/**
 * An append-only file of JSON records, one per line, that survives the death of its writer.
 *
 * A record is with the system when `append` returns, so killing the process loses nothing. A record that a crash cut
 * short is removed when the log is opened for appending again.
 */
export class JsonLog {
  readonly file: string;
  /** The last record that was there when the log was opened. */
  readonly last: JsonObject | undefined;
  private readonly descriptor: number;

  /** @throws {DataError} when it is a link or a device. @throws {DiskError} */
  constructor(file: string) {
    this.file = file;
    this.descriptor = openLog(file);
    this.last = onDiskSync("repair", file, () => repair(this.descriptor));
  }

  /**
   * @throws {DiskError} and leaves no part of the record behind.
   * @throws {DataError} for a record that nobody would read.
   */
  append(record: Json): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    checkLineLength(line, { file: this.file, remedy: "shorten the prompts and responses that it holds" });
    onDiskSync("append", this.file, () => {
      const before = fs.fstatSync(this.descriptor).size;
      try {
        for (let done = 0; done < line.byteLength;) done += fs.writeSync(this.descriptor, line, done);
      } catch (error) {
        cutBack(this.descriptor, before);
        throw error;
      }
    });
  }

  /** Bytes so far. @throws {DiskError} */
  get size(): number {
    return onDiskSync("look at", this.file, () => fs.fstatSync(this.descriptor).size);
  }

  /** Makes appended records survive a power cut as well. */
  sync(): void {
    onDiskSync("sync", this.file, () => {
      fs.fsyncSync(this.descriptor);
    });
  }

  close(): void {
    onDiskSync("close", this.file, () => {
      fs.closeSync(this.descriptor);
    });
  }
}

/** Best effort: the error that led here is the one to report, and opening the log again repairs it in any case. */
function cutBack(descriptor: number, size: number): void {
  try {
    fs.ftruncateSync(descriptor, size);
  } catch {
    return;
  }
}

/**
 * Cuts off the damaged lines that a log ends in; a record that lacks only its newline gets it.
 * @returns The last record; undefined when there is none.
 */
function repair(descriptor: number): JsonObject | undefined {
  const { size } = fs.fstatSync(descriptor);
  let end = size;
  for (const { from, to, line } of linesBackwards(descriptor, size)) {
    if (typeof line !== "string") {
      // The rest is blank, or damaged and cut off.
      if (end < size) fs.ftruncateSync(descriptor, end);
      else if (to === size) fs.writeSync(descriptor, "\n");
      return line.record;
    }
    if (line === "damaged") end = from;
  }
  if (end < size) fs.ftruncateSync(descriptor, end);
  return undefined;
}

/** A line and where it stands: from its first byte up to its newline, or the end of the file. */
interface Placed {
  readonly from: number;
  readonly to: number;
  readonly line: LogLine;
}

/** The lines of a file from the last to the first; each byte is read once or twice, however long the lines are. */
function* linesBackwards(descriptor: number, size: number): Generator<Placed, undefined> {
  let to = size; // end of the line that is looked for
  let start = size; // of `held`
  let held: Buffer = Buffer.alloc(0);
  let step = TAIL_BYTES;
  for (;;) {
    const at = held.lastIndexOf(NEWLINE);
    if (at >= 0 || start === 0) {
      // The rest behind the last newline of the file is a line only if it has bytes.
      const from = start + at + 1;
      if (to < size || from < to) yield { from, to, line: logLineOf(held.subarray(at + 1)) };
      if (at < 0) return;
      to = start + at;
      held = held.subarray(0, at);
      step = TAIL_BYTES;
      continue;
    }
    const from = Math.max(0, start - step);
    held = Buffer.concat([readRange(descriptor, from, start), held]);
    // Of a line that is longer than any record, only its bounds matter.
    if (held.length > 2 * MAX_LINE_BYTES && held.indexOf(NEWLINE) < 0) held = held.subarray(0, MAX_LINE_BYTES + 1);
    start = from;
    step *= 2;
  }
}

function readRange(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  let done = 0;
  while (done < bytes.byteLength) {
    const read = fs.readSync(descriptor, bytes, done, bytes.byteLength - done, from + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
