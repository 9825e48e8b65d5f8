import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";

/**
 * Gemma 1 (Gemma Team 2024, arXiv:2403.08295): tanh-GELU gates, norms stored as w − 1, embeddings scaled by √C
 * and shared with the output.
 */
export const gemma = {
  name: "gemma",
  languageClass: "GemmaForCausalLM",
  scoreClass: "GemmaForSequenceClassification",
  parse: (fields) => ({ ...parseGemma(fields), architecture: "gemma" }),
  format: formatGemma,
} as const satisfies Architecture;

/** The fields that all generations of Gemma share. */
export function parseGemma(fields: ConfigFields): Omit<ModelConfig, "architecture"> {
  // Early Gemma files say "gelu" and mean the tanh form; transformers reads them so, too.
  fields.expect("hidden_act", ["gelu_pytorch_tanh", "gelu"], "only the tanh GELU is for this architecture");
  fields.expect("hidden_activation", ["gelu_pytorch_tanh", null], "only the tanh GELU is for this architecture");
  const common = parseCommon(fields);
  return {
    ...common,
    activation: "geluTanh",
    normOffset: 1,
    embeddingScale: Math.sqrt(common.hiddenSize),
    tiedEmbeddings: fields.boolean("tie_word_embeddings", true),
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
