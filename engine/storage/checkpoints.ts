import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import { type JsonError, parseJson } from "../protocol/json.ts";
import { atomicWrite, makeFolder } from "./disk.ts";
import { readInput } from "./inputs.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import type { WeightsFile } from "./safetensors.ts";
import { type TensorSource, writeSafetensors } from "./safetensorsWriter.ts";
import { openWeights, WEIGHTS_FILE } from "./shards.ts";

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
] as const;

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
 * The JSON files of a Hugging Face folder.
 * @throws {CheckpointError} when there is no config.json, or a file is not a JSON object.
 */
export async function readCheckpointFiles(folder: string): Promise<CheckpointFiles> {
  const config = await readPart(folder, FILES.config);
  if (config === undefined) {
    const remedy = "give a Hugging Face folder: config.json, model.safetensors, tokenizer.json";
    throw new CheckpointError("read checkpoint: no config.json", { file: folder, remedy });
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
 * All float tensors of an open checkpoint, in memory as f32.
 * @throws {CheckpointError}
 */
export async function readTensors(weights: WeightsFile): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  for (const name of weights.tensors.keys()) tensors.set(name, await weights.readTensor(name));
  return tensors;
}

/**
 * Writes a Hugging Face folder that `transformers` loads. Each file appears whole or not at all; the folder as a whole
 * is made all-or-nothing by writing it as an artifact.
 * @throws {DiskError}
 */
export async function writeCheckpoint(folder: string, content: CheckpointContent): Promise<void> {
  await writeCheckpointFiles(folder, content);
  if (content.chatTemplate !== undefined)
    await atomicWrite(path.join(folder, CHAT_TEMPLATE_FILE), content.chatTemplate);
  await writeSafetensors(path.join(folder, WEIGHTS_FILE), content.tensors, WEIGHTS_METADATA);
}

/**
 * Writes the JSON files of a Hugging Face folder.
 * @throws {DiskError}
 */
export async function writeCheckpointFiles(folder: string, files: CheckpointFiles): Promise<void> {
  await makeFolder(folder);
  for (const part of ["config", "tokenizer", "tokenizerConfig", "generationConfig"] as const) {
    const json = files[part];
    if (json !== undefined)
      await atomicWrite(path.join(folder, FILES[part]), `${JSON.stringify(json, undefined, 2)}\n`);
  }
}
