import { mean, meanInterval, variance } from "../../evaluation/statistics/mean.ts";
import type { Estimate } from "../../figures/index.ts";

/**
 * The mean of numbers by base seed: of one seed with Student's interval over its numbers, of several with that over the
 * seeds' means, since numbers of one seed share its training.
 *
 * @param bySeed - Numbers of each base seed.
 * @returns Undefined without numbers.
 */
export function meanEstimate(bySeed: readonly (readonly number[])[], note?: string): Estimate | undefined {
  const filled = bySeed.filter((numbers) => numbers.length > 0);
  const [only, ...others] = filled;
  if (only === undefined) return undefined;
  const n = filled.reduce((sum, { length }) => sum + length, 0);
  const means = others.length === 0 ? only : filled.map(mean);
  const { estimate, low, high } = meanInterval(means);
  const se = others.length === 0 ? Math.sqrt(variance(only) / n) : Math.sqrt(variance(means) / means.length);
  return {
    value: estimate,
    ...(Number.isFinite(low) && Number.isFinite(high) && { low, high }),
    ...(Number.isFinite(se) && { se }),
    ...{ n, nSeeds: filled.length },
    ...(note !== undefined && { note }),
  };
}

/** How such an interval was made, for captions. */
export function meanIntervalWords(nSeeds: number, over: string): string {
  return nSeeds > 1
    ? `Whiskers: 95 % Student interval over ${nSeeds} base seeds.`
    : `Whiskers: 95 % Student interval over ${over}; one base seed, so the luck of training is not in it.`;
}

/** The same where a single seed's interval is of standard errors over prompts. */
export function promptIntervalWords(nSeeds: number): string {
  return nSeeds > 1
    ? `Whiskers: 95 % Student interval over ${nSeeds} base seeds.`
    : "Whiskers: 95 %, 1.96 standard errors over prompts; one base seed, so the luck of training is not in them.";
}
