import { join } from "node:path";
import {
  type FetchedTensor,
  type Head,
  type HostTensor,
  type ModelConfig,
  type WeightArray,
  type WeightsSource,
  IDLE_BYTES,
  formatModelConfig,
} from "../models/index.ts";
import type { RunConfig, SavedType } from "../config/index.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { isAdapterFolder } from "../storage/adapterFolders.ts";
import {
  type CheckpointContent,
  mainType,
  readAsWritten,
  withStoredType,
  writeCheckpoint,
} from "../storage/checkpoints.ts";
import { type StoredType, SAVED_TYPES } from "../storage/elementTypes.ts";
import type { JsonObject } from "../storage/json.ts";
import { type Tokenizer, PromptFormat } from "../text/index.ts";
import { baseFolderOf, readAdapter } from "./adapterFolder.ts";
import { type LoadChoice, endsIn, formatOf } from "./chatChoice.ts";
import { type CarriedParts, type TypeOf, StoredWeights } from "./storedWeights.ts";

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
  slice: FrozenSlice,
  heads: readonly Head[] = ["language"],
  chat: LoadChoice = {},
): Promise<FrozenModel> {
  return load(folder, { heads, chat }, frozenTypes(slice));
}

/** A model that is only read; weights that are large are read each time that it is at work. */
export type OpenModel = Omit<FrozenModel, "weights"> & { readonly weights: FrozenModel["weights"] | WeightsSource };

/** Loads a Hugging Face folder like {@link loadFrozenModel}, for a role that need not be on the device throughout. */
export async function openFrozenModel(
  folder: string,
  slice: FrozenSlice,
  heads: readonly Head[] = ["language"],
  chat: LoadChoice = {},
): Promise<OpenModel> {
  const opened = await open(folder, { heads, chat }, frozenTypes(slice));
  const { stored, own } = opened;
  const described = await describe(folder, opened, chat);
  if (stored.bytes < IDLE_BYTES) return { ...described, weights: await allOf(opened) };
  await stored.check();
  const read: WeightsSource["read"] = async function* () {
    yield* stored.read();
    yield* own;
  };
  return { ...described, weights: { read } };
}

function frozenTypes({ frozenWeights }: FrozenSlice): TypeOf {
  return (stored) => (stored === "BF16" ? "bf16" : (frozenWeights ?? "f32"));
}

/** A checkpoint, and the tensors of an adapter over it, which are few. */
interface Opened {
  readonly config: ModelConfig;
  readonly stored: StoredWeights;
  readonly own: ReadonlyMap<string, HostTensor>;
}

interface Loading {
  readonly heads: readonly Head[];
  readonly chat: LoadChoice;
}

async function open(folder: string, { heads, chat }: Loading, typeOf: TypeOf): Promise<Opened> {
  if (!(await isAdapterFolder(folder))) {
    const stored = await StoredWeights.open(folder, heads, typeOf);
    return { config: stored.config, stored, own: new Map() };
  }
  // A head that an adapter brings is not the base's.
  const below = heads.filter((head) => head === "language");
  const stored = await StoredWeights.open(await baseFolderOf(folder, chat.base?.folder), below, typeOf);
  const { adapter, weights: own } = await readAdapter(folder, stored.config, heads);
  return { config: { ...stored.config, adapter }, stored, own };
}

async function allOf<A extends WeightArray>({
  stored,
  own,
}: Opened): Promise<Map<string, HostTensor<A | Float32Array>>> {
  return new Map<string, HostTensor<A | Float32Array>>([...(await stored.load<A>()), ...own]);
}

async function describe(
  folder: string,
  { config, stored: { carried } }: Opened,
  chat: LoadChoice,
): Promise<Omit<LoadedModel, "weights">> {
  const format = await formatOf(folder, carried, chat);
  checkSpecialTokens(folder, format.tokenizer, config);
  return { config, tokenizer: format.tokenizer, format, carried };
}

async function load<A extends WeightArray>(
  folder: string,
  loading: Loading,
  typeOf: TypeOf,
): Promise<LoadedModel<A | Float32Array>> {
  const opened = await open(folder, loading, typeOf);
  const weights = await allOf<A>(opened);
  return { ...(await describe(folder, opened, loading.chat)), weights };
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
  const { config, carried } = await StoredWeights.open(folder, heads, () => "f32");
  return { config, type: carried.type };
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
