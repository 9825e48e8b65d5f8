import { excerpt } from "../common/json.ts";
import { type BlockConfig, type LayerAttention, attentionOf } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";

/** Names that config.json's `layer_types` gives the two ways of attending. */
export const LAYER_TYPES = { sliding: "sliding_attention", full: "full_attention" } as const;

/** Tokens that a sliding layer sees, from `sliding_window`; 0 where the file says null: no layer slides. */
export function parseWindow(fields: ConfigFields): number {
  return fields.has("sliding_window") ? fields.count("sliding_window") : 0;
}

/**
 * The window of every layer, from `layer_types`; 0 where a layer sees the whole past.
 *
 * @param fields - Of the whole file.
 * @param window - Of the layers that slide; 0 where the file has none.
 * @param slides - The family's rule for files without the list.
 * @throws {ModelConfigError} when the list names another number of layers or another type, or no window is given.
 */
export function parseWindows(
  fields: ConfigFields,
  window: number,
  slides: (layer: number) => boolean,
): readonly number[] {
  const nLayers = fields.count("num_hidden_layers");
  const rule = Array.from({ length: nLayers }, (_, layer) => LAYER_TYPES[slides(layer) ? "sliding" : "full"]);
  const types = fields.texts("layer_types") ?? rule;
  if (types.length !== nLayers) {
    throw fields.error("layer_types", `lists ${types.length} layers, num_hidden_layers is ${nLayers}`);
  }
  return types.map((type) => {
    if (type === LAYER_TYPES.full) return 0;
    if (type !== LAYER_TYPES.sliding) {
      throw fields.error("layer_types", `${excerpt(type)} is not supported; only sliding and full attention are`);
    }
    if (window === 0) throw fields.error("sliding_window", "is off, and layer_types has sliding layers; give a window");
    return window;
  });
}

/** Fields of config.json about windows, for families whose layers differ. */
export function formatLayerTypes(config: ModelConfig): ConfigFile {
  const types = Array.from({ length: config.nLayers }, (_, layer) => {
    return LAYER_TYPES[attentionOf(config, layer).window === 0 ? "full" : "sliding"];
  });
  return { sliding_window: windowOf(config) || null, layer_types: types };
}

/** The window of the layers that have one; 0 where none has. */
export function windowOf({ attentionPattern }: BlockConfig): number {
  return Math.max(...attentionPattern.map(({ window }) => window));
}

/** The attention of every layer as a pattern: the shortest start of the list that gives the whole when repeated. */
export function patternOf(layers: readonly LayerAttention[]): readonly LayerAttention[] {
  const keys = layers.map((layer) => JSON.stringify(layer));
  const period = keys.findIndex((_, at) => at > 0 && keys.every((key, index) => key === keys[index % at]));
  return period === -1 ? layers : layers.slice(0, period);
}
