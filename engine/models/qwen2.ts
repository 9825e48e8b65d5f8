import { type Architecture, formatCommon, parseCommon } from "./architecture.ts";
import { attentionOf } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";
import { formatLayerTypes, parseLayerTypes } from "./layerTypes.ts";

/** Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671): Llama with biases on queries, keys and values. */
export const qwen2 = {
  name: "qwen2",
  languageClass: "Qwen2ForCausalLM",
  scoreClass: "Qwen2ForSequenceClassification",
  parse: (fields) => ({
    ...parseQwen(fields),
    architecture: "qwen2",
    biases: { qkv: true, o: false, mlp: false },
  }),
  format: formatQwen,
} as const satisfies Architecture;

/** The fields that Qwen 2 and 3 share: windows are off unless switched on, and then for the last layers only. */
export function parseQwen(fields: ConfigFields): Omit<ModelConfig, "architecture"> {
  fields.expect("hidden_act", ["silu"], 'only "silu" is for this architecture');
  const common = parseCommon(fields);
  if (!fields.boolean("use_sliding_window", false)) return common;
  const full = attentionOf(common, 0);
  const sliding = { ...full, window: fields.count("sliding_window", 4096) };
  const firstSliding = fields.number("max_window_layers", 28);
  return {
    ...common,
    attentionPattern: parseLayerTypes(fields, { sliding, full }, (layer) => layer >= firstSliding),
  };
}

/** The other way round. */
export function formatQwen(config: ModelConfig): ConfigFile {
  const windows = Array.from({ length: config.nLayers }, (_, layer) => attentionOf(config, layer).window);
  const firstSliding = windows.findIndex((window) => window > 0);
  return {
    ...formatCommon(config),
    ...formatLayerTypes(config),
    use_sliding_window: firstSliding !== -1,
    // For readers that do not know layer_types.
    max_window_layers: firstSliding === -1 ? config.nLayers : firstSliding,
    hidden_act: "silu",
  };
}
