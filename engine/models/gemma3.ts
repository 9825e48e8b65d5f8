import type { Architecture } from "./architecture.ts";
import { type LayerAttention, SANDWICH_NORMS } from "./blocks.ts";
import type { ConfigFields, ConfigFile, ModelConfig } from "./config.ts";
import { formatGemma, parseGemma } from "./gemma.ts";
import { GEMMA2_DEFAULTS, formatCaps, parseCaps } from "./gemma2.ts";
import { LAYER_TYPES, formatLayerTypes, parseWindow, parseWindows, patternOf } from "./layerTypes.ts";
import { formatRopeParameters, parseRopeParameters } from "./ropeFields.ts";
import type { Rope } from "./rope.ts";

/**
 * Gemma 3's text models (Gemma Team 2025, arXiv:2503.19786): Gemma 2 with norms on each head's queries and keys in
 * place of the soft-caps, and five sliding layers, with a rotary base of their own, to each full one.
 */
export const gemma3 = {
  name: "gemma3_text",
  languageClass: "Gemma3ForCausalLM",
  scoreClass: "Gemma3TextForSequenceClassification",
  defaults: {
    ...GEMMA2_DEFAULTS,
    max_position_embeddings: 131_072,
    rope_theta: 1_000_000,
    rope_local_base_freq: 10_000,
    sliding_window_pattern: 6,
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
  },
  parse(fields) {
    const remedy = "set it to null: transformers has no such cap for this architecture, whatever the file says";
    fields.expect("attn_logit_softcapping", [null], remedy);
    const ropes = parseRopes(fields);
    const period = fields.count("sliding_window_pattern");
    const windows = parseWindows(fields, parseWindow(fields), (layer) => (layer + 1) % period !== 0);
    return {
      ...parseGemma(fields, ropes.full),
      ...parseCaps(fields),
      architecture: "gemma3_text",
      norms: SANDWICH_NORMS,
      qkNorm: "head",
      attentionPattern: patternOf(
        windows.map((window): LayerAttention => ({ window, rope: window > 0 ? ropes.sliding : ropes.full })),
      ),
    };
  },
  format: (config) => ({
    ...formatGemma(config),
    ...formatLayerTypes(config),
    ...formatCaps(config),
    ...formatRopes(config),
  }),
} as const satisfies Architecture;

/**
 * Rotary positions by the type of layer: in `rope_parameters` (transformers 5), or the full layers' in `rope_theta` and
 * `rope_scaling` and the sliding layers' base in `rope_local_base_freq` (transformers 4).
 */
function parseRopes(fields: ConfigFields): Readonly<Record<keyof typeof LAYER_TYPES, Rope>> {
  const [scaling, byType] = [fields.object("rope_scaling"), fields.object("rope_parameters")];
  if (byType?.isEmpty() === false && !byType.has(LAYER_TYPES.full) && !byType.has(LAYER_TYPES.sliding)) {
    throw fields.error(
      "rope_parameters",
      `must have ${LAYER_TYPES.full} and ${LAYER_TYPES.sliding} for this architecture`,
    );
  }
  const isScaled = scaling?.isEmpty() === false;
  if (isScaled && byType?.has(LAYER_TYPES.full) === true) {
    throw fields.error("rope_scaling", "says the same as rope_parameters; leave one of them");
  }
  return {
    full: parseRopeParameters(isScaled ? scaling : byType?.object(LAYER_TYPES.full), fields, "rope_theta"),
    sliding: parseRopeParameters(byType?.object(LAYER_TYPES.sliding), fields, "rope_local_base_freq"),
  };
}

/** Only transformers 5 has a field for the scaling of sliding layers. */
function formatRopes({ attentionPattern }: ModelConfig): ConfigFile {
  const sliding = attentionPattern.find(({ window }) => window > 0)?.rope;
  if (sliding === undefined) return {};
  if (sliding.scaling === undefined) return { rope_local_base_freq: sliding.theta };
  const full = attentionPattern.find(({ window }) => window === 0)?.rope;
  return {
    rope_scaling: null,
    rope_parameters: {
      [LAYER_TYPES.sliding]: formatRopeParameters(sliding),
      ...(full === undefined ? {} : { [LAYER_TYPES.full]: formatRopeParameters(full) }),
    },
  };
}
