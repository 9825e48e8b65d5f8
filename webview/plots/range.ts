import type { Range } from "../../engine/figures/index.ts";

/** How the axis of values is to be. */
export interface ValueScale {
  readonly isLog: boolean;
  /** Leaves the outermost values out of sight, so that the rest can be seen. */
  readonly isClipped: boolean;
}

/** Shares of the values that clipping leaves out at either end. */
const CLIPPED = 0.02;

/** The stretch of the axis that shows these values, with a margin; of 0 to 1 if there are none. */
export function valueRange(columns: readonly ArrayLike<number>[], { isLog, isClipped }: ValueScale): Range {
  const seen = isClipped ? clippedEnds(columns, isLog) : ends(columns, isLog);
  if (seen === undefined) return isLog ? { min: 0.1, max: 1 } : { min: 0, max: 1 };
  const { min, max } = seen;
  if (isLog) return min < max ? { min: min / 1.1, max: max * 1.1 } : { min: min / 2, max: max * 2 };
  const span = max - min;
  // A constant stands in the middle of its axis.
  if (span === 0) return { min: min - (Math.abs(min) || 1) * 0.5, max: max + (Math.abs(max) || 1) * 0.5 };
  return { min: min - span * 0.06, max: max + span * 0.06 };
}

function ends(columns: readonly ArrayLike<number>[], isLog: boolean): Range | undefined {
  let [min, max] = [Infinity, -Infinity];
  for (const column of columns) {
    for (let at = 0, { length } = column; at < length; at++) {
      const value = column[at] ?? NaN;
      if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min > max ? undefined : { min, max };
}

function clippedEnds(columns: readonly ArrayLike<number>[], isLog: boolean): Range | undefined {
  const values = Float64Array.from(
    columns.flatMap((column) => Array.from(column).filter((value) => Number.isFinite(value) && (!isLog || value > 0))),
  ).sort();
  if (values.length === 0) return undefined;
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? NaN;
  return { min: at(CLIPPED), max: at(1 - CLIPPED) };
}
