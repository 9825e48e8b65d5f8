import * as path from "node:path";
import { ADAPTER_FILE, ADAPTER_REMEDY } from "../config/paths.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { type JsonError, parseAsWritten, parseJson } from "../common/json.ts";
import { atomicWrite, makeFolder } from "./disk.ts";
import { areFinite, ELEMENT_BYTES, isStoredType, type StoredType, TYPE_NAMES } from "./elementTypes.ts";
import { inputExists, readInput } from "./inputs.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import type { WeightsFile } from "./safetensors.ts";
import { type TensorPlan, type TensorSource, writeTensors } from "./safetensorsWriter.ts";
import { placeIn } from "./places.ts";
import { carryMoreTemplates, moreTemplates } from "./moreTemplates.ts";
import { listAt } from "./reading.ts";
import { INDEX_FILE, openWeights, shardNames, WEIGHTS_FILE } from "./shards.ts";
import { createWeights } from "./weightsWriter.ts";
import { discard } from "./writing.ts";

/** The JSON files of a Hugging Face folder. */
export interface CheckpointFiles {
  /** `config.json`: architecture and sizes. */
  readonly config: JsonObject;
  /** `tokenizer.json`. */
  readonly tokenizer?: JsonObject;
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig?: JsonObject;
  /** `generation_config.json`. */
  readonly generationConfig?: JsonObject;
}

/** An open checkpoint; close its weights when done. */
export interface Checkpoint extends CheckpointFiles {
  readonly folder: string;
  readonly weights: WeightsFile;
}

/** Content of a Hugging Face folder to be written. */
export interface CheckpointContent extends CheckpointFiles {
  readonly tensors: ReadonlyMap<string, TensorSource>;
  /** Folder whose tokenizer goes along, byte by byte, in place of `tokenizer` and what is not given in this content. */
  readonly tokenizerOf?: string;
  /** Text of `chat_template.jinja`. */
  readonly chatTemplate?: string;
}

/** File of each JSON part. */
const FILES = {
  config: "config.json",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  generationConfig: "generation_config.json",
} as const;

/** File of the chat template in Jinja; transformers 5 writes it nowhere else. */
export const CHAT_TEMPLATE_FILE = "chat_template.jinja";

/** Tokenizer files in other forms than `tokenizer.json`, carried along as they are. */
export const OTHER_TOKENIZER_FILES = [
  "tokenizer.model",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "vocab.txt",
  "tekken.json",
] as const;

/** Tensors of an adapter as PEFT stores them, beside or instead of whole weights. */
export const ADAPTER_WEIGHTS = "adapter_model.safetensors";

/** Every file that belongs to a checkpoint; its shards are those that its index names. */
const CHECKPOINT_FILES: ReadonlySet<string> = new Set([
  ...Object.values(FILES),
  CHAT_TEMPLATE_FILE,
  ...OTHER_TOKENIZER_FILES,
  ADAPTER_FILE,
  ADAPTER_WEIGHTS,
  WEIGHTS_FILE,
]);

/** `transformers` asks for this before it loads a file. */
export const WEIGHTS_METADATA = { format: "pt" } as const;

/**
 * Opens a Hugging Face folder: its settings, and its weights for reading tensor by tensor.
 * @throws {CheckpointError} when something is missing or damaged.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const files = await readCheckpointFiles(folder);
  return { folder, ...files, weights: await openWeights(folder) };
}

/**
 * Names of the files in a folder that belong to its checkpoint, sorted; whatever else stands there does not.
 * @throws {CheckpointError} when the index of its shards is none, or names a file outside the folder.
 * @throws {DataError} when the folder is a link below a root.
 */
export async function checkpointContents(folder: string): Promise<readonly string[]> {
  const present = (await listAt(placeIn(folder))).filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  // transformers takes whole weights where they are there, and then no shard.
  const isSharded = present.includes(INDEX_FILE) && !present.includes(WEIGHTS_FILE);
  const shards = isSharded ? [INDEX_FILE, ...(await shardNames(folder))] : [];
  const further = await moreTemplates(folder);
  return [...new Set([...present.filter((name) => CHECKPOINT_FILES.has(name)), ...shards, ...further])].sort();
}

/**
 * The JSON files of a Hugging Face folder.
 * @throws {CheckpointError} when there is no config.json, or a file is not a JSON object.
 */
export async function readCheckpointFiles(folder: string): Promise<CheckpointFiles> {
  const config = await readPart(folder, FILES.config);
  if (config === undefined) {
    const isAdapter = await inputExists(path.join(folder, ADAPTER_FILE));
    const remedy = isAdapter
      ? ADAPTER_REMEDY
      : "give a Hugging Face folder: config.json, model.safetensors, tokenizer.json";
    const lack = (await inputExists(folder)) ? "no config.json" : "there is no such folder";
    throw new CheckpointError(`read checkpoint: ${lack}`, { file: folder, remedy });
  }
  const tokenizer = await readPart(folder, FILES.tokenizer);
  const tokenizerConfig = await readPart(folder, FILES.tokenizerConfig);
  const generationConfig = await readPart(folder, FILES.generationConfig);
  return {
    config,
    ...(tokenizer && { tokenizer }),
    ...(tokenizerConfig && { tokenizerConfig }),
    ...(generationConfig && { generationConfig }),
  };
}

