import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";
import type { Rope } from "./rope.ts";

/** Defaults of all generations. */
export const GEMMA_DEFAULTS = {
  num_key_value_heads: 4,
  head_dim: 256,
  max_position_embeddings: 8192,
  tie_word_embeddings: true,
  bos_token_id: 2,
  eos_token_id: 1,
  pad_token_id: 0,
} as const satisfies ConfigFile;

/**
 * Gemma 1 (Gemma Team 2024, arXiv:2403.08295): tanh-GELU gates, norms stored as w − 1, embeddings scaled by √C
 * and shared with the output.
 */
export const gemma = {
  name: "gemma",
  languageClass: "GemmaForCausalLM",
  scoreClass: "GemmaForSequenceClassification",
  defaults: { ...GEMMA_DEFAULTS, num_key_value_heads: 16 },
  parse: (fields) => ({ ...parseGemma(fields), architecture: "gemma" }),
  format: formatGemma,
} as const satisfies Architecture;

/** The fields that all generations of Gemma share. */
export function parseGemma(fields: ConfigFields, rope?: Rope): Omit<ModelConfig, "architecture"> {
  // Early Gemma files say "gelu" and mean the tanh form; transformers 5 reads them so, too (4.57 takes the exact one).
  fields.expect("hidden_act", ["gelu_pytorch_tanh", "gelu"], "only the tanh GELU is for this architecture");
  fields.expect("hidden_activation", ["gelu_pytorch_tanh", null], "only the tanh GELU is for this architecture");
  const common = parseCommon(fields, rope);
  return {
    ...common,
    activation: "geluTanh",
    normOffset: 1,
    embeddingScale: Math.sqrt(common.hiddenSize),
  };
}

/** The other way round. */
export function formatGemma(config: ModelConfig): ConfigFile {
  return {
    ...formatCommon(config),
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    attention_bias: config.biases.qkv,
  };
}
