import type { Architecture } from "./architecture.ts";
import { QWEN_DEFAULTS, formatQwen, parseQwen } from "./qwen2.ts";

/** Qwen 3 (Yang et al. 2025, arXiv:2505.09388): norms on each head's queries and keys instead of biases. */
export const qwen3 = {
  name: "qwen3",
  languageClass: "Qwen3ForCausalLM",
  scoreClass: "Qwen3ForSequenceClassification",
  defaults: { ...QWEN_DEFAULTS, head_dim: 128 },
  parse: (fields) => ({ ...parseQwen(fields), architecture: "qwen3", qkNorm: "head" }),
  format: (config) => ({ ...formatQwen(config), attention_bias: config.biases.qkv }),
} as const satisfies Architecture;
