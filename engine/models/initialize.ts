import { sizeOf } from "../compute/graph/tensor.ts";
import { LORA_A, adapterParameters } from "./adapter.ts";
import type { ModelConfig } from "./config.ts";
import { type Head, parameters } from "./decoder.ts";
import { trainableParameters } from "./trainable.ts";
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

/** Adds freshly drawn heads to what is trained of a model that lacks them; tensors that are there stay. */
export function withHeads(
  weights: Weights,
  config: ModelConfig,
  random: RandomSource,
  heads: readonly Head[],
): Map<string, HostTensor> {
  const complete = new Map<string, HostTensor>();
  for (const [name, shape] of trainableParameters(config, heads)) {
    complete.set(name, weights.get(name) ?? { shape, data: drawTensor(name, sizeOf(shape), config, random) });
  }
  return complete;
}

/**
 * A fresh adapter, which changes nothing yet: A as `nn.Linear` draws its weights (He et al. 2015, arXiv:1502.01852,
 * uniform, with a = √5), B zero, as PEFT has it.
 */
export function initializeAdapter(config: ModelConfig, random: RandomSource): Map<string, HostTensor> {
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of adapterParameters(config)) {
    const [rows = 0, columns = 0] = shape;
    const data = new Float32Array(rows * columns);
    // √(6 / ((1 + a²)·fan-in))
    const bound = 1 / Math.sqrt(columns);
    if (name.endsWith(LORA_A)) for (let at = 0; at < data.length; at++) data[at] = (2 * random.uniform() - 1) * bound;
    weights.set(name, { shape, data });
  }
  return weights;
}

function drawTensor(name: string, size: number, config: ModelConfig, random: RandomSource): Float32Array {
  if (name.endsWith("norm.weight")) return new Float32Array(size).fill(1 - config.normOffset);
  if (name.endsWith(".bias")) return new Float32Array(size);
  return Float32Array.from({ length: size }, () => random.normal() * config.initializerRange);
}
