import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { TokenView } from "../../protocol/samples.ts";
import { onDisk } from "../../storage/disk.ts";
import {
  SAMPLES_FILE,
  type Sample,
  type SampleHead,
  parseSample,
  parseSampleHead,
} from "../../storage/formats/samples.ts";
import { LineTail } from "../../storage/lineTail.ts";
import { MAX_LINE_BYTES } from "../../storage/lines.ts";
import { placeOf } from "../../storage/places.ts";
import { openAt, readRange } from "../../storage/reading.ts";
import type { BorrowedStages } from "./origins.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";

/** Bound on the ids of prompts: step and prompt id together make one number, the key of a row. */
const MOST_PROMPTS = 2 ** 26;

/** Stages whose rollouts are listed; a table of more would be of no use, and take long to search. */
const MOST_COLUMNS = 1000;

/** Rows of a step and prompt among which a response is looked for; a batch holds a prompt some times at most. */
const MOST_TWINS = 1000;

/** Lines that one file may have; a response is named by its file and line in one number. */
const MOST_LINES = 2 ** 32;

/** A file with rollouts. */
interface Source {
  readonly tail: LineTail;
  /** Where each line begins. */
  readonly offsets: number[];
  /** Of rollouts that another run has recorded: the stage's id there, and in this run. */
  readonly stage?: { readonly there: string; readonly here: string };
}

