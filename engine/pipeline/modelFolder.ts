import { join } from "node:path";
import { type WeightType, DTYPES, allFinite, toBf16 } from "../compute/graph/dtype.ts";
import { type Shape, sizeOf } from "../compute/graph/tensor.ts";
import {
  type FetchedTensor,
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
import type { RunConfig, SavedType } from "../config/index.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { isAdapterFolder } from "../storage/adapterFolders.ts";
import {
  type CheckpointContent,
  type CheckpointFiles,
  mainType,
  readAsWritten,
  readCheckpoint,
  withStoredType,
  writeCheckpoint,
} from "../storage/checkpoints.ts";
import { type StoredType, isStoredType, SAVED_TYPES } from "../storage/elementTypes.ts";
import type { WeightsFile } from "../storage/safetensors.ts";
import { WEIGHTS_FILE } from "../storage/shards.ts";
import type { JsonObject } from "../storage/json.ts";
import { type Tokenizer, PromptFormat } from "../text/index.ts";
import { baseFolderOf, readAdapter } from "./adapterFolder.ts";
import { type LoadChoice, endsIn, formatOf } from "./chatChoice.ts";

/** A checkpoint in memory: shape, weights, tokenizer. */
export interface LoadedModel<A extends WeightArray = Float32Array> {
  readonly config: ModelConfig;
  /** Its own: to be handed over to a device. */
  readonly weights: Map<string, HostTensor<A>>;
  readonly tokenizer: Tokenizer;
  /** How prompts are put to it. */
  readonly format: PromptFormat;
  /** Parts of the folder that go along with what is trained from it. */
  readonly carried: CarriedParts;
}

/** Parts of a checkpoint that go along with what is trained from it. */
interface CarriedParts extends Pick<CheckpointFiles, "config" | "generationConfig"> {
  readonly folder: string;
  /** How tensors are stored. */
  readonly types: ReadonlyMap<string, StoredType>;
  /** How most of them are, and so those that training adds. */
  readonly type: StoredType;
}

/** A model to be saved; one that was loaded gives its chat template and settings along. */
export type SavedModel = Pick<LoadedModel, "config" | "tokenizer"> &
  Partial<Pick<LoadedModel, "format" | "carried">> & {
    readonly weights: ReadonlyMap<string, HostTensor | FetchedTensor>;
  };

/** The type that a stage saves checkpoints in; in its slice only where that is not the base's. */
export interface SaveSlice {
  readonly saveAs?: SavedType;
}

/** The config's choice of the type that checkpoints are saved in. */
export function saveSlice({ model: { saveAs } }: RunConfig): SaveSlice {
  return saveAs === undefined ? {} : { saveAs };
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
 * left out. Of an adapter's folder come the weights of its base and its own, and a config with the adapter.
 *
 * @throws {CheckpointError} when a file is missing or damaged, or weights and config do not fit.
 * @throws {ModelConfigError} when the engine cannot run such a model.
 */
export function loadModel(
  folder: string,
  heads: readonly Head[] = ["language"],
  chat: LoadChoice = {},
): Promise<LoadedModel> {
  return load<Float32Array>(folder, { heads, chat }, () => "f32");
}

/** Loads a Hugging Face folder like {@link loadModel}, to be read only. */
export function loadFrozenModel(
  folder: string,
  { frozenWeights }: FrozenSlice,
  heads: readonly Head[] = ["language"],
  chat: LoadChoice = {},
): Promise<FrozenModel> {
  return load(folder, { heads, chat }, (stored) => (stored === "BF16" ? "bf16" : (frozenWeights ?? "f32")));
}

/** The type that a tensor is held in, by the one that it is stored in. */
type TypeOf = (stored: string) => WeightType;

async function load<A extends WeightArray>(
  folder: string,
  { heads, chat }: { readonly heads: readonly Head[]; readonly chat: LoadChoice },
  typeOf: TypeOf,
): Promise<LoadedModel<A | Float32Array>> {
  const isAdapter = await isAdapterFolder(folder);
  const { config, weights, carried } = isAdapter
    ? await loadAdapted<A>(folder, { heads, base: chat.base?.folder }, typeOf)
    : await loadWeights<A>(folder, heads, typeOf);
  const format = await formatOf(folder, carried, chat);
  checkSpecialTokens(folder, format.tokenizer, config);
  return { config, weights, tokenizer: format.tokenizer, format, carried };
}

/** An adapter's own tensors over those of its base; a head that it brings is not the base's. */
async function loadAdapted<A extends WeightArray>(
  folder: string,
  { heads, base: given }: { readonly heads: readonly Head[]; readonly base: string | undefined },
  typeOf: TypeOf,
): Promise<Pick<LoadedModel<A | Float32Array>, "config" | "weights" | "carried">> {
  const below = heads.filter((head) => head === "language");
  const base = await loadWeights<A>(await baseFolderOf(folder, given), below, typeOf);
  const { adapter, weights } = await readAdapter(folder, base.config, heads);
  return {
    ...base,
    config: { ...base.config, adapter },
    weights: new Map<string, HostTensor<A | Float32Array>>([...base.weights, ...weights]),
  };
}

async function loadWeights<A extends WeightArray>(
  folder: string,
  heads: readonly Head[],
  typeOf: TypeOf,
): Promise<Pick<LoadedModel<A>, "config" | "weights" | "carried">> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const config = parseModelConfig(checkpoint.config, join(folder, "config.json"));
    const wanted = parameters(config, heads);
    // Before any of them is read, which takes a while.
    fitting(folder, checkpoint.weights.tensors, wanted);
    await checkScoreBias(checkpoint.weights, heads);
    const available = allocated<A>(wanted, (name) => typeOf(checkpoint.weights.tensors.get(name)?.dtype ?? "F32"));
    for (const [name, { data }] of available) {
      await fill(data, checkpoint.weights, name);
      if (!allFinite(data)) throw notFinite(folder, name);
    }
    const { config: settings, generationConfig } = checkpoint;
    const carried = {
      ...{ folder, config: settings, ...(generationConfig && { generationConfig }) },
      ...storedTypes(checkpoint.weights),
    };
    return { config, weights: available, carried };
  } finally {
    await checkpoint.weights.close();
  }
}

