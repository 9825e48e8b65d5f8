import { type Architecture, parseRope } from "./architecture.ts";
import { SANDWICH_NORMS, attentionOf } from "./blocks.ts";
import { formatGemma, parseGemma } from "./gemma.ts";
import { formatCaps, parseCaps } from "./gemma2.ts";
import { LAYER_TYPES, formatLayerTypes, parseLayerTypes } from "./layerTypes.ts";

/** Rotary bases of Gemma 3's layers where the file gives none. */
const FULL_THETA = 1_000_000;
const SLIDING_THETA = 10_000;

/**
 * Gemma 3's text models (Gemma Team 2025, arXiv:2503.19786): Gemma 2 with norms on each head's queries and keys in
 * place of the soft-caps, and five sliding layers, with a rotary base of their own, to each full one.
 */
export const gemma3 = {
  name: "gemma3_text",
  languageClass: "Gemma3ForCausalLM",
  scoreClass: "Gemma3TextForSequenceClassification",
  parse(fields) {
    const full = { window: 0, rope: parseRope(fields, FULL_THETA) };
    const byType = fields.object("rope_parameters")?.has(LAYER_TYPES.sliding) ?? false;
    const rope = byType
      ? parseRope(fields, SLIDING_THETA, LAYER_TYPES.sliding)
      : { theta: fields.positive("rope_local_base_freq", SLIDING_THETA) };
    const sliding = { window: fields.count("sliding_window", 4096), rope };
    const period = fields.count("sliding_window_pattern", 6);
    return {
      ...parseGemma(fields),
      ...parseCaps(fields, { attention: 0, logits: 0 }),
      architecture: "gemma3_text",
      norms: SANDWICH_NORMS,
      qkNorm: "head",
      attentionPattern: parseLayerTypes(fields, { sliding, full }, (layer) => (layer + 1) % period !== 0),
    };
  },
  format(config) {
    const sliding = config.attentionPattern.find(({ window }) => window > 0) ?? attentionOf(config, 0);
    return {
      ...formatGemma(config),
      ...formatLayerTypes(config),
      ...formatCaps(config),
      rope_local_base_freq: sliding.rope.theta,
    };
  },
} as const satisfies Architecture;
