import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AdapterModel, type Head, type ModelConfig, type Weights } from "../../../engine/models/index.ts";
import { readAdapter } from "../../../engine/pipeline/adapterFolder.ts";
import { type Golden, type Pico, loadPico } from "../models/checkpoint.ts";

/** Results of PEFT with an adapter over one of the golden models. */
export interface AdapterGolden extends Omit<Golden, "greedy" | "sft"> {
  /** Name of the model that the adapter changes. */
  readonly base: string;
  readonly sft: Golden["sft"] & { readonly gradients: Readonly<Record<string, readonly number[]>> };
}

/** Everything that generate.py has written. */
export interface AdaptersGolden {
  readonly adapters: Readonly<Record<string, AdapterGolden>>;
  readonly soup: {
    readonly of: readonly string[];
    readonly weights: readonly number[];
    readonly logits: Golden["logits"];
  };
  readonly reward: {
    readonly base: string;
    readonly sequences: readonly (readonly number[])[];
    readonly scores: readonly number[];
  };
}

export const FOLDER = import.meta.dirname;

export async function loadAdaptersGolden(): Promise<AdaptersGolden> {
  return JSON.parse(await readFile(join(FOLDER, "golden.json"), "utf8")) as AdaptersGolden;
}

/** A base with one of the adapters: its config, all weights, and the adapter alone. */
export interface AdaptedPico {
  readonly base: Pico;
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly change: Required<AdapterModel>;
}

/** Reads an adapter's folder as PEFT wrote it, over its base. */
export async function loadAdapted(
  name: string,
  of: string,
  heads: readonly Head[] = ["language"],
): Promise<AdaptedPico> {
  const base = await loadPico(of);
  const change = await readAdapter(join(FOLDER, name), base.config, heads);
  const config = { ...base.config, adapter: change.adapter };
  return { base, config, weights: new Map([...base.weights, ...change.weights]), change };
}
