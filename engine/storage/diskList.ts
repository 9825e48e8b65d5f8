import type { FileHandle } from "node:fs/promises";
import { deserialize, serialize } from "node:v8";
import { diskError, onDisk } from "./disk.ts";
import { discard, openToExtend } from "./writing.ts";

/** Bytes of items that are held before they are written: a list of fewer has no file. */
const HELD_BYTES = 4 * 2 ** 20;

/**
 * A list on the disk, whose items are read by their numbers: memory holds 8 bytes for each, and the last few megabytes.
 *
 * It is read by nobody but this object, and its file goes when it is released. One that a killed process has left is
 * replaced.
 */
export class DiskList<T> {
  private readonly file: string;
  private handle: FileHandle | undefined;
  /** Where each item in the file ends, in bytes; grown by half. */
  private ends = new Float64Array(1024);
  private nWritten = 0;
  /** Items behind those in the file. */
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(file: string) {
    this.file = file;
  }

  get length(): number {
    return this.nWritten + this.held.length;
  }

  /** Adds a value that `structuredClone` would copy. @throws {DiskError} */
  async add(item: T): Promise<void> {
    const bytes = serialize(item);
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes >= HELD_BYTES) await this.write();
  }

  /** Copies of the items of these numbers. @throws {DiskError} */
  pick(indices: readonly number[]): Promise<T[]> {
    return Promise.all(indices.map((index) => this.item(index)));
  }

  async release(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
    if (handle !== undefined) await discard(this.file);
  }

  private async item(index: number): Promise<T> {
    const bytes = index < this.nWritten ? await this.read(index) : this.held[index - this.nWritten];
    if (bytes === undefined) throw new RangeError(`disk list: there is no item ${index} of ${this.length}`);
    return deserialize(bytes) as T;
  }

  private async read(index: number): Promise<Buffer> {
    const from = this.endOf(index - 1);
    const bytes = Buffer.allocUnsafe(this.endOf(index) - from);
    await onDisk("read", this.file, async () => {
      for (let at = 0; at < bytes.length;) {
        const read = await this.handle?.read(bytes, at, bytes.length - at, from + at);
        if (!read?.bytesRead) throw diskError("read", this.file, "EIO"); // somebody has cut it
        at += read.bytesRead;
      }
    });
    return bytes;
  }

  private async write(): Promise<void> {
    if (this.handle === undefined) {
      await discard(this.file);
      this.handle = await openToExtend(this.file);
    }
    const { handle, held } = this;
    await onDisk("write", this.file, () => handle.appendFile(Buffer.concat(held)));
    for (const { length } of held) {
      if (this.nWritten === this.ends.length) this.grow();
      this.ends[this.nWritten] = this.endOf(this.nWritten - 1) + length;
      this.nWritten += 1;
    }
    this.held = [];
    this.heldBytes = 0;
  }

  private endOf(index: number): number {
    return index < 0 ? 0 : (this.ends[index] ?? NaN);
  }

  private grow(): void {
    const larger = new Float64Array(Math.ceil(this.ends.length * 1.5));
    larger.set(this.ends);
    this.ends = larger;
  }
}
