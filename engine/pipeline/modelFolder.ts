import { join } from "node:path";
import type { Shape } from "../compute/graph/tensor.ts";
import {
  type Head,
  type ModelConfig,
  type Weights,
  formatModelConfig,
  parameters,
  parseModelConfig,
  selectWeights,
} from "../models/index.ts";
import { WeightsError } from "../models/weights.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { readCheckpoint, readCheckpointFiles, writeCheckpoint } from "../storage/checkpoints.ts";
import { WEIGHTS_FILE } from "../storage/shards.ts";
import { type Tokenizer, loadTokenizer } from "../text/index.ts";

/** A checkpoint in memory: shape, weights in f32, tokenizer. */
export interface LoadedModel {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
}

/**
 * Loads a Hugging Face folder. The tensors of the given heads must be there; others are left out.
 *
 * @throws {CheckpointError} when a file is missing or damaged, or weights and config do not fit.
 * @throws {ModelConfigError} when the engine cannot run such a model.
 */
export async function loadModel(folder: string, heads: readonly Head[] = ["language"]): Promise<LoadedModel> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const config = parseModelConfig(checkpoint.config, join(folder, "config.json"));
    const wanted = parameters(config, heads);
    const available = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const name of wanted.keys()) {
      const entry = checkpoint.weights.tensors.get(name);
      if (entry === undefined) continue;
      const data = await checkpoint.weights.readTensor(name);
      if (!data.every(Number.isFinite)) throw notFinite(folder, name);
      available.set(name, { shape: entry.shape, data });
    }
    return { config, weights: fitting(folder, available, wanted), tokenizer: await loadTokenizer(folder) };
  } finally {
    await checkpoint.weights.close();
  }
}

/** Selects the wanted weights; an error about one that does not fit names its folder. */
function fitting(folder: string, available: Weights, wanted: ReadonlyMap<string, Shape>): Weights {
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

/** Shape of a checkpoint, without its weights. */
export async function loadConfig(folder: string): Promise<ModelConfig> {
  const { config } = await readCheckpointFiles(folder);
  return parseModelConfig(config, join(folder, "config.json"));
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
