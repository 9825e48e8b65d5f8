import * as path from "node:path";
import * as z from "zod";
import { CheckpointError } from "../protocol/errors.ts";
import { type JsonError, excerpt, parseJson } from "../common/json.ts";
import { ADAPTER_FILE } from "../config/paths.ts";
import { ADAPTER_WEIGHTS, CHAT_TEMPLATE_FILE, WEIGHTS_METADATA } from "./checkpoints.ts";
import { atomicWrite, makeFolder } from "./disk.ts";
import { inputExists, readInput } from "./inputs.ts";
import type { JsonObject } from "./json.ts";
import { openSafetensors, type WeightsFile } from "./safetensors.ts";
import { type FloatSource, writeSafetensors } from "./safetensorsWriter.ts";

/** PEFT's wrappers around the model, which begin every tensor's name. */
const WRAPPERS = "base_model.model.";
/** Modules that are trained as a whole and saved with the adapter: PEFT's names for a reward model's head. */
const SCORE_MODULES = ["classifier", "score"];
/** Largest settings that are read, in bytes: they may list every layer by its name. */
const MOST_SETTINGS_BYTES = 2 ** 24;

/** Settings of an adapter, and the base that it changes. */
export interface AdapterSettings {
  /** Folder of the model that it changes, or its name on the hub, `owner/name`. */
  readonly base: string;
  /** Branch, tag or commit of one on the hub. */
  readonly revision?: string;
  /** A reward model brings its scalar head along. */
  readonly head: "language" | "score";
  readonly rank: number;
  /** The change is scaled by alpha / rank. */
  readonly alpha: number;
}

/** An adapter's folder to be written. */
export interface AdapterContent extends AdapterSettings {
  /** Last parts of the names of the layers that are changed. */
  readonly targets: readonly string[];
  /** By the names of the model that is changed. */
  readonly tensors: ReadonlyMap<string, FloatSource>;
  readonly tokenizer: JsonObject;
  readonly tokenizerConfig: JsonObject;
  /** Text of `chat_template.jinja`. */
  readonly chatTemplate?: string;
}

/** True if a folder holds an adapter. @throws {DiskError} */
export async function isAdapterFolder(folder: string): Promise<boolean> {
  return inputExists(path.join(folder, ADAPTER_FILE));
}

const rank = z.int().min(1).max(65_536);
const none = z.union([z.null(), z.literal(false), z.array(z.never()), z.strictObject({})]).optional();

/**
 * The settings of PEFT's LoraConfig that change what is computed. Others only say how it was trained or drawn; a kind of
 * adapter that is not known yet has tensors of other names, and is refused for those.
 */
const settingsSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  base_model_name_or_path: z.string().max(4096),
  revision: z.string().max(256).nullish(),
  task_type: z.enum(["CAUSAL_LM", "SEQ_CLS"]),
  r: rank,
  // Beyond f32, whatever is scaled by it overflows.
  lora_alpha: z.number().positive().max(1e30),
  use_rslora: z.boolean().nullish(),
  bias: z.literal("none").nullish(),
  modules_to_save: z.array(z.enum(SCORE_MODULES)).nullish(),
  // Some ways to draw A and B take their product away from the base, which then is not the checkpoint any more.
  init_lora_weights: z.union([z.boolean(), z.enum(["gaussian", "orthogonal", "eva"])]).nullish(),
  fan_in_fan_out: none,
  use_dora: none,
  use_qalora: none,
  lora_bias: none,
  rank_pattern: none,
  alpha_pattern: none,
  layer_replication: none,
  layers_to_transform: none,
  trainable_token_indices: none,
  target_parameters: none,
  alora_invocation_tokens: none,
});

/**
 * Settings of an adapter's folder.
 * @throws {CheckpointError} when they are missing or damaged, or ask for something that is not supported.
 */