/** Rollouts of a run: where each line of samples.jsonl begins, and the index that lists and searches need. */
export class RunRollouts {
  private readonly folder: string;
  /** The run's own file, then those of stages that it took, each in the place of its stage's id below. */
  private sources: Source[] = [];
  private borrowed: string[] = [];
  private store = new SampleStore();
  private search = this.newSearch();
  /** Rows of a step and prompt: more than one where a batch holds a prompt twice. */
  private rows = new Map<number, number[]>();
  /** Rows of each column with their steps, none below the one before. */
  private recorded = new Map<number, { readonly row: number; readonly step: number }[]>();
  private updating: Promise<void> | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.reset(new Map());
  }

  /** The up-to-date index. @param borrowed - Stages that the run took. @throws {DiskError} */
  async current(borrowed: BorrowedStages = new Map()): Promise<SampleSearch> {
    this.updating ??= this.update(borrowed).finally(() => (this.updating = undefined));
    await this.updating;
    return this.search;
  }

  /** A response's tokens. @throws {DataError} when there is no such response. */
  async tokens(line: number, borrowed: BorrowedStages = new Map()): Promise<TokenView> {
    await this.current(borrowed);
    const { response: _response, ended: _ended, score: _score, gold: _gold, ...view } = await this.record(line);
    const { stage } = this.placeOf(line).source;
    if (stage === undefined) return view;
    const from = borrowed.get(stage.here)?.from;
    return { ...view, stage: stage.here, ...(from !== undefined && { from }) };
  }

  private newSearch(): SampleSearch {
    const { store } = this;
    return new SampleSearch(store, async (sample) => (await this.record(store.line(sample))).response);
  }

  private async update(borrowed: BorrowedStages): Promise<void> {
    if (this.isOutdated(borrowed)) this.reset(borrowed);
    this.addSources(borrowed);
    // Rows do not say which file they are from: where one is another file now, all are read again.
    while (await this.readSources()) this.reset(borrowed);
  }

  /** @returns True if a file is another one than it was, or was cut. */
  private async readSources(): Promise<boolean> {
    const seen = { isRestarted: false };
    for (const [index, source] of this.sources.entries()) {
      await source.tail.read({
        line: (bytes, offset) => {
          const line = index * MOST_LINES + source.offsets.push(offset) - 1;
          const head = parseSampleHead(bytes);
          if (head !== undefined) this.take(head, line, source);
        },
        restart: () => (seen.isRestarted = true),
      });
    }
    return seen.isRestarted;
  }

  /** A stage is taken that this run had begun itself, or made again after it was taken. */
  private isOutdated(borrowed: BorrowedStages): boolean {
    const { columns } = this.store;
    const isLate = (id: string): boolean => !this.borrowed.includes(id) && columns.includes(id);
    return this.borrowed.some((id) => !borrowed.has(id)) || [...borrowed.keys()].some(isLate);
  }

  private reset(borrowed: BorrowedStages): void {
    this.sources = [{ tail: new LineTail(join(this.folder, SAMPLES_FILE)), offsets: [] }];
    this.borrowed = [];
    this.store = new SampleStore();
    this.search = this.newSearch();
    this.rows = new Map();
    this.recorded = new Map();
    this.addSources(borrowed);
  }

  /** A stage's file keeps its place, so that the numbers of its lines hold. */
  private addSources(borrowed: BorrowedStages): void {
    for (const [here, { samples }] of borrowed) {
      if (this.borrowed.includes(here)) continue;
      this.borrowed.push(here);
      this.sources.push({ tail: new LineTail(samples.file), offsets: [], stage: { there: samples.stage, here } });
    }
  }

  private take(head: SampleHead, line: number, { stage }: Source): void {
    if (stage === undefined) {
      if (!this.borrowed.includes(head.stage)) this.add(head, line);
    } else if (head.stage === stage.there) {
      this.add({ ...head, stage: stage.here }, line);
    }
  }

  private add({ stage, step, prompt, response: text, ended, score, gold, nTokens }: SampleHead, line: number): void {
    const { store } = this;
    if (store.nColumns >= MOST_COLUMNS && !store.hasColumn(stage)) return;
    const column = store.columnId(stage);
    const promptId = store.promptId(prompt);
    const recorded = this.forget(column, step);
    const row = this.rowFor(column, { promptId, step, text });
    recorded.push({ row, step });
    store.put(row, column, { text, ended, nTokens, score, gold: gold ?? undefined, line });
  }

  /** A resumed stage records some steps again: these replace the earlier ones. @returns Rows that are left. */
  private forget(column: number, step: number): { readonly row: number; readonly step: number }[] {
    const recorded = this.recorded.get(column) ?? [];
    this.recorded.set(column, recorded);
    const newest = recorded[recorded.length - 1];
    if (newest === undefined || step >= newest.step) return recorded; // a batch has several rollouts of a step
    const kept = recorded.findLastIndex((one) => one.step < step) + 1;
    for (const { row } of recorded.splice(kept)) this.store.clear(row, column);
    return recorded;
  }

  private rowFor(
    column: number,
    { promptId, step, text }: { readonly promptId: number; readonly step: number; readonly text: string },
  ): number {
    const { store } = this;
    const key = step * MOST_PROMPTS + promptId;
    let rows = this.rows.get(key);
    if (rows === undefined) this.rows.set(key, (rows = []));
    for (const row of rows.slice(0, MOST_TWINS)) {
      const there = store.sample(row, column);
      // The same once more is a step that was taken again after a crash.
      if (there < 0 || store.text(there) === text) return row;
    }
    const row = store.addRow(promptId, step);
    rows.push(row);
    return row;
  }

  private placeOf(line: number): { readonly source: Source; readonly at: number } {
    const [own] = this.sources;
    const source = this.sources[Math.floor(line / MOST_LINES)] ?? own;
    if (source === undefined) throw new TypeError("rollouts: no file");
    return { source, at: line % MOST_LINES };
  }

  private async record(line: number): Promise<Sample> {
    const sample = parseSample(await this.bytesOf(line));
    if (typeof sample === "string") throw this.unfit(line, sample);
    return sample;
  }

  private async bytesOf(line: number): Promise<Buffer> {
    const { source, at } = this.placeOf(line);
    const from = source.offsets[at];
    if (from === undefined) throw this.unfit(line, "is not there");
    const { file } = source.tail;
    const handle = await openAt(placeOf(file));
    if (handle === undefined) throw this.unfit(line, "is not there");
    return onDisk("read", file, async () => {
      try {
        const to = source.offsets[at + 1] ?? (await handle.stat()).size;
        const bytes = Buffer.alloc(Math.max(0, Math.min(to - from, MAX_LINE_BYTES)));
        const nRead = await readRange(handle, bytes, from);
        const end = bytes.indexOf("\n");
        return bytes.subarray(0, end < 0 ? nRead : end);
      } finally {
        await handle.close();
      }
    });
  }

  private unfit(line: number, what: string): DataError {
    const { source, at } = this.placeOf(line);
    const remedy = "open the samples again, or run the config again if the file was changed";
    return new DataError(`this line ${what}`, { file: source.tail.file, line: at + 1, remedy });
  }
}
