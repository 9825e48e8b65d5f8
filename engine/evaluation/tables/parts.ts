import type { TableEntry } from "../table.ts";
import { type Comparison, winRate } from "../winRates.ts";
import { NONE, type Sheet } from "./sheet.ts";

const COLUMNS: Sheet["columns"] = [
  { header: "benchmark", align: "left" },
  { header: "a", align: "left" },
  { header: "b", align: "left" },
  { header: "part", align: "left" },
  { header: "n", align: "right" },
  { header: "win %", align: "right" },
  { header: "tie %", align: "right" },
  { header: "adjusted %", align: "right" },
  { header: "95 % interval", align: "right" },
];

/** Most categories of a benchmark that have lines: with more, each has hardly a question. */
const MOST_CATEGORIES = 50;

/**
 * Win rates by turn and by category of question, over all seeds, where a benchmark has several. They are parts of the
 * table's lines: none is corrected for being one of many.
 */
export function partsSheet(entries: readonly TableEntry[]): Sheet {
  return { columns: COLUMNS, rows: entries.flatMap(rowsOf) };
}

function rowsOf({ benchmark, a, b, comparisons }: TableEntry): Sheet["rows"] {
  const turns = Map.groupBy(comparisons, ({ turn }) => turn);
  const categories = Map.groupBy(comparisons, ({ category }) => category);
  const parts = [
    ...(turns.size > 1 ? [...turns].map(([turn, of]) => [`turn ${turn ?? NONE}`, of] as const) : []),
    ...(categories.size > 1 && categories.size <= MOST_CATEGORIES
      ? [...categories].map(([category, of]) => [category ?? NONE, of] as const)
      : []),
  ];
  return parts.map(([part, of]) => [benchmark, a, b, part, ...numbersOf(of)]);
}

function numbersOf(comparisons: readonly Comparison[]): (string | number)[] {
  const { n, winRate: wins, ties, adjusted, low, high } = winRate(comparisons);
  if (n === 0) return [0, NONE, NONE, NONE, NONE];
  const percent = (share: number): string => (100 * share).toFixed(2);
  const interval = Number.isFinite(low + high) ? `${percent(low)} to ${percent(high)}` : NONE;
  return [n, percent(wins), percent(ties / n), percent(adjusted), interval];
}
