// The games that a difference needs are kept for the evaluation issue, which shows power.
import { normalQuantile, studentQuantile, studentTwoSided } from "../figures/distributions.ts";
import type { Interval } from "./statistics.ts";

/** A rate in [0, 1] and how surely it is known. */
export interface Rate {
  readonly estimate: number;
  /** Variance of the estimate, dependence included; 0 when every observation is the same. */
  readonly variance: number;
  /** Degrees of freedom of that variance: independent clusters − 1, or infinite. */
  readonly df: number;
  /** Independent clusters: the effective sample size when the variance is 0. */
  readonly nClusters: number;
}

/**
 * Wilson's interval at the effective sample size p(1 − p)/variance.
 *
 * Wilson 1927; effective size for clustered data after Korn & Graubard 1998, who use it with Clopper–Pearson.
 * Unlike p ± z·se it stays in [0, 1], and has width when all games end alike.
 */
export function rateInterval(rate: Rate, level = 0.95): Interval {
  const { estimate } = rate;
  const n = effectiveSize(rate);
  const q = studentQuantile(level, rate.df);
  const weight = q ** 2 / n;
  const centre = (estimate + weight / 2) / (1 + weight);
  const half = (q / (1 + weight)) * Math.sqrt((estimate * (1 - estimate)) / n + weight / (4 * n));
  // Rounding must not push the estimate of 0 or 1 out of its own interval.
  return {
    estimate,
    low: Math.max(0, Math.min(centre - half, estimate)),
    high: Math.min(1, Math.max(centre + half, estimate)),
  };
}

/** Two-sided p of a true rate of ½: below α exactly when the interval of level 1 − α leaves ½ out. */
export function rateTest(rate: Rate): number {
  return studentTwoSided((rate.estimate - 0.5) * 2 * Math.sqrt(effectiveSize(rate)), rate.df);
}

function effectiveSize({ estimate, variance, nClusters }: Rate): number {
  return variance > 0 ? (estimate * (1 - estimate)) / variance : nClusters;
}

/**
 * Comparisons needed to distinguish an adjusted win rate from ½, by the normal approximation for games that end in a
 * tie with probability `tieRate`.
 *
 * @param settings - The effect to detect, and the test's error rates.
 * @param settings.adjusted - True adjusted win rate, not ½.
 * @param settings.tieRate - Share of ties.
 * @param settings.alpha - Two-sided level; 0.05 when absent.
 * @param settings.power - Probability to see it; 0.8 when absent.
 * @param settings.designEffect - Variance relative to independent games; 1 when absent.
 */
export function gamesNeeded(settings: {
  readonly adjusted: number;
  readonly tieRate: number;
  readonly alpha?: number;
  readonly power?: number;
  readonly designEffect?: number;
}): number {
  const { adjusted, tieRate, alpha = 0.05, power = 0.8, designEffect = 1 } = settings;
  const gap = adjusted - 0.5;
  const underNull = (1 - tieRate) / 4;
  const underTruth = Math.max(underNull - gap ** 2, 0);
  const reach = normalQuantile(1 - alpha / 2) * Math.sqrt(underNull) + normalQuantile(power) * Math.sqrt(underTruth);
  return gap === 0 ? Infinity : Math.ceil(designEffect * (reach / gap) ** 2);
}
