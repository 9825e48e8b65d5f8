import { type Bounds, meanBand } from "./meanBand.ts";
import { type Points, rangeOf } from "./points.ts";
import { smooth } from "./smooth.ts";

/** Parts of a line in a figure. */
export interface LineParts {
  /** The curve itself, or the mean over seeds; smoothed if wanted. */
  readonly main: Points;
  /** As recorded, where `main` is smoothed. */
  readonly raw: Points | undefined;
  /** Edges of the band at the places of `main`. */
  readonly low: Float64Array | undefined;
  readonly high: Float64Array | undefined;
  /** Seeds. */
  readonly n: number;
}

/** Ends of a curve's own interval, at its places. */
export interface PointIntervals {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/**
 * One curve as it is, or the mean and band of several; smoothing comes first, so that the band fits the drawn curves.
 */
export function curvesOf(
  curves: readonly Points[],
  smoothing: number,
  bounds: Bounds,
  interval?: PointIntervals,
): LineParts {
  const range = rangeOf(...curves.map(({ x }) => x));
  const drawn = curves.map(({ x, y }) => ({ x, y: smoothing > 0 ? smooth({ x, y }, smoothing, range) : y }));
  const [only = { x: [], y: [] }, ...others] = drawn;
  if (others.length === 0) {
    const raw = smoothing > 0 ? curves[0] : undefined;
    // An interval is of the points as recorded.
    const [low, high] = [interval?.low, interval?.high].map((ends) => ends && Float64Array.from(ends));
    return { main: only, raw, low, high, n: curves.length };
  }
  const { x, mean, low, high } = meanBand(drawn, bounds);
  return { main: { x, y: mean }, raw: undefined, low, high, n: curves.length };
}
