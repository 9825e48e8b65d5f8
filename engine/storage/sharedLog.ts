import * as fs from "node:fs";
import { onDiskSync } from "./disk.ts";
import type { Json } from "./json.ts";
import { checkLineLength } from "./logLine.ts";
import { openLog } from "./writing.ts";

/** Times that a record is begun again which the disk took in part. */
const MOST_TRIES = 3;

/**
 * An append-only file of JSON records that several processes extend at once, and that none of them can break by its
 * death.
 *
 * A record is written in one piece, with a newline before and after it: what a writer that was killed has left of a line
 * ends there, and readers pass over it. Nothing is ever cut off or repaired, for another process may be at it.
 */
export class SharedLog {
  readonly file: string;
  private readonly descriptor: number;

  /** @throws {DataError} when it is a link or a device. @throws {DiskError} */
  constructor(file: string) {
    this.file = file;
    this.descriptor = openLog(file);
  }

  /** @throws {DiskError} @throws {DataError} for a record that nobody would read. */
  append(record: Json): void {
    const line = Buffer.from(`\n${JSON.stringify(record)}\n`);
    checkLineLength(line, { file: this.file, remedy: "ask for shorter replies" });
    onDiskSync("append", this.file, () => {
      for (let left = MOST_TRIES; left > 0; left--) {
        // The rest of one that was written in part would come after what others have written meanwhile.
        if (fs.writeSync(this.descriptor, line) === line.length) return;
      }
      throw Object.assign(new Error("written in part"), { code: "ENOSPC" });
    });
  }

  /** Makes appended records survive a power cut as well. @throws {DiskError} */
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
