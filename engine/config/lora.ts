import * as z from "zod";
import { choice, count, section, setting } from "./setting.ts";

const attention = "the attention's";
const mlp = "the MLP's";

/** Dense layers of a block, by the last part of their names, as PEFT's `target_modules` has them. */
const targets = {
  q_proj: `${attention} queries`,
  k_proj: `${attention} keys`,
  v_proj: `${attention} values`,
  o_proj: `${attention} output`,
  gate_proj: `${mlp} gate`,
  up_proj: `${mlp} other input`,
  down_proj: `${mlp} output`,
} as const;

/** Names that `model.lora.targets` may hold; the same for all architectures. */
export const LORA_TARGETS = Object.keys(targets) as readonly LoraTarget[];
export type LoraTarget = keyof typeof targets;

/** Stands for all of {@link LORA_TARGETS}. */
export const ALL_LINEAR = "all-linear";

/** Largest rank: beyond the width of any model that is trained here, an adapter is larger than what it changes. */
const MOST_RANK = 4096;

/** Low-rank adapters in place of whole models, for SFT, reward model and PPO. */
export const loraSchema = section(
  {
    rank: setting(count().max(MOST_RANK), 16, {
      description: "Rank r of the change B·A of each target; more can learn more, and takes more memory",
      source: "TRL 0.11 ModelConfig",
    }),
    alpha: setting(z.number().positive(), 32, {
      description: "The change is scaled by alpha / rank",
      source: "TRL 0.11 ModelConfig",
    }),
    targets: setting(z.union([z.array(choice(targets)).min(1), z.literal(ALL_LINEAR)]), ALL_LINEAR, {
      description: `Layers that get an adapter, as PEFT's target_modules: "${ALL_LINEAR}", or a list of ${LORA_TARGETS.join(", ")}`,
      source: "QLoRA, arXiv:2305.14314, section 4",
    }),
  },
  "Train low-rank adapters (LoRA, arXiv:2106.09685) in SFT, reward model and RLHF, and keep the checkpoint's weights as they are",
);
