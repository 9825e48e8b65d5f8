import type { DeclaredTrainer } from "../trainer/declaration.ts";

/** Molt, which has a flag for the reference: SFT of conversations, and PPO. Reward models go where "auto" puts them. */
export const MOLT = {
  name: "molt",
  title: "Molt",
  version: "0.2.1",
  meaning: 'Molt, for SFTs of conversations and policies by PPO; reward models as by "auto"',
  kinds: ["sft", "rlhf"],
} as const satisfies DeclaredTrainer;
