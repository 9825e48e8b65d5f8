import { logGamma, studentQuantile } from "../figures/distributions.ts";

/** An estimate with the ends of its confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Exact two-sided sign test: the probability, were both sides equally good, of a split of wins and losses at least
 * as uneven as this one. Ties are left out (Dixon & Mood 1946). Sums the shorter tail outwards from its largest
 * term, so that nothing overflows or cancels at any n.
 */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  const fewer = Math.min(wins, losses);
  if (wins === losses) return 1;
  let term = 1;
  let sum = 1;
  for (let k = fewer; k > 0 && term > 1e-17 * sum; k--) {
    term *= k / (n - k + 1);
    sum += term;
  }
  const logLargest = logGamma(n + 1) - logGamma(fewer + 1) - logGamma(n - fewer + 1) - n * Math.LN2;
  return Math.min(1, 2 * Math.exp(logLargest + Math.log(sum)));
}

/**
 * Adjusts p values so that the chance of any false rejection among them stays at the level (Holm 1979, step-down).
 * @returns In the order given.
 */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = ps.map(() => 1);
  let running = 0;
  for (const [rank, { p, index }] of order.entries()) {
    running = Math.max(running, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = running;
  }
  return adjusted;
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
export function clusteredVariance(xs: readonly number[], clusters: readonly string[]): number {
  const centre = mean(xs);
  const sums = new Map<string, number>();
  for (const [at, x] of xs.entries()) {
    const cluster = clusters[at] ?? "";
    sums.set(cluster, (sums.get(cluster) ?? 0) + x - centre);
  }
  if (sums.size < 2) return NaN;
  const squares = [...sums.values()].reduce((sum, value) => sum + value ** 2, 0);
  return ((sums.size / (sums.size - 1)) * squares) / xs.length ** 2;
}

/** Quantile by linear interpolation between order statistics (type 7, NumPy's default). */
export function quantileOfSorted(sorted: readonly number[], p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  return low + (place - below) * ((sorted[below + 1] ?? low) - low);
}
