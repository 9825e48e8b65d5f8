import { sizeOf } from "../compute/graph/tensor.ts";
import type { ModelConfig } from "./config.ts";
import { type Head, parameters } from "./decoder.ts";
import type { HostTensor, Weights } from "./weights.ts";

/** A source of random numbers; engine/training's Random is one. */
export interface RandomSource {
  /** Uniform in [0, 1), exact in f32. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * Fresh weights as Hugging Face draws them: normal with the config's standard deviation, norms at 1, biases at 0.
 *
 * Weights come in the order of {@link parameters}; a head adds its own at the end and moves no other.
 */
export function initialize(
  config: ModelConfig,
  random: RandomSource,
  heads: readonly Head[] = ["language"],
): Map<string, HostTensor> {
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of parameters(config, heads)) {
    weights.set(name, { shape, data: drawTensor(name, sizeOf(shape), config, random) });
  }
  return weights;
}

/** Adds freshly drawn heads to a checkpoint that lacks them; tensors that are there stay. */
export function withHeads(
  weights: Weights,
  config: ModelConfig,
  random: RandomSource,
  heads: readonly Head[],
): Map<string, HostTensor> {
  const complete = new Map<string, HostTensor>();
  for (const [name, shape] of parameters(config, heads)) {
    complete.set(name, weights.get(name) ?? { shape, data: drawTensor(name, sizeOf(shape), config, random) });
  }
  return complete;
}

function drawTensor(name: string, size: number, config: ModelConfig, random: RandomSource): Float32Array {
  if (name.endsWith("norm.weight")) return new Float32Array(size).fill(1 - config.normOffset);
  if (name.endsWith(".bias")) return new Float32Array(size);
  return Float32Array.from({ length: size }, () => random.normal() * config.initializerRange);
}
