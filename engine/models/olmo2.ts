import { type Architecture, expectSilu, formatCommon, parseCommon } from "./architecture.ts";
import { POST_NORMS } from "./blocks.ts";

/**
 * OLMo 2 (OLMo Team 2024, arXiv:2501.00656): norms after the sublayers only, and on the whole projections of queries
 * and keys.
 */
export const olmo2 = {
  name: "olmo2",
  languageClass: "Olmo2ForCausalLM",
  scoreClass: "Olmo2ForSequenceClassification",
  defaults: { rms_norm_eps: 1e-5, bos_token_id: null, eos_token_id: 50_279, pad_token_id: 1 },
  parse(fields) {
    expectSilu(fields);
    return { ...parseCommon(fields), architecture: "olmo2", norms: POST_NORMS, qkNorm: "projection" };
  },
  format: (config) => ({ ...formatCommon(config), hidden_act: "silu", attention_bias: config.biases.qkv }),
} as const satisfies Architecture;
