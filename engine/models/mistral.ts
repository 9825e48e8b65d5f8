import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";

/** Mistral 7B (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding attention window. */
export const mistral = {
  name: "mistral",
  languageClass: "MistralForCausalLM",
  scoreClass: "MistralForSequenceClassification",
  parse(fields) {
    fields.expect("hidden_act", ["silu"], 'only "silu" is for this architecture');
    const slidingWindow = fields.has("sliding_window") ? fields.count("sliding_window") : 0;
    return { ...parseCommon(fields), architecture: "mistral", slidingWindow };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "silu",
    sliding_window: config.slidingWindow === 0 ? null : config.slidingWindow,
  }),
} as const satisfies Architecture;
