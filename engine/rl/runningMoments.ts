import type { Floats } from "./rollout.ts";

/** Count, mean and variance of every number seen so far; plain data, to be stored with a checkpoint. */
export interface RunningMoments {
  readonly count: number;
  readonly mean: number;
  /** Population variance. */
  readonly variance: number;
}

/** Moments before any number was seen. */
export const NO_MOMENTS: RunningMoments = { count: 0, mean: 0, variance: 0 };

/**
 * Moments after a further batch (Chan et al. 1979, parallel variance; TRL `RunningMoments`).
 */
export function updateMoments(moments: RunningMoments, xs: Floats): RunningMoments {
  if (xs.length === 0) return moments;
  let sum = 0;
  for (const x of xs) sum += x;
  const mean = sum / xs.length;
  let squares = 0;
  for (const x of xs) squares += (x - mean) ** 2;
  const count = moments.count + xs.length;
  const delta = mean - moments.mean;
  const between = (delta ** 2 * moments.count * xs.length) / count;
  return {
    count,
    mean: moments.mean + (delta * xs.length) / count,
    variance: (moments.variance * moments.count + squares + between) / count,
  };
}

/**
 * Bessel-corrected standard deviation. It is 1 until two numbers have been seen, where TRL 0.11 gives NaN.
 */
export function standardDeviation({ count, variance }: RunningMoments): number {
  return count < 2 ? 1 : Math.sqrt((variance * count) / (count - 1));
}
