import type { DeclaredTrainer } from "../trainer/declaration.ts";

/** OpenRLHF: SFT, reward models and PPO with any reference. */
export const OPENRLHF = {
  name: "openrlhf",
  title: "OpenRLHF",
  version: "0.11.2",
  meaning: "OpenRLHF, on as many cards as it takes",
  kinds: ["sft", "reward", "rlhf"],
} as const satisfies DeclaredTrainer;
