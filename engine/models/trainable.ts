import type { Shape } from "../compute/graph/tensor.ts";
import { adapterParameters } from "./adapter.ts";
import type { ModelConfig } from "./config.ts";
import { type Head, parameters } from "./decoder.ts";
import type { HostTensor, WeightArray } from "./weights.ts";

/**
 * Tensors that a training changes: all of a model, or, of one with an adapter, that and the heads which the base lacks.
 */
export function trainableParameters(
  config: ModelConfig,
  heads: readonly Head[] = ["language"],
): ReadonlyMap<string, Shape> {
  if (config.adapter === undefined) return parameters(config, heads);
  const base = parameters(config);
  return new Map([...adapterParameters(config), ...[...parameters(config, heads)].filter(([name]) => !base.has(name))]);
}

/** A model's tensors by whether a training of these heads changes them. */
export function splitTrainable<A extends WeightArray>(
  config: ModelConfig,
  weights: ReadonlyMap<string, HostTensor<A>>,
  heads: readonly Head[] = ["language"],
): { readonly trained: Map<string, HostTensor<A>>; readonly frozen: Map<string, HostTensor<A>> } {
  const trainable = trainableParameters(config, heads);
  const [trained, frozen] = [new Map<string, HostTensor<A>>(), new Map<string, HostTensor<A>>()];
  for (const [name, tensor] of weights) (trainable.has(name) ? trained : frozen).set(name, tensor);
  return { trained, frozen };
}
