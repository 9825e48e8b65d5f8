import { ratingInterval } from "../../protocol/ratings.ts";
import { type Battle, joined } from "../statistics/battles.ts";
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

/** Names models without a rating, a sentence for each benchmark and reason; empty where all models have one. */
export function ratingsNotes(entries: readonly TableEntry[]): readonly string[] {
  return [...Map.groupBy(entries, ({ benchmark }) => benchmark)].flatMap(([benchmark, of]) => {
    const { models, anchor, battles, ratings } = rated(of);
    const unrated = models.filter((model) => (ratings.get(model)?.standing ?? "apart") === "apart");
    if (models.length < 3) return [];
    const [judged, near] = [new Set(battles.flatMap(({ a, b }) => [a, b])), joined(battles, anchor)];
    const reasons = Map.groupBy(unrated, (model) => {
      if (!judged.has(model)) return "none of its comparisons has a verdict";
      return near.has(model)
        ? "those between them won or lost every comparison, which does not tell who is better"
        : "no comparison, nor a chain of them, joins the two";
    });
    return [...reasons].map(
      ([reason, names]) => `On ${benchmark} without a rating against ${anchor}: ${names.join(", ")}; ${reason}.`,
    );
  });
}

function rowsOf(benchmark: string, entries: readonly TableEntry[]): Sheet["rows"] {
  const { models, ratings } = rated(entries);
  if (models.length < 3) return [];
  const found = models.map((model) => [model, ratings.get(model) ?? UNJUDGED] as const);
  const place = ({ standing }: Rating): number => ["above", "rated", "below", "apart"].indexOf(standing);
  found.sort(([, one], [, other]) => place(one) - place(other) || other.estimate - one.estimate || 0);
  return found.map(([model, rating]) => [benchmark, model, ratingText(rating), intervalText(rating)]);
}

/** Of a model that has no verdict. */
const UNJUDGED: Rating = { estimate: NaN, low: NaN, high: NaN, standing: "apart" };

function rated(entries: readonly TableEntry[]): {
  readonly models: readonly string[];
  readonly anchor: string;
  readonly battles: readonly Battle[];
  readonly ratings: ReadonlyMap<string, Rating>;
} {
  const battles = battlesOf(entries);
  const judged = new Set(battles.flatMap(({ a, b }) => [a, b]));
  const counted = entries.filter(({ b }) => judged.has(b));
  const anchor = anchorOf(counted.length > 0 ? counted : entries);
  const models = [...new Set(entries.flatMap(({ a, b }) => [a, b]))].sort();
  return { models, anchor, battles, ratings: bradleyTerry(battles, anchor) };
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
