import { checkSameLength, checkShape, type Floats, RolloutError, type RolloutShape } from "./rollout.ts";

/**
 * Estimates of KL(π ‖ π_ref) per token, in nats, with l = log π and r = log π_ref of the sampled token:
 * `kl` l − r (k1 of Schulman's note) · `abs` |l − r| · `mse` ½(l − r)² (k2) · `k3` e^(r−l) − 1 − (r − l) ·
 * `full` Σ_v π(log π − log π_ref), exact, summed over the vocabulary on the device (op `fullKl`).
 * `forward` ρ(r − l) − ρ + 1 with ρ = e^(r−l) is of the KL the other way round, KL(π_ref ‖ π): never negative, and its
 * mean over what π samples is that KL.
 *
 * Source: TRL 0.11 `kl_penalty`; TRL ≥ 0.12 `kl_estimator` (its k1 is `kl` here);
 * J. Schulman, "Approximating KL divergence", 2020.
 */
export const KL_KINDS = ["kl", "abs", "mse", "k3", "forward", "full"] as const;
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
    case "forward":
      return -difference * Math.exp(-difference) - Math.expm1(-difference);
  }
}

/**
 * Mean of the per-token KLs to several references, `[B, R]` each, nats: MKL (SALSA eq. 5), for any kind.
 *
 * With k1 it is also the KL to the normalised geometric mean of the references minus log Z, since the mean of l − r is
 * l minus the mean of r.
 *
 * @throws {RolloutError} when there is no reference.
 */
export function mixKl(kls: readonly Floats[]): Float64Array {
  const [first] = kls;
  if (first === undefined) throw new RolloutError("mixKl: needs one reference or more, got none");
  checkSameLength("mixKl", Object.fromEntries(kls.map((kl, index) => [`reference ${index + 1}`, kl])));
  const share = 1 / kls.length;
  return Float64Array.from(first, (_, at) => kls.reduce((sum, kl) => sum + share * kl[at]!, 0));
}

/** Sum of the per-token KL over each response, `[B]`, in nats, for the β controller and the logs. */
export function sequenceKl(kl: Floats, mask: Floats, shape: RolloutShape): Float64Array {
  checkShape("sequenceKl", shape, { kl, mask });
  const sums = new Float64Array(shape.B);
  for (let at = 0; at < kl.length; at++) if (mask[at] !== 0) sums[Math.floor(at / shape.R)]! += kl[at]!;
  return sums;
}

/** Mean over the batch of the KL summed over each response, in nats. */
export function meanSequenceKl(kl: Floats, mask: Floats, shape: RolloutShape): number {
  let sum = 0;
  for (const value of sequenceKl(kl, mask, shape)) sum += value;
  return sum / shape.B;
}
