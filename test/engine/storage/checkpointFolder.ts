import { type WeightsFile, openSafetensors } from "../../../engine/storage/safetensors.ts";
import { type CheckpointContent, writeCheckpoint } from "../../../engine/storage/checkpoints.ts";
import type { StoredType } from "../../../engine/storage/elementTypes.ts";
import * as path from "node:path";

export const CONFIG = { architectures: ["LlamaForCausalLM"], model_type: "llama", hidden_size: 4, vocab_size: 6 };
export const TOKENIZER = { version: "1.0", model: { type: "WordLevel", vocab: { a: 0, b: 1 } } };

/** A small checkpoint in memory, every element drawn by `value`. */
export function content(value: (i: number) => number, dtype: StoredType = "F32"): CheckpointContent {
  const shapes = { "model.embed_tokens.weight": [6, 4], "model.norm.weight": [4], "lm_head.weight": [6, 4] };
  let drawn = 0;
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, { dtype, shape, data: Float32Array.from({ length: size }, () => value(drawn++)) }] as const;
  });
  return { config: CONFIG, tokenizer: TOKENIZER, tensors: new Map(tensors) };
}

export async function writeContent(folder: string, checkpoint: CheckpointContent): Promise<string> {
  await writeCheckpoint(folder, checkpoint);
  return folder;
}

/** All float tensors of an open checkpoint, in memory as f32. */
export async function readTensors(weights: WeightsFile): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  for (const name of weights.tensors.keys()) tensors.set(name, await weights.readTensor(name));
  return tensors;
}

export async function tensorsOf(folder: string): Promise<Map<string, Float32Array>> {
  const weights = await openSafetensors(path.join(folder, "model.safetensors"));
  try {
    return await readTensors(weights);
  } finally {
    await weights.close();
  }
}
