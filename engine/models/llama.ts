import { type Architecture, expectSilu, formatCommon, parseCommon } from "./architecture.ts";

/** Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971), SmolLM 1 and 2, and everything saved under its class. */
export const llama = {
  name: "llama",
  languageClass: "LlamaForCausalLM",
  scoreClass: "LlamaForSequenceClassification",
  defaults: {},
  parse(fields) {
    expectSilu(fields);
    const common = parseCommon(fields);
    return { ...common, architecture: "llama", biases: { ...common.biases, mlp: fields.boolean("mlp_bias") } };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "silu",
    attention_bias: config.biases.qkv,
    mlp_bias: config.biases.mlp,
  }),
} as const satisfies Architecture;
