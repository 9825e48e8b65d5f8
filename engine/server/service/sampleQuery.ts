import type { SamplePage, SampleQuery, SampleRow } from "../../protocol/samples.ts";
import { IdTable, textHash } from "./idTable.ts";
import type { SampleStore } from "./sampleStore.ts";
import type { SampleText, SampleTexts } from "./sampleTexts.ts";

/** Rows that one page holds at most. */
const MOST_ROWS = 1000;
/** Rows looked at before others get their turn. */
const AT_ONCE = 20_000;

/** The part of a query that the selection of rows depends on. */
type Selection = Pick<SampleQuery, "columns" | "text" | "prompt" | "steps" | "isRepeated" | "isUnended" | "order">;

interface Selected {
  readonly key: string;
  readonly rows: readonly number[];
  readonly all: number;
}

/** Answers queries about a store; pages of one query after another cost no new search. */
export class SampleSearch {
  readonly store: SampleStore;
  private readonly texts: SampleTexts;
  private last: Selected | undefined;

  constructor(store: SampleStore, texts: SampleTexts) {
    this.store = store;
    this.texts = texts;
  }

  /** The rows of a page; of a query that wants to know how its search goes, maybe just that. */
  async page(query: SampleQuery): Promise<SamplePage> {
    const { store } = this;
    const allColumns = store.columns;
    const columns =
      query.columns === undefined ? allColumns : query.columns.filter((name) => allColumns.includes(name));
    const ids = columns.map((name) => store.columnId(name));
    const selected = await this.select(query, ids);
    if (typeof selected === "number") return unfinishedPage(selected);
    const { rows, all } = selected;
    const from = Math.max(0, Math.trunc(query.offset));
    const wanted = rows.slice(from, from + Math.min(MOST_ROWS, Math.max(0, Math.trunc(query.limit))));
    return {
      total: rows.length,
      all,
      columns,
      allColumns,
      ...(store.hasGold && { hasGold: true }),
      ...(store.steps !== undefined && { steps: store.steps }),
      rows: await this.rows(wanted, ids),
    };
  }

  /** @returns A number is the share of the texts that are searched. */
  private async select(query: SampleQuery, ids: readonly number[]): Promise<Selected | number> {
    const { text, prompt, steps, isRepeated, isUnended, order, isPatient = false } = query;
    const key = JSON.stringify([this.store.version, ids, text, prompt, steps, isRepeated, isUnended, order]);
    if (this.last?.key === key) return this.last;
    let finds = text === undefined || text === "" ? undefined : await this.texts.find(text);
    while (text !== undefined && finds !== undefined && finds.share < 1) {
      if (isPatient) return finds.share;
      finds = await this.texts.find(text);
    }
    const present = rowsWith(this.store, ids);
    const found = ordered(this.store, ids, await this.filtered(present, { ...query, isFound: finds?.has }, ids), order);
    this.last = { key, rows: found, all: present.length };
    return this.last;
  }

  private async filtered(
    rows: readonly number[],
    query: Selection & { readonly isFound: ((sample: number) => boolean) | undefined },
    ids: readonly number[],
  ): Promise<number[]> {
    const { store } = this;
    const { steps, isRepeated = false, isUnended = false, isFound } = query;
    const prompt = query.prompt === undefined ? undefined : textHash(query.prompt);
    const repeated = isRepeated ? repeatedPrompts(store, rows) : undefined;
    const found: number[] = [];
    for (const [index, row] of rows.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
      const step = store.step(row);
      if (steps !== undefined && step >= 0 && (step < steps.from || step > steps.to)) continue;
      if (prompt !== undefined && store.promptOf(row) !== prompt) continue;
      if (repeated?.(row) === false) continue;
      const samples = samplesOf(store, row, ids);
      if (isUnended && samples.every((sample) => store.hasEnded(sample))) continue;
      if (isFound === undefined || samples.some(isFound)) found.push(row);
    }
    return found;
  }

  private async rows(rows: readonly number[], ids: readonly number[]): Promise<readonly SampleRow[]> {
    const { store } = this;
    const samples = rows.flatMap((row) => samplesOf(store, row, ids));
    const texts = await this.texts.read(samples);
    const byId = new Map(samples.map((sample, at) => [sample, texts[at]] as const));
    return rows.map((row) => {
      const step = store.step(row);
      const [first = -1] = samplesOf(store, row, ids);
      const textOf = (sample: number): SampleText => byId.get(sample) ?? { prompt: "", response: "" };
      return {
        ...(step >= 0 && { step }),
        prompt: textOf(first).prompt,
        responses: ids.map((id) => {
          const sample = store.sample(row, id);
          return sample < 0 ? null : store.response(sample, textOf(sample).response);
        }),
      };
    });
  }
}

/** The answer to a query that wants to know how it goes, while there is more to read. */
export function unfinishedPage(progress: number): SamplePage {
  return { total: 0, all: 0, columns: [], allColumns: [], rows: [], progress };
}

function samplesOf(store: SampleStore, row: number, ids: readonly number[]): readonly number[] {
  return ids.map((id) => store.sample(row, id)).filter((sample) => sample >= 0);
}

function rowsWith(store: SampleStore, ids: readonly number[]): number[] {
  const rows: number[] = [];
  for (let row = 0; row < store.nRows; row++) if (ids.some((id) => store.sample(row, id) >= 0)) rows.push(row);
  return rows;
}

/** Tells rows whose prompt rows of several steps have. */
function repeatedPrompts(store: SampleStore, rows: readonly number[]): (row: number) => boolean {
  const table = new IdTable((row) => store.promptOf(row));
  const firstOf = (row: number): number => {
    const prompt = store.promptOf(row);
    return table.find(prompt, (other) => store.promptOf(other) === prompt);
  };
  const repeated = new Set<number>();
  for (const row of rows) {
    const first = firstOf(row);
    if (first < 0) table.add(row);
    else if (store.step(first) !== store.step(row)) repeated.add(first);
  }
  return (row) => repeated.has(firstOf(row));
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
  const values = new Float64Array(store.nRows);
  for (const row of rows) values[row] = valueOf(row);
  const value = (row: number): number => values[row] ?? Infinity;
  return rows.sort((a, b) => (value(a) === value(b) ? a - b : value(a) - value(b)));
}

/** The number that a row is sorted by, the least first. */
function orderValue(
  store: SampleStore,
  { ids, rows }: { readonly ids: readonly number[]; readonly rows: readonly number[] },
  order: Exclude<SampleQuery["order"], "recorded" | undefined>,
): (row: number) => number {
  if (order === "newest") return (row) => -store.step(row);
  if (order === "disagreement") {
    const gap = disagreement(
      store,
      rows.flatMap((row) => samplesOf(store, row, ids)),
    );
    return (row) => -Math.max(-Infinity, ...samplesOf(store, row, ids).map(gap).filter(Number.isFinite));
  }
  return (row) => {
    const scores = samplesOf(store, row, ids)
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
