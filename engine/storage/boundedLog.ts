import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { onDisk } from "./disk.ts";
import { placeIn } from "./places.ts";
import { discard, makeFolderAt, openToExtend } from "./writing.ts";

const NEWLINE = 10;

/**
 * A log of text whose file stays below a size: once it is reached, the older half is left out, as its first line then says.
 * It has one writer, and begins empty: what it holds can be had again.
 */
export class BoundedLog {
  readonly file: string;
  private readonly most: number;
  private readonly handle: FileHandle;
  private size = 0;
  /** Lines and bytes that were left out. */
  private readonly lost = { lines: 0, bytes: 0 };
  /** Bytes of the line that says so. */
  private head = 0;

  private constructor(file: string, most: number, handle: FileHandle) {
    this.file = file;
    this.most = most;
    this.handle = handle;
  }

  /**
   * @param folder - Of a run.
   * @param name - Of the file below it.
   * @param most - Bytes that it may have.
   * @throws {DataError} when a folder on the way is a link. @throws {DiskError}
   */
  static async begin(folder: string, name: string, most: number): Promise<BoundedLog> {
    const place = placeIn(folder, name);
    await makeFolderAt({ ...place, file: dirname(place.file) });
    await discard(place.file);
    return new BoundedLog(place.file, most, await openToExtend(place.file));
  }

  /** @param text - Whole lines. @throws {DiskError} */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await onDisk("append", this.file, async () => {
      if (this.size + bytes.length > this.most) await this.cut();
      await this.put(bytes);
    });
  }

  /** @throws {DiskError} */
  async close(): Promise<void> {
    await onDisk("close", this.file, () => this.handle.close());
  }

  private async cut(): Promise<void> {
    const { handle, size, head, lost } = this;
    const whole = Buffer.alloc(size);
    await handle.read(whole, 0, size, 0);
    const end = whole.indexOf(NEWLINE, Math.max(head, Math.floor(size / 2))) + 1;
    for (let at = head; at < end; at = whole.indexOf(NEWLINE, at) + 1) lost.lines += 1;
    lost.bytes += end - head;
    await handle.truncate(0);
    this.size = 0;
    await this.put(Buffer.from(`[salsa] ${lost.lines} lines, ${lost.bytes} bytes, are left out here\n`));
    this.head = this.size;
    await this.put(whole.subarray(end));
  }

  private async put(bytes: Buffer): Promise<void> {
    await this.handle.writeFile(bytes);
    this.size += bytes.length;
  }
}
