import type { FileHandle } from "node:fs/promises";
import { DataError } from "../protocol/errors.ts";
import { onDisk } from "./disk.ts";
import { MAX_LINE_BYTES } from "./lines.ts";
import { placeOf } from "./places.ts";
import { openAt } from "./reading.ts";

/** Bytes read at a time: some milliseconds of work, after which others get their turn. */
const CHUNK = 1 << 20;
const NEWLINE = 10;

/** Receives a file's lines. */
export interface LineReader {
  /** A line without its end, and where it begins. The bytes are only good during the call. */
  readonly line: (bytes: Buffer, offset: number) => void;
  /** The file is another one, or was cut: its lines come again from the first. */
  readonly restart: () => void;
}

/** A stretch of a file; its bytes are only good until the next one is asked for. */
export interface LineBlock {
  readonly bytes: Buffer;
  /** Where it begins in the file. */
  readonly offset: number;
  /** False for the last one where no newline ends it: a record whose writer is at it, or died over it. */
  readonly isWhole: boolean;
}

/**
 * Reads the whole lines of a file that grows, each once; a line that no newline ends yet is left for later.
 *
 * The file stands directly in the folder of a run, an artifact or a record.
 */
export class LineTail {
  readonly file: string;
  private offset = 0;
  /** Where it ended when it was last looked at; once all is read, where its last whole line ends. */
  private end = 0;
  private identity = "";

  constructor(file: string) {
    this.file = file;
  }

  /**
   * Reads the lines added since the last call; nothing when there is no file.
   * @returns The bytes after the last newline: a record whose writer is at it, or died over it.
   * @throws {DataError} when it is a link, a pipe or a device, or a line is too long to be a record.
   * @throws {DiskError}
   */
  async read({ line, restart }: LineReader): Promise<Buffer> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const block of this.blocks(restart)) {
      if (block.isWhole) forEachLine(block, line);
      else rest = block.bytes;
    }
    return rest;
  }

  /** How much of the whole lines is read, from 0 to 1. */
  get share(): number {
    return this.end === 0 ? 1 : this.offset / this.end;
  }

  /**
   * The same by blocks, for readers that go on at their own pace: after about `most` bytes it ends, and the next call goes on
   * from there.
   */
  async *blocks(restart: () => void = () => undefined, most = Infinity): AsyncGenerator<LineBlock, undefined> {
    const handle = await openAt(placeOf(this.file));
    if (handle === undefined) {
      this.restart("", restart);
      return;
    }
    try {
      const { size, ino } = await onDisk("look at", this.file, () => handle.stat());
      if (size < this.offset || String(ino) !== this.identity) this.restart(String(ino), restart);
      this.end = size;
      yield* this.blocksUpTo(this.offset + most, handle);
    } finally {
      await handle.close();
    }
  }

  private async *blocksUpTo(enough: number, handle: FileHandle): AsyncGenerator<LineBlock, undefined> {
    const { end: size } = this;
    let buffer: Buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - this.offset));
    let held = 0; // bytes at the buffer's start that no newline ends yet
    for (let at = this.offset; at < size;) {
      if (this.offset >= enough) return;
      if (held === buffer.length) buffer = this.enlarged(buffer);
      const room = Math.min(buffer.length - held, size - at);
      const { bytesRead } = await onDisk("read", this.file, () => handle.read(buffer, held, room, at));
      if (bytesRead === 0) break;
      at += bytesRead;
      const filled = buffer.subarray(0, held + bytesRead);
      const end = filled.lastIndexOf(NEWLINE) + 1;
      if (end > 0) yield { bytes: filled.subarray(0, end), offset: this.offset, isWhole: true };
      this.offset += end;
      buffer.copyWithin(0, end, filled.length);
      held = filled.length - end;
    }
    this.end = this.offset;
    if (held > 0) yield { bytes: buffer.subarray(0, held), offset: this.offset, isWhole: false };
  }

  private enlarged(buffer: Buffer): Buffer {
    if (buffer.length > MAX_LINE_BYTES) {
      const place = { file: this.file, remedy: `remove the line that begins at byte ${this.offset}` };
      throw new DataError(`read: a line of more than ${MAX_LINE_BYTES} bytes`, place);
    }
    const larger = Buffer.allocUnsafe(Math.min(2 * buffer.length, MAX_LINE_BYTES + 1));
    buffer.copy(larger);
    return larger;
  }

  private restart(identity: string, restart: () => void): void {
    if (this.offset > 0) restart();
    this.offset = 0;
    this.end = 0;
    this.identity = identity;
  }
}

/** The lines of a block, without their ends. */
export function forEachLine({ bytes, offset }: LineBlock, take: LineReader["line"]): void {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    take(bytes.subarray(from, end), offset + from);
    from = end + 1;
  }
  if (from < bytes.length) take(bytes.subarray(from), offset + from);
}
