import { type Architecture, expectSilu, formatCommon, parseCommon } from "./architecture.ts";
import { type LayerAttention, attentionOf } from "./blocks.ts";
import type { ConfigFields } from "./config.ts";
import { formatLayerTypes, parseWindow, parseWindows, patternOf } from "./layerTypes.ts";

/**
 * SmolLM 3 (Bakouch et al. 2025, https://huggingface.co/blog/smollm3): Llama without rotary positions in every fourth
 * layer, after Yang et al. 2025 (arXiv:2501.18795).
 */
export const smollm3 = {
  name: "smollm3",
  languageClass: "SmolLM3ForCausalLM",
  scoreClass: "SmolLM3ForSequenceClassification",
  defaults: {
    num_key_value_heads: 4,
    max_position_embeddings: 32_768,
    rope_theta: 2_000_000,
    tie_word_embeddings: true,
    use_sliding_window: false,
    sliding_window: null,
    no_rope_layer_interval: 4,
    bos_token_id: 128_000,
    eos_token_id: 128_001,
    pad_token_id: 128_004,
  },
  parse(fields) {
    expectSilu(fields);
    const common = parseCommon(fields);
    const turns = parseTurning(fields, common.nLayers);
    const window = fields.boolean("use_sliding_window") ? parseWindow(fields) : 0;
    const windows = parseWindows(fields, window, (layer) => window > 0 && turns[layer] === false);
    const { rope } = attentionOf(common, 0);
    const layers = windows.map((one, layer): LayerAttention => {
      return turns[layer] === false || rope === undefined ? { window: one } : { window: one, rope };
    });
    return {
      ...common,
      architecture: "smollm3",
      attentionPattern: patternOf(layers),
      biases: { ...common.biases, mlp: fields.boolean("mlp_bias") },
    };
  },
  format: (config) => ({
    ...formatCommon(config),
    ...formatLayerTypes(config),
    use_sliding_window: config.attentionPattern.some(({ window }) => window > 0),
    no_rope_layers: Array.from({ length: config.nLayers }, (_, layer) =>
      attentionOf(config, layer).rope === undefined ? 0 : 1,
    ),
    hidden_act: "silu",
    attention_bias: config.biases.qkv,
    mlp_bias: config.biases.mlp,
  }),
} as const satisfies Architecture;

/** The layers that have rotary positions: 1 in `no_rope_layers`, whose name says the opposite. */
function parseTurning(fields: ConfigFields, nLayers: number): readonly boolean[] {
  const interval = fields.count("no_rope_layer_interval");
  if (!fields.has("no_rope_layers")) {
    return Array.from({ length: nLayers }, (_, layer) => (layer + 1) % interval !== 0);
  }
  const list = fields.raw("no_rope_layers");
  if (!Array.isArray(list) || list.length !== nLayers || !list.every((one) => one === 0 || one === 1)) {
    throw fields.error("no_rope_layers", `must be a list of 0 and 1, one for each of ${nLayers} layers`);
  }
  return list.map((one) => one === 1);
}
