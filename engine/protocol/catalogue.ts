/** What a metric is, for axes, tooltips and reports. */
export interface MetricEntry {
  /** Path under which it is recorded: `objective/kl`. */
  readonly name: string;
  readonly label: string;
  /** Unit of the values; empty for pure numbers. */
  readonly unit: string;
  readonly description: string;
  /** Name under which others know it, with whose it is; empty if it is ours. */
  readonly source: string;
}

const trl = (name: string): string => `TRL 0.11 ${name}`;

/** Before learning from an iteration's rollouts. */
const objective = [
  {
    name: "objective/kl",
    label: "KL to reference",
    unit: "nats per sequence",
    description:
      "Penalty summed over each response, averaged over the batch; near 0 at the start when the policy starts at its reference",
    source: trl("objective/kl"),
  },
  {
    name: "objective/beta",
    label: "KL coefficient β",
    unit: "",
    description: "Weight of the penalty in this iteration; the adaptive controller moves it",
    source: trl("objective/kl_coef"),
  },
  {
    name: "objective/entropy",
    label: "Sequence entropy",
    unit: "nats per sequence",
    description: "Minus the log-probability of the sampled responses, averaged over the batch",
    source: trl("objective/entropy"),
  },
  {
    name: "objective/score",
    label: "Reward-model score",
    unit: "reward",
    description: "Mean score of the responses, before scaling, clipping and penalties",
    source: trl("ppo/mean_scores"),
  },
  {
    name: "objective/scoreStd",
    label: "Score deviation",
    unit: "reward",
    description: "Standard deviation of the scores in the batch",
    source: trl("ppo/std_scores"),
  },
  {
    name: "objective/nonScoreReward",
    label: "Penalty per token",
    unit: "reward",
    description: "Mean of −β·KL over response tokens",
    source: trl("ppo/mean_non_score_reward"),
  },
  {
    name: "objective/gold",
    label: "Gold score",
    unit: "gold score",
    description:
      "Mean true score of the responses, where the task knows it; a falling one under a rising reward is hacking",
    source: "",
  },
  {
    name: "rollout/length",
    label: "Response length",
    unit: "tokens",
    description: "Mean tokens per response; falling towards 0 is the KL-hack of SALSA's appendix A.4",
    source: trl("tokens/responses_len_mean"),
  },
  {
    name: "rollout/eosRate",
    label: "Ended responses",
    unit: "share",
    description: "Share of responses that end with end-of-text rather than at the length limit",
    source: "",
  },
  {
    name: "returns/mean",
    label: "Return",
    unit: "reward",
    description: "Mean return over response tokens",
    source: trl("ppo/returns/mean"),
  },
  {
    name: "returns/variance",
    label: "Return variance",
    unit: "reward²",
    description: "Variance of the returns over response tokens",
    source: trl("ppo/returns/var"),
  },
  {
    name: "value/mean",
    label: "Value",
    unit: "reward",
    description: "Mean of the critic's values at sampling time",
    source: trl("ppo/val/mean"),
  },
  {
    name: "value/variance",
    label: "Value variance",
    unit: "reward²",
    description: "Variance of the critic's values at sampling time",
    source: trl("ppo/val/var"),
  },
  {
    name: "value/explainedVariance",
    label: "Explained variance",
    unit: "share",
    description:
      "1 − mean squared error of the values over the variance of the returns; 1 is a perfect critic, below 0 worse than a constant",
    source: trl("ppo/val/var_explained"),
  },
] as const satisfies readonly MetricEntry[];