/** How the tensors of a checkpoint are stored; of types that are only read, what they are saved in. */
function storedTypes({ tensors }: WeightsFile): Pick<CarriedParts, "types" | "type"> {
  const types = [...tensors].map(([name, { dtype }]) => [name, isStoredType(dtype) ? dtype : "F32"] as const);
  return { types: new Map(types), type: mainType(tensors.values()) };
}

/**
 * Room for tensors of those types, all in one block of memory: a system takes a large block back when it is freed, where
 * of many small ones the process keeps most.
 */
function allocated<A extends WeightArray>(
  wanted: ReadonlyMap<string, Shape>,
  typeOf: (name: string) => WeightType,
): Map<string, HostTensor<A>> {
  const bytesOf = (name: string, shape: Shape): number => sizeOf(shape) * DTYPES[typeOf(name)].bytes;
  const total = [...wanted].reduce((sum, [name, shape]) => sum + aligned(bytesOf(name, shape)), 0);
  const block = new ArrayBuffer(total);
  const tensors = new Map<string, HostTensor<A>>();
  let offset = 0;
  for (const [name, shape] of wanted) {
    tensors.set(name, { shape, data: new DTYPES[typeOf(name)].array(block, offset, sizeOf(shape)) as A });
    offset += aligned(bytesOf(name, shape));
  }
  return tensors;
}

