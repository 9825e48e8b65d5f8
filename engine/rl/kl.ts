import { checkSameLength, checkShape, type Floats, RolloutError, type RolloutShape } from "./rollout.ts";

/**
 * Estimates of KL(π ‖ π_ref) per token, in nats, with l = log π and r = log π_ref of the sampled token:
 * `kl` l − r (k1 of Schulman's note) · `abs` |l − r| · `mse` ½(l − r)² (k2) · `k3` e^(r−l) − 1 − (r − l) ·
 * `full` Σ_v π(log π − log π_ref), exact, summed over the vocabulary on the device (op `fullKl`).
 *
 * Source: TRL 0.11 `kl_penalty`; TRL ≥ 0.12 `kl_estimator` (its k1 is `kl` here);
 * J. Schulman, "Approximating KL divergence", 2020.
 */
export const KL_KINDS = ["kl", "abs", "mse", "k3", "full"] as const;
export type KlKind = (typeof KL_KINDS)[number];
/** The estimates that two log-probs are enough for. */
export type SampledKlKind = Exclude<KlKind, "full">;

/**
 * KL estimate per token, `[B, R]`, in nats.
 * @param logprobs - log π of the sampled tokens, `[B, R]`.
 * @param referenceLogprobs - log π_ref of the same tokens, `[B, R]`.
 */
export function klPerToken(logprobs: Floats, referenceLogprobs: Floats, kind: SampledKlKind): Float64Array {
  checkSameLength("klPerToken", { logprobs, referenceLogprobs });
  return Float64Array.from(logprobs, (l, at) => estimate(l - referenceLogprobs[at]!, kind));
}

function estimate(difference: number, kind: SampledKlKind): number {
  switch (kind) {
    case "kl":
      return difference;
    case "abs":
      return Math.abs(difference);
    case "mse":
      return 0.5 * difference ** 2;
    case "k3":
      return Math.expm1(-difference) + difference;
  }
}

/**
 * Log-probs to compare with when there are several references: their weighted mean per token, `[B, R]`.
 *
 * SALSA eq. 5 (MKL) averages the KL to each reference. With k1 the average is linear in r, so the KL to the mean
 * log-prob is the same number; it also equals the KL to the normalised geometric mean of the references minus
 * log Z. For the other kinds average the KLs: `mixKl`.
 *
 * Weights sum to 1; they are equal when absent.
 */
export function mixReferences(references: readonly Floats[], weights?: readonly number[]): Float64Array {
  return weightedMean("mixReferences", references, weights);
}

/**
 * Weighted mean of the per-token KLs to several references, `[B, R]`, for any kind (SALSA eq. 5).
 * Weights sum to 1; they are equal when absent.
 */
export function mixKl(kls: readonly Floats[], weights?: readonly number[]): Float64Array {
  return weightedMean("mixKl", kls, weights);
}

function weightedMean(operation: string, arrays: readonly Floats[], weights?: readonly number[]): Float64Array {
  const [first] = arrays;
  if (first === undefined) throw new RolloutError(`${operation}: needs one reference or more, got none`);
  checkSameLength(operation, Object.fromEntries(arrays.map((array, index) => [`reference ${index + 1}`, array])));
  const shares = weights ?? arrays.map(() => 1 / arrays.length);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.length !== arrays.length || Math.abs(total - 1) > 1e-6) {
    throw new RolloutError(
      `${operation}: needs ${arrays.length} weights that sum to 1, got [${shares.join(", ")}], which sum to ${total}`,
    );
  }
  return Float64Array.from(first, (_, at) =>
    arrays.reduce((sum, array, index) => sum + shares[index]! * array[at]!, 0),
  );
}

/** Sum of the per-token KL over each response, `[B]`, in nats: what the β controller and the logs look at. */
export function sequenceKl(kl: Floats, mask: Floats, shape: RolloutShape): Float64Array {
  checkShape("sequenceKl", shape, { kl, mask });
  const sums = new Float64Array(shape.B);
  for (let at = 0; at < kl.length; at++) if (mask[at] !== 0) sums[Math.floor(at / shape.R)]! += kl[at]!;
  return sums;
}
