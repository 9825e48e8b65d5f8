import type { RateTable as WinRates } from "../../evaluation/table.ts";
import { type PanelSheet, forestFigure } from "../../figures/index.ts";
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
  return [{ file: "figures/winRates.svg", title: "Win rates with 95 % intervals", svg, data: dataOf(overall) }];
}

function dataOf(rows: WinRates): PanelSheet {
  const text = (header: string) => ({ header, align: "left" }) as const;
  const number = (header: string) => ({ header, align: "right" }) as const;
  const finite = (value = NaN): number | null => (Number.isFinite(value) ? value : null);
  const numbers = ["adjusted", "low", "high", "n", "wins", "losses", "ties", "p", "holm", "nSeeds"] as const;
  return {
    columns: [text("benchmark"), text("a"), text("b"), ...numbers.map(number)],
    rows: rows.map((row) => [row.benchmark, row.a, row.b, ...numbers.map((name) => finite(row[name]))]),
  };
}
