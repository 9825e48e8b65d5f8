import * as fs from "node:fs";
import { onDiskSync } from "./disk.ts";
import type { Json } from "./json.ts";
import { openLog } from "./writing.ts";

/** Bytes looked at per step when a log's end is searched for. */
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
  readonly last: Json | undefined;
  private readonly descriptor: number;

  /** @throws {DataError} when it is a link or a device. @throws {DiskError} */
  constructor(file: string) {
    this.file = file;
    this.descriptor = openLog(file);
    this.last = onDiskSync("repair", file, () => repair(this.descriptor));
  }

  /** @throws {DiskError} and leaves no part of the record behind. */
  append(record: Json): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
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
 * Cuts off everything after the last whole record; one that lacks only its newline gets it.
 * @returns The last record; undefined when there is none.
 */
function repair(descriptor: number): Json | undefined {
  const { size } = fs.fstatSync(descriptor);
  let end = size;
  let last: Json | undefined;
  for (;;) {
    const newline = lastNewline(descriptor, end);
    if (newline < 0) {
      end = 0;
      break;
    }
    end = newline + 1;
    last = recordOf(readRange(descriptor, lastNewline(descriptor, newline) + 1, newline));
    if (last !== undefined) break;
    end = newline; // a torn page can hold a newline as well
  }
  if (end === size) return last;
  const unended = recordOf(readRange(descriptor, end, size));
  if (unended === undefined) fs.ftruncateSync(descriptor, end);
  else fs.writeSync(descriptor, "\n");
  return unended ?? last;
}

/** Position of the last newline before `end`; −1 when there is none. */
function lastNewline(descriptor: number, end: number): number {
  for (let to = end; to > 0; to -= TAIL_BYTES) {
    const from = Math.max(0, to - TAIL_BYTES);
    const at = readRange(descriptor, from, to).lastIndexOf(NEWLINE);
    if (at >= 0) return from + at;
  }
  return -1;
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

function recordOf(line: Buffer): Json | undefined {
  try {
    return JSON.parse(line.toString("utf8")) as Json;
  } catch {
    return undefined;
  }
}
