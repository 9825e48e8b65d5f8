import type { SamplePage, SampleQuery, SampleRow } from "../../protocol/samples.ts";
import type { SampleStore } from "./sampleStore.ts";

/** Rows that one page holds at most. */
const MOST_ROWS = 1000;
/** Rows looked at before others get their turn. */
const AT_ONCE = 20_000;

/** The part of a query that the selection of rows depends on. */
type Selection = Pick<SampleQuery, "columns" | "text" | "prompt" | "steps" | "isRepeated" | "isUnended" | "order">;

/** Text of a sample that the store does not hold. */
export type ReadText = (sample: number) => Promise<string>;

/** Answers queries about a store; pages of one query after another cost no new search. */
export class SampleSearch {
  readonly store: SampleStore;
  private readonly readText: ReadText;
  private last: { readonly key: string; readonly rows: readonly number[]; readonly all: number } | undefined;

  constructor(store: SampleStore, readText: ReadText) {
    this.store = store;
    this.readText = readText;
  }

  /** The rows of a page. */
  async page(query: SampleQuery): Promise<SamplePage> {
    const { store } = this;
    const allColumns = store.columns;
    const columns =
      query.columns === undefined ? allColumns : query.columns.filter((name) => allColumns.includes(name));
    const ids = columns.map((name) => store.columnId(name));
    const { rows, all } = await this.select(query, ids);
    const from = Math.max(0, Math.trunc(query.offset));
    const wanted = rows.slice(from, from + Math.min(MOST_ROWS, Math.max(0, Math.trunc(query.limit))));
    const steps = stepRange(store, store.columns.length);
    return {
      total: rows.length,
      all,
      columns,
      allColumns,
      ...(store.hasGold && { hasGold: true }),
      ...(steps !== undefined && { steps }),
      rows: await Promise.all(wanted.map((row) => this.row(row, ids))),
    };
  }

  private async select(query: Selection, ids: readonly number[]): Promise<{ rows: readonly number[]; all: number }> {
    const { text, prompt, steps, isRepeated, isUnended, order } = query;
    const key = JSON.stringify([this.store.version, ids, text, prompt, steps, isRepeated, isUnended, order]);
    if (this.last?.key === key) return this.last;
    const present = rowsWith(this.store, ids);
    const found = ordered(this.store, ids, await this.filtered(present, query, ids), order);
    this.last = { key, rows: found, all: present.length };
    return this.last;
  }

  private async filtered(rows: readonly number[], query: Selection, ids: readonly number[]): Promise<number[]> {
    const { store } = this;
    const { prompt, steps, isRepeated = false, isUnended = false, text = "" } = query;
    const fits = text === "" ? undefined : textMatcher(text);
    const prompts = fits && Array.from({ length: store.nPrompts }, (_, id) => fits(store.prompt(id)));
    const repeated = isRepeated ? repeatedPrompts(store, rows) : undefined;
    const found: number[] = [];
    for (const [index, row] of rows.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
      const step = store.step(row);
      if (steps !== undefined && step >= 0 && (step < steps.from || step > steps.to)) continue;
      if (prompt !== undefined && store.prompt(store.promptOf(row)) !== prompt) continue;
      if (repeated?.has(store.promptOf(row)) === false) continue;
      const samples = ids.map((id) => store.sample(row, id)).filter((sample) => sample >= 0);
      if (isUnended && samples.every((sample) => store.hasEnded(sample))) continue;
      const isFound = fits === undefined || prompts?.[store.promptOf(row)] === true || (await this.some(samples, fits));
      if (isFound) found.push(row);
    }
    return found;
  }

  private some(samples: readonly number[], fits: (text: string) => boolean): boolean | Promise<boolean> {
    const away: number[] = [];
    for (const sample of samples) {
      const text = this.store.text(sample);
      if (text === undefined) away.push(sample);
      else if (fits(text)) return true;
    }
    return away.length === 0 ? false : this.someAway(away, fits);
  }

  private async someAway(samples: readonly number[], fits: (text: string) => boolean): Promise<boolean> {
    for (const sample of samples) if (fits(await this.readText(sample))) return true;
    return false;
  }

