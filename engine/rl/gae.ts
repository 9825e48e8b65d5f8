import { ShapeError } from "../compute/graph/tensor.ts";
import type { Floats } from "./rollout.ts";

/**
 * Generalised advantage estimates: δ_t = r_t + γV_{t+1} − V_t, A_t = δ_t + γλA_{t+1}, with V = 0 after the last
 * column.
 *
 * Schulman et al. 2016 (arXiv:1506.02438), eq. 16.
 *
 * @param rewards - `[B, R]`, 0 outside the response.
 * @param values - `[B, R]`, 0 outside the response.
 * @param settings - How to look ahead.
 * @param settings.gamma - Discount per token.
 * @param settings.lam - 0 trusts the values, 1 the rewards.
 * @param settings.R - Columns of a row; one row holds everything when absent.
 * @returns `[B, R]`.
 */
export function gae(
  rewards: Floats,
  values: Floats,
  settings: { readonly gamma: number; readonly lam: number; readonly R?: number },
): Float64Array {
  const { gamma, lam, R = rewards.length } = settings;
  if (rewards.length !== values.length || (R > 0 && rewards.length % R !== 0)) {
    throw new ShapeError("gae", { rewards: [rewards.length], values: [values.length] });
  }
  const advantages = new Float64Array(rewards.length);
  for (let start = 0; start < rewards.length; start += R) {
    let next = 0;
    let nextValue = 0;
    for (let at = start + R - 1; at >= start; at--) {
      const delta = rewards[at]! + gamma * nextValue - values[at]!;
      next = delta + gamma * lam * next;
      nextValue = values[at]!;
      advantages[at] = next;
    }
  }
  return advantages;
}
