import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type HostTensor,
  type ModelConfig,
  type Weights,
  parameters,
  parseModelConfig,
  selectWeights,
} from "../../../engine/models/index.ts";
import { openSafetensors } from "../../../engine/storage/safetensors.ts";

/** A model's folder as transformers wrote it. */
export interface Pico {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Names of all tensors in the file. */
  readonly saved: readonly string[];
}

/** Reads the folder of a golden model. */
export async function loadPico(name: string): Promise<Pico> {
  const folder = join(import.meta.dirname, name);
  const json: unknown = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  const config = parseModelConfig(json, join(folder, "config.json"));
  const file = await openSafetensors(join(folder, "model.safetensors"));
  const tensors = new Map<string, HostTensor>();
  for (const [tensor, { shape }] of file.tensors) tensors.set(tensor, { shape, data: await file.readTensor(tensor) });
  await file.close();
  return { config, weights: selectWeights(tensors, parameters(config)), saved: [...tensors.keys()] };
}

/** Results of PyTorch on the checkpoint. */
export interface Golden {
  readonly sequences: readonly (readonly number[])[];
  readonly promptLengths: readonly number[];
  /** Per sequence and position, V numbers. */
  readonly logits: readonly (readonly (readonly number[])[])[];
  readonly greedy: readonly (readonly number[])[];
  readonly optimizer: {
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    readonly maxGradNorm: number;
  };
  readonly sft: {
    readonly steps: readonly { readonly loss: number; readonly gradNorm: number }[];
    readonly parameters: Readonly<Record<string, { readonly sum: number; readonly sumOfSquares: number }>>;
  };
}

export async function loadGolden(): Promise<Readonly<Record<string, Golden>>> {
  const text = await readFile(join(import.meta.dirname, "golden.json"), "utf8");
  return (JSON.parse(text) as { models: Record<string, Golden> }).models;
}
