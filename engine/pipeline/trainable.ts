import {
  type HostTensor,
  type RandomSource,
  type WeightArray,
  initializeAdapter,
  splitTrainable,
} from "../models/index.ts";
import type { RunConfig } from "../config/index.ts";
import { type LoraSlice, loraSlice, saveAdapter } from "./adapterFolder.ts";
import type { LoadChoice } from "./chatChoice.ts";
import {
  type FrozenSlice,
  type LoadedModel,
  type SavedModel,
  type SaveSlice,
  frozenSlice,
  loadFrozenModel,
  loadModel,
  saveModel,
} from "./modelFolder.ts";

/** The adapters that a stage trains and how it holds what they change; in a slice only where it trains some. */
export interface AdapterSlice extends LoraSlice, FrozenSlice {}

/** The config's adapters, for slices of stages that train and freeze nothing without them. */
export function adapterSlice(config: RunConfig): AdapterSlice {
  const { lora } = loraSlice(config);
  return lora === undefined ? {} : { lora, ...frozenSlice(config) };
}

/** A model that a stage goes on training, with its tensors, to be handed over, by whether that changes them. */
export interface TrainableModel extends Omit<LoadedModel, "weights"> {
  /** All of a model, or A and B of its adapter; in f32. */
  readonly trained: Map<string, HostTensor>;
  /** The rest, which only is read; empty where all is trained. */
  readonly frozen: Map<string, HostTensor<WeightArray>>;
}

/** How a stage trains a model. */
export interface TrainableSettings extends AdapterSlice, LoadChoice {
  /** Draws a fresh adapter, where the folder has none. */
  readonly random: RandomSource;
}

/**
 * Loads a language model to be trained: as a whole, or, where adapters are trained, with the folder's adapter or a fresh
 * one over frozen weights.
 *
 * @throws {CheckpointError}
 * @throws {ModelConfigError}
 */
export async function loadTrainable(
  folder: string,
  { lora, random, frozenWeights, ...choice }: TrainableSettings,
): Promise<TrainableModel> {
  if (lora === undefined) {
    const { weights, ...model } = await loadModel(folder, ["language"], choice);
    return { ...model, trained: weights, frozen: new Map() };
  }
  const held = frozenWeights === undefined ? {} : { frozenWeights };
  const { weights, ...model } = await loadFrozenModel(folder, held, ["language"], choice);
  if (model.config.adapter === undefined) {
    const config = { ...model.config, adapter: lora };
    return { ...model, config, trained: initializeAdapter(config, random), frozen: weights };
  }
  const { trained, frozen } = splitTrainable(model.config, weights);
  // An adapter is read in f32.
  return { ...model, trained: trained as TrainableModel["trained"], frozen };
}

/** How a stage saves what it has trained. */
interface SaveSettings extends SaveSlice {
  /** Folder of the checkpoint that adapters change. */
  readonly base: string | undefined;
  readonly head?: "language" | "score";
}

/** Saves what was trained of a model: all of it, or its adapter with the base that it changes. */
export async function saveTrained(
  folder: string,
  { config, tokenizer, format, carried }: Omit<TrainableModel, "trained" | "frozen">,
  weights: SavedModel["weights"],
  { base, head = "language", ...saved }: SaveSettings,
): Promise<void> {
  const { adapter } = config;
  if (adapter === undefined || base === undefined) {
    await saveModel(folder, { config, weights, tokenizer, format, carried }, { head, ...saved });
    return;
  }
  await saveAdapter(folder, { adapter, weights, format, base, head, ...saved });
}
