import { type Points, type Range, rangeOf } from "./points.ts";

/** Explains `smooth` to readers of a figure. */
export const SMOOTHING_DEFINITION =
  "Time-weighted exponential moving average, debiased; the weight says how much the past counts, whatever the spacing of the points";

/** The span of an axis is this many places wide, so that a weight means the same at any spacing of the points. */
const VIEWPORT = 1000;

/** A weight nearer to 1 would leave nothing of the curve but its mean. */
const HEAVIEST = 0.999;

/**
 * Smoothed `y`: the time-weighted exponential moving average that W&B's charts show, divided by the weights so that it
 * does not start at 0.
 *
 * Weights & Biases, "Smooth line plots": with w = √weight and d the distance to the point before in thousandths of the
 * axis, m ← m·wᵈ + y and b ← b·wᵈ + 1; the curve drawn is m / b. A gap stays a gap and adds nothing.
 *
 * @param points - The curve.
 * @param weight - 0 (as recorded) to 1 (near its mean).
 * @param range - Span of the axis it is drawn over; the curve's own when left out.
 */
export function smooth(points: Points, weight: number, range?: Range): Float64Array {
  const { x, y } = points;
  const { min, max } = range ?? rangeOf(x) ?? { min: 0, max: 0 };
  const span = max > min ? max - min : 1;
  const perPlace = Math.min(Math.sqrt(Math.max(0, weight)), HEAVIEST);
  const smoothed = new Float64Array(y.length);
  let [sum, weights, last] = [0, 0, NaN];
  for (let at = 0; at < y.length; at++) {
    const value = y[at] ?? NaN;
    smoothed[at] = NaN;
    if (!Number.isFinite(value)) continue;
    const here = x[at] ?? NaN;
    const kept = weights === 0 ? 0 : perPlace ** (((here - last) / span) * VIEWPORT);
    sum = sum * kept + value;
    weights = weights * kept + 1;
    last = here;
    smoothed[at] = sum / weights;
  }
  return smoothed;
}
