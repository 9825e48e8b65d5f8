import { holm } from "./statistics.ts";
import { type Comparison, type WinRate, winRate, winRatesBySeed } from "./winRates.ts";

/** One line of a win-rate table: a against b on a benchmark. */
export interface TableRow extends WinRate {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  /** Base seed, or `all` for the line over every seed. */
  readonly seed: number | "all";
  /** p adjusted over the table's `all` lines (Holm); lines of single seeds are parts of those and have none. */
  readonly holm?: number;
}

/** Lines in the order that they are shown. */
export type Table = readonly TableRow[];

/** Comparisons of one pair on one benchmark, summarized as a group of lines. */
export interface TableEntry {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  readonly comparisons: readonly Comparison[];
}

/**
 * The table of several pairs and benchmarks: per entry a line for each seed, if there is more than one, then the
 * line over all. Holm's correction covers the lines over all.
 */
export function winRateTable(entries: readonly TableEntry[]): Table {
  const rows = entries.flatMap(rowsOf);
  const adjusted = holm(rows.filter(({ seed }) => seed === "all").map(({ p }) => p));
  let next = 0;
  return rows.map((row) => (row.seed === "all" ? { ...row, holm: adjusted[next++] ?? NaN } : row));
}

function rowsOf({ benchmark, a, b, comparisons }: TableEntry): readonly TableRow[] {
  const bySeed = winRatesBySeed(comparisons);
  const parts = bySeed.size > 1 ? [...bySeed] : [];
  return [
    ...parts.map(([seed, rate]): TableRow => ({ benchmark, a, b, seed, ...rate })),
    { benchmark, a, b, seed: "all", ...winRate(comparisons) },
  ];
}
