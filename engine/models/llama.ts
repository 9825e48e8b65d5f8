import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";

/** Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971), and everything saved under its class. */
export const llama = {
  name: "llama",
  languageClass: "LlamaForCausalLM",
  scoreClass: "LlamaForSequenceClassification",
  parse(fields) {
    fields.expect("hidden_act", ["silu"], 'only "silu" is for this architecture');
    return { ...parseCommon(fields), architecture: "llama" };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "silu",
    attention_bias: config.biases.qkv,
    mlp_bias: config.biases.mlp,
  }),
} as const satisfies Architecture;
