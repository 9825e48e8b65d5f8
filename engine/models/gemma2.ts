import type { Architecture } from "./architecture.ts";
import { SANDWICH_NORMS, attentionOf } from "./blocks.ts";
import { type ConfigFields, type ConfigFile, type ModelConfig, floatJson } from "./config.ts";
import { GEMMA_DEFAULTS, formatGemma, parseGemma } from "./gemma.ts";
import { formatLayerTypes, parseWindow, parseWindows, patternOf } from "./layerTypes.ts";

/** Defaults of generations 2 and 3. */
export const GEMMA2_DEFAULTS = {
  ...GEMMA_DEFAULTS,
  sliding_window: 4096,
  query_pre_attn_scalar: 256,
} as const satisfies ConfigFile;

/**
 * Gemma 2 (Gemma Team 2024, arXiv:2408.00118): norms on both sides of the sublayers, soft-caps on scores and logits,
 * and a sliding window in every other layer, the first included.
 */
export const gemma2 = {
  name: "gemma2",
  languageClass: "Gemma2ForCausalLM",
  scoreClass: "Gemma2ForSequenceClassification",
  defaults: { ...GEMMA2_DEFAULTS, attn_logit_softcapping: 50, final_logit_softcapping: 30 },
  parse(fields) {
    const common = parseGemma(fields);
    const windows = parseWindows(fields, parseWindow(fields), (layer) => layer % 2 === 0);
    return {
      ...common,
      ...parseCaps(fields),
      architecture: "gemma2",
      norms: SANDWICH_NORMS,
      attentionPattern: patternOf(windows.map((window) => ({ ...attentionOf(common, 0), window }))),
    };
  },
  format: (config) => ({ ...formatGemma(config), ...formatLayerTypes(config), ...formatCaps(config) }),
} as const satisfies Architecture;

/** Gemma's divisor of the scores and its soft-caps, of which null means none. */
export function parseCaps(
  fields: ConfigFields,
): Pick<ModelConfig, "queryPreAttnScalar" | "attentionSoftcap" | "logitSoftcap"> {
  const cap = (field: string): number => (fields.has(field) ? fields.positive(field) : 0);
  return {
    queryPreAttnScalar: fields.positive("query_pre_attn_scalar"),
    attentionSoftcap: cap("attn_logit_softcapping"),
    logitSoftcap: cap("final_logit_softcapping"),
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
