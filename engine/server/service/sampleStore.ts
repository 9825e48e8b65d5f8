import type { SampledResponse } from "../../protocol/samples.ts";
import { IdTable } from "./idTable.ts";
import { NumberList } from "./numberList.ts";

/** A response to be stored, without its text. */
export interface NewSample {
  readonly ended: boolean;
  readonly nTokens: number;
  readonly score: number | null;
  readonly gold?: number | undefined;
  /** Of the file that it came from. */
  readonly line?: number;
}

/**
 * A table of responses without their texts: a row per prompt (and step), a column per model.
 *
 * By columns and without objects, since there may be millions. A prompt is known by its hash.
 */
export class SampleStore {
  /** Raised by every change, for results that are computed from the store. */
  version = 0;
  private readonly columnIds = new Map<string, number>();
  // By row.
  private readonly rowPrompts = new NumberList(Float64Array);
  private readonly rowSteps = new NumberList(Int32Array);
  private readonly rowTable = new IdTable((row) => rowHash(this.promptOf(row), this.step(row)));
  /** By column, then by row: the sample there, or −1; holes have none. */
  private readonly cells: number[][] = [];
  // By sample.
  private readonly ends = new NumberList(Uint8Array);
  private readonly tokens = new NumberList(Int32Array);
  /** NaN where there is none. */
  private readonly scores = new NumberList(Float64Array);
  private readonly golds = new NumberList(Float64Array);
  /** True once a response has a gold score. */
  hasGold = false;
  private readonly lines = new NumberList(Float64Array);
  /** First and last step; undefined while there is none. */
  steps: { readonly from: number; readonly to: number } | undefined;

  get columns(): readonly string[] {
    return [...this.columnIds.keys()];
  }

  get nColumns(): number {
    return this.columnIds.size;
  }

  hasColumn(name: string): boolean {
    return this.columnIds.has(name);
  }

  get nRows(): number {
    return this.rowPrompts.length;
  }

  columnId(name: string): number {
    const known = this.columnIds.get(name);
    if (known !== undefined) return known;
    this.columnIds.set(name, this.cells.length);
    return this.cells.push([]) - 1;
  }

  /** The first row of a prompt and step, or −1. */
  rowOf(prompt: number, step: number): number {
    return this.rowTable.find(rowHash(prompt, step), (row) => this.step(row) === step && this.promptOf(row) === prompt);
  }

  /** A new row. @param prompt - Its hash. @param step - −1 where there are no steps. */
  addRow(prompt: number, step: number): number {
    const isFirst = this.rowOf(prompt, step) < 0;
    this.rowSteps.push(step);
    const row = this.rowPrompts.push(prompt);
    if (isFirst) this.rowTable.add(row);
    const { from, to } = this.steps ?? { from: step, to: step };
    if (step >= 0) this.steps = { from: Math.min(from, step), to: Math.max(to, step) };
    return row;
  }

  /** Puts a response into a cell, replacing any earlier one. @returns The sample. */
  put(row: number, column: number, { ended, nTokens, score, gold, line }: NewSample): number {
    this.version += 1;
    const sample = this.ends.push(ended ? 1 : 0);
    this.tokens.push(nTokens);
    this.scores.push(score ?? NaN);
    this.golds.push(gold ?? NaN);
    if (gold !== undefined) this.hasGold = true;
    this.lines.push(line ?? -1);
    const cells = this.cells[column] ?? [];
    cells[row] = sample; // with holes: a file may name more columns than memory has room for whole ones
    return sample;
  }

  clear(row: number, column: number): void {
    this.version += 1;
    const cells = this.cells[column];
    if (cells !== undefined && row < cells.length) cells[row] = -1;
  }

  /** The sample of a cell, or −1. */
  sample(row: number, column: number): number {
    return this.cells[column]?.[row] ?? -1;
  }

  step(row: number): number {
    return this.rowSteps.at(row) ?? -1;
  }

  /** The hash of a row's prompt. */
  promptOf(row: number): number {
    return this.rowPrompts.at(row) ?? -1;
  }

  line(sample: number): number {
    return this.lines.at(sample) ?? -1;
  }

  hasEnded(sample: number): boolean {
    return this.ends.at(sample) === 1;
  }

  /** NaN where there is none. */
  score(sample: number): number {
    return this.scores.at(sample) ?? NaN;
  }

  /** NaN where there is none. */
  gold(sample: number): number {
    return this.golds.at(sample) ?? NaN;
  }

  /** A sample as it travels. @param text - The response's. */
  response(sample: number, text: string): SampledResponse {
    const [score, gold, line] = [this.score(sample), this.gold(sample), this.line(sample)];
    return {
      text,
      ended: this.hasEnded(sample),
      nTokens: this.tokens.at(sample) ?? 0,
      score: Number.isNaN(score) ? null : score,
      ...(!Number.isNaN(gold) && { gold }),
      ...(line >= 0 && { line }),
    };
  }
}

function rowHash(prompt: number, step: number): number {
  return prompt ^ Math.imul(step, 0x9e3779b1);
}
