import type { Tensor } from "../compute/graph/tensor.ts";
import { checkSameLength } from "./rollout.ts";

/** Options of the reward-model loss. */
export interface RewardLossSettings {
  /** How much better the chosen response is said to be, `[N]` (Llama 2, arXiv:2307.09288, eq. 2). */
  readonly margin?: Tensor;
  /** Weight of mean (r_c + r_r)², which keeps scores around 0 (arXiv:2312.09244); 0 is TRL's default. */
  readonly centering: number;
}

/**
 * Bradley–Terry loss of a reward model: mean of −log σ(r_c − r_r − margin), plus centering·mean (r_c + r_r)².
 *
 * SALSA eq. 1; TRL `RewardTrainer.compute_loss`.
 *
 * @param chosen - Scores of the preferred responses, `[N]`.
 * @param rejected - Scores of the others, `[N]`.
 * @returns Scalar, `[]`.
 */
export function rewardLoss(chosen: Tensor, rejected: Tensor, { margin, centering }: RewardLossSettings): Tensor {
  const difference = chosen.sub(rejected); // [N]
  const separated = margin === undefined ? difference : difference.sub(margin);
  const loss = separated.logSigmoid().sum().div(-chosen.size);
  if (centering === 0) return loss;
  return loss.add(
    chosen
      .add(rejected)
      .square()
      .sum()
      .mul(centering / chosen.size),
  );
}

/** Share of pairs that scores order as labelled; an equal pair counts half. */
export function rewardAccuracy(chosen: ArrayLike<number>, rejected: ArrayLike<number>): number {
  checkSameLength("rewardAccuracy", { chosen, rejected });
  let right = 0;
  for (let pair = 0; pair < chosen.length; pair++) {
    right += (Math.sign(chosen[pair]! - rejected[pair]!) + 1) / 2;
  }
  return chosen.length === 0 ? 0 : right / chosen.length;
}
