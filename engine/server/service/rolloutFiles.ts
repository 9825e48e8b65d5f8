import { DataError } from "../../protocol/errors.ts";
import { onDisk } from "../../storage/disk.ts";
import { type SampleHead, parseSampleHead, sampleSieve } from "../../storage/formats/samples.ts";
import { LineTail, forEachLine } from "../../storage/lineTail.ts";
import { MAX_LINE_BYTES } from "../../storage/lines.ts";
import { placeOf } from "../../storage/places.ts";
import { openAt, readRange } from "../../storage/reading.ts";
import { NumberList } from "./numberList.ts";
import { Recent } from "./recent.ts";
import { type TextFinds, isIn, textMatcher } from "./sampleTexts.ts";

/** Bytes that are read for one answer before it says how far that has come: some tenths of a second of work. */
export const SLICE = 2 ** 25;

/** Lines that one file may have; a line of one of several files is named by one number. */
const MOST_LINES = 2 ** 32;

/** Bytes read at once for single lines: those of one page often stand next to each other. */
const WINDOW = 2 ** 16;

/** Texts whose finds are kept: a byte a line each. Two, since an agent may search beside a person. */
const MOST_SEARCHES = 2;

/** Files with a line a rollout, of which nothing is kept but where each line begins. */
export class RolloutFiles {
  private readonly tails: LineTail[] = [];
  /** By file. */
  private readonly offsets: NumberList[] = [];
  private readonly searches = new Recent<LineSearch>(MOST_SEARCHES);

  /** Adds a file. */
  add(file: string): void {
    this.tails.push(new LineTail(file));
    this.offsets.push(new NumberList(Float64Array));
  }

  /** Reads on: a slice at most. @param take - Receives rollouts with their lines and files. @throws {DiskError} */
  async read(
    take: (head: SampleHead, line: number, file: number) => void,
  ): Promise<{ readonly share: number; readonly isRestarted: boolean }> {
    let isRestarted = false;
    const readers = this.tails.map((tail, file) => ({
      tail,
      line: (bytes: Buffer, offset: number): void => {
        const line = file * MOST_LINES + (this.offsets[file]?.push(offset) ?? 0);
        const head = parseSampleHead(bytes);
        if (head !== undefined) take(head, line, file);
      },
      restart: (): void => void (isRestarted = true),
    }));
    return { share: await readOn(readers), isRestarted };
  }

  /** Lines whose prompt or response hold a text: searches on, a slice at most. @throws {DiskError} */
  async find(text: string): Promise<TextFinds> {
    const search = this.searches.get(text, () => new LineSearch(text));
    const share = await search.advance(this.tails);
    return { share, has: (line) => search.has(fileOf(line), line % MOST_LINES) };
  }

  /** Passes on the heads of lines. @throws {DataError} when one holds no rollout any more. @throws {DiskError} */
  async heads(lines: readonly number[]): Promise<ReadonlyMap<number, SampleHead>> {
    const found = new Map<number, SampleHead>();
    for (const file of new Set(lines.map(fileOf))) {
      const own = lines.filter((line) => fileOf(line) === file).sort((a, b) => a - b);
      await this.eachLine(file, own, (line, bytes) => {
        const head = parseSampleHead(bytes);
        if (head === undefined) throw this.unfit(line, "is not a rollout any more");
        found.set(line, head);
      });
    }
    return found;
  }

  /** The bytes of a line. @throws {DataError} when there is none. @throws {DiskError} */
  async bytes(line: number): Promise<Buffer> {
    let found: Buffer = Buffer.alloc(0);
    await this.eachLine(fileOf(line), [line], (_, bytes) => (found = bytes));
    return found;
  }

  unfit(line: number, what: string): DataError {
    const remedy = "open the samples again, or run the config again if the file was changed";
    const file = this.tails[fileOf(line)]?.file ?? "";
    return new DataError(`this line ${what}`, { file, line: (line % MOST_LINES) + 1, remedy });
  }

  /** Passes on some lines of a file, in their order. */
  private async eachLine(
    file: number,
    lines: readonly number[],
    take: (line: number, bytes: Buffer) => void,
  ): Promise<void> {
    const offsets = this.offsets[file];
    const from = (line: number): number => {
      const offset = offsets?.at(line % MOST_LINES);
      if (offset === undefined) throw this.unfit(line, "is not there");
      return offset;
    };
    const name = this.tails[file]?.file;
    const handle = name === undefined ? undefined : await openAt(placeOf(name));
    if (name === undefined || handle === undefined) throw this.unfit(lines[0] ?? 0, "is not there");
    try {
      const { size } = await onDisk("look at", name, () => handle.stat());
      let window = { from: 0, bytes: Buffer.alloc(0) };
      for (const line of lines) {
        const begin = from(line);
        const length = Math.max(0, Math.min((offsets?.at((line % MOST_LINES) + 1) ?? size) - begin, MAX_LINE_BYTES));
        if (begin + length > window.from + window.bytes.length) {
          const bytes = Buffer.alloc(Math.max(length, Math.min(WINDOW, size - begin)));
          const nRead = await onDisk("read", name, () => readRange(handle, bytes, begin));
          window = { from: begin, bytes: bytes.subarray(0, nRead) };
        }
        const bytes = window.bytes.subarray(begin - window.from, begin - window.from + length);
        const end = bytes.indexOf("\n");
        take(line, end < 0 ? bytes : bytes.subarray(0, end));
      }
    } finally {
      await handle.close();
    }
  }
}

/** One text in all lines of some files. */
class LineSearch {
  private readonly fits: (text: string) => boolean;
  private readonly mayFit: (line: Buffer) => boolean;
  /** By file, then by line: 1 where it was found. */
  private readonly found: NumberList[] = [];
  private readonly tails: LineTail[] = [];
  private reading: Promise<number> | undefined;

  constructor(text: string) {
    this.fits = textMatcher(text);
    this.mayFit = sampleSieve(text, this.fits);
  }

  /** @returns The share that is searched. */
  advance(files: readonly { readonly file: string }[]): Promise<number> {
    for (const { file } of files.slice(this.tails.length)) {
      this.tails.push(new LineTail(file));
      this.found.push(new NumberList(Uint8Array));
    }
    this.reading ??= readOn(
      this.tails.map((tail, file) => ({
        tail,
        line: (bytes: Buffer): void => {
          const head = this.mayFit(bytes) ? parseSampleHead(bytes) : undefined;
          this.found[file]?.push(head !== undefined && isIn(head, this.fits) ? 1 : 0);
        },
        restart: (): void => void (this.found[file] = new NumberList(Uint8Array)),
      })),
    ).finally(() => (this.reading = undefined));
    return this.reading;
  }

  has(file: number, line: number): boolean {
    return this.found[file]?.at(line) === 1;
  }
}

/** Number of the file that a line is in, in the order in which files were added. */
export function fileOf(line: number): number {
  return Math.floor(line / MOST_LINES);
}

interface TailReader {
  readonly tail: LineTail;
  readonly line: (bytes: Buffer, offset: number) => void;
  readonly restart: () => void;
}

/** Reads on in files, one after the other, a slice of bytes in all. @returns The share of them that is read. */
async function readOn(readers: readonly TailReader[]): Promise<number> {
  let left = SLICE;
  for (const [index, { tail, line, restart }] of readers.entries()) {
    for await (const block of tail.blocks(restart, left)) {
      if (!block.isWhole) continue;
      forEachLine(block, line);
      left -= block.bytes.length;
    }
    if (tail.share < 1) return (index + tail.share) / readers.length;
  }
  return 1;
}
