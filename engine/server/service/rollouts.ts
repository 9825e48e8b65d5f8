import { open } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { TokenView } from "../../protocol/service.ts";
import { onDisk } from "../../storage/disk.ts";
import { type JsonObject, isJsonObject } from "../../storage/json.ts";
import { LineTail } from "./lineTail.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";

const SAMPLES_FILE = "samples.jsonl";
/** Above what rows are told apart by their prompt, so that a row is found by one number. */
const MOST_PROMPTS = 2 ** 26;
/** Where a record's arrays begin; within a text, its quotes would be escaped. */
const ARRAYS = Buffer.from(',"tokens":[');
const NUMBERS = Buffer.from('"logprobs":[');
const [COMMA, BRACKET] = [44, 93];

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
    const record = await this.record(line);
    const texts = record["tokens"];
    const { stage, step, prompt } = record;
    const isWhole = typeof stage === "string" && typeof step === "number" && typeof prompt === "string";
    if (!isWhole || !Array.isArray(texts)) throw this.unfit(line, "has no tokens");
    const numbers = (name: string): number[] => {
      const column = record[name];
      if (!Array.isArray(column) || column.length !== texts.length) throw this.unfit(line, `has no ${name} by token`);
      return column.map((value: unknown) => (typeof value === "number" ? value : NaN));
    };
    return {
      ...{ stage, step, prompt },
      tokens: texts.map(String),
      logprobs: numbers("logprobs"),
      kl: numbers("kl"),
      rewards: numbers("rewards"),
      advantages: numbers("advantages"),
      values: numbers("values"),
    };
  }

  private newSearch(): SampleSearch {
    const { store } = this;
    return new SampleSearch(store, async (sample) => textOf(await this.record(store.line(sample))));
  }

  private async update(): Promise<void> {
    await this.tail.read({
      line: (bytes, offset) => {
        this.offsets.push(offset);
        const record = headOf(bytes);
        if (record !== undefined) this.add(record, this.offsets.length - 1);
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

  private add({ fields, nTokens }: Head, line: number): void {
    const { stage, step, prompt, ended, score } = fields;
    if (typeof stage !== "string" || !isStep(step) || typeof prompt !== "string") return;
    const { store } = this;
    const column = store.columnId(stage);
    const promptId = store.promptId(prompt);
    const text = textOf(fields);
    // A stage that was cut off and goes on records some steps again: those in its place.
    if (step < (this.lastSteps.get(column) ?? 0)) this.forget(column, step);
    this.lastSteps.set(column, step);
    const row = this.rowFor(column, { promptId, step, text });
    const value = typeof score === "number" ? score : null;
    store.put(row, column, { text, ended: ended === true, nTokens, score: value, line });
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

  private async record(line: number): Promise<JsonObject> {
    const bytes = await this.bytesOf(line);
    try {
      const record: unknown = JSON.parse(bytes.toString("utf8"));
      if (isJsonObject(record)) return record;
    } catch (cause) {
      throw this.unfit(line, "was damaged on disk", cause);
    }
    throw this.unfit(line, "is no record");
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

  private unfit(line: number, what: string, cause?: unknown): DataError {
    const remedy = "open the samples again, or run the config again if the file was changed";
    return new DataError(`this line ${what}`, { file: this.tail.file, line: line + 1, remedy }, { cause });
  }
}

/** A record without its arrays. */
interface Head {
  readonly fields: JsonObject;
  readonly nTokens: number;
}

/** Nearly all of a line are numbers by token, which lists do not need: those are counted and not parsed. */
function headOf(bytes: Buffer): Head | undefined {
  const at = bytes.indexOf(ARRAYS);
  const numbers = at < 0 ? -1 : bytes.indexOf(NUMBERS, at);
  try {
    if (numbers < 0) return wholeOf(JSON.parse(bytes.toString("utf8")));
    const fields: unknown = JSON.parse(`${bytes.toString("utf8", 0, at)}}`);
    if (!isJsonObject(fields) || !("score" in fields && "ended" in fields)) {
      return wholeOf(JSON.parse(bytes.toString("utf8"))); // another version writes them in another order
    }
    return { fields, nTokens: countNumbers(bytes, numbers + NUMBERS.length) };
  } catch {
    return undefined;
  }
}

function wholeOf(record: unknown): Head | undefined {
  if (!isJsonObject(record)) return undefined;
  const { tokens } = record;
  return { fields: record, nTokens: Array.isArray(tokens) ? tokens.length : 0 };
}

function countNumbers(bytes: Buffer, from: number): number {
  if (bytes[from] === BRACKET) return 0;
  let count = 1;
  for (let at = from; at < bytes.length && bytes[at] !== BRACKET; at++) if (bytes[at] === COMMA) count += 1;
  return count;
}

function textOf({ response }: JsonObject): string {
  return typeof response === "string" ? response : "";
}

function isStep(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
