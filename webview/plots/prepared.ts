import { type Bounds, meanBand, type Points, smooth } from "../../engine/figures/index.ts";
import type { Curve } from "../model.ts";

/** Units of the x axis: steps, seconds since a stage's first record, or milliseconds since 1970. */
export const X_AXES = ["step", "relative", "wall"] as const;
export type XAxis = (typeof X_AXES)[number];

/** A line as it is drawn. */
export interface Prepared {
  /** The curve, or the mean over seeds; smoothed if wanted. */
  readonly main: Points;
  /** As recorded, where `main` is smoothed. */
  readonly raw: Points | undefined;
  readonly low: Points | undefined;
  readonly high: Points | undefined;
  /** Curves that it is made of. */
  readonly n: number;
}

/** Curves of the ends of a single curve's own interval. */
export interface Ends {
  readonly low: Curve;
  readonly high: Curve;
}

export interface Preparation {
  readonly axis: XAxis;
  /** 0 to 1. */
  readonly smoothing: number;
  /** Least and greatest possible value of the metric; left out if there is none. */
  readonly bounds?: Bounds | undefined;
}

/** Places of a curve's points along the axis. */
export function placesOf({ steps, times }: Curve, axis: XAxis): Float64Array {
  if (axis === "step") return steps;
  if (axis === "wall") return times;
  const begin = times[0] ?? 0;
  return times.map((time) => (time - begin) / 1000);
}

/** One curve as it is or smoothed, or mean and band of several, each smoothed before. */
export function prepare(curves: readonly Curve[], { axis, smoothing, bounds }: Preparation, ends?: Ends): Prepared {
  const drawn = curves.map(({ steps, values }): Points => {
    const recorded = { x: steps, y: values };
    return smoothing > 0 ? { x: steps, y: smooth(recorded, smoothing) } : recorded;
  });
  const [only] = curves;
  if (only === undefined || curves.length > 1)
    return { ...overSeeds(curves, drawn, { axis, bounds }), n: curves.length };
  const x = placesOf(only, axis);
  const raw = smoothing > 0 ? { x, y: only.values } : undefined;
  // An interval is of the points as recorded; while they come in, its ends may be ahead or behind.
  const isWhole = ends?.low.values.length === only.values.length && ends.high.values.length === only.values.length;
  const [low, high] = isWhole
    ? [
        { x, y: ends.low.values },
        { x, y: ends.high.values },
      ]
    : [];
  return { main: { x, y: drawn[0]?.y ?? [] }, raw, low, high, n: 1 };
}

/** Seeds are averaged step by step. On an axis of time, a step stands at the mean time at which they were there. */
function overSeeds(
  curves: readonly Curve[],
  drawn: readonly Points[],
  { axis, bounds }: Pick<Preparation, "axis" | "bounds">,
): Omit<Prepared, "n"> {
  const band = meanBand(drawn, bounds);
  const x = axis === "step" ? band.x : meanPlaces(curves, band.x, axis);
  return {
    main: { x, y: band.mean },
    raw: undefined,
    low: { x, y: band.low },
    high: { x, y: band.high },
  };
}

function meanPlaces(curves: readonly Curve[], steps: Float64Array, axis: XAxis): Float64Array {
  const { x, mean } = meanBand(curves.map((curve) => ({ x: curve.steps, y: placesOf(curve, axis) })));
  const places = new Map(Array.from(x, (step, at) => [step, mean[at] ?? NaN]));
  // Where a slow seed ends early, the mean of the others may lie before it; lines do not run back.
  let last = -Infinity;
  return steps.map((step) => (last = Math.max(last, places.get(step) ?? last)));
}

/** Caches prepared lines of one metric, as long as curves and settings stay the same. */
export class PreparedCache {
  private readonly known = new Map<
    string,
    { curves: readonly Curve[]; settings: Preparation; ends: Ends | undefined; prepared: Prepared }
  >();

  get(key: string, curves: readonly Curve[], settings: Preparation, ends?: Ends): Prepared {
    const last = this.known.get(key);
    const isSame =
      last?.settings.axis === settings.axis &&
      last.settings.smoothing === settings.smoothing &&
      last.ends?.low === ends?.low &&
      last.ends?.high === ends?.high &&
      last.curves.length === curves.length &&
      last.curves.every((curve, at) => curve === curves[at]);
    if (isSame) return last.prepared;
    const prepared = prepare(curves, settings, ends);
    this.known.set(key, { curves, settings, ends, prepared });
    return prepared;
  }
}

/** Index of the point nearest to a place; −1 without points. */
export function nearest({ x }: Points, place: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  if (low === x.length) return low - 1;
  return low > 0 && place - (x[low - 1] ?? 0) < (x[low] ?? 0) - place ? low - 1 : low;
}
