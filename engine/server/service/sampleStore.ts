import type { SampledResponse } from "../../protocol/samples.ts";

/** Characters of responses that one store keeps; later ones are read from their file when they are needed. */
export const MOST_TEXT = 2 ** 27;

/** A response to be stored. */
export interface NewSample {
  readonly text: string;
  readonly ended: boolean;
  readonly nTokens: number;
  readonly score: number | null;
  readonly gold?: number | undefined;
  /** Of the file that it came from. */
  readonly line?: number;
}

/**
 * Responses in a table: a row per prompt (and step), a column per model.
 *
 * By columns and without objects, since there may be a million: V8 keeps arrays of numbers unboxed, 8 bytes a number,
 * names and prompts are kept once, and responses up to a bound.
 */
export class SampleStore {
  /** Raised by every change, for results that are computed from the store. */
  version = 0;
  private readonly columnIds = new Map<string, number>();
  private readonly promptIds = new Map<string, number>();
  private readonly prompts: string[] = [];
  // By row.
  private readonly rowPrompts: number[] = [];
  private readonly rowSteps: number[] = [];
  /** By column, then by row: the sample there, or −1; holes have none. */
  private readonly cells: number[][] = [];
  // By sample.
  private readonly texts: (string | undefined)[] = [];
  private readonly ends: number[] = [];
  private readonly tokens: number[] = [];
  /** NaN where there is none. */
  private readonly scores: number[] = [];
  private readonly golds: number[] = [];
  /** True once a response has a gold score. */
  hasGold = false;
  private readonly lines: number[] = [];
  private nCharacters = 0;

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

  get nPrompts(): number {
    return this.prompts.length;
  }

  columnId(name: string): number {
    const known = this.columnIds.get(name);
    if (known !== undefined) return known;
    this.columnIds.set(name, this.cells.length);
    return this.cells.push([]) - 1;
  }

  promptId(prompt: string): number {
    const known = this.promptIds.get(prompt);
    if (known !== undefined) return known;
    this.promptIds.set(prompt, this.prompts.length);
    return this.prompts.push(prompt) - 1;
  }

  /** A new row; its step is −1 where there are no steps. */
  addRow(promptId: number, step: number): number {
    this.rowSteps.push(step);
    return this.rowPrompts.push(promptId) - 1;
  }

  /** Puts a response into a cell, replacing any earlier one. */
  put(row: number, column: number, { text, ended, nTokens, score, gold, line }: NewSample): void {
    this.version += 1;
    const isKept = line === undefined || this.nCharacters + text.length <= MOST_TEXT;
    if (isKept) this.nCharacters += text.length;
    const sample = this.texts.push(isKept ? text : undefined) - 1;
    this.ends.push(ended ? 1 : 0);
    this.tokens.push(nTokens);
    this.scores.push(score ?? NaN);
    this.golds.push(gold ?? NaN);
    if (gold !== undefined) this.hasGold = true;
    this.lines.push(line ?? -1);
    const cells = this.cells[column] ?? [];
    cells[row] = sample; // with holes: a file may name more columns than memory has room for whole ones
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
    return this.rowSteps[row] ?? -1;
  }

  promptOf(row: number): number {
    return this.rowPrompts[row] ?? -1;
  }

  prompt(promptId: number): string {
    return this.prompts[promptId] ?? "";
  }

  /** The response's text; undefined where it has to be read from the file. */
  text(sample: number): string | undefined {
    return this.texts[sample];
  }

  line(sample: number): number {
    return this.lines[sample] ?? -1;
  }

  hasEnded(sample: number): boolean {
    return this.ends[sample] === 1;
  }

  /** NaN where there is none. */
  score(sample: number): number {
    return this.scores[sample] ?? NaN;
  }

  /** NaN where there is none. */
  gold(sample: number): number {
    return this.golds[sample] ?? NaN;
  }

  /** A sample as it travels. @param text - The response's. */
  response(sample: number, text: string): SampledResponse {
    const [score, gold, line] = [this.score(sample), this.gold(sample), this.line(sample)];
    return {
      text,
      ended: this.hasEnded(sample),
      nTokens: this.tokens[sample] ?? 0,
      score: Number.isNaN(score) ? null : score,
      ...(!Number.isNaN(gold) && { gold }),
      ...(line >= 0 && { line }),
    };
  }
}
