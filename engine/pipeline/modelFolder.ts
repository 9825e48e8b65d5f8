import { join } from "node:path";
import { allFinite, toBf16 } from "../compute/graph/dtype.ts";
import { type Shape, sizeOf } from "../compute/graph/tensor.ts";
import {
  type Head,
  type HostTensor,
  type ModelConfig,
  type WeightArray,
  formatModelConfig,
  parameters,
  parseModelConfig,
  selectWeights,
} from "../models/index.ts";
import { WeightsError } from "../models/weights.ts";
import type { RunConfig } from "../config/index.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { readCheckpoint, writeCheckpoint } from "../storage/checkpoints.ts";
import type { WeightsFile } from "../storage/safetensors.ts";
import { WEIGHTS_FILE } from "../storage/shards.ts";
import { type Tokenizer, loadTokenizer } from "../text/index.ts";

/** A checkpoint in memory: shape, weights, tokenizer. */
export interface LoadedModel<A extends WeightArray = Float32Array> {
  readonly config: ModelConfig;
  readonly weights: ReadonlyMap<string, HostTensor<A>>;
  readonly tokenizer: Tokenizer;
}

/** A model that is only read. */
export type FrozenModel = LoadedModel<WeightArray>;

/**
 * How a stage holds weights that it only reads: in bf16, or as stored, which is bf16 where a checkpoint holds bf16 and
 * else f32. In a slice only where it changes numbers.
 */
export interface FrozenSlice {
  readonly frozenWeights?: "bf16";
}

/** Gives the numbers of the checkpoint. */
export const AS_STORED: FrozenSlice = {};

/** The config's setting of frozen weights, for slices of stages that read some. */
export function frozenSlice({ runtime: { frozenWeights } }: RunConfig): FrozenSlice {
  return frozenWeights === "bf16" ? { frozenWeights } : AS_STORED;
}

/**
 * Loads a Hugging Face folder in f32, to train, mix or save. The tensors of the given heads must be there; others are
 * left out.
 *
 * @throws {CheckpointError} when a file is missing or damaged, or weights and config do not fit.
 * @throws {ModelConfigError} when the engine cannot run such a model.
 */
export function loadModel(folder: string, heads: readonly Head[] = ["language"]): Promise<LoadedModel> {
  return load(folder, heads, (weights, name) => weights.readTensor(name));
}

/** Loads a Hugging Face folder like {@link loadModel}, to be read only. */
export function loadFrozenModel(
  folder: string,
  { frozenWeights }: FrozenSlice,
  heads: readonly Head[] = ["language"],
): Promise<FrozenModel> {
  return load(folder, heads, async (weights, name) => {
    if (weights.tensors.get(name)?.dtype === "BF16") return readBf16(weights, name);
    const data = await weights.readTensor(name);
    return frozenWeights === "bf16" ? toBf16(data) : data;
  });
}

async function load<A extends WeightArray>(
  folder: string,
  heads: readonly Head[],
  read: (weights: WeightsFile, name: string) => Promise<A>,
): Promise<LoadedModel<A>> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const config = parseModelConfig(checkpoint.config, join(folder, "config.json"));
    const wanted = parameters(config, heads);
    // Before any of them is read, which takes a while.
    fitting(folder, checkpoint.weights.tensors, wanted);
    const available = new Map<string, HostTensor<A>>();
    for (const name of wanted.keys()) {
      const entry = checkpoint.weights.tensors.get(name);
      if (entry === undefined) continue;
      const data = await read(checkpoint.weights, name);
      if (!allFinite(data)) throw notFinite(folder, name);
      available.set(name, { shape: entry.shape, data });
    }
    return { config, weights: fitting(folder, available, wanted), tokenizer: await loadTokenizer(folder) };
  } finally {
    await checkpoint.weights.close();
  }
}

async function readBf16(weights: WeightsFile, name: string): Promise<Uint16Array> {
  const halves = new Uint16Array(sizeOf(weights.tensors.get(name)?.shape ?? []));
  await weights.readBytes(name, 0, new Uint8Array(halves.buffer));
  return halves;
}

/** Selects the wanted weights; an error about one that does not fit names its folder. */
function fitting<T extends { readonly shape: Shape }>(
  folder: string,
  available: ReadonlyMap<string, T>,
  wanted: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, T> {
  try {
    return selectWeights(available, wanted);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const isReward = wanted.has("score.weight");
    const remedy = isReward ? "give a reward model" : "give a language model whose config.json is its own";
    throw new CheckpointError(cause.message, { file: folder, remedy }, { cause });
  }
}

/** One such number makes every loss NaN, steps later and far from its cause. */
function notFinite(folder: string, tensor: string): CheckpointError {
  const remedy = "use a checkpoint from before its training diverged, or one stored in a wider type";
  return new CheckpointError("holds numbers that are not finite", { file: join(folder, WEIGHTS_FILE), tensor, remedy });
}

/**
 * Shape of a language model's checkpoint, without its weights; their names and shapes are compared with it.
 *
 * @throws {CheckpointError} when a tensor is missing or has another shape.
 * @throws {ModelConfigError} when the engine cannot run such a model.
 */
export async function loadConfig(folder: string): Promise<ModelConfig> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const config = parseModelConfig(checkpoint.config, join(folder, "config.json"));
    fitting(folder, checkpoint.weights.tensors, parameters(config));
    return config;
  } finally {
    await checkpoint.weights.close();
  }
}

/** Writes a Hugging Face folder that transformers loads. */
export async function saveModel(
  folder: string,
  { config, weights, tokenizer }: LoadedModel,
  head: "language" | "score" = "language",
): Promise<void> {
  const { tokenizer: tokenizerJson, settings } = tokenizer.files;
  await writeCheckpoint(folder, {
    config: formatModelConfig(config, head),
    tokenizer: tokenizerJson,
    tokenizerConfig: settings,
    generationConfig: { bos_token_id: tokenizer.bos ?? null, eos_token_id: tokenizer.eos, pad_token_id: tokenizer.pad },
    tensors: weights,
  });
}
