import { gae } from "./gae.ts";
import { rewardMask, type ScorePosition } from "./responseMask.ts";
import { checkShape, type Floats, masked, type RolloutShape } from "./rollout.ts";
import { whiten } from "./whiten.ts";

/**
 * Whitening of rewards, keeping their mean, before GAE. `response` leaves padding at reward 0 (TRL ≥ 0.12).
 * `everywhere` is what TRL 0.11 does: padding, at 0 before, gets the reward μ − μ/σ, which GAE carries back into
 * the responses in front of it; for comparison with that release only.
 */
export const REWARD_WHITENINGS = ["none", "response", "everywhere"] as const;
export type RewardWhitening = (typeof REWARD_WHITENINGS)[number];

/** How rewards become advantages. */
export interface AdvantageSettings {
  readonly gamma: number;
  readonly lam: number;
  readonly whitenRewards: RewardWhitening;
  /** Shifts and scales advantages to mean 0 and variance 1, as TRL always does. */
  readonly whitenAdvantages: boolean;
  readonly scorePosition: ScorePosition;
}

/** Targets of PPO, `[B, R]` each. */
export interface Advantages {
  /** Whitened if asked; 0 outside the response. */
  readonly advantages: Float64Array;
  /** Targets of the value function. */
  readonly returns: Float64Array;
  /** Values of the policy that sampled, 0 outside `valueMask`. */
  readonly values: Float64Array;
  /** Tokens in the value loss: the response, and the pad that carries the score if one does. */
  readonly valueMask: Float32Array;
}

/**
 * Advantages and returns of a batch: mask rewards and values, whiten rewards if asked, GAE, returns = A + V,
 * whiten A over the response if asked.
 *
 * Source: TRL 0.11 `compute_advantages`; with `scorePosition: "afterEos"` TRL ≥ 0.12's train loop.
 *
 * @param rewards - `[B, R]`.
 * @param values - `[B, R]`.
 * @param mask - 1 on response tokens, `[B, R]`.
 */
export function advantages(
  rewards: Floats,
  values: Floats,
  mask: Floats,
  shape: RolloutShape,
  settings: AdvantageSettings,
): Advantages {
  checkShape("advantages", shape, { rewards, values, mask });
  const valueMask = rewardMask(mask, shape, settings.scorePosition);
  const inside = masked(values, valueMask);
  const paid = whitenedRewards(masked(rewards, valueMask), valueMask, settings.whitenRewards);
  const raw = gae(paid, inside, { gamma: settings.gamma, lam: settings.lam, R: shape.R });
  const returns = raw.map((advantage, at) => advantage + inside[at]!);
  const wanted = settings.whitenAdvantages ? whiten(raw, mask) : raw;
  return { advantages: masked(wanted, mask), returns, values: inside, valueMask };
}

function whitenedRewards(rewards: Float64Array, mask: Floats, whitening: RewardWhitening): Float64Array {
  if (whitening === "none") return rewards;
  const whitened = whiten(rewards, mask, "keep");
  return whitening === "everywhere" ? whitened : masked(whitened, mask);
}
