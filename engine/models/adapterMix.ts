import { type AdaptedLayer, LORA_A, LORA_B, adaptedLayers, isOfAdapter } from "./adapter.ts";
import type { Adapter, ModelConfig } from "./config.ts";
import type { HostTensor, Weights } from "./weights.ts";

/** A model as its changes of a base: A and B of each layer, and heads of its own. Without an adapter, the base itself. */
export interface AdapterModel {
  readonly adapter?: Adapter;
  readonly weights: Weights;
}

/** A model whose changes are low-rank ones. */
export type AdaptedModel = Required<AdapterModel>;

/** One weight per model, for a tensor of the models. */
type WeightsOf = (tensor: string) => readonly number[];

/**
 * The weighted sum of models of one base, as their changes of it: base + Σ wᵢ·ΔWᵢ, which is Σ wᵢ·(base + ΔWᵢ) where the
 * weights add up to 1.
 *
 * Σ wᵢ·(alphaᵢ / rᵢ)·Bᵢ·Aᵢ is one product: the Aᵢ, scaled, below each other and the Bᵢ beside each other, with rank
 * Σ rᵢ. So it is exact, and stays low-rank (PEFT's `combination_type="cat"`). The mean of the Aᵢ times the mean of the
 * Bᵢ would be something else: it holds all products of one model's A with another's B. Heads are mixed number by number.
 *
 * `base` is the config of the base, and models without an adapter count as no change. The result has room for the
 * models whose indices are `kept`; the others must have weight 0.
 */
export function mixAdapters(
  base: ModelConfig,
  models: readonly AdapterModel[],
  weightsOf: WeightsOf,
  kept: readonly number[] = [...models.keys()],
): AdaptedModel {
  const parts = kept.flatMap((index) => {
    const { adapter, weights } = models[index] ?? { weights: new Map() };
    return adapter === undefined ? [] : [{ index, adapter, weights }];
  });
  const adapter = joined(parts);
  const weights = new Map<string, HostTensor>();
  for (const layer of adaptedLayers({ ...base, adapter })) {
    const shares = weightsOf(`${layer.name}.weight`);
    const { a, b } = joinedLayer(layer, adapter.rank, parts, shares);
    weights.set(layer.name + LORA_A, a).set(layer.name + LORA_B, b);
  }
  for (const [name, tensor] of mixedHeads(models, weightsOf)) weights.set(name, tensor);
  return { adapter, weights };
}

interface Part extends AdaptedModel {
  readonly index: number;
}

/** Scaled by 1: the scales are in A. Layers that only some have are changed by 0 in the others. */
function joined(parts: readonly Part[]): Adapter {
  const rank = parts.reduce((sum, { adapter }) => sum + adapter.rank, 0);
  const targets = [...new Set(parts.flatMap(({ adapter }) => adapter.targets))];
  return { rank, alpha: rank, targets };
}

function joinedLayer(
  { name, outputs, inputs }: AdaptedLayer,
  rank: number,
  parts: readonly Part[],
  shares: readonly number[],
): { readonly a: HostTensor; readonly b: HostTensor } {
  const [a, b] = [new Float32Array(rank * inputs), new Float32Array(outputs * rank)];
  let first = 0;
  for (const { index, adapter, weights } of parts) {
    const [ownA, ownB] = [weights.get(name + LORA_A)?.data, weights.get(name + LORA_B)?.data];
    const own = adapter.rank;
    if (ownA !== undefined && ownB !== undefined) {
      const scale = ((shares[index] ?? 0) * adapter.alpha) / own;
      for (const [at, value] of ownA.entries()) a[first * inputs + at] = scale * value;
      for (let output = 0; output < outputs; output++) {
        b.set(ownB.subarray(output * own, (output + 1) * own), output * rank + first);
      }
    }
    first += own;
  }
  return { a: { shape: [rank, inputs], data: a }, b: { shape: [outputs, rank], data: b } };
}

/** Tensors of the models that belong to no layer's change: a reward model's head. */
function mixedHeads(models: readonly AdapterModel[], weightsOf: WeightsOf): Weights {
  const heads = new Map<string, HostTensor>();
  const [first] = models.filter(({ adapter }) => adapter !== undefined);
  for (const [name, { shape, data }] of first?.weights ?? []) {
    if (isOfAdapter(name)) continue;
    const shares = weightsOf(name);
    const sum = new Float32Array(data.length);
    for (const [index, { weights }] of models.entries()) {
      const own = weights.get(name)?.data ?? new Float32Array(data.length);
      for (const [at, value] of own.entries()) sum[at] = (sum[at] ?? 0) + (shares[index] ?? 0) * value;
    }
    heads.set(name, { shape, data: sum });
  }
  return heads;
}

/**
 * Inner products of every two models' changes of one layer, ⟨ΔWᵢ, ΔWⱼ⟩ = tr(ΔWᵢᵀ·ΔWⱼ), in f64.
 *
 * No change is formed: it is (alphaᵢ·alphaⱼ / rᵢrⱼ)·Σ (Aᵢ·Aⱼᵀ) ∘ (Bᵢᵀ·Bⱼ), with matrices of rᵢ × rⱼ.
 *
 * `layer` is a layer's name, without `.weight`.
 * @returns `[n, n]`; 0 for a model that leaves the layer as it is.
 */
export function changeProducts(models: readonly AdapterModel[], layer: string): readonly (readonly number[])[] {
  return models.map((left) => models.map((right) => changeProduct(left, right, layer)));
}

function changeProduct(left: AdapterModel, right: AdapterModel, layer: string): number {
  const [a, b] = [left.weights.get(layer + LORA_A), left.weights.get(layer + LORA_B)];
  const [c, d] = [right.weights.get(layer + LORA_A), right.weights.get(layer + LORA_B)];
  if (left.adapter === undefined || right.adapter === undefined) return 0;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return 0;
  const [r, s] = [left.adapter.rank, right.adapter.rank];
  let sum = 0;
  for (let p = 0; p < r; p++) {
    for (let q = 0; q < s; q++) sum += rowProduct(a, p, c, q) * columnProduct(b, p, d, q);
  }
  return (left.adapter.alpha / r) * (right.adapter.alpha / s) * sum;
}

function rowProduct(a: HostTensor, p: number, c: HostTensor, q: number): number {
  const [, inputs = 0] = a.shape;
  let sum = 0;
  for (let at = 0; at < inputs; at++) sum += (a.data[p * inputs + at] ?? 0) * (c.data[q * inputs + at] ?? 0);
  return sum;
}

function columnProduct(b: HostTensor, p: number, d: HostTensor, q: number): number {
  const [outputs = 0, r = 0] = b.shape;
  const [, s = 0] = d.shape;
  let sum = 0;
  for (let at = 0; at < outputs; at++) sum += (b.data[at * r + p] ?? 0) * (d.data[at * s + q] ?? 0);
  return sum;
}
