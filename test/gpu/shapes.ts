import { toBf16, type WeightType } from "../../engine/compute/graph/dtype.ts";
import { type Shape, sizeOf } from "../../engine/compute/graph/tensor.ts";
import {
  type ConfigFile,
  type HostTensor,
  type ModelConfig,
  type WeightArray,
  parseModelConfig,
} from "../../engine/models/index.ts";

/** A model's sizes and the batch it is trained with. */
export interface ModelShape {
  readonly name: string;
  /** As config.json has it; PyTorch gets the same. */
  readonly config: ConfigFile;
  readonly batch: number;
  readonly length: number;
  /** Rank of the adapters that are trained in place of the model, on all projections of attention. */
  readonly lora?: number;
}

const llama = (sizes: ConfigFile): ConfigFile => ({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  ...sizes,
});

/** Sizes of SmolLM2-135M, Qwen2.5-0.5B and -1.5B, and Llama-2-7B, all in Llama's architecture. */
const REAL: readonly ModelShape[] = [
  {
    name: "135m",
    batch: 16,
    length: 512,
    config: llama({
      ...{ vocab_size: 49_152, hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
      ...{ num_attention_heads: 9, num_key_value_heads: 3, max_position_embeddings: 2048 },
    }),
  },
  {
    name: "0.5b",
    batch: 8,
    length: 512,
    config: llama({
      ...{ vocab_size: 151_936, hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24 },
      ...{ num_attention_heads: 14, num_key_value_heads: 2, max_position_embeddings: 2048 },
    }),
  },
  {
    name: "1.5b",
    batch: 4,
    length: 512,
    config: llama({
      ...{ vocab_size: 151_936, hidden_size: 1536, intermediate_size: 8960, num_hidden_layers: 28 },
      ...{ num_attention_heads: 12, num_key_value_heads: 2, max_position_embeddings: 2048 },
    }),
  },
  {
    name: "7b",
    batch: 4,
    length: 512,
    lora: 16,
    config: llama({
      ...{ vocab_size: 32_000, hidden_size: 4096, intermediate_size: 11_008, num_hidden_layers: 32 },
      ...{ num_attention_heads: 32, max_position_embeddings: 2048, tie_word_embeddings: false },
    }),
  },
];

/** The same code paths in a second on an interpreter of PTX: grouped queries, an adapter, sizes that are no multiples. */
const TINY: readonly ModelShape[] = REAL.map(({ name, lora }) => ({
  name,
  batch: 2,
  length: 9,
  ...(lora !== undefined && { lora: 2 }),
  config: llama({
    ...{ vocab_size: 67, hidden_size: 32, intermediate_size: 40, num_hidden_layers: 1 },
    ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 32 },
    tie_word_embeddings: lora === undefined,
  }),
}));

/** Sizes of everything that is measured. */
export interface Sizes {
  readonly models: readonly ModelShape[];
  /** Sequences decoded side by side, and tokens. */
  readonly decode: { readonly batches: readonly number[]; readonly query: number; readonly response: number };
  readonly ppo: Readonly<Record<"rollouts" | "minibatch" | "query" | "response", number>>;
  /** Rows and columns of square products. */
  readonly products: readonly number[];
  /** Of a copy within the card. */
  readonly copyBytes: number;
  /** Rows and channels of what kernels that are bound by memory go through. */
  readonly rows: readonly [number, number];
  /** How long a measurement goes on, in seconds, and how often it is repeated at most. */
  readonly seconds: number;
  readonly repeats: number;
}

/** By what they are for: a card, or a test of this very script. */
export const SIZES: Readonly<Record<"real" | "tiny", Sizes>> = {
  real: {
    models: REAL,
    decode: { batches: [1, 8, 64, 256], query: 64, response: 128 },
    ppo: { rollouts: 128, minibatch: 32, query: 64, response: 256 },
    products: [1024, 4096, 8192],
    copyBytes: 2 ** 30,
    rows: [65_536, 2048],
    seconds: 2,
    repeats: 30,
  },
  tiny: {
    models: TINY,
    decode: { batches: [1, 2], query: 5, response: 3 },
    ppo: { rollouts: 2, minibatch: 1, query: 5, response: 4 },
    products: [33],
    copyBytes: 2 ** 16,
    rows: [9, 40],
    seconds: 0,
    repeats: 1,
  },
};

/** The sizes that figures are of. */
export function figureSizes({ models, decode, products }: Sizes): {
  readonly shapes: readonly string[];
  readonly batches: readonly number[];
  readonly product: number;
} {
  return { shapes: models.map(({ name }) => name), batches: decode.batches, product: products.at(-1) ?? 0 };
}

/** The engine's config of a shape, with its adapter. */
export function configOf({ config, lora }: ModelShape): ModelConfig {
  const parsed = parseModelConfig(config);
  if (lora === undefined) return parsed;
  const targets = ["q_proj", "k_proj", "v_proj", "o_proj"];
  return { ...parsed, adapter: { rank: lora, alpha: 2 * lora, targets } };
}

/** Numbers before they repeat: a prime, so that no width of a matrix is a multiple. */
const PERIOD = 1_000_003;
/** Half the width of the uniform distribution: a standard deviation of 0.02. */
const SPREAD = 0.02 * Math.sqrt(3);

/**
 * Random weights in no time: noise that repeats itself, in one block of memory that all tensors share; norms are 1. Each is
 * to be copied before the next is asked for.
 */
export function noise(
  shapes: ReadonlyMap<string, Shape>,
  type?: "f32",
): Iterable<readonly [name: string, tensor: HostTensor]>;
export function noise(
  shapes: ReadonlyMap<string, Shape>,
  type: WeightType,
): Iterable<readonly [name: string, tensor: HostTensor<WeightArray>]>;
export function noise(
  shapes: ReadonlyMap<string, Shape>,
  type: WeightType = "f32",
): Iterable<readonly [name: string, tensor: HostTensor<WeightArray>]> {
  return tensorsOf(shapes, type);
}

function* tensorsOf(
  shapes: ReadonlyMap<string, Shape>,
  type: WeightType,
): Generator<readonly [name: string, tensor: HostTensor<WeightArray>], undefined> {
  const numbers = noiseOf(Math.max(...[...shapes.values()].map(sizeOf)));
  const block = type === "bf16" ? toBf16(numbers) : numbers;
  for (const [name, shape] of shapes) {
    const size = sizeOf(shape);
    const isNorm = name.endsWith("norm.weight");
    const ones = new Float32Array(isNorm ? size : 0).fill(1);
    const own = isNorm ? (type === "bf16" ? toBf16(ones) : ones) : block.subarray(0, size);
    yield [name, { shape, data: own }];
  }
  return undefined;
}

/** Noise of so many numbers. */
function noiseOf(size: number): Float32Array {
  const numbers = new Float32Array(size);
  let state = 1;
  for (let at = 0; at < Math.min(PERIOD, size); at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' linear congruential generator
    numbers[at] = (state / 2 ** 31 - 1) * SPREAD;
  }
  for (let filled = PERIOD; filled < size; filled *= 2) numbers.copyWithin(filled, 0, Math.min(filled, size - filled));
  return numbers;
}

/** Token ids, of which no two rows are the same, `[batch][length]`. */
export function tokensOf(batch: number, length: number, vocabulary: number): number[][] {
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length }, (__, column) => 3 + ((row * 7919 + column * 104_729 + row * column) % (vocabulary - 3))),
  );
}
