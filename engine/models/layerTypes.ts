import { excerpt } from "../protocol/json.ts";
import { type BlockConfig, type LayerAttention, attentionOf } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";

/** Names that config.json's `layer_types` gives the two ways of attending. */
export const LAYER_TYPES = { sliding: "sliding_attention", full: "full_attention" } as const;

/**
 * The attention of every layer, from `layer_types`.
 *
 * @param fields - Of the whole file.
 * @param kinds - How layers of either type attend.
 * @param slides - The family's rule for files without the list.
 * @throws {ModelConfigError} when the list names another number of layers, or another type.
 */
export function parseLayerTypes(
  fields: ConfigFields,
  kinds: Readonly<Record<keyof typeof LAYER_TYPES, LayerAttention>>,
  slides: (layer: number) => boolean,
): readonly LayerAttention[] {
  const nLayers = fields.count("num_hidden_layers");
  const rule = Array.from({ length: nLayers }, (_, layer) => LAYER_TYPES[slides(layer) ? "sliding" : "full"]);
  const types = fields.texts("layer_types") ?? rule;
  if (types.length !== nLayers) {
    throw fields.error("layer_types", `lists ${types.length} layers, num_hidden_layers is ${nLayers}`);
  }
  return shortestPeriod(types).map((type) => {
    if (type === LAYER_TYPES.sliding) return kinds.sliding;
    if (type === LAYER_TYPES.full) return kinds.full;
    throw fields.error("layer_types", `${excerpt(type)} is not supported; only sliding and full attention are`);
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

/** The shortest start of a list that gives the whole when repeated and cut. */
function shortestPeriod<T>(list: readonly T[]): readonly T[] {
  const period = list.findIndex((_, at) => at > 0 && list.every((item, index) => item === list[index % at]));
  return period === -1 ? list : list.slice(0, period);
}
