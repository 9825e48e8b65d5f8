import { studentQuantile, studentTwoSided } from "../../figures/distributions.ts";
import type { Interval } from "./mean.ts";

/** A rate in [0, 1] and how surely it is known. */
export interface Rate {
  readonly estimate: number;
  /** Variance of the estimate, dependence included; 0 when all clusters have the same rate, or there is one. */
  readonly variance: number;
  /** Degrees of freedom of that variance: independent clusters − 1, or infinite. */
  readonly df: number;
  /** Independent questions: how many have had the chance to end otherwise when the variance is 0. */
  readonly nClusters: number;
}

/**
 * Interval of a rate.
 *
 * Wilson's at the effective sample size p(1 − p)/variance: Wilson 1927; effective size for clustered data after Korn &
 * Graubard 1998, who use it with Clopper–Pearson. Unlike p ± z·se it stays in [0, 1].
 *
 * Where the variance is 0, as after ties alone, it says nothing of the precision: `alikeInterval`.
 */
export function rateInterval(rate: Rate, level = 0.95): Interval {
  const { estimate } = rate;
  if (rate.variance <= 0) return alikeInterval(rate, level);
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

/**
 * Interval of a rate that each of n independent questions has shown exactly: a share u of all questions may end
 * otherwise without one having been seen, (1 − u)ⁿ = (1 − level)/2, and in the worst case that share is all won or all
 * lost. For wins alone it is the interval of Clopper & Pearson 1934; for 512 ties, 49.64 % to 50.36 %.
 */
function alikeInterval({ estimate, nClusters }: Rate, level: number): Interval {
  const unseen = 1 - ((1 - level) / 2) ** (1 / nClusters);
  return { estimate, low: estimate * (1 - unseen), high: estimate + unseen * (1 - estimate) };
}

/**
 * Two-sided p of a true rate of ½: below α exactly when the interval of level 1 − α leaves ½ out, as long as the
 * variance is not 0.
 */
export function rateTest(rate: Rate): number {
  return studentTwoSided((rate.estimate - 0.5) * 2 * Math.sqrt(effectiveSize(rate)), rate.df);
}

/**
 * Equivalence by two one-sided tests (Schuirmann 1987): p of a true rate that is `margin` or more from ½. Below 0.05
 * exactly when the 90 % interval p ± q·se lies within the margin.
 *
 * Where the variance is 0: the probability of seeing no question end otherwise, were the rate that far off.
 */
export function equivalenceTest(rate: Rate, margin: number): number {
  const { estimate, variance, df, nClusters } = rate;
  const distances = [estimate - 0.5 + margin, 0.5 + margin - estimate];
  if (variance > 0) return Math.max(...distances.map((distance) => oneSided(distance / Math.sqrt(variance), df)));
  const [down = NaN, up = NaN] = distances;
  return Math.max(unseenChance(down / estimate, nClusters), unseenChance(up / (1 - estimate), nClusters));
}

/** P(T ≥ t). */
function oneSided(t: number, df: number): number {
  const both = studentTwoSided(Math.abs(t), df);
  return t > 0 ? both / 2 : 1 - both / 2;
}

/** Probability that n questions show nothing of a share of all; 1 where there is no share to see, 0 where there cannot be. */
function unseenChance(share: number, n: number): number {
  if (share <= 0) return 1;
  return share >= 1 ? 0 : (1 - share) ** n;
}

function effectiveSize({ estimate, variance }: Rate): number {
  return (estimate * (1 - estimate)) / variance;
}
