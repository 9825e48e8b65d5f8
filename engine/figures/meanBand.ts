import { studentQuantile } from "./distributions.ts";
import type { Points } from "./points.ts";

/** Explains a mean with a band to readers of a figure. */
export const BAND_DEFINITION =
  "Line: mean over seeds. Band, at each step over the n seeds that got there: from n = 4 on the 95 % Student-t interval of that mean, mean ± t(n − 1)·s/√n; for 2 or 3 the seeds' own range, least to greatest; none for 1. Cut to the values that the metric can take";

/**
 * Seeds from which on the band is an interval. Of two, Student's interval is 12.7 standard errors to either side: it
 * says nothing that the two values do not, and leaves no room on the axis for the curves.
 */
export const LEAST_FOR_INTERVAL = 4;

/** Least and greatest value that a metric can take; a missing end is open. */
export interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Mean over seeds with its band, by place along the axis. */
export interface MeanBand {
  readonly x: Float64Array;
  readonly mean: Float64Array;
  /** NaN, like `high`, where only one seed got to. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Seeds at each place. */
  readonly n: Uint32Array;
}

/**
 * Mean and band across curves of one metric, at every place where one of them is finite; see `BAND_DEFINITION`. An
 * interval that reaches beyond what the metric can be is cut there.
 */
export function meanBand(curves: readonly Points[], bounds: Bounds = {}): MeanBand {
  const columns = new Map<number, number[]>();
  for (const { x, y } of curves) {
    for (let at = 0; at < y.length; at++) {
      const [place, value] = [x[at] ?? NaN, y[at] ?? NaN];
      if (!Number.isFinite(place) || !Number.isFinite(value)) continue;
      const column = columns.get(place);
      if (column === undefined) columns.set(place, [value]);
      else column.push(value);
    }
  }
  const x = Float64Array.from(columns.keys()).sort();
  const [mean, low, high] = [x, x, x].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const n = new Uint32Array(x.length);
  for (const [at, place] of x.entries()) {
    const values = columns.get(place) ?? [];
    const band = bandOf(values, bounds);
    n[at] = values.length;
    mean[at] = band.centre;
    low[at] = band.low;
    high[at] = band.high;
  }
  return { x, mean, low, high, n };
}

/** Mean and band of some values at one place: see `BAND_DEFINITION`. A single value has NaN as ends: nothing is known. */
export function bandOf(
  values: readonly number[],
  { min = -Infinity, max = Infinity }: Bounds = {},
): { readonly centre: number; readonly low: number; readonly high: number } {
  const { centre, low, high } = uncut(values);
  // A mean that is out of bounds itself, which only a broken record has, stays within its band.
  return { centre, low: Math.max(low, Math.min(min, centre)), high: Math.min(high, Math.max(max, centre)) };
}

function uncut(values: readonly number[]): ReturnType<typeof bandOf> {
  const n = values.length;
  const centre = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { centre, low: NaN, high: NaN };
  if (n < LEAST_FOR_INTERVAL) return { centre, low: Math.min(...values), high: Math.max(...values) };
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1);
  const half = studentQuantile(0.95, n - 1) * Math.sqrt(variance / n);
  return { centre, low: centre - half, high: centre + half };
}
