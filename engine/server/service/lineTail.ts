import { type FileHandle, open } from "node:fs/promises";
import { errorCode, onDisk } from "../../storage/disk.ts";
import { MAX_LINE_BYTES } from "../../storage/lines.ts";

/** Bytes read at a time: some milliseconds of work, after which others get their turn. */
const CHUNK = 1 << 20;
const NEWLINE = 10;

/** What is told of a file's lines. */
export interface LineReader {
  /** A line without its end, and where it begins. The bytes are only good during the call. */
  readonly line: (bytes: Buffer, offset: number) => void;
  /** The file is another one, or was cut: its lines come again from the first. */
  readonly restart: () => void;
}

/** Reads the whole lines of a file that grows, each once; what is not ended by a newline yet is left for later. */
export class LineTail {
  readonly file: string;
  private offset = 0;
  private identity = "";

  constructor(file: string) {
    this.file = file;
  }

  /**
   * Reads what was added since the last call; nothing when there is no file.
   * @returns What follows the last newline: a record whose writer is at it, or died over it.
   * @throws {DiskError}
   */
  async read(reader: LineReader): Promise<Buffer> {
    const handle = await openIfThere(this.file);
    if (handle === undefined) {
      this.restart("", reader);
      return Buffer.alloc(0);
    }
    try {
      return await onDisk("read", this.file, () => this.readFrom(handle, reader));
    } finally {
      await handle.close();
    }
  }

  private async readFrom(handle: FileHandle, reader: LineReader): Promise<Buffer> {
    const { size, ino } = await handle.stat();
    if (size < this.offset || String(ino) !== this.identity) this.restart(String(ino), reader);
    let buffer: Buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - this.offset));
    let held = 0; // bytes at the buffer's start that no newline ends yet
    for (let at = this.offset; at < size;) {
      if (held === buffer.length) buffer = enlarged(buffer, held);
      const { bytesRead } = await handle.read(buffer, held, Math.min(buffer.length - held, size - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const filled = buffer.subarray(0, held + bytesRead);
      const used = takeLines(filled, this.offset, reader.line);
      this.offset += used;
      buffer.copyWithin(0, used, filled.length);
      held = filled.length - used;
    }
    return buffer.subarray(0, held);
  }

  private restart(identity: string, { restart }: LineReader): void {
    if (this.offset > 0) restart();
    this.offset = 0;
    this.identity = identity;
  }
}

/** @returns Bytes up to the last newline. */
function takeLines(bytes: Buffer, offset: number, take: LineReader["line"]): number {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    take(bytes.subarray(from, end), offset + from);
    from = end + 1;
  }
  return from;
}

/** @throws {RangeError} when it is no line any more. */
function enlarged(buffer: Buffer, held: number): Buffer {
  if (buffer.length >= MAX_LINE_BYTES) throw new RangeError(`a line of more than ${MAX_LINE_BYTES} bytes`);
  const larger = Buffer.allocUnsafe(2 * buffer.length);
  buffer.copy(larger, 0, 0, held);
  return larger;
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  return onDisk("open", file, async () => {
    try {
      return await open(file, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}
