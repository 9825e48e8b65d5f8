import type { TrainedKind } from "../../config/trainedKinds.ts";
import { type MetricNames, namedScalars } from "../trainer/metricNames.ts";
import type { LoggedSample } from "../trainer/trainer.ts";

/** Our paths of Molt's scalars, by tag. */
const NAMES: MetricNames = {
  // sft_trainer.py:207
  sft: { "train/sft_loss": "sft/loss", "train/lr": "sft/learningRate", "train/grad_norm": "sft/gradNorm" },
  // rl_trainer.py:369, policy_actor.py:626, critic_actor.py:183
  rlhf: {
    "train/rollout/reward_mean": "objective/score",
    "train/rollout/reward_std": "objective/scoreStd",
    "train/rollout/response_length_mean": "rollout/length",
    "train/kl_coef": "objective/beta",
    "train/policy_loss": "loss/policy",
    "train/value_loss": "loss/value",
    "train/entropy_loss": "policy/entropy",
    "train/policy_kl": "policy/policyKl",
    "train/policy_clip_ratio": "policy/clipFraction",
    "train/actor_lr": "policy/learningRate",
    "train/actor_grad_norm": "policy/gradNorm",
  },
};

/** Scalars that only repeat what another one says. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...["train/reward", "train/score", "train/response_length", "train/truncated"],
  ...["train/rollout/truncated_rate", "train/rollout/num_samples", "train/rollout/pass1"],
  ...["train/rollout/num_rollouts", "train/rollout/num_prompt_groups"],
]);

/**
 * The metrics of a step of Molt's. Its `kl` is a mean over the tokens of each response, from which the penalty of whole
 * responses, our `objective/kl`, cannot be had: it keeps its own name.
 */
export function moltMetrics(kind: TrainedKind, scalars: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  const truncated = scalars.get("train/rollout/truncated_rate");
  const ended = kind === "rlhf" && truncated !== undefined ? { "rollout/eosRate": 1 - truncated } : {};
  return { ...namedScalars(NAMES[kind], scalars, LEFT_OUT), ...ended };
}

/** The rollout in a text of its tag (logging_utils.py:144); undefined where it is none. */
export function moltSample(written: string): LoggedSample | undefined {
  const found = /^Sample:\n([^]*)\n\nReward: (\S+)$/.exec(written);
  if (found === null) return undefined;
  const [, text = "", reward = ""] = found;
  const score = Number(reward);
  return { text, score: Number.isFinite(score) ? score : null };
}
