import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";

/**
 * Gemma 1 (Gemma Team 2024, arXiv:2403.08295): tanh-GELU gates, norms stored as w − 1, embeddings scaled by √C
 * and shared with the output.
 */
export const gemma = {
  name: "gemma",
  languageClass: "GemmaForCausalLM",
  scoreClass: "GemmaForSequenceClassification",
  parse(fields) {
    // Early Gemma files say "gelu" and mean the tanh form; transformers reads them so, too.
    fields.expect("hidden_act", ["gelu_pytorch_tanh", "gelu"], "only the tanh GELU is for this architecture");
    fields.expect("hidden_activation", ["gelu_pytorch_tanh", null], "only the tanh GELU is for this architecture");
    const common = parseCommon(fields);
    return {
      ...common,
      architecture: "gemma",
      activation: "geluTanh",
      normOffset: 1,
      embeddingScale: Math.sqrt(common.hiddenSize),
      tiedEmbeddings: fields.boolean("tie_word_embeddings", true),
    };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    attention_bias: false,
  }),
} as const satisfies Architecture;
