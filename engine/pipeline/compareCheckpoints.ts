import { join } from "node:path";
import { type ConfigFile, ModelConfigError } from "../models/config.ts";
import { formatModelConfig, parseModelConfig } from "../models/index.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { type Checkpoint, OTHER_TOKENIZER_FILES } from "../storage/checkpoints.ts";
import { isFloatType } from "../storage/elementTypes.ts";
import { readInput } from "../storage/inputs.ts";
import { firstDifference, type JsonObject } from "../storage/json.ts";
import { tokenizerDifference } from "../storage/tokenizerJson.ts";

/** Fields of config.json that change no number a model gives: history, storage, what serving does with it. */
const BOOKKEEPING = [
  ...["_name_or_path", "name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache"],
  ...["bos_token_id", "eos_token_id", "pad_token_id", "initializer_range", "max_position_embeddings"],
  ...["pretraining_tp", "attention_dropout", "cache_implementation", "output_attentions", "output_hidden_states"],
  ...["return_dict", "use_return_dict", "auto_map", "_attn_implementation", "_attn_implementation_autoset"],
  ...["id2label", "label2id", "num_labels", "problem_type", "torchscript"],
];

const ONE_BASE = "use checkpoints that were trained from one base";

/**
 * Checks that checkpoints can be mixed, which is decided by what computes: names and shapes of tensors, fields of the
 * architecture, the tokenizer. The types that numbers are stored in, and fields that no number depends on, may differ.
 *
 * @returns The tensors that are mixed: those that compute. An output layer that is a copy of the embeddings, and tables
 * that are computed again, are not among them.
 * @throws {CheckpointError} naming the first difference from the first checkpoint.
 */
export async function compareCheckpoints(checkpoints: readonly Checkpoint[]): Promise<ReadonlySet<string>> {
  const [first, ...others] = checkpoints;
  if (first === undefined) return new Set();
  for (const other of others) {
    compareConfig(first, other);
    compareTensors(first, other);
    await compareTokenizers(first, other);
  }
  return new Set(computingTensors(first));
}

function compareConfig(first: Checkpoint, other: Checkpoint): void {
  const [a, b] = [computedFields(first), computedFields(other)];
  // Of an architecture that only one of them seems to have, the files themselves say most.
  const isKnown = a !== undefined && b !== undefined;
  const [left, right] = isKnown ? [a, b] : [first.config, other.config];
  const key = firstDifference(withoutBookkeeping(left), withoutBookkeeping(right));
  if (key === undefined) return;
  const what = `compare: config.json differs from ${first.folder} at ${key}`;
  throw new CheckpointError(what, { file: other.folder, remedy: ONE_BASE });
}

/** The fields in one spelling, with all defaults; undefined for an architecture that the engine does not run. */
function computedFields({ folder, config }: Checkpoint): ConfigFile | undefined {
  try {
    return formatModelConfig(parseModelConfig(config, join(folder, "config.json")), headOf(config));
  } catch (error) {
    if (error instanceof ModelConfigError) return undefined;
    throw error;
  }
}

/** A reward model is of another architecture than the language models, whatever else they share. */
function headOf({ architectures }: JsonObject): "language" | "score" {
  const names: readonly unknown[] = Array.isArray(architectures) ? architectures : [];
  return names.some((name) => String(name).endsWith("ForSequenceClassification")) ? "score" : "language";
}

function withoutBookkeeping(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !BOOKKEEPING.includes(key)));
}

function compareTensors(first: Checkpoint, other: Checkpoint): void {
  const refuse = (tensor: string, what: string, remedy: string): never => {
    throw new CheckpointError(`compare: ${what}`, { file: other.folder, tensor, remedy });
  };
  const [known, others] = [computingTensors(first), new Set(computingTensors(other))];
  for (const name of known) {
    const { dtype, shape } = first.weights.tensors.get(name)!;
    const entry = other.weights.tensors.get(name);
    if (entry === undefined) return refuse(name, `missing here, present in ${first.folder}`, ONE_BASE);
    if (entry.shape.join() !== shape.join()) {
      refuse(name, `shape [${entry.shape.join(", ")}], but [${shape.join(", ")}] in ${first.folder}`, ONE_BASE);
    }
    if (entry.dtype !== dtype && !(isFloatType(entry.dtype) && isFloatType(dtype))) {
      refuse(name, `stored as ${entry.dtype}, but ${dtype} in ${first.folder}`, "save both in one type");
    }
    others.delete(name);
  }
  for (const name of others) refuse(name, `present here, missing in ${first.folder}`, ONE_BASE);
}

/** Tables that old versions of transformers stored, and compute from the config now. */
const COMPUTED = ".rotary_emb.inv_freq";
const OUTPUT = "lm_head.weight";
const EMBEDDINGS = "model.embed_tokens.weight";

function computingTensors(checkpoint: Checkpoint): readonly string[] {
  const { tensors } = checkpoint.weights;
  const isTied = tensors.has(EMBEDDINGS) && tiesEmbeddings(checkpoint);
  return [...tensors.keys()].filter((name) => !(isTied && name === OUTPUT) && !name.endsWith(COMPUTED));
}

function tiesEmbeddings(checkpoint: Checkpoint): boolean {
  return (computedFields(checkpoint) ?? checkpoint.config)["tie_word_embeddings"] === true;
}

async function compareTokenizers(first: Checkpoint, other: Checkpoint): Promise<void> {
  const refuse = (name: string, at: string): never => {
    const what = `compare: ${name} differs from ${first.folder}${at === "" ? "" : ` at ${at}`}`;
    const remedy = "the same token ids must mean the same words: use checkpoints with one tokenizer";
    throw new CheckpointError(what, { file: other.folder, remedy });
  };
  const key = tokenizerDifference(first.tokenizer, other.tokenizer);
  if (key !== undefined) refuse("tokenizer.json", key);
  if (first.tokenizer !== undefined) return;
  // Without it, the other forms of the vocabulary have to tell.
  for (const name of OTHER_TOKENIZER_FILES) {
    const [a, b] = await Promise.all([first, other].map(({ folder }) => readInput(join(folder, name))));
    if (Buffer.compare(a ?? new Uint8Array(), b ?? new Uint8Array()) !== 0) refuse(name, "");
  }
}
