import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Something that reads what others have written. */
export interface Reader {
  readonly name: string;
  /** Inputs that it takes; others are made by changing them. */
  readonly corpus: readonly Buffer[];
  /** Names of the errors that an input may end in; any other error is a failure. */
  readonly errors: readonly string[];
  /** Reads an input and fails an assertion where it takes what it must not. */
  readonly read: (input: Buffer, place: FuzzPlace) => unknown;
}

/** A folder for the files of one input at a time. */
export class FuzzPlace {
  readonly folder = mkdtempSync(join(tmpdir(), "salsa-fuzz-"));

  /** Replaces a file. @returns Its path. */
  write(name: string, content: Buffer | string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A JSON file of each value. */
export function jsonFiles(...values: readonly unknown[]): readonly Buffer[] {
  return values.map((value) => Buffer.from(JSON.stringify(value)));
}

/** A log of the records. */
export function jsonLines(...records: readonly unknown[]): Buffer {
  return Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}
