import type { Table as WinRates } from "../../evaluation/table.ts";
import { forestFigure } from "../../figures/index.ts";
import type { Figure } from "./curves.ts";
import { intervalWords, probability } from "./verdicts.ts";

/** The win rates of all pairs with their intervals; nothing without any. */
export function winRateFigure(rows: WinRates): Figure[] {
  const overall = rows.filter(({ seed, n }) => seed === "all" && n > 0);
  if (overall.length === 0) return [];
  const nSeeds = Math.max(...overall.map((row) => row.nSeeds));
  const benchmarks = [...new Set(overall.map(({ benchmark }) => benchmark))];
  const svg = forestFigure({
    title: "Win rates",
    x: { label: "Adjusted win rate of the first" },
    groups: benchmarks.map((name) => ({
      name,
      rows: overall
        .filter(({ benchmark }) => benchmark === name)
        .map(({ a, b, adjusted, low, high, n, holm }) => ({
          label: `${a} vs ${b}`,
          ...{ value: adjusted, low, high, n },
          ...(holm === undefined ? {} : { note: probability("p", holm) }),
        })),
    })),
    reference: 0.5,
    format: "percent",
    interval: intervalWords(overall),
    caption: `A tie counts as half a win. ${nSeeds > 1 ? `${nSeeds} seeds` : "One seed"}; p is Holm's over all pairs.`,
  });
  return [{ file: "figures/winRates.svg", title: "Win rates with 95 % intervals", svg }];
}
