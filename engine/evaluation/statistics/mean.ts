import { studentQuantile } from "../../figures/distributions.ts";
import { type Clusters, clusterCorrection } from "./clusters.ts";

/** An estimate with the ends of its confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Arithmetic mean; NaN of nothing. */
export function mean(xs: readonly number[]): number {
  return xs.reduce((sum, x) => sum + x, 0) / xs.length;
}

/** Variance with Bessel's correction; NaN of fewer than two numbers. */
export function variance(xs: readonly number[]): number {
  if (xs.length < 2) return NaN;
  const centre = mean(xs);
  return xs.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (xs.length - 1);
}

/** Mean with Student's interval, which supposes independent numbers. */
export function meanInterval(xs: readonly number[], level = 0.95): Interval {
  const estimate = mean(xs);
  const half = studentQuantile(level, xs.length - 1) * Math.sqrt(variance(xs) / xs.length);
  return { estimate, low: estimate - half, high: estimate + half };
}

/**
 * Variance of a mean whose observations are dependent within clusters:
 * G/(G − 1)·Σ_g (Σ_{i∈g} x_i − mean)² / n² (Liang & Zeger 1986; for evaluations, Miller 2024, arXiv:2411.00640).
 *
 * @param xs - Observations.
 * @param clusters - The cluster of each.
 * @returns NaN for fewer than two clusters.
 */
export function clusteredVariance(xs: readonly number[], clusters: Clusters): number {
  const centre = mean(xs);
  const sums = new Float64Array(clusters.count);
  for (const [at, x] of xs.entries()) sums[clusters.of[at]!]! += x - centre;
  const squares = sums.reduce((sum, value) => sum + value ** 2, 0);
  return (clusterCorrection(clusters) * squares) / xs.length ** 2;
}

/** Quantile by linear interpolation between order statistics (type 7, NumPy's default). */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}
