import type { Tensor } from "../compute/graph/tensor.ts";

/**
 * Clipped policy loss, averaged over response tokens.
 *
 * Schulman et al. 2017 (arXiv:1707.06347), eq. 7, negated.
 *
 * @param ratio - pi / piOld per token, `[B, R]`.
 * @param advantages - Whitened, `[B, R]`.
 * @param mask - 1 up to and including eos, else 0, `[B, R]`.
 * @param clip - Half-width of the trust interval around ratio 1.
 * @returns Scalar, `[]`.
 */
export function policyLoss(ratio: Tensor, advantages: Tensor, mask: Tensor, clip: number): Tensor {
  const clipped = ratio.clamp(1 - clip, 1 + clip).mul(advantages);
  const objective = ratio.mul(advantages).minimum(clipped); // [B, R]
  return meanOver(mask, objective).neg();
}

/**
 * Share of response tokens whose ratio the clip holds back, as TRL's `clipfrac`.
 * @returns Scalar, `[]`.
 */
export function clipFraction(ratio: Tensor, advantages: Tensor, mask: Tensor, clip: number): Tensor {
  const clipped = ratio.clamp(1 - clip, 1 + clip).mul(advantages);
  const free = ratio.mul(advantages).lessEqual(clipped); // 1 where the clip changes nothing
  return meanOver(mask, free.neg().add(1));
}

/** Mean over the tokens where the mask is 1, `[]`. */
export function meanOver(mask: Tensor, x: Tensor): Tensor {
  return x.mul(mask).sum().div(mask.sum());
}