async function readPart(folder: string, name: string): Promise<JsonObject | undefined> {
  const file = path.join(folder, name);
  const bytes = await readInput(file);
  if (bytes === undefined) return undefined;
  const remedy = "the file is damaged: download or export the checkpoint again";
  let json: Json;
  try {
    json = parseJson(bytes.toString("utf8")) as Json;
  } catch (cause) {
    throw new CheckpointError(`read checkpoint: ${(cause as JsonError).message}`, { file, remedy }, { cause });
  }
  if (!isJsonObject(json)) throw new CheckpointError("read checkpoint: not a JSON object", { file, remedy });
  return json;
}

/**
 * Writes a Hugging Face folder that `transformers` loads. Each file appears whole or not at all; the folder as a whole
 * is made all-or-nothing by writing it as an artifact.
 * @throws {CheckpointError} naming a tensor whose numbers are not finite in the type that it is stored in.
 * @throws {DiskError}
 */
export async function writeCheckpoint(folder: string, content: CheckpointContent): Promise<void> {
  await makeFolder(folder);
  if (content.tokenizerOf !== undefined) await carryTokenizer(content.tokenizerOf, folder);
  await writeCheckpointFiles(folder, content);
  if (content.chatTemplate !== undefined)
    await atomicWrite(path.join(folder, CHAT_TEMPLATE_FILE), content.chatTemplate);
  await writeTensors(
    content.tensors,
    (plan) => createWeights(folder, plan, { metadata: WEIGHTS_METADATA }),
    (tensor, type, bytes) => {
      if (areFinite(type, bytes)) return;
      const remedy = "save in a wider type (model.saveAs: bf16 or f32), or train with a lower learning rate";
      const what = `write checkpoint: holds numbers beyond the range of ${TYPE_NAMES[type]}`;
      throw new CheckpointError(what, { file: folder, tensor, remedy });
    },
  );
}

/**
 * Writes the JSON files of a Hugging Face folder.
 * @throws {DiskError}
 */
async function writeCheckpointFiles(folder: string, files: CheckpointFiles): Promise<void> {
  await makeFolder(folder);
  for (const part of ["config", "tokenizer", "tokenizerConfig", "generationConfig"] as const) {
    const json = files[part];
    if (json !== undefined) await atomicWrite(path.join(folder, FILES[part]), jsonText(json));
  }
}

function jsonText(json: JsonObject): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/**
 * A file of settings, to be written again: numbers are spelled as in the file.
 * @throws {CheckpointError} when it is damaged.
 */
export async function readAsWritten(
  folder: string,
  part: "config" | "generationConfig" | "tokenizerConfig",
): Promise<JsonObject | undefined> {
  if ((await readPart(folder, FILES[part])) === undefined) return undefined;
  const text = (await readInput(path.join(folder, FILES[part])))?.toString("utf8") ?? "{}";
  return parseAsWritten(text) as JsonObject;
}

/** Files that only say how text becomes ids, which training changes nothing of. */
const TOKENIZER_FILES = [FILES.tokenizer, FILES.tokenizerConfig, ...OTHER_TOKENIZER_FILES];

/**
 * Copies the tokenizer's files of a checkpoint, byte by byte, further chat templates among them; what the other folder held of another tokenizer goes.
 * @throws {DiskError}
 */
export async function carryTokenizer(from: string, to: string): Promise<void> {
  for (const name of TOKENIZER_FILES) await carryFile(from, to, name);
  await carryMoreTemplates(from, to);
}

async function carryFile(from: string, to: string, name: string): Promise<void> {
  const content = await readInput(path.join(from, name));
  if (content === undefined) await discard(path.join(to, name));
  else await atomicWrite(path.join(to, name), content);
}

/**
 * Copies everything of a checkpoint but weights and chat template; config.json, which says in which type the weights
 * are, comes last, so that a folder with one is whole.
 * @throws {CheckpointError} when config.json is damaged.
 * @throws {DiskError}
 */
export async function carryCheckpoint(from: string, to: string, type: StoredType): Promise<void> {
  const text = (await readInput(path.join(from, FILES.config)))?.toString("utf8") ?? "{}";
  const config = await readAsWritten(from, "config");
  const typed = withStoredType(config ?? {}, type);
  const carried = typed === config ? text : jsonText(typed); // written again only where it has to change
  await carryTokenizer(from, to);
  await carryFile(from, to, FILES.generationConfig);
  await atomicWrite(path.join(to, FILES.config), carried);
}

/** The field that says how weights are stored, by versions of transformers: the older name is read by all. */
const TYPE_FIELDS = ["torch_dtype", "dtype"] as const;

/** A config that names the type of its weights; the same object if it does already. */
export function withStoredType(config: JsonObject, type: StoredType): JsonObject {
  const name = TYPE_NAMES[type];
  const given = TYPE_FIELDS.filter((field) => config[field] !== undefined && config[field] !== null);
  if (given.length === 0) return type === "F32" ? config : { ...config, torch_dtype: name };
  if (given.every((field) => config[field] === name)) return config;
  return { ...config, ...Object.fromEntries(given.map((field) => [field, name])) };
}

/** The type that most bytes of some tensors are stored in: what config.json says of them all. */
export function mainType(tensors: Iterable<TensorPlan>): StoredType {
  const bytes = new Map<StoredType, number>();
  for (const { dtype, shape } of tensors) {
    if (!isStoredType(dtype)) continue;
    const size = shape.reduce((product, length) => product * length, ELEMENT_BYTES[dtype]);
    bytes.set(dtype, (bytes.get(dtype) ?? 0) + size);
  }
  const [[most] = ["F32" as const]] = [...bytes].sort(([, a], [, b]) => b - a);
  return most;
}
