import type { OwnFiles } from "./ownFiles.ts";
import type { PRESETS } from "./presets.ts";

/** Settings that a config may start from. */
export type PresetName = (typeof PRESETS)[number]["name"];

/** A new config: its text, and the part to fill in first. */
export interface NewConfig {
  readonly text: string;
  /** Characters of the text that the cursor selects. */
  readonly start: number;
  readonly end: number;
}

/**
 * A starter run config: short, and explained by its comments.
 *
 * Configs are project files that speakers of different languages share, so their comments are in English.
 */
export function newConfig(preset: PresetName, name: string): NewConfig {
  return preset === "miniinstruct"
    ? selected(demo(name), JSON.stringify(name))
    : selected(paper(preset, name), CHECKPOINT);
}

/**
 * A config for a checkpoint and data of the user's own, filled with what the workspace holds. What is not there has a
 * usual name, and the first of that is selected; the editor underlines the rest.
 */
export function ownConfig(name: string, files: OwnFiles): NewConfig {
  const { checkpoint, sft, preferences, prompts, benchmark } = files;
  const paths = {
    checkpoint: checkpoint ?? "models/base",
    sft: sft ?? "data/sft.jsonl",
    preferences: preferences ?? "data/preferences.jsonl",
    prompts: prompts ?? "data/prompts.jsonl",
    benchmark: benchmark ?? "data/test.jsonl",
  };
  const missing = (["checkpoint", "sft", "preferences", "prompts", "benchmark"] as const).find(
    (key) => files[key] === undefined,
  );
  return selected(own(name, paths), JSON.stringify(missing === undefined ? name : paths[missing]));
}

const own = (name: string, paths: Required<OwnFiles>): string => `\
// SALSA on your own model and data: SFT twice, a reward model, the soup of both SFTs, PPO and
// SALSA from the first. "SALSA: Plan Config", or salsa plan, says what it takes, and what does
// not fit.
{
  "name": ${JSON.stringify(name)},
  "seeds": [1],

  // A Hugging Face folder (config.json, model.safetensors, tokenizer.json), or
  // hf:owner/name@revision on the hub. Paths start at this file's folder.
  "model": {
    "checkpoint": ${JSON.stringify(paths.checkpoint)}
    // Adapters in place of whole models: , "lora": { "rank": 16 }
  },

  // JSON Lines, JSON or Parquet, one record each; "SALSA: Preview Data", or salsa data,
  // shows what the model sees.
  "data": {
    // Conversations, {"messages": [{"role": ..., "content": ...}]}, or {"prompt", "response"}.
    "sft": ${JSON.stringify(paths.sft)},
    // {"prompt", "chosen", "rejected"}; with "reward": { "checkpoint": ... } none are needed.
    "preferences": ${JSON.stringify(paths.preferences)},
    // {"prompt"} or {"messages"}, which RLHF learns on.
    "prompts": ${JSON.stringify(paths.prompts)},
    // The same, to compare on: none that training sees.
    "benchmarks": { "test": ${JSON.stringify(paths.benchmark)} }
  },

  "sft": { "seeds": [1, 2], "epochs": 1, "batchSize": 8, "maxLength": 512 },
  "reward": { "epochs": 1, "batchSize": 8, "maxLength": 512 },
  "soups": { "soup": { "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.5 } },

  // A short training, to see that all of it works; more iterations for results.
  "rlhf": { "iterations": 20, "batchSize": 32, "minibatchSize": 8, "maxNewTokens": 128 },
  "arms": {
    "ppo": { "reference": "sft-1", "beta": 0.2 }, // where it started: plain PPO
    "salsa": { "reference": "soup", "beta": [0.05, 0.2] } // of a list, the best is kept
  },

  // The reward model judges; "judge": "llm" asks a language model.
  "evaluation": { "prompts": 128, "judge": "reward", "sampling": { "maxNewTokens": 256 } }
}
`;

