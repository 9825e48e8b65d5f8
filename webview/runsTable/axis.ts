import { logTicks, rangeOf, ticks, tickText } from "../../engine/figures/index.ts";
import { linearScale, logScale } from "../../engine/figures/scale.ts";
import type { TableValue } from "../../engine/protocol/runsTable.ts";
import { type RunsColumn, cellText } from "./columns.ts";

/** Values of a column as places. */
export interface PlotAxis {
  readonly column: RunsColumn;
  /** Pixels; undefined for a value that has no place. */
  at(value: TableValue | undefined): number | undefined;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** The value at a place; undefined where values are words. */
  valueAt(pixel: number): number | undefined;
}

/** Factor between ends from which on a setting is drawn by its logarithm: β and learning rates are tried by factors. */
const LOG_FROM = 15;
/** Words that an axis names; of more, the first ones. */
const MOST_WORDS = 30;

/** An axis for some values: numbers by size, words and switches in their order. */
export function axisOf(
  column: RunsColumn,
  values: readonly (TableValue | undefined)[],
  [from, to]: readonly [from: number, to: number],
): PlotAxis {
  const there = values.filter((value) => value !== undefined);
  const numbers = there.filter((value) => typeof value === "number");
  return numbers.length === there.length && numbers.length > 0
    ? numberAxis(column, numbers, [from, to])
    : wordAxis(column, there, [from, to]);
}

function numberAxis(
  column: RunsColumn,
  values: readonly number[],
  [from, to]: readonly [from: number, to: number],
): PlotAxis {
  const range = rangeOf(values) ?? { min: 0, max: 1 };
  const isLog = !column.isMeasured && range.min > 0 && range.max / range.min >= LOG_FROM;
  const scale = (isLog ? logScale : linearScale)(range, { from, to });
  const wanted = Math.max(2, Math.round(Math.abs(to - from) / 70));
  const own = [...new Set(values)].sort((a, b) => a - b);
  // A few settings that were tried are named themselves.
  const marks = !column.isMeasured && own.length <= wanted + 2 ? own : (isLog ? logTicks : ticks)(scale.range, wanted);
  const text =
    column.kind === "number" || column.kind === "setting" ? tickText : (one: number) => cellText(column, one);
  const { min, max } = scale.range;
  return {
    column,
    at: (value) => (typeof value === "number" && (!isLog || value > 0) ? scale.at(value) : undefined),
    ticks: marks.map((value) => ({ at: scale.at(value), text: text(value) })),
    valueAt: (pixel) => {
      const share = (pixel - from) / (to - from);
      return isLog ? min * (max / min) ** share : min + share * (max - min);
    },
  };
}

function wordAxis(
  column: RunsColumn,
  values: readonly TableValue[],
  [from, to]: readonly [from: number, to: number],
): PlotAxis {
  const words = [...new Set(values)].sort((a, b) => String(a).localeCompare(String(b), undefined, { numeric: true }));
  const places = new Map(words.map((word, at) => [word, from + ((at + 0.5) / words.length) * (to - from)]));
  return {
    column,
    at: (value) => (value === undefined ? undefined : places.get(value)),
    ticks: words.slice(0, MOST_WORDS).map((word) => ({ at: places.get(word) ?? from, text: cellText(column, word) })),
    valueAt: () => undefined,
  };
}