  private async row(row: number, ids: readonly number[]): Promise<SampleRow> {
    const { store } = this;
    const step = store.step(row);
    const responses = ids.map(async (id) => {
      const sample = store.sample(row, id);
      return sample < 0 ? null : store.response(sample, store.text(sample) ?? (await this.readText(sample)));
    });
    return {
      ...(step >= 0 && { step }),
      prompt: store.prompt(store.promptOf(row)),
      responses: await Promise.all(responses),
    };
  }
}

/** A test of whether a text holds another, in any letters. */
export function textMatcher(part: string): (text: string) => boolean {
  const pattern = new RegExp(RegExp.escape(part), "iu");
  return (text) => pattern.test(text);
}

function rowsWith(store: SampleStore, ids: readonly number[]): number[] {
  const rows: number[] = [];
  for (let row = 0; row < store.nRows; row++) if (ids.some((id) => store.sample(row, id) >= 0)) rows.push(row);
  return rows;
}

/** Ids of the prompts that rows of several steps have. */
function repeatedPrompts(store: SampleStore, rows: readonly number[]): ReadonlySet<number> {
  const first = new Map<number, number>();
  const repeated = new Set<number>();
  for (const row of rows) {
    const [prompt, step] = [store.promptOf(row), store.step(row)];
    if ((first.get(prompt) ?? step) !== step) repeated.add(prompt);
    else first.set(prompt, step);
  }
  return repeated;
}

/** Rows without the number that is sorted by come last, the others, where they are equal, as recorded. */
function ordered(
  store: SampleStore,
  ids: readonly number[],
  rows: number[],
  order: SampleQuery["order"] = "recorded",
): readonly number[] {
  if (order === "recorded") return rows;
  // Asked for of a run that has gold scores, and now of one without.
  const valueOf = orderValue(store, { ids, rows }, order === "disagreement" && !store.hasGold ? "newest" : order);
  const values = new Map(rows.map((row) => [row, valueOf(row)]));
  const value = (row: number): number => values.get(row) ?? Infinity;
  return rows.sort((a, b) => (value(a) === value(b) ? a - b : value(a) - value(b)));
}

/** The number that a row is sorted by, the least first. */
function orderValue(
  store: SampleStore,
  { ids, rows }: { readonly ids: readonly number[]; readonly rows: readonly number[] },
  order: Exclude<SampleQuery["order"], "recorded" | undefined>,
): (row: number) => number {
  if (order === "newest") return (row) => -store.step(row);
  const samplesOf = (row: number): readonly number[] =>
    ids.map((id) => store.sample(row, id)).filter((sample) => sample >= 0);
  if (order === "disagreement") {
    const gap = disagreement(store, rows.flatMap(samplesOf));
    return (row) => -Math.max(-Infinity, ...samplesOf(row).map(gap).filter(Number.isFinite));
  }
  return (row) => {
    const scores = samplesOf(row)
      .map((sample) => store.score(sample))
      .filter((score) => !Number.isNaN(score));
    if (scores.length === 0) return Infinity;
    if (order === "lowest") return Math.min(...scores);
    if (order === "highest") return -Math.max(...scores);
    return scores.length < 2 ? Infinity : Math.min(...scores) - Math.max(...scores);
  };
}

/**
 * How far a response's score and its gold score are apart, each in standard deviations from its mean over the samples:
 * the reward model and the task measure in units of their own. NaN where one is missing.
 */
function disagreement(store: SampleStore, samples: readonly number[]): (sample: number) => number {
  const both = samples.filter((sample) => Number.isFinite(store.score(sample) + store.gold(sample)));
  const score = standardized(both.map((sample) => store.score(sample)));
  const gold = standardized(both.map((sample) => store.gold(sample)));
  return (sample) => Math.abs(score(store.score(sample)) - gold(store.gold(sample)));
}

/** Distance from the mean of values, in their standard deviations; 0 where all are equal. */
function standardized(values: readonly number[]): (value: number) => number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return (value) => (Number.isNaN(value) ? NaN : variance > 0 ? (value - mean) / Math.sqrt(variance) : 0);
}

function stepRange(store: SampleStore, nColumns: number): { from: number; to: number } | undefined {
  let [from, to] = [Infinity, -Infinity];
  for (let row = 0; row < store.nRows; row++) {
    const step = store.step(row);
    if (step < 0) return undefined;
    from = Math.min(from, step);
    to = Math.max(to, step);
  }
  return nColumns > 0 && from <= to ? { from, to } : undefined;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