/** True if any machine can run a preset: the paper's models need a card. */
export function isRunnable(preset: PresetName): boolean {
  return preset === "miniinstruct";
}

const CHECKPOINT = '"models/base"';

/** Selects the text between the quotes of a string. */
function selected(text: string, quoted: string): NewConfig {
  const start = text.indexOf(quoted) + 1;
  return { text, start, end: start + quoted.length - 2 };
}

const demo = (name: string): string => `\
// SALSA on MiniInstruct: every model is trained here, from random weights, in a minute
// or two on two CPU cores. Hover over a setting to read what it does; press Ctrl+Space
// for those that are not written here.
{
  "preset": "miniinstruct",
  "name": ${JSON.stringify(name)},

  // The whole recipe runs once per seed. Several tell how much of a win rate is luck.
  "seeds": [1],

  // PPO from sft-1 against the reward model.
  "rlhf": {
    "iterations": 60, // more trains longer, and strays further from the reference
    "beta": 0.2 // weight of the KL penalty; of a list, like [0.05, 0.2], the best is kept
  },

  // The mean of the weights of two SFTs (SALSA, equation 3).
  // An alpha of 0 is sft-1 alone, 1 is sft-2.
  "soups": {
    "soup": { "method": "linear", "of": ["sft-1", "sft-2"], "alpha": 0.5 },
    "soup3": null // of the preset, and left out: the mean of three SFTs
  },

  // The arms differ in nothing but what the KL penalty holds the policy to.
  // Any setting of rlhf may be put into one.
  "arms": {
    "ppo": { "reference": "sft-1" }, // where it started: plain PPO
    "salsa": { "reference": "soup" }, // SALSA
    // The preset has two more. Without these lines they would be trained, too.
    "salsa-3": null,
    "mkl": null
  },

  // Who answers better? Judged by the task's gold score, on prompts new to all models.
  "evaluation": {
    "prompts": 1024, // per benchmark: more make the intervals narrower
    "pairs": [["salsa", "ppo"], ["ppo", "sft-1"], ["salsa", "sft-1"]]
  }
}
`;

const PAPER_TITLES: Readonly<Record<Exclude<PresetName, "miniinstruct">, string>> = {
  "llama2-7b": "Llama2-7B",
  "mistral-7b": "Mistral-7B",
  "gemma-2b": "Gemma-2B",
};

const paper = (preset: keyof typeof PAPER_TITLES, name: string): string => `\
// The paper's settings for ${PAPER_TITLES[preset]} (SALSA, appendix A).
// At that size they need an NVIDIA card: "SALSA: Plan Config", or salsa plan, says which
// one will do.
// The CPU's backend holds 4 GiB. To try the recipe, give it a small checkpoint, or start
// from "Your own model and data", which is made for that.
{
  "preset": ${JSON.stringify(preset)},
  "name": ${JSON.stringify(name)},
  "seeds": [1],

  // A Hugging Face folder: config.json, model.safetensors and tokenizer.json.
  // Paths start at this file's folder.
  "model": { "checkpoint": ${CHECKPOINT} },

  // JSON lines: an object a line.
  "data": {
    // {"prompt": ..., "response": ...}; in the paper UltraChat-200k.
    "sft": "data/sft.jsonl",
    // {"prompt": ..., "chosen": ..., "rejected": ...}; in the paper UltraFeedback.
    "preferences": "data/preferences.jsonl",
    // {"prompt": ...}, to learn on.
    "prompts": "data/prompts.jsonl",
    // {"prompt": ...}, to compare on.
    "benchmarks": { "test": "data/test.jsonl" }
  },

  // The preset compares plain PPO with SALSA, each with the β of appendix A.3.
  "arms": {
    "ppo": { "reference": "sft-1", "beta": 0.2 },
    "salsa": { "reference": "soup", "beta": 0.01 }
  },

  // Without a task there is no gold score: the reward model judges.
  "evaluation": { "judge": "reward" }
}
`;
