import { type MetricNames, namedScalars } from "../trainer/metricNames.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { LoggedSample, PenaltySettings } from "../trainer/trainer.ts";

/** Our paths of OpenRLHF's scalars, by tag. Whatever is not here keeps its own name. */
const NAMES: MetricNames = {
  // sft_trainer.py:187
  sft: { "train/loss_mean": "sft/loss", "train/lr": "sft/learningRate", "train/grad_norm": "sft/gradNorm" },
  // rm_trainer.py:179 and 299
  reward: {
    "train/loss_mean": "reward/loss",
    "train/acc_mean": "reward/accuracy",
    "train/chosen_reward": "reward/chosen",
    "train/reject_reward": "reward/rejected",
    "train/lr": "reward/learningRate",
    "train/grad_norm": "reward/gradNorm",
    "eval/acc_mean": "reward/heldOutAccuracy",
  },
  // ppo_trainer.py:424, ppo_actor.py:370, ppo_critic.py:177
  rlhf: {
    "train/rollout/reward_mean": "objective/score",
    "train/rollout/reward_std": "objective/scoreStd",
    "train/rollout/response_length_mean": "rollout/length",
    "train/policy_loss": "loss/policy",
    "train/critic_loss": "loss/value",
    "train/entropy_loss": "policy/entropy",
    "train/ppo_kl": "policy/policyKl",
    "train/ppo_clip_ratio": "policy/clipFraction",
    "train/actor_lr": "policy/learningRate",
    "train/actor_grad_norm": "policy/gradNorm",
    "train/values": "value/prediction",
  },
};

/** Scalars that only repeat what another one says, or that others are computed from. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...["train/gpt_loss", "train/loss", "train/acc", "train/reward", "train/response_length", "train/return"],
  ...["train/rollout/truncated_rate", "train/rollout/num_samples", "train/truncated"],
]);

/**
 * The metrics of a step by our names, from OpenRLHF's scalars.
 *
 * `objective/kl` is the penalty of a whole response, as ours is: OpenRLHF's `kl` is a mean over tokens, but its return is
 * the score less β times that penalty (models/utils.py:607), where scores are not clipped.
 *
 * @param kind - Of the stage.
 * @param scalars - Of one step, by tag.
 * @param arm - Of PPO: the weight of the penalty, and the bound of scores, 0 for none.
 */
export function openRlhfMetrics(
  kind: TrainedKind,
  scalars: ReadonlyMap<string, number>,
  arm?: PenaltySettings,
): Readonly<Record<string, number>> {
  return { ...namedScalars(NAMES[kind], scalars, LEFT_OUT), ...(kind === "rlhf" ? derived(scalars, arm) : {}) };
}

function derived(
  scalars: ReadonlyMap<string, number>,
  { beta, scoreClip }: PenaltySettings = { beta: 0, scoreClip: 0 },
): Readonly<Record<string, number>> {
  const reward = scalars.get("train/reward");
  const paid = scalars.get("train/return");
  const truncated = scalars.get("train/rollout/truncated_rate");
  const isSum = beta > 0 && scoreClip === 0 && reward !== undefined && paid !== undefined;
  return {
    ...(beta > 0 && { "objective/beta": beta }),
    ...(isSum && { "objective/kl": (reward - paid) / beta }),
    ...(truncated !== undefined && { "rollout/eosRate": 1 - truncated }),
  };
}

/** The rollout in a text of its tag (logging_utils.py:127); undefined where it is none. */
export function openRlhfSample(written: string): LoggedSample | undefined {
  const found = /^Sample:\\n([^]*)\\n\\nReward: (\S+)$/.exec(written);
  if (found === null) return undefined;
  const [, text = "", reward = ""] = found;
  const score = Number(reward);
  return { text, score: Number.isFinite(score) ? score : null };
}
