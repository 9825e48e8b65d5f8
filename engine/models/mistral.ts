import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";
import { windowOf } from "./layerTypes.ts";

/** Mistral 7B (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding attention window. */
export const mistral = {
  name: "mistral",
  languageClass: "MistralForCausalLM",
  scoreClass: "MistralForSequenceClassification",
  parse(fields) {
    fields.expect("hidden_act", ["silu"], 'only "silu" is for this architecture');
    const common = parseCommon(fields);
    const window = fields.has("sliding_window") ? fields.count("sliding_window") : 0;
    const attentionPattern = common.attentionPattern.map((attention) => ({ ...attention, window }));
    return { ...common, architecture: "mistral", attentionPattern };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "silu",
    sliding_window: windowOf(config) || null,
  }),
} as const satisfies Architecture;
