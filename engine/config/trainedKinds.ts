/** Kinds of stages that other trainers can train, as the recipe names them. */
export const TRAINED_KINDS = ["sft", "reward", "rlhf"] as const;
export type TrainedKind = (typeof TRAINED_KINDS)[number];