export async function readAdapterSettings(folder: string): Promise<AdapterSettings> {
  const file = path.join(folder, ADAPTER_FILE);
  const bytes = await readInput(file, MOST_SETTINGS_BYTES);
  if (bytes === undefined) {
    throw new CheckpointError(`read adapter: no ${ADAPTER_FILE}`, { file: folder, remedy: "give an adapter's folder" });
  }
  let json: unknown;
  try {
    json = parseJson(bytes.toString("utf8"));
  } catch (cause) {
    const remedy = "the file is damaged: download or make the adapter again";
    throw new CheckpointError(`read adapter: ${(cause as JsonError).message}`, { file, remedy }, { cause });
  }
  const { data, error } = settingsSchema.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    const field = issue?.path[0];
    const what =
      field === undefined
        ? "read adapter: not a JSON object"
        : `read adapter: ${String(field)} ${excerpt((json as JsonObject)[String(field)] ?? null)} is not supported`;
    const remedy = "give a LoRA adapter as PEFT saves it by default, or merge it with PEFT (merge_and_unload)";
    throw new CheckpointError(what, { file, remedy });
  }
  return {
    base: data.base_model_name_or_path,
    ...(typeof data.revision === "string" && { revision: data.revision }),
    head: data.task_type === "SEQ_CLS" ? "score" : "language",
    rank: data.r,
    alpha: data.use_rslora === true ? data.lora_alpha * Math.sqrt(data.r) : data.lora_alpha,
  };
}

/**
 * Opens the tensors of an adapter's folder, under the names of the model that is changed.
 * @throws {CheckpointError} when the file is missing or damaged, or holds other tensors than PEFT's.
 */
export async function openAdapterWeights(folder: string): Promise<AdapterWeights> {
  const file = await openSafetensors(path.join(folder, ADAPTER_WEIGHTS));
  try {
    const names = [...file.tensors.keys()].map((name) => {
      if (name.startsWith(WRAPPERS)) return [name.slice(WRAPPERS.length), name] as const;
      const remedy = "give an adapter of a language or reward model as PEFT saves it";
      throw new CheckpointError("read adapter: not a tensor of such a model", {
        file: file.path,
        tensor: name,
        remedy,
      });
    });
    return new AdapterWeights(file, new Map(names));
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Tensors of an adapter, by the names of the model that it changes; close when done. */
export class AdapterWeights {
  private readonly file: WeightsFile;
  private readonly stored: ReadonlyMap<string, string>;

  constructor(file: WeightsFile, stored: ReadonlyMap<string, string>) {
    this.file = file;
    this.stored = stored;
  }

  /** For messages. */
  get path(): string {
    return this.file.path;
  }

  get shapes(): ReadonlyMap<string, { readonly shape: readonly number[] }> {
    return new Map(
      [...this.stored].map(([name, stored]) => [name, { shape: this.file.tensors.get(stored)?.shape ?? [] }]),
    );
  }

  /** All of a tensor as f32. @throws {CheckpointError} */
  readTensor(name: string): Promise<Float32Array> {
    return this.file.readTensor(this.stored.get(name) ?? name);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/**
 * Writes an adapter's folder that PEFT loads. The settings come first and the weights last, each whole or not at all.
 * @throws {DiskError}
 */
export async function writeAdapterFolder(folder: string, content: AdapterContent): Promise<void> {
  const { tokenizer, tokenizerConfig, chatTemplate } = content;
  await makeFolder(folder);
  const write = (name: string, json: JsonObject): Promise<void> =>
    atomicWrite(path.join(folder, name), `${JSON.stringify(json, undefined, 2)}\n`);
  await write(ADAPTER_FILE, settingsOf(content));
  await write("tokenizer.json", tokenizer);
  await write("tokenizer_config.json", tokenizerConfig);
  if (chatTemplate !== undefined) await atomicWrite(path.join(folder, CHAT_TEMPLATE_FILE), chatTemplate);
  const tensors = new Map([...content.tensors].map(([name, tensor]) => [WRAPPERS + name, tensor]));
  await writeSafetensors(path.join(folder, ADAPTER_WEIGHTS), tensors, WEIGHTS_METADATA);
}

/** In the order of PEFT, which sorts. */
function settingsOf({ base, revision, head, rank: r, alpha, targets }: AdapterContent): JsonObject {
  return {
    base_model_name_or_path: base,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: head === "score" ? SCORE_MODULES : null,
    peft_type: "LORA",
    r,
    ...(revision !== undefined && { revision }),
    target_modules: targets,
    task_type: head === "score" ? "SEQ_CLS" : "CAUSAL_LM",
    use_dora: false,
    use_rslora: false,
  };
}
