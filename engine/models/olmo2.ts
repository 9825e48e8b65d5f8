import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";
import { POST_NORMS } from "./blocks.ts";

/**
 * OLMo 2 (OLMo Team 2024, arXiv:2501.00656): norms after the sublayers only, and on the whole projections of queries
 * and keys.
 */
export const olmo2 = {
  name: "olmo2",
  languageClass: "Olmo2ForCausalLM",
  scoreClass: "Olmo2ForSequenceClassification",
  parse(fields) {
    fields.expect("hidden_act", ["silu"], 'only "silu" is for this architecture');
    return { ...parseCommon(fields), architecture: "olmo2", norms: POST_NORMS, qkNorm: "projection" };
  },
  format: (config) => ({ ...formatCommon(config), hidden_act: "silu", attention_bias: config.biases.qkv }),
} as const satisfies Architecture;
