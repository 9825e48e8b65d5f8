import { logGamma, normalTail } from "../../figures/distributions.ts";

/** Steps of the exact distribution that are worth their time: some 50 ms. Beyond, the normal one is as good. */
const MOST_STEPS = 2e7;

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
 * The sign test of clusters: the probability, were both sides equally good, of a sum at least as far from 0 as this
 * one. Each cluster's sum keeps its size and has either sign with probability ½, by itself (Fisher 1935, §21; for
 * clusters, Datta & Satten 2008). With sums of one size it is the sign test.
 *
 * Exact, by the distribution of the sum; where that would take more than some 50 ms, by the normal approximation with
 * continuity correction, whose error is then far below its p.
 *
 * @param sums - Wins less losses of each cluster, whole numbers; 0 says nothing and is left out.
 */
export function clusteredSignTest(sums: readonly number[]): number {
  const sizes = new Map<number, number>();
  let sum = 0;
  for (const one of sums) {
    const size = Math.abs(one);
    if (size > 0) sizes.set(size, (sizes.get(size) ?? 0) + 1);
    sum += one;
  }
  const [only] = sizes.keys();
  if (only === undefined) return 1;
  if (sizes.size === 1) return signTest(countOf(sums, only), countOf(sums, -only));
  const groups = [...sizes].sort(([a], [b]) => a - b);
  const step = groups.reduce((divisor, [size]) => greatestDivisor(divisor, size), 0);
  const parts = groups.map(([size, count]): readonly [number, number] => [size / step, count]);
  const observed = Math.abs(sum) / step;
  return stepsOf(parts) > MOST_STEPS ? normalSignTest(parts, observed) : exactSignTest(parts, observed);
}

/** Groups of clusters: size of the sum, and how many have it. */
type Groups = readonly (readonly [size: number, count: number])[];

const countOf = (sums: readonly number[], value: number): number => sums.filter((one) => one === value).length;

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Multiplications of `exactSignTest`. */
function stepsOf(groups: Groups): number {
  let steps = 0;
  let total = 1;
  for (const [size, count] of groups) {
    steps += total * (count + 1);
    total += size * count;
  }
  return steps;
}

/** Convolves the binomial distributions of the groups: place k holds the probability that positive sums add up to k. */
function exactSignTest(groups: Groups, observed: number): number {
  let chances = Float64Array.of(1);
  for (const [size, count] of groups) {
    const next = new Float64Array(chances.length + size * count);
    for (let positive = 0; positive <= count; positive++) {
      const chance = binomialHalf(count, positive);
      if (chance === 0) continue;
      for (let k = 0; k < chances.length; k++) next[k + size * positive]! += chance * chances[k]!;
    }
    chances = next;
  }
  const total = chances.length - 1;
  // The sum is 2k − total; by symmetry the lower tail is as heavy as the upper.
  let tail = 0;
  for (let k = 0; k < chances.length && total - 2 * k >= observed; k++) tail += chances[k]!;
  return observed === 0 ? 1 : Math.min(1, 2 * tail);
}

/** P(B = k) of n tosses of a fair coin. */
function binomialHalf(n: number, k: number): number {
  return Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2);
}

/** Neighbouring sums are two steps apart, so half of that is the continuity correction. */
function normalSignTest(groups: Groups, observed: number): number {
  const variance = groups.reduce((total, [size, count]) => total + count * size ** 2, 0);
  return Math.min(1, 2 * normalTail(Math.max(0, observed - 1) / Math.sqrt(variance)));
}
