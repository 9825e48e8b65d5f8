import type { WinRateRow } from "../../engine/protocol/verdicts.ts";

/** A pair on a benchmark: pooled over seeds, and by seed where there are several. */
export interface PairRates {
  readonly key: string;
  readonly pooled: WinRateRow;
  readonly seeds: readonly WinRateRow[];
}

/** A pair on a benchmark in each of several runs. */
export interface PairOfRuns extends Pick<WinRateRow, "benchmark" | "a" | "b"> {
  readonly key: string;
  /** One a run; undefined where it has no such pair. */
  readonly runs: readonly (PairRates | undefined)[];
}

/** Pairs of a benchmark. */
export interface BenchmarkRates {
  readonly benchmark: string;
  readonly pairs: readonly PairOfRuns[];
}

/** Sort keys of the table. */
export const SORT_KEYS = [
  "pair",
  "wins",
  "winRate",
  "adjusted",
  "n",
  "p",
  "holm",
  "equivalence",
  "flipRate",
  "positionBias",
  "longerWins",
  "lengthControlled",
  "styleControlled",
  "moreQuestions",
] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Undefined key: the order of the config. */
export interface SortOrder {
  readonly key: SortKey | undefined;
  readonly isDescending: boolean;
}

/** Names a pair on a benchmark, in any run. */
export function pairKey({ benchmark, a, b }: Pick<WinRateRow, "benchmark" | "a" | "b">): string {
  return JSON.stringify([benchmark, a, b]);
}

/** Rows of some runs by benchmark and pair, in the order in which they come: each that any of the runs has. */
export function byBenchmark(runs: readonly (readonly WinRateRow[])[]): readonly BenchmarkRates[] {
  const byPair = runs.map((rows) => Map.groupBy(rows, pairKey));
  return [...Map.groupBy(runs.flat(), ({ benchmark }) => benchmark)].map(([benchmark, rows]) => ({
    benchmark,
    pairs: [...new Map(rows.map(({ a, b }) => [pairKey({ benchmark, a, b }), { a, b }]))].map(([key, { a, b }]) => ({
      ...{ key, benchmark, a, b },
      runs: byPair.map((ofRun) => pairOf(key, ofRun.get(key))),
    })),
  }));
}

/** A table of one seed may leave the pooled row out. */
function pairOf(key: string, rows: readonly WinRateRow[] = []): PairRates | undefined {
  const pooled = rows.find(({ seed }) => seed === "all") ?? rows[0];
  const seeds = rows.filter((row) => row !== pooled && row.seed !== "all");
  return pooled && { key, pooled, seeds };
}

/** Pairs in an order, by the numbers of one run; those that do not exist come last either way. */
export function sorted(
  pairs: readonly PairOfRuns[],
  { key, isDescending }: SortOrder,
  run: number,
): readonly PairOfRuns[] {
  if (key === undefined) return pairs;
  const direction = isDescending ? -1 : 1;
  return pairs.toSorted((one, other) => {
    if (key === "pair") return direction * nameOf(one).localeCompare(nameOf(other));
    const [x, y] = [one, other].map(({ runs }) => runs[run]?.pooled[key]);
    if (typeof x !== "number") return typeof y === "number" ? 1 : 0;
    return typeof y === "number" ? direction * (x - y) : -1;
  });
}

function nameOf({ a, b }: PairOfRuns): string {
  return `${a} ${b}`;
}

/** Significance of a difference: stars by the p corrected for the number of pairs, where there is one. */
export function stars({ holm, p }: Pick<WinRateRow, "holm" | "p">): "" | "*" | "**" | "***" {
  const value = holm ?? p;
  if (value === null || value >= 0.05) return "";
  return value < 0.001 ? "***" : value < 0.01 ? "**" : "*";
}

/** Verdict on `a`: better, worse, or open. */
export function verdict(row: WinRateRow): "better" | "worse" | "open" {
  if (row.adjusted === null || stars(row) === "") return "open";
  return row.adjusted > 0.5 ? "better" : "worse";
}
