import type { Graph, Shape, Tensor } from "../compute/graph/tensor.ts";
import {
  attention,
  cacheWrite,
  embedding,
  gatedActivation,
  linear,
  rmsNorm,
  rope,
  slice,
} from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";

/** What sits on top of the trunk: next-token logits, a value per position, or one score per sequence. */
export type Head = "language" | "value" | "score";

/** Tokens as the decoder reads them, `B` rows left-padded to one length. */
export interface DecoderInputs {
  /** Token ids, i32 `[B, T]`. */
  readonly ids: Tensor;
  /** Distance from the row's first real token, i32 `[B, T]`; 0 in the padding. */
  readonly positions: Tensor;
  /** Index of the row's first real token, i32 `[B]`. */
  readonly start: Tensor;
  /** Absolute index of column 0, i32 `[1]`: 0 except when decoding into caches. */
  readonly offset: Tensor;
  /** One pair per layer, `[B, S, G, D]`: new keys and values go there, attention reads from there. */
  readonly caches?: readonly LayerCache[];
}

/** Keys and values of one layer, `[B, S, G, D]` each. */
export interface LayerCache {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Every tensor of a model with its shape, by Hugging Face name, in checkpoint order. */
export function parameters(config: ModelConfig, heads: readonly Head[] = ["language"]): ReadonlyMap<string, Shape> {
  const { hiddenSize: C, intermediateSize: F, vocabularySize: V } = config;
  const shapes = new Map<string, Shape>([["model.embed_tokens.weight", [V, C]]]);
  for (let layer = 0; layer < config.nLayers; layer++) {
    const names = layerNames(layer);
    shapes.set(names.q, [config.nHeads * config.headSize, C]);
    shapes.set(names.k, [config.nKvHeads * config.headSize, C]);
    shapes.set(names.v, [config.nKvHeads * config.headSize, C]);
    shapes.set(names.o, [C, config.nHeads * config.headSize]);
    shapes.set(names.gate, [F, C]);
    shapes.set(names.up, [F, C]);
    shapes.set(names.down, [C, F]);
    shapes.set(names.attentionNorm, [C]);
    shapes.set(names.mlpNorm, [C]);
  }
  shapes.set("model.norm.weight", [C]);
  if (heads.includes("language") && !config.tiedEmbeddings) shapes.set("lm_head.weight", [V, C]);
  if (heads.includes("value")) shapes.set("v_head.weight", [1, C]).set("v_head.bias", [1]);
  if (heads.includes("score")) shapes.set("score.weight", [1, C]);
  return shapes;
}

/** Number of weights in a model. */
export function parameterCount(config: ModelConfig, heads: readonly Head[] = ["language"]): number {
  const sizes = [...parameters(config, heads).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Last hidden states of a pre-norm decoder, after the final norm.
 *
 * Touvron et al. 2023 (arXiv:2302.13971): RMSNorm, rotary positions, gated MLP; grouped queries as in Ainslie et
 * al. 2023 (arXiv:2305.13245). Weights are variables named prefix + Hugging Face name, so that one program can hold
 * several models.
 *
 * With a span, the last layer answers for its positions only: whatever else it would compute, nobody reads. The
 * other positions still serve as keys and values.
 *
 * @returns `[B, T, C]`, or `[B, length, C]` of the span.
 */
export function hidden(
  graph: Graph,
  config: ModelConfig,
  inputs: DecoderInputs,
  { prefix = "", span }: HiddenSettings = {},
): Tensor {
  const [B = 0, T = 0] = inputs.ids.shape;
  const { start: first, length } = span ?? { start: 0, length: T };
  const C = config.hiddenSize;
  const norm = { eps: config.normEps, offset: config.normOffset };
  const shapes = parameters(config, []);
  const weight: Weight = (name) => graph.variable(prefix + name, shapes.get(name) ?? []);

  const embedded = embedding(weight("model.embed_tokens.weight"), inputs.ids).reshape([B * T, C]);
  // Rows stay flat, [B·T, C], so that each residual sum folds into the matrix product before it.
  let x = config.embeddingScale === 1 ? embedded : embedded.mul(config.embeddingScale);
  for (let layer = 0; layer < config.nLayers; layer++) {
    const names = layerNames(layer);
    const isNarrowed = layer === config.nLayers - 1 && length < T;
    const rows = isNarrowed ? { start: first, length } : { start: 0, length: T };
    const mixed = attend(rmsNorm(x, weight(names.attentionNorm), norm), { config, inputs, layer, weight, rows });
    x = narrow(x, [B, T, C], rows).add(mixed);
    const h = rmsNorm(x, weight(names.mlpNorm), norm);
    const gated = gatedActivation(linear(h, weight(names.gate)), linear(h, weight(names.up)), config.activation);
    x = x.add(linear(gated, weight(names.down)));
  }
  return rmsNorm(x, weight("model.norm.weight"), norm).reshape([B, length, C]);
}

/** Positions [start, start + length) of every row. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** Whose hidden states, and which of them. */
export interface HiddenSettings {
  /** Of the variables' names; none unless given. */
  readonly prefix?: string;
  /** Positions whose states are wanted; all unless given. Only without caches, or where `offset` is 0. */
  readonly span?: Span;
}

/** The rows of a span: `[B·T, …]` to `[B·length, …]`. */
function narrow(x: Tensor, [B, T, C]: readonly [number, number, number], { start, length }: Span): Tensor {
  return length === T ? x : slice(x.reshape([B, T, C]), start, length).reshape([B * length, C]);
}

type Weight = (name: string) => Tensor;

interface LayerContext {
  readonly config: ModelConfig;
  readonly inputs: DecoderInputs;
  readonly layer: number;
  readonly weight: Weight;
  /** Positions that ask; every position is asked. */
  readonly rows: Span;
}

/** Self-attention of one layer, `[B·T, C]` to `[B·rows, C]`. */
function attend(x: Tensor, { config, inputs, layer, weight, rows }: LayerContext): Tensor {
  const { nHeads: H, nKvHeads: G, headSize: D } = config;
  const [B = 0, T = 0] = inputs.ids.shape;
  const names = layerNames(layer);
  const turn = { theta: config.ropeTheta, scaling: scalingNumbers(config) };
  const isNarrowed = rows.length < T;
  const asking = narrow(x, [B, T, config.hiddenSize], rows);
  const positions = isNarrowed ? slice(inputs.positions, rows.start, rows.length) : inputs.positions; // [B, rows]
  const q = rope(linear(asking, weight(names.q)).reshape([B, rows.length, H, D]), positions, turn);
  const newKeys = rope(linear(x, weight(names.k)).reshape([B, T, G, D]), inputs.positions, turn);
  const newValues = linear(x, weight(names.v)).reshape([B, T, G, D]);
  const cache = inputs.caches?.[layer];
  const k = cache === undefined ? newKeys : cacheWrite(cache.k, newKeys, inputs.offset); // [B, S, G, D]
  const v = cache === undefined ? newValues : cacheWrite(cache.v, newValues, inputs.offset);
  const offset = isNarrowed ? x.graph.constant(rows.start, [1], "i32") : inputs.offset;
  const mixed = attention({ q, k, v, start: inputs.start, offset }, { window: config.slidingWindow });
  return linear(mixed.reshape([B * rows.length, H * D]), weight(names.o));
}

function scalingNumbers({ ropeScaling: scaling }: ModelConfig): readonly number[] {
  if (scaling === undefined) return [];
  return [scaling.factor, scaling.lowFreqFactor, scaling.highFreqFactor, scaling.originalMaxPositions];
}

function layerNames(layer: number): Readonly<Record<"q" | "k" | "v" | "o" | "gate" | "up" | "down", string>> & {
  readonly attentionNorm: string;
  readonly mlpNorm: string;
} {
  const of = (name: string): string => `model.layers.${layer}.${name}.weight`;
  return {
    q: of("self_attn.q_proj"),
    k: of("self_attn.k_proj"),
    v: of("self_attn.v_proj"),
    o: of("self_attn.o_proj"),
    gate: of("mlp.gate_proj"),
    up: of("mlp.up_proj"),
    down: of("mlp.down_proj"),
    attentionNorm: of("input_layernorm"),
    mlpNorm: of("post_attention_layernorm"),
  };
}
