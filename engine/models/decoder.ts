import { type Graph, type Shape, type Tensor, defined } from "../compute/graph/tensor.ts";
import {
  type AttentionSettings,
  type RmsNormSettings,
  attention,
  cacheWrite,
  cast,
  embedding,
  gatedActivation,
  linear,
  rmsNorm,
  rope,
  slice,
} from "../compute/ops/index.ts";
import { LORA_A, LORA_B, adapterParameters } from "./adapter.ts";
import { attentionOf, blockPrefix, blockShapes } from "./blocks.ts";
import type { ModelConfig } from "./config.ts";
import { rotaryFrequencies, rotaryScoreFactor } from "./ropeKinds.ts";

/** The output on top of the trunk: next-token logits, a value per position, or one score per sequence. */
export type Head = "language" | "value" | "score";

/** Tokens as the decoder reads them, `B` rows left-padded to one length. */
export interface DecoderInputs extends DecoderTokens {
  /** Index of the row's first real token, i32 `[B]`. */
  readonly start: Tensor;
  /** Absolute index of column 0, i32 `[1]`: 0 except when decoding into caches. */
  readonly offset: Tensor;
  /** One pair per layer, `[B, S, G, D]`: new keys and values go there, attention reads from there. */
  readonly caches?: readonly LayerCache[];
}

/** One token of each of `B` rows, which have pasts of their own, of lengths of their own. */
export interface RowInputs extends DecoderTokens {
  readonly rows: readonly RowPast[];
}

interface DecoderTokens {
  /** Token ids, i32 `[B, T]`. */
  readonly ids: Tensor;
  /** Distance from the row's first real token, i32 `[B, T]`; 0 in the padding. */
  readonly positions: Tensor;
}

/** The past of one row. */
export interface RowPast {
  /** Index of the first real token, i32 `[1]`. */
  readonly start: Tensor;
  /** Index of the token to be read, i32 `[1]`. */
  readonly offset: Tensor;
  /** One pair per layer, `[1, S, G, D]`. */
  readonly caches: readonly LayerCache[];
}

