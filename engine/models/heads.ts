import type { Tensor } from "../compute/graph/tensor.ts";
import { cast, linear, logprob, softcap } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import type { Span } from "./decoder.ts";

/** Settings of a distribution over next tokens. */
export interface DistributionSettings {
  /** Divides the logits; 1 unless given. */
  readonly temperature?: number;
  /** Of the variables' names; none unless given. */
  readonly prefix?: string;
}

/** The matrix that turns hidden states into logits, `[V, C]`: the embeddings themselves where they are tied. */
export function outputEmbedding(h: Tensor, config: ModelConfig, prefix = ""): Tensor {
  const name = config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
  return h.graph.variable(prefix + name, [config.vocabularySize, config.hiddenSize]);
}

/**
 * Logits over the vocabulary. For decoding; training takes {@link tokenLogprobs}, which never holds them.
 *
 * @param h - `[..., C]`.
 * @returns `[..., V]`.
 */
export function logits(h: Tensor, config: ModelConfig, prefix = ""): Tensor {
  return softcap(uncappedLogits(h, config, prefix), config.logitSoftcap);
}

/**
 * Logits without the soft-cap, for ops that apply it themselves; f32, whatever the states are.
 *
 * @param h - `[..., C]`.
 * @returns `[..., V]`.
 */
export function uncappedLogits(h: Tensor, config: ModelConfig, prefix = ""): Tensor {
  return linear(h, outputEmbedding(h, config, prefix), undefined, "f32");
}

/**
 * Log-probability of each target and entropy of its distribution, in nats.
 *
 * @param h - Hidden states, `[..., C]`, each at the position *before* its target.
 * @param targets - i32 with as many elements; −1 leaves a row out (both results 0, no gradient).
 * @returns Both with the shape of `targets`.
 */
export function tokenLogprobs(
  h: Tensor,
  targets: Tensor,
  config: ModelConfig,
  { temperature = 1, prefix = "" }: DistributionSettings = {},
): { readonly logprob: Tensor; readonly entropy: Tensor } {
  const rows = h.reshape([targets.size, config.hiddenSize]);
  const settings = { temperature, softcap: config.logitSoftcap };
  const result = logprob(rows, outputEmbedding(h, config, prefix), targets.reshape([targets.size]), settings);
  return { logprob: result.logprob.reshape(targets.shape), entropy: result.entropy.reshape(targets.shape) };
}

/**
 * Value head: a linear function of the hidden state, in f32.
 *
 * @param h - `[..., C]`.
 * @returns `[...]`.
 */
export function values(h: Tensor, config: ModelConfig, prefix = ""): Tensor {
  const weight = h.graph.variable(`${prefix}v_head.weight`, [1, config.hiddenSize]);
  const bias = cast(h.graph.variable(`${prefix}v_head.bias`, [1]), "f32");
  return linear(h, weight, undefined, "f32").reshape(h.shape.slice(0, -1)).add(bias);
}

/**
 * Scalar reward head, in f32.
 *
 * @param h - States of each sequence's last token, `[B, 1, C]`.
 * @returns `[B]`.
 */
export function scores(h: Tensor, config: ModelConfig, prefix = ""): Tensor {
  const [B = 0] = h.shape;
  const weight = h.graph.variable(`${prefix}score.weight`, [1, config.hiddenSize]);
  return linear(h, weight, undefined, "f32").reshape([B]);
}

/** Positions from which the response tokens are predicted: one ahead of each, after a query of Q tokens. */
export function responseSpan(queryLength: number, responseLength: number): Span {
  return { start: queryLength - 1, length: responseLength };
}

/** The last position: of sequences padded on the left, the last token. */
export function lastSpan(length: number): Span {
  return { start: length - 1, length: 1 };
}