/** Arrays begin at multiples of their elements. */
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Reads a tensor, in place where it is stored as it is held. */
async function fill(into: WeightArray, weights: WeightsFile, name: string): Promise<void> {
  const isBf16 = into instanceof Uint16Array;
  if (weights.tensors.get(name)?.dtype === (isBf16 ? "BF16" : "F32")) {
    await weights.readBytes(name, 0, new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    return;
  }
  const data = await weights.readTensor(name);
  into.set(isBf16 ? toBf16(data) : data);
}

/** Selects the wanted weights; an error about one that does not fit names its folder. */
function fitting<T extends { readonly shape: Shape }>(
  folder: string,
  available: ReadonlyMap<string, T>,
  wanted: ReadonlyMap<string, Shape>,
): Map<string, T> {
  try {
    return selectWeights(available, wanted);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const isReward = wanted.has("score.weight");
    const remedy = isReward
      ? "give a reward model: AutoModelForSequenceClassification with one label"
      : "give a language model whose config.json is its own";
    throw new CheckpointError(cause.message, { file: folder, remedy }, { cause });
  }
}

/** Every sequence is begun, ended and padded with them, so that each needs its row of the embeddings. */
function checkSpecialTokens(folder: string, tokenizer: Tokenizer, config: ModelConfig): void {
  const { bos, eos, pad } = tokenizer;
  const beyond = [eos, pad, bos].find((id) => id !== undefined && id >= config.vocabularySize);
  if (beyond === undefined) return;
  const token = JSON.stringify(tokenizer.tokenOf(beyond) ?? "");
  const what = `names the token ${token} (id ${beyond}), and the embeddings have ${config.vocabularySize} rows`;
  const remedy =
    "resize the embeddings (model.resize_token_embeddings(len(tokenizer))), or name a token that has a row";
  throw new CheckpointError(what, { file: join(folder, "tokenizer_config.json"), remedy });
}

/** transformers' own classes have no bias on a score, and would drop it in silence. */
async function checkScoreBias(weights: WeightsFile, heads: readonly Head[]): Promise<void> {
  if (!heads.includes("score") || !weights.tensors.has(SCORE_BIAS)) return;
  const bias = await weights.readTensor(SCORE_BIAS);
  if (bias.every((value) => value === 0)) return;
  const remedy = "remove it, which moves all rewards alike, or give a reward model without one";
  throw new CheckpointError("is not 0, and a score has no bias", { file: weights.path, tensor: SCORE_BIAS, remedy });
}

const SCORE_BIAS = "score.bias";

/** One such number makes every loss NaN, steps later and far from its cause. */
function notFinite(folder: string, tensor: string): CheckpointError {
  const remedy = "use a checkpoint from before its training diverged, or one stored in a wider type";
  return new CheckpointError("holds numbers that are not finite", { file: join(folder, WEIGHTS_FILE), tensor, remedy });
}

/**
 * Shape of a checkpoint with the given heads, without its weights; their names and shapes are compared with it.
 *
 * @throws {CheckpointError} when a tensor is missing or has another shape.
 * @throws {ModelConfigError} when the engine cannot run such a model.
 */
export async function loadConfig(folder: string, heads?: readonly Head[]): Promise<ModelConfig> {
  return (await loadOutline(folder, heads)).config;
}

/** The same with the type that most of its weights are stored in. */
export async function loadOutline(
  folder: string,
  heads: readonly Head[] = ["language"],
): Promise<{ readonly config: ModelConfig; readonly type: StoredType }> {
  const checkpoint = await readCheckpoint(folder);
  try {
    const config = parseModelConfig(checkpoint.config, join(folder, "config.json"));
    fitting(folder, checkpoint.weights.tensors, parameters(config, heads));
    await checkScoreBias(checkpoint.weights, heads);
    return { config, type: mainType(checkpoint.weights.tensors.values()) };
  } finally {
    await checkpoint.weights.close();
  }
}

/**
 * Writes a Hugging Face folder that transformers loads. Chat template, generation settings, all files of the tokenizer
 * and all tokens that end an answer go along, so that servers ask as it was trained, and stop where it does.
 *
 * Numbers are stored as those of the checkpoint that the model was loaded from, rounded to nearest even, or as `saveAs`
 * says; those of a model trained from nothing in f32.
 * @throws {CheckpointError} naming a tensor that leaves the range of the type that it is stored in.
 */
export async function saveModel(
  folder: string,
  { config, weights, tokenizer, format = new PromptFormat(tokenizer), carried }: SavedModel,
  { head = "language", saveAs }: { readonly head?: "language" | "score" } & SaveSlice = {},
): Promise<void> {
  const forced = saveAs && SAVED_TYPES[saveAs];
  const tensors = [...weights].map(([name, tensor]) => {
    return [name, { ...tensor, dtype: forced ?? carried?.types.get(name) ?? carried?.type ?? "F32" }] as const;
  });
  const formatted = { ...formatModelConfig(config, head), ...listedEnds(carried?.config) };
  const type = mainType(tensors.map(([, { dtype, shape }]) => ({ dtype, shape })));
  const generation = carried && (await readAsWritten(carried.folder, "generationConfig"));
  await writeCheckpoint(folder, {
    config: { ...withStoredType(formatted, type), ...(carried && (await otherFields(carried.folder, formatted))) },
    ...(await tokenizerParts(tokenizer, format, carried)),
    generationConfig: {
      ...generation,
      bos_token_id: tokenizer.bos ?? null,
      eos_token_id: oneOrList(inOrder(endsIn(carried?.generationConfig), format.ends)),
      pad_token_id: tokenizer.pad,
    },
    ...(format.source && { chatTemplate: format.source.text }),
    tensors: new Map(tensors),
  });
}

/** Fields that are the saved model's own, or that we spell in another way. */
const NOT_CARRIED = [
  ...["_name_or_path", "transformers_version", "architectures", "auto_map", "quantization_config"],
  ...["num_labels", "id2label", "label2id", "problem_type", "dtype", "torch_dtype"],
  ...["rope_parameters", "rope_scaling", "rope_theta", "rope_local_base_freq"],
];

/** Fields of config.json beyond those that the engine knows: servers may know them. */
async function otherFields(folder: string, known: JsonObject): Promise<JsonObject> {
  const config = (await readAsWritten(folder, "config")) ?? {};
  const others = Object.entries(config).filter(([field]) => !(field in known) && !NOT_CARRIED.includes(field));
  return Object.fromEntries(others);
}

/** The tokenizer as it is; a chat template that the config names takes the place of that in its settings, too. */
async function tokenizerParts(
  tokenizer: Tokenizer,
  format: PromptFormat,
  carried: CarriedParts | undefined,
): Promise<Pick<CheckpointContent, "tokenizer" | "tokenizerConfig" | "tokenizerOf">> {
  const { tokenizer: tokenizerJson, settings } = tokenizer.files;
  if (carried === undefined) return { tokenizer: tokenizerJson, tokenizerConfig: settings };
  const written = settings["chat_template"];
  const { source } = format;
  if (typeof written !== "string" || source === undefined || source.text === written)
    return { tokenizerOf: carried.folder };
  const tokenizerConfig = await readAsWritten(carried.folder, "tokenizerConfig");
  return {
    tokenizerOf: carried.folder,
    tokenizerConfig: { ...tokenizerConfig, chat_template: source.text },
  };
}

/** A list of end tokens in config.json, of which a model's own settings keep the first. */
function listedEnds(config: JsonObject | undefined): JsonObject {
  const named = config?.["eos_token_id"];
  return Array.isArray(named) ? { eos_token_id: named } : {};
}

/** All of `ids`, those of `first` before the others: vLLM and others take the first for end-of-text. */
function inOrder(first: readonly number[], ids: readonly number[]): readonly number[] {
  return [...new Set([...first, ...ids])];
}

function oneOrList(ids: readonly number[]): number | readonly number[] {
  const [only, ...others] = ids;
  return only !== undefined && others.length === 0 ? only : ids;
}
