import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import { type Checkpoint, CHAT_TEMPLATE_FILE, OTHER_TOKENIZER_FILES } from "./checkpoints.ts";
import { readInput } from "./inputs.ts";
import { firstDifference, type JsonObject } from "./json.ts";

/** Settings that may differ between checkpoints that go together: where they came from, not what they compute. */
const PROVENANCE = ["_name_or_path", "transformers_version", "name_or_path"];

/**
 * Checks that checkpoints can be mixed or compared: same settings, tensors, types, shapes and tokenizer.
 * @throws {CheckpointError} naming the first difference from the first checkpoint.
 */
export async function compareCheckpoints(checkpoints: readonly Checkpoint[]): Promise<void> {
  const [first, ...others] = checkpoints;
  if (first === undefined) return;
  for (const other of others) {
    compareConfig(first, other);
    compareTensors(first, other);
    await compareTokenizers(first, other);
  }
}

function compareConfig(first: Checkpoint, other: Checkpoint): void {
  const key = firstDifference(withoutProvenance(first.config), withoutProvenance(other.config));
  if (key === undefined) return;
  const what = `compare: config.json differs from ${first.folder} at ${key}`;
  throw new CheckpointError(what, { file: other.folder, remedy: "use checkpoints that were trained from one base" });
}

function withoutProvenance(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !PROVENANCE.includes(key)));
}

function compareTensors(first: Checkpoint, other: Checkpoint): void {
  const refuse = (tensor: string, what: string, remedy: string): never => {
    throw new CheckpointError(`compare: ${what}`, { file: other.folder, tensor, remedy });
  };
  const base = "use checkpoints that were trained from one base";
  for (const [name, { dtype, shape }] of first.weights.tensors) {
    const entry = other.weights.tensors.get(name);
    if (entry === undefined) return refuse(name, `missing here, present in ${first.folder}`, base);
    if (entry.shape.join() !== shape.join()) {
      refuse(name, `shape [${entry.shape.join(", ")}], but [${shape.join(", ")}] in ${first.folder}`, base);
    }
    if (entry.dtype !== dtype) {
      refuse(name, `stored as ${entry.dtype}, but ${dtype} in ${first.folder}`, "save both in one type");
    }
  }
  for (const name of other.weights.tensors.keys()) {
    if (!first.weights.tensors.has(name)) refuse(name, `present here, missing in ${first.folder}`, base);
  }
}

async function compareTokenizers(first: Checkpoint, other: Checkpoint): Promise<void> {
  const refuse = (name: string, at: string): never => {
    const what = `compare: ${name} differs from ${first.folder}${at === "" ? "" : ` at ${at}`}`;
    const remedy = "the same token ids must mean the same words: use checkpoints with one tokenizer";
    throw new CheckpointError(what, { file: other.folder, remedy });
  };
  const key = firstDifference(first.tokenizer, other.tokenizer);
  if (key !== undefined) refuse("tokenizer.json", key);
  for (const name of OTHER_TOKENIZER_FILES) {
    const [a, b] = await Promise.all([first, other].map(({ folder }) => readInput(path.join(folder, name))));
    if (Buffer.compare(a ?? new Uint8Array(), b ?? new Uint8Array()) !== 0) refuse(name, "");
  }
  // A base may lack the template that its SFTs were given; two that are there must say the same.
  const [a, b] = await Promise.all(
    [first, other].map(({ folder }) => readInput(path.join(folder, CHAT_TEMPLATE_FILE))),
  );
  if (a !== undefined && b !== undefined && Buffer.compare(a, b) !== 0) refuse(CHAT_TEMPLATE_FILE, "");
}
