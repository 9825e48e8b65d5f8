/** Percentiles by which the distribution of a quantity over a batch of responses is recorded, beside its mean. */
export const PERCENTILES = [0, 5, 10, 25, 50, 75, 90, 95, 100] as const;

/** Steps of a training at which distributions are recorded, at most: some 90 kB of its log, however long it is. */
export const MOST_DISTRIBUTIONS = 200;

const PREFIX = "distribution/";

/** Quantities whose distributions are recorded, by the name in their paths. Catalogue and view follow. */
export const DISTRIBUTIONS = [
  {
    of: "score",
    label: "Reward-model score",
    unit: "reward",
    description: "Score of each response, before scaling, clipping and penalties",
  },
  { of: "length", label: "Response length", unit: "tokens", description: "Tokens of each response" },
  {
    of: "kl",
    label: "KL to reference",
    unit: "nats per sequence",
    description: "Penalty summed over each response",
  },
  {
    of: "klPerToken",
    label: "KL per token",
    unit: "nats per token",
    description: "Penalty summed over each response, by the tokens that it has",
  },
  {
    of: "logRatio",
    label: "Log-ratio to reference",
    unit: "nats",
    description: "log π − log π_ref of each token, where the penalty is estimated by it (klKind kl)",
  },
] as const;

/** Name of a quantity whose distribution is recorded. */
export type DistributionName = (typeof DISTRIBUTIONS)[number]["of"];

/** Path under which a percentile of a quantity is recorded: `distribution/score/p50`. */
export function percentilePath(of: DistributionName, percent: number): string {
  return `${PREFIX}${of}/p${percent}`;
}

/** True for the path of a percentile: these are drawn together, and no curves of their own. */
export function isPercentile(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** True for the steps at which distributions are recorded. @param step - Counted from 1. */
export function hasDistributions(step: number, total: number): boolean {
  return step === total || (step - 1) % Math.ceil(total / MOST_DISTRIBUTIONS) === 0;
}
