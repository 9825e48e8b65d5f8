/** The paper's settings that its three models share (appendix A). */
const paper = {
  // A.1: two SFTs per model; the paper does not say for how many passes over UltraChat-200k.
  sft: { seeds: [1, 2], learningRate: 2.5e-5, warmupRatio: 0.03, maxLength: 2048, epochs: 1 },
  // A.2.
  reward: { learningRate: 2e-5, batchSize: 8, weightDecay: 0.001, schedule: "linear" },
  soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 } },
  rlhf: {
    // A.3 says "2 epochs", which we read as passes over each batch, as TRL's ppo_epochs.
    batchSize: 8,
    minibatchSize: 8,
    ppoEpochs: 2,
    // A.3 calls its β initial, and TRL adapts it by default; the paper does not say if its β stayed fixed.
    klController: "adaptive",
    // One pass over UltraFeedback's 61,135 training prompts; the paper gives no number.
    iterations: 7642,
    // Not in the paper: as long as FastChat's answers.
    maxNewTokens: 1024,
  },
  arms: {
    ppo: { reference: "sft-1", beta: 0.2 }, // A.3
    salsa: { reference: "soup", beta: 0.01 }, // A.3
  },
} as const;

/** A preset: settings that a config starts from. */
export interface Preset {
  readonly name: string;
  readonly title: string;
  /** Its purpose, and the source of its numbers. */
  readonly description: string;
  /** A run config without the parts that only the user knows: checkpoint and data. */
  readonly config: Readonly<Record<string, unknown>>;
}

const miniinstruct = {
  name: "miniinstruct",
  title: "MiniInstruct demo",
  description:
    "The demo task: trains everything from nothing in minutes on a CPU (settings of this project's prototype)",
  config: {
    task: { name: "miniinstruct" },
    model: { architecture: { intermediateSize: 176 }, pretrain: { steps: 1500, batchSize: 64, learningRate: 1e-3 } },
    sft: {
      seeds: [1, 2, 3],
      examples: 600,
      steps: 300,
      batchSize: 8,
      learningRate: 1e-3,
      schedule: "constant",
      maxLength: 64,
    },
    reward: { pairs: 5000, epochs: 2, learningRate: 1e-3, warmupRatio: 0.03, batchSize: 32, maxLength: 64 },
    soups: {
      soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 },
      soup3: { method: "uniform", of: ["sft-1", "sft-2", "sft-3"] },
    },
    rlhf: {
      learningRate: 2e-4,
      iterations: 60,
      batchSize: 128,
      minibatchSize: 128,
      ppoEpochs: 2,
      klController: "fixed",
      maxNewTokens: 12,
    },
    arms: {
      ppo: { reference: "sft-1" },
      salsa: { reference: "soup" },
      "salsa-3": { reference: "soup3" },
      mkl: { reference: ["sft-1", "sft-2"] },
    },
    evaluation: { prompts: 1024, judge: "gold", sampling: { temperature: 1, maxNewTokens: 12 } },
  },
} as const satisfies Preset;

const llama2 = {
  name: "llama2-7b",
  title: "SALSA on Llama2-7B",
  description: "The paper's settings for Llama2-7B (SALSA, appendix A); add model.checkpoint and data",
  config: {
    ...paper,
    sft: { ...paper.sft, batchSize: 8 }, // A.1
    rlhf: { ...paper.rlhf, learningRate: 2e-6 }, // A.3
  },
} as const satisfies Preset;

const mistral = {
  name: "mistral-7b",
  title: "SALSA on Mistral-7B",
  description: "The paper's settings for Mistral-7B (SALSA, appendix A); add model.checkpoint and data",
  config: {
    ...paper,
    sft: { ...paper.sft, batchSize: 8 }, // A.1
    rlhf: { ...paper.rlhf, learningRate: 2e-6 }, // A.3
  },
} as const satisfies Preset;

const gemma = {
  name: "gemma-2b",
  title: "SALSA on Gemma-2B",
  description: "The paper's settings for Gemma-2B (SALSA, appendix A); add model.checkpoint and data",
  config: {
    ...paper,
    sft: { ...paper.sft, batchSize: 16 }, // A.1
    rlhf: { ...paper.rlhf, learningRate: 1e-7 }, // A.3
  },
} as const satisfies Preset;

/** Settings to start from. Add yours here; the schema's `preset`, its docs and the contract test follow. */
export const PRESETS = [miniinstruct, llama2, mistral, gemma] as const;
