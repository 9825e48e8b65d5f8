import type { PRESETS } from "../../engine/config/presets.ts";

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

/** True if this version of the engine can run a preset. */
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
// This version of the engine cannot run them at that size: the wasm backend has 4 GiB of
// memory, there is no GPU backend yet, and chat templates are not applied. To try the
// recipe, give it a small checkpoint of the same family.
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
