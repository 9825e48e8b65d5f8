import { FROM_ZERO, SHARE, type MetricEntry, trl } from "./entry.ts";

/** Losses of the trainings from fixed data. */
const DESCENDED = {
  pretrain: "Cross-entropy per response token of the base model's training",
  sft: "Cross-entropy per response token of SFT",
  reward: "Bradley–Terry loss of the reward model",
  dpo: "Loss over the margins of DPO: log 2 where the policy prefers as its reference does",
} as const;

/** Of every optimizer. */
export const OPTIMIZERS = (["pretrain", "sft", "reward", "policy", "dpo"] as const).flatMap((stage) => [
  {
    name: `${stage}/learningRate` as const,
    label: "Learning rate",
    unit: "",
    description: "AdamW's learning rate at this step",
    source: trl("ppo/learning_rate"),
    bounds: FROM_ZERO,
  },
  {
    name: `${stage}/gradNorm` as const,
    label: "Gradient norm",
    unit: "",
    description: "Global norm of the gradient before clipping",
    source: "transformers Trainer grad_norm",
    bounds: FROM_ZERO,
  },
]) satisfies readonly MetricEntry[];

/** Trainings from fixed data. */
export const LOSSES = (["pretrain", "sft", "reward", "dpo"] as const).map((stage) => ({
  name: `${stage}/loss` as const,
  label: "Loss",
  unit: "",
  description: DESCENDED[stage],
  source: "transformers Trainer loss",
  bounds: FROM_ZERO,
})) satisfies readonly MetricEntry[];

/** Of the reward model. */
export const REWARDS = [
  {
    name: "reward/accuracy",
    label: "Reward-model accuracy",
    unit: "share",
    description: "Share of pairs whose chosen response scores higher",
    source: "TRL 0.11 RewardTrainer accuracy",
    bounds: SHARE,
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
    bounds: SHARE,
  },
] as const satisfies readonly MetricEntry[];

/** Of DPO; its implicit reward of a response is β·(log π − log π_ref). */
export const PREFERENCES = [
  {
    name: "dpo/margin",
    label: "Reward margin",
    unit: "nats",
    description: "Mean implicit reward β·(log π − log π_ref) of the chosen responses less that of the rejected ones",
    source: "TRL 0.11 rewards/margins",
  },
  {
    name: "dpo/accuracy",
    label: "Preference accuracy",
    unit: "share",
    description: "Share of pairs whose chosen response has the higher implicit reward",
    source: "TRL 0.11 rewards/accuracies",
    bounds: SHARE,
  },
  {
    name: "dpo/chosenReward",
    label: "Implicit reward of chosen",
    unit: "nats",
    description:
      "Mean of β·(log π − log π_ref) over the chosen responses; below 0 the policy says even these less often than its reference",
    source: "TRL 0.11 rewards/chosen",
  },
  {
    name: "dpo/rejectedReward",
    label: "Implicit reward of rejected",
    unit: "nats",
    description: "Mean of β·(log π − log π_ref) over the rejected responses",
    source: "TRL 0.11 rewards/rejected",
  },
  {
    name: "dpo/heldOutAccuracy",
    label: "Held-out preference accuracy",
    unit: "share",
    description:
      "Share of the pairs kept back to which the finished policy gives the implicit rewards that their labels say; ties count half",
    source: "",
    bounds: SHARE,
  },
] as const satisfies readonly MetricEntry[];

/** How the work goes, of every training. */
export const WORK = [
  {
    name: "throughput/tokensPerSecond",
    label: "Throughput",
    unit: "tokens per second",
    description:
      "Tokens of the sequences that were learned from, prompts and responses without padding, by the time their steps took; of RLHF those of the sampled rollouts, each counted once, by the time of sampling, scoring and all passes of learning",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "process/cores",
    label: "Busy cores",
    unit: "cores",
    description:
      "Processor time of the engine's process, all threads together, by the time its steps took; with a card little, since the card computes",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "device/busy",
    label: "Busy card",
    unit: "share",
    description:
      "Share of the card's last sampling period, a sixth of a second to a second, in which a kernel ran on it, of any process; of cards that say so (NVML); of another trainer's job on a cluster the mean over its own cards, as Ray last saw them",
    source: "nvmlDeviceGetUtilizationRates",
    bounds: SHARE,
  },
  {
    name: "device/power",
    label: "Power of the card",
    unit: "W",
    description: "Drawn by the card when this was recorded, of cards that say so (NVML)",
    source: "nvmlDeviceGetPowerUsage",
    bounds: FROM_ZERO,
  },
  {
    name: "device/memory",
    label: "Device memory",
    unit: "MiB",
    description:
      "Held by the backend when this was recorded: weights, optimizer state, caches and programs' buffers; of a card its own memory, else a part of the process's; of another trainer's job on a cluster that of its own cards together, of any process",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "device/peakMemory",
    label: "Device memory, peak",
    unit: "MiB",
    description: "The most that the backend has held at a time since the run opened it",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "device/freeMemory",
    label: "Device memory, free",
    unit: "MiB",
    description:
      "Of a card: held by no program when this was recorded; what the engine has given back counts as held until it ends",
    source: "cuMemGetInfo",
    bounds: FROM_ZERO,
  },
  {
    name: "process/memory",
    label: "Memory",
    unit: "MiB",
    description: "Resident set of the engine's process when this was recorded, weights and buffers included",
    source: "",
    bounds: FROM_ZERO,
  },
] as const satisfies readonly MetricEntry[];
