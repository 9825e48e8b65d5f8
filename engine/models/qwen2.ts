import { type Architecture, expectSilu, formatCommon, parseCommon } from "./architecture.ts";
import { attentionOf } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";
import { formatLayerTypes, parseWindow, parseWindows, patternOf } from "./layerTypes.ts";

/** Defaults of both generations. */
export const QWEN_DEFAULTS = {
  num_key_value_heads: 32,
  max_position_embeddings: 32_768,
  use_sliding_window: false,
  sliding_window: 4096,
  max_window_layers: 28,
  bos_token_id: null,
  eos_token_id: null,
} as const satisfies ConfigFile;

/** Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671): Llama with biases on queries, keys and values. */
export const qwen2 = {
  name: "qwen2",
  languageClass: "Qwen2ForCausalLM",
  scoreClass: "Qwen2ForSequenceClassification",
  defaults: QWEN_DEFAULTS,
  parse: (fields) => ({
    ...parseQwen(fields),
    architecture: "qwen2",
    biases: { qkv: true, o: false, mlp: false },
  }),
  format: formatQwen,
} as const satisfies Architecture;

/** The fields that Qwen 2 and 3 share: windows are off unless switched on, and then for the last layers only. */
export function parseQwen(fields: ConfigFields): Omit<ModelConfig, "architecture"> {
  expectSilu(fields);
  const common = parseCommon(fields);
  const window = fields.boolean("use_sliding_window") ? parseWindow(fields) : 0;
  const firstSliding = fields.number("max_window_layers");
  const windows = parseWindows(fields, window, (layer) => window > 0 && layer >= firstSliding);
  return { ...common, attentionPattern: patternOf(windows.map((one) => ({ ...attentionOf(common, 0), window: one }))) };
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
