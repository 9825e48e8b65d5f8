import { holm } from "./statistics/holm.ts";
import { type MoreNeeded, moreNeeded } from "./statistics/power.ts";
import { type AnalysedRate, analysed, type Comparison, type WinRate, winRatesBySeed } from "./winRates.ts";

/** Two-sided level at which a difference counts as decided, over the whole table by Holm's correction. */
export const LEVEL = 0.05;

/** One line of a win-rate table: a against b on a benchmark. */
export interface TableRow extends WinRate, MoreNeeded {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  /** Base seed, or `all` for the line over every seed. */
  readonly seed: number | "all";
  /** p adjusted over the table's `all` lines (Holm); lines of single seeds are parts of those and have none. */
  readonly holm?: number;
}

/** Lines in the order that they are shown. */
export type RateTable = readonly TableRow[];

/** Comparisons of one pair on one benchmark, summarized as a group of lines. */
export interface TableEntry {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  readonly comparisons: readonly Comparison[];
}

/**
 * The table of several pairs and benchmarks: per entry a line for each seed, if there is more than one, then the
 * line over all. Holm's correction covers the lines over all; those that it leaves undecided say how much more work would
 * decide them.
 */
export function winRateTable(entries: readonly TableEntry[]): RateTable {
  const overall = entries.map((entry) => ({ entry, analysis: analysed(entry.comparisons) }));
  const adjusted = holm(overall.map(({ analysis }) => analysis.rate.p));
  return overall.flatMap(({ entry, analysis }, at) => {
    const row = overallRow(analysis, adjusted[at] ?? NaN, entries.length);
    return [...seedRows(entry), { ...named(entry), seed: "all", ...row }];
  });
}

function seedRows(entry: TableEntry): readonly TableRow[] {
  const bySeed = winRatesBySeed(entry.comparisons);
  return bySeed.size > 1 ? [...bySeed].map(([seed, rate]): TableRow => ({ ...named(entry), seed, ...rate })) : [];
}

const named = ({ benchmark, a, b }: TableEntry): Pick<TableRow, "benchmark" | "a" | "b"> => ({ benchmark, a, b });

/** The rate, with what the table adds: Holm's p and, where that decides nothing, the work that would. */
function overallRow({ rate, parts }: AnalysedRate, p: number, nPairs: number): WinRate & Pick<TableRow, "holm"> {
  const { adjusted: estimate, nQuestions = 0, nSeeds } = rate;
  // Enough for the level that Holm's correction asks of its first pair is enough for any.
  const needed = p < LEVEL ? {} : moreNeeded({ estimate, nQuestions, nSeeds, parts, alpha: LEVEL / nPairs });
  return { ...rate, holm: p, ...needed };
}
