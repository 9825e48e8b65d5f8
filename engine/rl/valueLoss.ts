import type { Tensor } from "../compute/graph/tensor.ts";
import { meanOver } from "./policyLoss.ts";

/**
 * Clipped value loss, averaged over tokens: ½·mean of max((v − ret)², (clip(v, v_old ± c) − ret)²).
 *
 * Source: TRL 0.11 `PPOTrainer.loss`, after the PPO of OpenAI baselines; the paper (arXiv:1707.06347) has no clip
 * here.
 *
 * @param values - Predictions being trained, `[B, R]`.
 * @param oldValues - Predictions at sampling time, `[B, R]`.
 * @param returns - `[B, R]`.
 * @param mask - 1 on tokens whose value counts, `[B, R]`.
 * @returns Scalar, `[]`.
 */
export function valueLoss(values: Tensor, oldValues: Tensor, returns: Tensor, mask: Tensor, clip: number): Tensor {
  const { free, clipped } = squaredErrors(values, oldValues, returns, clip);
  return meanOver(mask, free.maximum(clipped)).mul(0.5);
}

/**
 * Share of tokens where the clip raises the value error, as TRL's `val/clipfrac`.
 * @returns Scalar, `[]`.
 */
export function valueClipFraction(
  values: Tensor,
  oldValues: Tensor,
  returns: Tensor,
  mask: Tensor,
  clip: number,
): Tensor {
  const { free, clipped } = squaredErrors(values, oldValues, returns, clip);
  return meanOver(mask, clipped.lessEqual(free).neg().add(1));
}

function squaredErrors(
  values: Tensor,
  oldValues: Tensor,
  returns: Tensor,
  clip: number,
): { readonly free: Tensor; readonly clipped: Tensor } {
  const near = values.minimum(oldValues.add(clip)).maximum(oldValues.sub(clip)); // [B, R]
  return { free: values.sub(returns).square(), clipped: near.sub(returns).square() };
}
