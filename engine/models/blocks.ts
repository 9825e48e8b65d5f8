import type { Shape } from "../compute/graph/tensor.ts";
import type { Rope } from "./rope.ts";

/** How the attention of one layer sees positions. */
export interface LayerAttention {
  /** Tokens a position sees, itself included; 0 for all before it. */
  readonly window: number;
  /** Without it, the layer knows positions by the causal mask alone (NoPE, Kazemnejad et al. 2023, arXiv:2305.19466). */
  readonly rope?: Rope;
}

/** Names of the norms around a sublayer; one without a name is not there. */
interface SublayerNorms {
  /** Of the norm on the states that the sublayer reads. */
  readonly before?: string;
  /** Of the norm on the states that it adds to the residual. */
  readonly after?: string;
}

/** A block's norms: their places, and their names in checkpoints. */
export interface BlockNorms {
  readonly attention: SublayerNorms;
  readonly mlp: SublayerNorms;
}

/** Norms before the sublayers: Llama, Mistral, Gemma 1, Qwen. */
export const PRE_NORMS: BlockNorms = {
  attention: { before: "input_layernorm" },
  mlp: { before: "post_attention_layernorm" },
};

/** Norms before and after the sublayers: Gemma 2 and 3. */
export const SANDWICH_NORMS: BlockNorms = {
  attention: { before: "input_layernorm", after: "post_attention_layernorm" },
  mlp: { before: "pre_feedforward_layernorm", after: "post_feedforward_layernorm" },
};

/** Norms after the sublayers: OLMo 2. */
export const POST_NORMS: BlockNorms = {
  attention: { after: "post_attention_layernorm" },
  mlp: { after: "post_feedforward_layernorm" },
};

/**
 * A decoder's blocks as data: all in which the families differ. The decoder reads it and knows no family.
 *
 * A block adds attention's result to the residual, then the gated MLP's.
 */
export interface BlockConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headSize: number;
  /** Layer i attends like entry i modulo the length: one entry where all layers are alike. */
  readonly attentionPattern: readonly LayerAttention[];
  /** Attention scores are divided by the square root of this; the head size in most families. */
  readonly queryPreAttnScalar: number;
  /** Bounds attention scores; 0 for none. */
  readonly attentionSoftcap: number;
  /** Which projections add a bias: q, k and v; o; gate, up and down. */
  readonly biases: { readonly qkv: boolean; readonly o: boolean; readonly mlp: boolean };
  /** Queries and keys are normed before they are rotated: each head by itself, or the whole projection at once. */
  readonly qkNorm: "none" | "head" | "projection";
  readonly norms: BlockNorms;
  readonly normEps: number;
  /** Added to every norm weight: 1 where checkpoints store w − 1 (Gemma), else 0. */
  readonly normOffset: 0 | 1;
  readonly activation: "silu" | "geluTanh";
}

/** Llama's choices, from which every family departs. */
export const LLAMA_BLOCKS = {
  attentionSoftcap: 0,
  biases: { qkv: false, o: false, mlp: false },
  qkNorm: "none",
  norms: PRE_NORMS,
  normOffset: 0,
  activation: "silu",
} as const satisfies Partial<BlockConfig>;

/** The attention of a layer. */
export function attentionOf({ attentionPattern }: BlockConfig, layer: number): LayerAttention {
  const attention = attentionPattern[layer % attentionPattern.length];
  if (attention === undefined) throw new TypeError("model config: the attention pattern is empty");
  return attention;
}

/** Of the names of a block's tensors. */
export const blockPrefix = (layer: number): string => `model.layers.${layer}.`;

/** The tensors of one block with their shapes, by Hugging Face name behind {@link blockPrefix}. */
export function blockShapes(config: BlockConfig): ReadonlyMap<string, Shape> {
  const { hiddenSize: C, intermediateSize: F, nHeads: H, nKvHeads: G, headSize: D, biases, qkNorm, norms } = config;
  const projections = [
    ["self_attn.q_proj", H * D, C, biases.qkv],
    ["self_attn.k_proj", G * D, C, biases.qkv],
    ["self_attn.v_proj", G * D, C, biases.qkv],
    ["self_attn.o_proj", C, H * D, biases.o],
    ["mlp.gate_proj", F, C, biases.mlp],
    ["mlp.up_proj", F, C, biases.mlp],
    ["mlp.down_proj", C, F, biases.mlp],
  ] as const;
  const shapes = new Map<string, Shape>();
  for (const [name, outputs, inputs, hasBias] of projections) {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    if (hasBias) shapes.set(`${name}.bias`, [outputs]);
  }
  if (qkNorm !== "none") {
    shapes.set("self_attn.q_norm.weight", [qkNorm === "head" ? D : H * D]);
    shapes.set("self_attn.k_norm.weight", [qkNorm === "head" ? D : G * D]);
  }
  const { attention, mlp } = norms;
  for (const name of [attention.before, attention.after, mlp.before, mlp.after]) {
    if (name !== undefined) shapes.set(`${name}.weight`, [C]);
  }
  return shapes;
}
