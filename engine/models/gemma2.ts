import type { Architecture } from "./architecture.ts";
import { SANDWICH_NORMS, attentionOf } from "./blocks.ts";
import { type ConfigFields, type ConfigFile, type ModelConfig, floatJson } from "./config.ts";
import { formatGemma, parseGemma } from "./gemma.ts";
import { formatLayerTypes, parseLayerTypes } from "./layerTypes.ts";

/**
 * Gemma 2 (Gemma Team 2024, arXiv:2408.00118): norms on both sides of the sublayers, soft-caps on scores and logits,
 * and a sliding window in every other layer, the first included.
 */
export const gemma2 = {
  name: "gemma2",
  languageClass: "Gemma2ForCausalLM",
  scoreClass: "Gemma2ForSequenceClassification",
  parse(fields) {
    const common = parseGemma(fields);
    const full = attentionOf(common, 0);
    const sliding = { ...full, window: fields.count("sliding_window", 4096) };
    return {
      ...common,
      ...parseCaps(fields, { attention: 50, logits: 30 }),
      architecture: "gemma2",
      norms: SANDWICH_NORMS,
      attentionPattern: parseLayerTypes(fields, { sliding, full }, (layer) => layer % 2 === 0),
    };
  },
  format: (config) => ({ ...formatGemma(config), ...formatLayerTypes(config), ...formatCaps(config) }),
} as const satisfies Architecture;

/** Gemma's divisor of the scores and its soft-caps, of which null means none. */
export function parseCaps(
  fields: ConfigFields,
  defaults: { readonly attention: number; readonly logits: number },
): Pick<ModelConfig, "queryPreAttnScalar" | "attentionSoftcap" | "logitSoftcap"> {
  const cap = (field: string, fallback: number): number =>
    fields.raw(field) === null ? 0 : fields.number(field, fallback);
  return {
    queryPreAttnScalar: fields.positive("query_pre_attn_scalar", 256),
    attentionSoftcap: cap("attn_logit_softcapping", defaults.attention),
    logitSoftcap: cap("final_logit_softcapping", defaults.logits),
  };
}

/** The other way round. */
export function formatCaps({ queryPreAttnScalar, attentionSoftcap, logitSoftcap }: ModelConfig): ConfigFile {
  return {
    query_pre_attn_scalar: queryPreAttnScalar,
    attn_logit_softcapping: attentionSoftcap === 0 ? null : floatJson(attentionSoftcap),
    final_logit_softcapping: logitSoftcap === 0 ? null : floatJson(logitSoftcap),
  };
}
