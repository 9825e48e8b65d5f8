import { ratingInterval } from "../../protocol/ratings.ts";
import type { Battle } from "../statistics/battles.ts";
import { bradleyTerry, type Rating } from "../statistics/bradleyTerry.ts";
import type { TableEntry } from "../table.ts";
import { NONE, type Sheet } from "./sheet.ts";

/** Points of a. */
const POINTS = { win: 1, tie: 0.5, loss: 0 } as const;

const COLUMNS: Sheet["columns"] = [
  { header: "benchmark", align: "left" },
  { header: "model", align: "left" },
  { header: "rating", align: "right" },
  { header: "95 % interval", align: "right" },
];

/**
 * Bradley–Terry ratings of all models of each benchmark at once, best first, against the model that most pairs have as
 * their second. Benchmarks with fewer than three models are left out: a rating would say what the win rate says.
 */
export function ratingsSheet(entries: readonly TableEntry[]): Sheet {
  const byBenchmark = Map.groupBy(entries, ({ benchmark }) => benchmark);
  return { columns: COLUMNS, rows: [...byBenchmark].flatMap(([benchmark, of]) => rowsOf(benchmark, of)) };
}

function rowsOf(benchmark: string, entries: readonly TableEntry[]): Sheet["rows"] {
  const models = new Set(entries.flatMap(({ a, b }) => [a, b]));
  if (models.size < 3) return [];
  const ratings = [...bradleyTerry(battlesOf(entries), anchorOf(entries))];
  const place = ({ standing }: Rating): number => ["above", "rated", "below", "apart"].indexOf(standing);
  ratings.sort(([, one], [, other]) => place(one) - place(other) || other.estimate - one.estimate || 0);
  return ratings.map(([model, rating]) => [benchmark, model, ratingText(rating), intervalText(rating)]);
}

function anchorOf(entries: readonly TableEntry[]): string {
  const counts = new Map<string, number>();
  for (const { b } of entries) counts.set(b, (counts.get(b) ?? 0) + 1);
  // The first of the most frequent: sorting keeps the order of equals.
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

/** Over several seeds, everything of a seed depends on its training; else everything about a question. */
function battlesOf(entries: readonly TableEntry[]): readonly Battle[] {
  const hasSeeds = new Set(entries.flatMap(({ comparisons }) => comparisons.map(({ seed = 0 }) => seed))).size > 1;
  return entries.flatMap(({ a, b, comparisons }) =>
    comparisons.flatMap(({ outcome, prompt, seed = 0 }): readonly Battle[] =>
      outcome === "dropped"
        ? []
        : [{ a, b, points: POINTS[outcome], weight: 1, question: hasSeeds ? String(seed) : prompt }],
    ),
  );
}

function ratingText({ estimate, standing }: Rating): string {
  if (standing === "above") return "unbeaten";
  if (standing === "below") return "without a point";
  return standing === "apart" ? NONE : estimate.toFixed(0);
}

function intervalText({ low, high }: Rating): string {
  return low < high ? ratingInterval(low, high) : NONE;
}