/** While learning. */
const learning = [
  {
    name: "loss/total",
    label: "Loss",
    unit: "",
    description: "What PPO's optimizer descends: policy loss plus weighted value loss",
    source: trl("ppo/loss/total"),
  },
  {
    name: "loss/policy",
    label: "Policy loss",
    unit: "",
    description: "Clipped policy loss",
    source: trl("ppo/loss/policy"),
  },
  {
    name: "loss/value",
    label: "Value loss",
    unit: "reward²",
    description: "Clipped value loss, before its coefficient",
    source: trl("ppo/loss/value"),
  },
  {
    name: "policy/advantagesMean",
    label: "Advantage",
    unit: "",
    description: "Mean advantage over response tokens; 0 when whitened",
    source: trl("ppo/policy/advantages_mean"),
  },
  {
    name: "policy/approxKl",
    label: "Approximate KL of the update",
    unit: "nats per token",
    description: "½·mean (log π − log π_old)² over response tokens",
    source: trl("ppo/policy/approxkl"),
  },
  {
    name: "policy/policyKl",
    label: "KL of the update",
    unit: "nats per token",
    description: "Mean of log π_old − log π over response tokens",
    source: trl("ppo/policy/policykl"),
  },
  {
    name: "policy/clipFraction",
    label: "Clipped ratios",
    unit: "share",
    description: "Share of response tokens whose policy loss is clipped",
    source: trl("ppo/policy/clipfrac"),
  },
  {
    name: "policy/ratio",
    label: "Policy ratio",
    unit: "",
    description: "Mean of π / π_old over response tokens; a minibatch above rlhf.ratioThreshold is not learned from",
    source: trl("ppo/policy/ratio"),
  },
  {
    name: "policy/skipped",
    label: "Skipped minibatches",
    unit: "share",
    description: "Share of minibatches whose loss counted 0, because their mean ratio was over rlhf.ratioThreshold",
    source: "",
  },
  {
    name: "policy/entropy",
    label: "Token entropy",
    unit: "nats per token",
    description: "Mean entropy of the next-token distribution over response tokens",
    source: trl("ppo/policy/entropy"),
  },
  {
    name: "value/clipFraction",
    label: "Clipped values",
    unit: "share",
    description: "Share of response tokens whose value loss is clipped",
    source: trl("ppo/val/clipfrac"),
  },
  {
    name: "value/error",
    label: "Value error",
    unit: "reward²",
    description: "Mean squared difference of values and returns",
    source: trl("ppo/val/error"),
  },
  {
    name: "value/prediction",
    label: "Predicted value",
    unit: "reward",
    description: "Mean value while learning",
    source: trl("ppo/val/vpred"),
  },
] as const satisfies readonly MetricEntry[];

/** What is descended in the trainings from fixed data. */
const DESCENDED = {
  pretrain: "Cross-entropy per response token of the base model's training",
  sft: "Cross-entropy per response token of SFT",
  reward: "Bradley–Terry loss of the reward model",
} as const;

/** Of every optimizer. */
const optimizers = (["pretrain", "sft", "reward", "policy"] as const).flatMap((stage) => [
  {
    name: `${stage}/learningRate` as const,
    label: "Learning rate",
    unit: "",
    description: "AdamW's learning rate at this step",
    source: trl("ppo/learning_rate"),
  },
  {
    name: `${stage}/gradNorm` as const,
    label: "Gradient norm",
    unit: "",
    description: "Global norm of the gradient before clipping",
    source: "transformers Trainer grad_norm",
  },
]) satisfies readonly MetricEntry[];

/** Trainings from fixed data. */
const losses = (["pretrain", "sft", "reward"] as const).map((stage) => ({
  name: `${stage}/loss` as const,
  label: "Loss",
  unit: "",
  description: DESCENDED[stage],
  source: "transformers Trainer loss",
})) satisfies readonly MetricEntry[];

/** Reward model. */
const rewards = [
  {
    name: "reward/accuracy",
    label: "Reward-model accuracy",
    unit: "share",
    description: "Share of pairs whose chosen response scores higher",
    source: "TRL 0.11 RewardTrainer accuracy",
  },
  {
    name: "reward/chosen",
    label: "Score of chosen",
    unit: "reward",
    description: "Mean score of the chosen responses",
    source: "",
  },
  {
    name: "reward/rejected",
    label: "Score of rejected",
    unit: "reward",
    description: "Mean score of the rejected responses",
    source: "",
  },
  {
    name: "reward/heldOutAccuracy",
    label: "Held-out accuracy",
    unit: "share",
    description: "Share of the pairs kept back that the finished reward model orders as labelled; ties count half",
    source: "",
  },
] as const satisfies readonly MetricEntry[];

/** Every metric a run records. Add yours here; dashboards, reports and the contract test follow. */
export const METRICS = [...objective, ...learning, ...losses, ...optimizers, ...rewards] as const;

/** Paths of all metrics. */
export type MetricName = (typeof METRICS)[number]["name"];

/** What is known about a metric; one that is not in the catalogue is its own label. */
export function describeMetric(name: string): MetricEntry {
  return METRICS.find((entry) => entry.name === name) ?? { name, label: name, unit: "", description: "", source: "" };
}
