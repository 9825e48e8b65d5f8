import { join } from "node:path";
import type { TokenView } from "../../protocol/samples.ts";
import { SAMPLES_FILE, type SampleHead, parseSample } from "../../storage/formats/samples.ts";
import { textHash } from "./idTable.ts";
import { NumberList } from "./numberList.ts";
import type { BorrowedStages } from "./origins.ts";
import { RolloutFiles, fileOf } from "./rolloutFiles.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";
import type { SampleText, SampleTexts } from "./sampleTexts.ts";

/** Stages whose rollouts are listed; a table of more would be of no use, and take long to search. */
const MOST_COLUMNS = 1000;

/** Rows of a step and prompt among which a response is looked for; a batch holds a prompt some times at most. */
const MOST_TWINS = 1000;

/** A stage whose rollouts another run has recorded: its id there, and in this run. */
interface BorrowedStage {
  readonly there: string;
  readonly here: string;
}

/** Rollouts of a run: an index of samples.jsonl that lists and searches need, without the texts. */
export class RunRollouts {
  private readonly folder: string;
  private files = new RolloutFiles();
  /** By file: none for the run's own, which is the first. */
  private borrowed: (BorrowedStage | undefined)[] = [];
  private store = new SampleStore();
  private search = new SampleSearch(this.store, this.texts());
  /** By sample: a hash of the response. */
  private responses = new NumberList(Int32Array);
  /** Rows beside the first one of a step and prompt, by that one: where a batch holds a prompt several times. */
  private twins = new Map<number, number[]>();
  /** By column: rows in the order of recording, whose steps do not fall. */
  private recorded = new Map<number, number[]>();
  private updating: Promise<number> | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.reset(new Map());
  }

  /** The up-to-date index. @param borrowed - Stages that the run took. @throws {DiskError} */
  async current(borrowed: BorrowedStages = new Map()): Promise<SampleSearch> {
    while ((await this.advance(borrowed)) < 1);
    return this.search;
  }

  /** Reads on, for a bounded time. @returns The share of the files that is read. @throws {DiskError} */
  async advance(borrowed: BorrowedStages = new Map()): Promise<number> {
    this.updating ??= this.update(borrowed).finally(() => (this.updating = undefined));
    return this.updating;
  }

  /** A response's tokens. @throws {DataError} when there is no such response. */
  async tokens(line: number, borrowed: BorrowedStages = new Map()): Promise<TokenView> {
    await this.current(borrowed);
    const sample = parseSample(await this.files.bytes(line));
    if (typeof sample === "string") throw this.files.unfit(line, sample);
    const { response: _response, ended: _ended, score: _score, gold: _gold, ...view } = sample;
    const stage = this.borrowed[fileOf(line)];
    if (stage === undefined) return view;
    const from = borrowed.get(stage.here)?.from;
    return { ...view, stage: stage.here, ...(from !== undefined && { from }) };
  }

  private texts(): SampleTexts {
    const { files, store } = this;
    return {
      read: async (samples) => {
        const lines = samples.map((sample) => store.line(sample));
        const heads = await files.heads([...new Set(lines)]);
        return lines.map((line): SampleText => heads.get(line) ?? { prompt: "", response: "" });
      },
      find: async (text) => {
        const { share, has } = await files.find(text);
        return { share, has: (sample) => has(store.line(sample)) };
      },
    };
  }

  private async update(borrowed: BorrowedStages): Promise<number> {
    if (this.isOutdated(borrowed)) this.reset(borrowed);
    this.addFiles(borrowed);
    for (;;) {
      const { share, isRestarted } = await this.files.read((head, line, file) => this.take(head, line, file));
      if (!isRestarted) return share;
      // Rows do not say which file they are from: where one is another file now, or was cut, all are read again.
      this.reset(borrowed);
    }
  }

  /** A stage is taken that this run had begun itself, or made again after it was taken. */
  private isOutdated(borrowed: BorrowedStages): boolean {
    const { columns } = this.store;
    const isLate = (id: string): boolean => !this.isBorrowed(id) && columns.includes(id);
    return this.borrowed.some((one) => one && !borrowed.has(one.here)) || [...borrowed.keys()].some(isLate);
  }

  private isBorrowed(id: string): boolean {
    return this.borrowed.some((one) => one?.here === id);
  }

  private reset(borrowed: BorrowedStages): void {
    this.files = new RolloutFiles();
    this.files.add(join(this.folder, SAMPLES_FILE));
    this.borrowed = [undefined];
    this.store = new SampleStore();
    this.search = new SampleSearch(this.store, this.texts());
    this.responses = new NumberList(Int32Array);
    this.twins = new Map();
    this.recorded = new Map();
    this.addFiles(borrowed);
  }

  /** A stage's file keeps its place, so that the numbers of its lines hold. */
  private addFiles(borrowed: BorrowedStages): void {
    for (const [here, { samples }] of borrowed) {
      if (this.isBorrowed(here)) continue;
      this.borrowed.push({ there: samples.stage, here });
      this.files.add(samples.file);
    }
  }

  private take(head: SampleHead, line: number, file: number): void {
    const stage = this.borrowed[file];
    if (stage === undefined) {
      if (!this.isBorrowed(head.stage)) this.add(head, line);
    } else if (head.stage === stage.there) {
      this.add({ ...head, stage: stage.here }, line);
    }
  }

  private add({ stage, step, prompt, response, ended, score, gold, nTokens }: SampleHead, line: number): void {
    const { store } = this;
    if (store.nColumns >= MOST_COLUMNS && !store.hasColumn(stage)) return;
    const column = store.columnId(stage);
    const recorded = this.forget(column, step);
    const hash = textHash(response) | 0;
    const row = this.rowFor(column, { prompt: textHash(prompt), step, response: hash });
    recorded.push(row);
    store.put(row, column, { ended, nTokens, score, gold: gold ?? undefined, line });
    this.responses.push(hash);
  }

  /** A resumed stage records some steps again: these replace the earlier ones. @returns Rows that are left. */
  private forget(column: number, step: number): number[] {
    const { store } = this;
    const recorded = this.recorded.get(column) ?? [];
    this.recorded.set(column, recorded);
    const newest = recorded[recorded.length - 1];
    if (newest === undefined || step >= store.step(newest)) return recorded; // a batch has several rollouts of a step
    const kept = recorded.findLastIndex((row) => store.step(row) < step) + 1;
    for (const row of recorded.splice(kept)) store.clear(row, column);
    return recorded;
  }

  private rowFor(
    column: number,
    { prompt, step, response }: { readonly prompt: number; readonly step: number; readonly response: number },
  ): number {
    const { store } = this;
    const isFree = (row: number): boolean => {
      const there = store.sample(row, column);
      // The same once more is a step that was taken again after a crash.
      return there < 0 || this.responses.at(there) === response;
    };
    const first = store.rowOf(prompt, step);
    if (first < 0) return store.addRow(prompt, step);
    if (isFree(first)) return first;
    const twins = this.twins.get(first) ?? [];
    this.twins.set(first, twins);
    const found = twins.slice(0, MOST_TWINS).find(isFree);
    if (found !== undefined) return found;
    const row = store.addRow(prompt, step);
    twins.push(row);
    return row;
  }
}
