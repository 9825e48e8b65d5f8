import { open } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { TokenView } from "../../protocol/service.ts";
import { onDisk } from "../../storage/disk.ts";
import {
  SAMPLES_FILE,
  type Sample,
  type SampleHead,
  parseSample,
  parseSampleHead,
} from "../../storage/formats/samples.ts";
import { LineTail } from "../../storage/lineTail.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";

/** Prompts that a step's rows are told apart by, so that one number finds a row. */
const MOST_PROMPTS = 2 ** 26;

/** A run's rollouts: where each line of samples.jsonl begins, and what lists and searches need of it. */
export class Rollouts {
  private readonly tail: LineTail;
  private offsets: number[] = [];
  private store = new SampleStore();
  private search: SampleSearch;
  /** Rows of a step and prompt: more than one where a batch holds a prompt twice. */
  private rows = new Map<number, number[]>();
  private lastSteps = new Map<number, number>();
  private updating: Promise<void> | undefined;

  constructor(folder: string) {
    this.tail = new LineTail(join(folder, SAMPLES_FILE));
    this.search = this.newSearch();
  }

  /** The index with what has been added since. @throws {DiskError} */
  async current(): Promise<SampleSearch> {
    this.updating ??= this.update().finally(() => (this.updating = undefined));
    await this.updating;
    return this.search;
  }

  /** A line's tokens. @throws {DataError} when the line has none. */
  async tokens(line: number): Promise<TokenView> {
    await this.current();
    const { response: _response, ended: _ended, score: _score, ...view } = await this.record(line);
    return view;
  }

  private newSearch(): SampleSearch {
    const { store } = this;
    return new SampleSearch(store, async (sample) => (await this.record(store.line(sample))).response);
  }

  private async update(): Promise<void> {
    await this.tail.read({
      line: (bytes, offset) => {
        this.offsets.push(offset);
        const head = parseSampleHead(bytes);
        if (head !== undefined) this.add(head, this.offsets.length - 1);
      },
      restart: () => {
        this.offsets = [];
        this.store = new SampleStore();
        this.search = this.newSearch();
        this.rows = new Map();
        this.lastSteps = new Map();
      },
    });
  }

  private add({ stage, step, prompt, response: text, ended, score, nTokens }: SampleHead, line: number): void {
    const { store } = this;
    const column = store.columnId(stage);
    const promptId = store.promptId(prompt);
    // A stage that was cut off and goes on records some steps again: those in its place.
    if (step < (this.lastSteps.get(column) ?? 0)) this.forget(column, step);
    this.lastSteps.set(column, step);
    const row = this.rowFor(column, { promptId, step, text });
    store.put(row, column, { text, ended, nTokens, score, line });
  }

  private forget(column: number, step: number): void {
    for (let row = 0; row < this.store.nRows; row++) {
      if (this.store.step(row) >= step) this.store.clear(row, column);
    }
  }

  private rowFor(
    column: number,
    { promptId, step, text }: { readonly promptId: number; readonly step: number; readonly text: string },
  ): number {
    const { store } = this;
    const key = step * MOST_PROMPTS + promptId;
    let rows = this.rows.get(key);
    if (rows === undefined) this.rows.set(key, (rows = []));
    for (const row of rows) {
      const there = store.sample(row, column);
      // The same once more is a step that was taken again after a crash.
      if (there < 0 || store.text(there) === text) return row;
    }
    const row = store.addRow(promptId, step);
    rows.push(row);
    return row;
  }

  private async record(line: number): Promise<Sample> {
    const sample = parseSample(await this.bytesOf(line));
    if (typeof sample === "string") throw this.unfit(line, sample);
    return sample;
  }

  private async bytesOf(line: number): Promise<Buffer> {
    const from = this.offsets[line];
    if (from === undefined) throw this.unfit(line, "is not there");
    const { file } = this.tail;
    return onDisk("read", file, async () => {
      const handle = await open(file, "r");
      try {
        const to = this.offsets[line + 1] ?? (await handle.stat()).size;
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - from), 0, to - from, from);
        const end = buffer.indexOf("\n");
        return buffer.subarray(0, end < 0 ? bytesRead : end);
      } finally {
        await handle.close();
      }
    });
  }

  private unfit(line: number, what: string): DataError {
    const remedy = "open the samples again, or run the config again if the file was changed";
    return new DataError(`this line ${what}`, { file: this.tail.file, line: line + 1, remedy });
  }
}
