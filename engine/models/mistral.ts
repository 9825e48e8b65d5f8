import { type Architecture, expectSilu, formatCommon, parseCommon } from "./architecture.ts";
import { parseWindow, windowOf } from "./layerTypes.ts";

/** Mistral 7B (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding attention window. */
export const mistral = {
  name: "mistral",
  languageClass: "MistralForCausalLM",
  scoreClass: "MistralForSequenceClassification",
  defaults: { num_key_value_heads: 8, max_position_embeddings: 131_072, sliding_window: 4096 },
  parse(fields) {
    expectSilu(fields);
    const common = parseCommon(fields);
    // The class has no layer_types: all layers slide, whatever a file says in them.
    const window = parseWindow(fields);
    const attentionPattern = common.attentionPattern.map((attention) => ({ ...attention, window }));
    // The class has no biases, whatever the file says of them.
    return { ...common, architecture: "mistral", attentionPattern, biases: { qkv: false, o: false, mlp: false } };
  },
  format: (config) => ({
    ...formatCommon(config),
    hidden_act: "silu",
    sliding_window: windowOf(config) || null,
  }),
} as const satisfies Architecture;
