import type { TableRow } from "../table.ts";
import { NONE } from "./sheet.ts";

/** A column as people read it: rates in per cent with two decimals, as in the paper. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  readonly cell: (row: TableRow) => string;
}

/** In per cent, with two decimals. */
export const percent = (rate = NaN): string => (Number.isNaN(rate) ? NONE : (100 * rate).toFixed(2));

/** Three significant digits, and a bound where more would be noise. */
export function probability(p: number | undefined): string {
  if (p === undefined || Number.isNaN(p)) return NONE;
  return p < 1e-4 ? "<0.0001" : p.toPrecision(3);
}

/** A column of words. */
export const text = (header: string, cell: Column["cell"]): Column => ({ header, align: "left", cell });
/** A column of numbers. */
export const number = (header: string, cell: Column["cell"]): Column => ({ header, align: "right", cell });

/** The columns of every rounded rendering, in order. */
export const COLUMNS: readonly Column[] = [
  text("benchmark", (row) => row.benchmark),
  text("a", (row) => row.a),
  text("b", (row) => row.b),
  number("seed", (row) => String(row.seed)),
  number("win", (row) => String(row.wins)),
  number("loss", (row) => String(row.losses)),
  number("tie", (row) => String(row.ties)),
  number("dropped", (row) => String(row.dropped)),
  number("n", (row) => String(row.n)),
  number("win %", (row) => percent(row.winRate)),
  number("adjusted %", (row) => percent(row.adjusted)),
  number("95 % interval", ({ low, high, n }) => (n === 0 ? NONE : `${percent(low)} to ${percent(high)}`)),
  number("p", (row) => probability(row.p)),
  number("p (Holm)", (row) => probability(row.holm)),
  number("seeds", (row) => String(row.nSeeds)),
];
