import { type Floats, maskedMean, maskedVariance } from "./rollout.ts";

/** Added to the variance (TRL `masked_whiten`). */
const EPSILON = 1e-8;

/**
 * Zero mean and unit variance over the mask: (x − μ)·rsqrt(var + 1e-8), Bessel-corrected.
 *
 * As TRL's `masked_whiten`: μ and var are of the elements in the mask; those outside are moved and scaled along.
 *
 * @param x - `[B, R]`.
 * @param mask - 1 where x counts, `[B, R]`.
 * @param mean - `keep` adds μ back, as for rewards.
 * @throws {RolloutError} when the mask holds fewer than two tokens.
 */
export function whiten(x: Floats, mask: Floats, mean: "remove" | "keep" = "remove"): Float64Array {
  const mu = maskedMean(x, mask);
  const scale = 1 / Math.sqrt(maskedVariance(x, mask) + EPSILON);
  const offset = mean === "keep" ? mu : 0;
  return Float64Array.from(x, (value) => (value - mu) * scale + offset);
}
