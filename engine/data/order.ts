import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { onDisk } from "../storage/disk.ts";
import { readLines } from "../storage/lines.ts";
import { createFile, discard } from "../storage/writing.ts";
import { digestOf } from "./digests.ts";

/** Characters that are gathered before a file is written. */
const GATHERED = 1 << 16;

/** A text file that is written from its beginning to its end. */
export class LineFile {
  private readonly handle: FileHandle;
  private gathered: string[] = [];
  private length = 0;
  readonly file: string;

  private constructor(file: string, handle: FileHandle) {
    this.file = file;
    this.handle = handle;
  }

  /** @throws {DiskError} */
  static async create(file: string): Promise<LineFile> {
    return new LineFile(file, await createFile(file, file));
  }

  async add(line: string): Promise<void> {
    this.gathered.push(line, "\n");
    this.length += line.length + 1;
    if (this.length >= GATHERED) await this.flush();
  }

  /** @throws {DiskError} */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.handle.close();
    }
  }

  private async flush(): Promise<void> {
    const text = this.gathered.join("");
    this.gathered = [];
    this.length = 0;
    if (text !== "") await onDisk("write", this.file, () => this.handle.appendFile(text));
  }
}

/** Characters of lines that are sorted in memory before files are made for them. */
const HELD = 32 * 1024 * 1024;

/** The seed of an order, and the folder for its files, which must not have any of their names. */
export interface Shuffle {
  readonly seed: number;
  readonly folder: string;
  /** Characters that are held in memory. */
  readonly held?: number;
}

/**
 * Puts lines into an order that depends on a seed and their numbers alone: each gets a hash, and the hashes are sorted.
 * Where there are many, they are dealt out to files by the first bits of their hashes, and memory holds 1/256 of them.
 * @throws {DiskError}
 */
export async function* shuffled(
  lines: AsyncIterable<string>,
  { seed, folder, held: most = HELD }: Shuffle,
): AsyncGenerator<string, undefined> {
  const buckets = new Buckets(folder);
  let held: string[] = [];
  let length = 0;
  let index = 0;
  try {
    for await (const line of lines) {
      const key = digestOf("shuffle", String(seed), String(index++));
      held.push(`${key.toString(16).padStart(KEY, "0")}${line}`);
      length += KEY + line.length;
      if (length < most) continue;
      await buckets.deal(held);
      held = [];
      length = 0;
    }
    if (buckets.isEmpty) {
      for (const text of held.sort()) yield text.slice(KEY);
      return;
    }
    await buckets.deal(held);
    held = [];
    for await (const bucket of buckets.sorted()) for (const text of bucket) yield text.slice(KEY);
  } finally {
    await buckets.discard();
  }
}

/** Digits of a line's hash, which stand before it. */
const KEY = 16;

/** Files for lines by the first two digits of their hashes. */
class Buckets {
  private readonly files = new Map<string, LineFile>();
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get isEmpty(): boolean {
    return this.files.size === 0;
  }

  async deal(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const name = line.slice(0, 2);
      const file = this.files.get(name) ?? (await LineFile.create(join(this.folder, `bucket-${name}`)));
      this.files.set(name, file);
      await file.add(line);
    }
  }

  /** The lines of one file after the other, each sorted. */
  async *sorted(): AsyncGenerator<readonly string[], undefined> {
    for (const name of [...this.files.keys()].sort()) {
      const bucket = this.files.get(name);
      if (bucket === undefined) continue;
      await bucket.close();
      const held: string[] = [];
      for await (const { text } of readLines(bucket.file)) held.push(text);
      yield held.sort();
    }
  }

  async discard(): Promise<void> {
    for (const bucket of this.files.values()) {
      await bucket.close();
      await discard(bucket.file);
    }
  }
}
