import type { Points } from "./points.ts";
import { studentQuantile } from "./distributions.ts";

/** Explains a mean with a band to readers of a figure. */
export const BAND_DEFINITION =
  "Line: mean over seeds. Band: 95 % Student-t interval of that mean, mean ± t(n − 1)·s/√n, at each step over the n seeds that got there; no band where n is 1";

/** Mean over seeds with its interval, by place along the axis. */
export interface MeanBand {
  readonly x: Float64Array;
  readonly mean: Float64Array;
  /** NaN, like `high`, where only one seed got to. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Seeds at each place. */
  readonly n: Uint32Array;
}

/** Mean and 95 % Student-t interval across curves of one metric, at every place where one of them is finite. */
export function meanBand(curves: readonly Points[]): MeanBand {
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
    const { centre, half } = interval(values);
    n[at] = values.length;
    mean[at] = centre;
    low[at] = centre - half;
    high[at] = centre + half;
  }
  return { x, mean, low, high, n };
}

/** NaN as half width of a single value, about which nothing is known. */
function interval(values: readonly number[]): { readonly centre: number; readonly half: number } {
  const n = values.length;
  const centre = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { centre, half: NaN };
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1);
  return { centre, half: studentQuantile(0.95, n - 1) * Math.sqrt(variance / n) };
}
