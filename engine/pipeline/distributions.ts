import { quantileOfSorted } from "../evaluation/statistics/mean.ts";
import { DISTRIBUTIONS, type DistributionName, PERCENTILES, percentilePath } from "../protocol/distributions.ts";
import type { Floats } from "../rl/rollout.ts";

/** Digits that are recorded: a picture has no more. */
const DIGITS = 4;

/** A batch of responses, as far as distributions over it are recorded. */
export interface MeasuredResponses {
  /** Tokens of each response, `[B]`. */
  readonly lengths: ArrayLike<number>;
  /** KL of each token, `[B, R]`. */
  readonly kl: Floats;
  /** `[B]`; left out where nothing scores them. */
  readonly scores?: Floats;
  /** log π − log π_ref of each token, `[B, R]`; left out where it is not known. */
  readonly logRatios?: Floats;
}

/** Percentiles over a batch of responses, or their tokens, by their paths. Values that are no numbers are left out. */
export function distributionMetrics(measured: MeasuredResponses): Readonly<Record<string, number>> {
  const { lengths, kl, scores, logRatios } = measured;
  const R = kl.length / lengths.length;
  const kls = Array.from(lengths, (length, row) => {
    let sum = 0;
    for (let t = 0; t < length; t++) sum += kl[row * R + t]!;
    return sum;
  });
  const values: Readonly<Record<DistributionName, readonly number[]>> = {
    score: Array.from(scores ?? []),
    length: Array.from(lengths),
    kl: kls,
    klPerToken: kls.map((sum, row) => sum / Math.max(1, lengths[row]!)),
    logRatio: Array.from(logRatios ?? []).filter((_, at) => at % R < lengths[Math.floor(at / R)]!),
  };
  return Object.fromEntries(DISTRIBUTIONS.flatMap(({ of }) => percentilesOf(of, values[of])));
}

function percentilesOf(of: DistributionName, values: readonly number[]): readonly (readonly [string, number])[] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [];
  return PERCENTILES.map((percent) => {
    return [percentilePath(of, percent), Number(quantileOfSorted(sorted, percent / 100).toPrecision(DIGITS))];
  });
}
