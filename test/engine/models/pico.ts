import type { Backend } from "../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../engine/compute/backends/cuda/backend.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import {
  type GenerationSettings,
  type Head,
  type ModelConfig,
  type Weights,
  ARCHITECTURES,
  initialize,
  parseModelConfig,
} from "../../../engine/models/index.ts";
import type { RopeScaling } from "../../../engine/models/rope.ts";
import { Random } from "../../../engine/training/index.ts";
import { interpreter } from "../../ptx/driver.ts";

/** The backends that models are tested on: the oracle and the default. */
export const BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = {
  tfjs: () => createTfjsBackend(),
  wasm: () => createWasmBackend({ threads: 2 }),
};

/** Those and the kernels for NVIDIA cards, interpreted: slow, for suites of few steps. */
export const ALL_BACKENDS: typeof BACKENDS = {
  ...BACKENDS,
  "cuda, interpreted": () => Promise.resolve(new CudaBackend(interpreter.open(0))),
};

/** config.json of a model small enough to differentiate numerically; grouped queries, spread wide enough to matter. */
export const PICO_JSON = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 19,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  initializer_range: 0.3,
  tie_word_embeddings: false,
} as const;

export const PICO: ModelConfig = parseModelConfig(PICO_JSON);

/**
 * A pico model of every architecture. Windows and caps are tight enough to matter; where layers differ, the second
 * sees the whole past. Weights come from {@link unevenWeights}.
 */
export const PICO_FAMILIES: readonly ModelConfig[] = ARCHITECTURES.map(({ name, languageClass }) =>
  parseModelConfig({
    ...PICO_JSON,
    architectures: [languageClass],
    model_type: undefined,
    sliding_window: 3,
    use_sliding_window: true,
    layer_types: ["sliding_attention", "full_attention"],
    rope_local_base_freq: 100,
    attn_logit_softcapping: name === "gemma3_text" ? null : 1.5,
    final_logit_softcapping: 8,
    query_pre_attn_scalar: 5,
  }),
);

/** YaRN over an original context shorter than the sequences, with scores that it scales. */
const YARN: RopeScaling = {
  kind: "yarn",
  ...{ factor: 4, originalMaxPositions: 4, attentionFactor: 1.2, betaFast: 2, betaSlow: 0.2, truncate: false },
};

/** Every option of a block at once that no family combines: biases everywhere, caps, norms on all sides, YaRN, NoPE. */
export const PICO_EVERYTHING: ModelConfig = {
  ...PICO,
  biases: { qkv: true, o: true, mlp: true },
  qkNorm: "projection",
  attentionSoftcap: 1.5,
  logitSoftcap: 8,
  norms: {
    attention: { before: "input_layernorm", after: "post_attention_layernorm" },
    mlp: { before: "pre_feedforward_layernorm", after: "post_feedforward_layernorm" },
  },
  attentionPattern: [{ window: 3, rope: { theta: 100, scaling: YARN } }, { window: 0 }],
};

export const PICO_PAD = 0;
export const PICO_EOS = 2;

/** Weights of a pico model, drawn from the seed. */
export function picoWeights(seed = 1, heads: readonly Head[] = ["language"], config = PICO): Weights {
  return initialize(config, Random.of(seed, "pico"), heads);
}

/** Pico weights whose norms and biases are not the trivial ones that they start with. */
export function unevenWeights(config: ModelConfig, heads: readonly Head[] = ["language"]): Weights {
  const random = Random.of(3, "uneven");
  const weights = [...picoWeights(1, heads, config)].map(([name, { shape, data }]) => {
    return [name, { shape, data: shape.length > 1 ? data : data.map((x) => x + 0.3 * random.normal()) }] as const;
  });
  return new Map(weights);
}

/** Random token ids of the given lengths, none of them special. */
export function picoSequences(lengths: readonly number[], seed = 7): number[][] {
  const random = Random.of(seed, "sequences");
  return lengths.map((length) => Array.from({ length }, () => 3 + random.integer(PICO.vocabularySize - 3)));
}

/** Settings of a generator over pico models. */
export function picoGeneration(changes: Partial<GenerationSettings> = {}): GenerationSettings {
  return {
    batchSize: 3,
    queryLength: 5,
    responseLength: 6,
    sampling: { temperature: 1 },
    eos: [PICO_EOS],
    pad: PICO_PAD,
    ...changes,
  };
}
