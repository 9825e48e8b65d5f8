import { ownValue } from "../../common/dictionary.ts";
/**
 * Our paths of metrics by the names of others, without the `train/` that transformers and OpenRLHF put before them. Only
 * names of the same quantity in the same unit are here; whatever is not keeps its own name.
 */
export const METRIC_NAMES: Readonly<Record<string, string>> = {
  // TRL 0.4 to 0.11, PPOTrainer.
  "objective/kl": "objective/kl",
  "objective/kl_coef": "objective/beta",
  "objective/entropy": "objective/entropy",
  "ppo/mean_scores": "objective/score",
  "ppo/std_scores": "objective/scoreStd",
  "ppo/mean_non_score_reward": "objective/nonScoreReward",
  "tokens/responses_len_mean": "rollout/length",
  "ppo/returns/mean": "returns/mean",
  "ppo/returns/var": "returns/variance",
  "ppo/loss/total": "loss/total",
  "ppo/loss/policy": "loss/policy",
  "ppo/loss/value": "loss/value",
  "ppo/policy/entropy": "policy/entropy",
  "ppo/policy/approxkl": "policy/approxKl",
  "ppo/policy/policykl": "policy/policyKl",
  "ppo/policy/clipfrac": "policy/clipFraction",
  "ppo/policy/advantages_mean": "policy/advantagesMean",
  "ppo/policy/ratio": "policy/ratio",
  "ppo/val/mean": "value/mean",
  "ppo/val/var": "value/variance",
  "ppo/val/var_explained": "value/explainedVariance",
  "ppo/val/clipfrac": "value/clipFraction",
  "ppo/val/error": "value/error",
  "ppo/val/vpred": "value/prediction",
  "ppo/learning_rate": "policy/learningRate",
  // TRL from 0.12 on, whose PPOTrainer was PPOv2 before.
  "objective/scores": "objective/score",
  "objective/non_score_reward": "objective/nonScoreReward",
  "loss/policy_avg": "loss/policy",
  "loss/value_avg": "loss/value",
  "policy/approxkl_avg": "policy/approxKl",
  "policy/clipfrac_avg": "policy/clipFraction",
  "policy/entropy_avg": "policy/entropy",
  "val/clipfrac_avg": "value/clipFraction",
  "val/ratio": "policy/ratio",
  lr: "policy/learningRate",
  // TRL, DPOTrainer.
  "rewards/margins": "dpo/margin",
  "rewards/accuracies": "dpo/accuracy",
  "rewards/chosen": "dpo/chosenReward",
  "rewards/rejected": "dpo/rejectedReward",
  // OpenRLHF. Its kl is a mean over tokens, and its return a sum of rewards: neither is ours.
  reward: "objective/score",
  response_length: "rollout/length",
  policy_loss: "loss/policy",
  critic_loss: "loss/value",
  actor_lr: "policy/learningRate",
  ppo_kl: "policy/policyKl",
  ppo_clip_ratio: "policy/clipFraction",
};

/** Names that transformers' Trainer has in every training, by the kind of stage that they are of. */
const OF_ANY: Readonly<Record<string, string>> = { loss: "loss", grad_norm: "gradNorm", learning_rate: "learningRate" };
/** Our paths begin so; RLHF's policy has an optimizer of its own. */
const PREFIXES: Readonly<Record<StageKind, string>> = { rlhf: "policy", dpo: "dpo", sft: "sft" };

/** Kinds of trainings that are told apart. */
export type StageKind = "rlhf" | "dpo" | "sft";

/** The kind of training that has logged these names. */
export function kindOfNames(tags: Iterable<string>): StageKind {
  const ours = new Set(Array.from(tags, (tag) => ownValue(METRIC_NAMES, bare(tag)) ?? ""));
  if ([...ours].some((name) => name.startsWith("dpo/"))) return "dpo";
  return ours.has("loss/policy") || ours.has("objective/kl") || ours.has("objective/score") ? "rlhf" : "sft";
}

/** Our path of a metric by its tag; an unknown tag is its own path. */
export function metricNameOf(tag: string, kind: StageKind): string {
  const name = bare(tag);
  const known = ownValue(METRIC_NAMES, name);
  if (known !== undefined) return known;
  const part = ownValue(OF_ANY, name);
  // The loss of RLHF's trainer is no loss of a training from fixed data.
  return part === undefined || (kind === "rlhf" && part === "loss") ? tag : `${PREFIXES[kind]}/${part}`;
}

function bare(tag: string): string {
  return tag.startsWith("train/") ? tag.slice("train/".length) : tag;
}