/** Keys and values of one layer, `[B, S, G, D]` each. */
export interface LayerCache {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Every tensor of a model with its shape, by Hugging Face name, in checkpoint order. */
export function parameters(config: ModelConfig, heads: readonly Head[] = ["language"]): ReadonlyMap<string, Shape> {
  const { hiddenSize: C, vocabularySize: V } = config;
  const shapes = new Map<string, Shape>([["model.embed_tokens.weight", [V, C]]]);
  for (let layer = 0; layer < config.nLayers; layer++) {
    for (const [name, shape] of blockShapes(config)) shapes.set(blockPrefix(layer) + name, shape);
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
 * Last hidden states of a decoder, after the final norm.
 *
 * Touvron et al. 2023 (arXiv:2302.13971): RMSNorm, rotary positions, gated MLP; grouped queries as in Ainslie et
 * al. 2023 (arXiv:2305.13245). The config holds the differences of the families. Weights are variables named prefix +
 * Hugging Face name, so that one program can hold several models.
 *
 * With a span, the last layer answers for its positions only: nothing reads its output at the others, which still serve
 * as keys and values.
 *
 * @returns `[B, T, C]`, or `[B, length, C]` of the span.
 */
export function hidden(
  graph: Graph,
  config: ModelConfig,
  inputs: DecoderInputs | RowInputs,
  { prefix = "", span }: HiddenSettings = {},
): Tensor {
  const [B = 0, T = 0] = inputs.ids.shape;
  const { start: first, length } = span ?? { start: 0, length: T };
  const C = config.hiddenSize;
  const shapes = new Map([...parameters(config, []), ...adapterParameters(config)]);
  const find = (name: string): Tensor | undefined => {
    const shape = shapes.get(name);
    const tensor = shape && graph.variable(prefix + name, shape);
    // Ops that read matrices take any type of weights; the vectors are small.
    return tensor?.shape.length === 1 ? cast(tensor, "f32") : tensor;
  };

  const embedded = embedding(defined(find("model.embed_tokens.weight")), inputs.ids, graph.precision).reshape([
    B * T,
    C,
  ]);
  // Rows stay flat, [B·T, C], so that each residual sum folds into the matrix product before it.
  let x = config.embeddingScale === 1 ? embedded : embedded.mul(config.embeddingScale);
  const { norms } = config;
  for (let layer = 0; layer < config.nLayers; layer++) {
    const isNarrowed = layer === config.nLayers - 1 && length < T;
    const rows = isNarrowed ? { start: first, length } : { start: 0, length: T };
    const block: Block = { config, layer, find: (name) => find(blockPrefix(layer) + name) };
    const mixed = attend(block, norm(block, x, norms.attention.before), inputs, rows);
    x = narrow(x, [B, T, C], rows).add(norm(block, mixed, norms.attention.after));
    const gated = gatedMlp(block, norm(block, x, norms.mlp.before));
    x = graph.checkpoint(x.add(norm(block, gated, norms.mlp.after)));
  }
  return rmsNorm(x, defined(find("model.norm.weight")), normSettings(config)).reshape([B, length, C]);
}

/** Positions [start, start + length) of every row. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** The model, and the positions wanted of it. */
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

/** One layer of a model. */
interface Block {
  readonly config: ModelConfig;
  readonly layer: number;
  /** The block's variable of a name, if it has one. */
  readonly find: (name: string) => Tensor | undefined;
}

/** A dense layer, with its bias where it has one, and changed by the adapter where that targets it. */
function dense({ config, find }: Block, x: Tensor, name: string): Tensor {
  const y = linear(x, defined(find(`${name}.weight`)), find(`${name}.bias`));
  const [a, b] = [find(name + LORA_A), find(name + LORA_B)];
  if (config.adapter === undefined || a === undefined || b === undefined) return y;
  // Scaled where it is narrow, so that the sum folds into the product with B.
  const narrowed = linear(x, a).mul(config.adapter.alpha / config.adapter.rank); // [N, r]
  return y.add(linear(narrowed, b));
}

/** A norm over as many numbers as its weight has; without a name, or where the block lacks it, none. */
function norm({ config, find }: Block, x: Tensor, name: string | undefined): Tensor {
  const weight = name === undefined ? undefined : find(`${name}.weight`);
  if (weight === undefined) return x;
  const runs = x.reshape([x.size / weight.size, weight.size]);
  return rmsNorm(runs, weight, normSettings(config)).reshape(x.shape);
}

/** Self-attention of one layer, `[B·T, C]` to `[B·rows, C]`; every position is asked, those of `rows` ask. */
function attend(block: Block, x: Tensor, inputs: DecoderInputs | RowInputs, rows: Span): Tensor {
  const { config, layer } = block;
  const { nHeads: H, nKvHeads: G, headSize: D } = config;
  const [B = 0, T = 0] = inputs.ids.shape;
  const { window, rope: rotary } = attentionOf(config, layer);
  const frequencies = rotary === undefined ? undefined : rotaryFrequencies(D, rotary);
  const turn = (heads: Tensor, at: Tensor): Tensor =>
    frequencies === undefined ? heads : rope(heads, at, frequencies);
  const isNarrowed = rows.length < T;
  const asking = narrow(x, [B, T, config.hiddenSize], rows);
  const positions = isNarrowed ? slice(inputs.positions, rows.start, rows.length) : inputs.positions; // [B, rows]
  const queries = norm(block, dense(block, asking, "self_attn.q_proj"), "self_attn.q_norm"); // [B·rows, H·D]
  const keys = norm(block, dense(block, x, "self_attn.k_proj"), "self_attn.k_norm"); // [B·T, G·D]
  const newValues = dense(block, x, "self_attn.v_proj").reshape([B, T, G, D]);
  // Next to each other, keys first, so that a card turns both by one launch where keys are fewer: the planner puts what it
  // makes of them where nobody reads.
  const newKeys = turn(keys.reshape([B, T, G, D]), inputs.positions);
  const q = turn(queries.reshape([B, rows.length, H, D]), positions);
  const scale = rotaryScoreFactor(rotary) / Math.sqrt(config.queryPreAttnScalar);
  const settings = { scale, window, softcap: config.attentionSoftcap };
  const asked = { q, k: newKeys, v: newValues };
  const askFrom = isNarrowed ? x.graph.constant(rows.start, [1], "i32") : undefined;
  const mixed =
    "rows" in inputs
      ? mixRowByRow(asked, layer, inputs.rows, settings)
      : mixTogether(asked, layer, { ...inputs, ...(askFrom && { askFrom }) }, settings);
  return dense(block, mixed.reshape([B * rows.length, H * D]), "self_attn.o_proj");
}

/** Queries, and keys and values of the same tokens, `[B, T, H or G, D]`. */
type QueryKeyValue = Readonly<Record<"q" | "k" | "v", Tensor>>;

/** Attention of rows whose pasts are of one length. `askFrom` is where the queries begin, if not at `offset`. */
function mixTogether(
  { q, k: newKeys, v: newValues }: QueryKeyValue,
  layer: number,
  { caches, start, offset, askFrom = offset }: DecoderInputs & { readonly askFrom?: Tensor },
  settings: AttentionSettings,
): Tensor {
  const cache = caches?.[layer];
  const k = cache === undefined ? newKeys : cacheWrite(cache.k, newKeys, offset); // [B, S, G, D]
  const v = cache === undefined ? newValues : cacheWrite(cache.v, newValues, offset);
  return attention({ q, k, v, start, offset: askFrom }, settings);
}

/** Attention of one query per row, each over its own past, `[B, 1, H, D]`. What a row gets takes its query's place. */
function mixRowByRow(
  { q, k, v }: QueryKeyValue,
  layer: number,
  pasts: readonly RowPast[],
  settings: AttentionSettings,
): Tensor {
  const side = (x: Tensor): Tensor => x.reshape([1, ...x.shape.filter((_, axis) => axis !== 1)]); // [1, B, H, D]
  const all = { q: side(q), k: side(k), v: side(v) };
  // All rows' slices first, then all their writes: threads need to meet once for each kind, and not for each row.
  const own = pasts.map((past, row) => {
    const [query, key, value] = [slice(all.q, row, 1), slice(all.k, row, 1), slice(all.v, row, 1)]; // [1, 1, H, D]
    return { ...past, cache: defined(past.caches[layer]), query, key, value };
  });
  const written = own.map(({ cache, key, value, ...past }) => {
    const keys = cacheWrite(cache.k, key, past.offset); // [1, S, G, D]
    return { ...past, keys, values: cacheWrite(cache.v, value, past.offset) };
  });
  const mixed = written.map(({ query, keys, values, start, offset }) =>
    attention({ q: query, k: keys, v: values, start, offset }, settings),
  );
  const gathered = mixed.reduce(
    (rows, one, row) => cacheWrite(rows, one, q.graph.constant(row, [1], "i32")),
    all.q, // nobody reads the queries any more
  );
  return gathered.reshape(q.shape);
}

/** The gated MLP of one layer, row by row, `[N, C]`. */
function gatedMlp(block: Block, x: Tensor): Tensor {
  const [gate, up] = [dense(block, x, "mlp.gate_proj"), dense(block, x, "mlp.up_proj")]; // [N, F]
  return dense(block, gatedActivation(gate, up, block.config.activation), "mlp.down_proj");
}

function normSettings({ normEps, normOffset }: ModelConfig): RmsNormSettings {
  return { eps: normEps, offset: normOffset };
}
