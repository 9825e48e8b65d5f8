import type { Backend, HostArray } from "../compute/backend.ts";
import type { Shape } from "../compute/graph/tensor.ts";
import {
  type AdapterModel,
  type ModelConfig,
  type TensorStream,
  type Weights,
  DeviceWeights,
  LORA_A,
  adapterParameters,
  mixAdapters,
  parameters,
} from "../models/index.ts";
import type { TensorWeights } from "../soup/recipe.ts";
import type { PromptFormat } from "../text/index.ts";
import type { LoadedModel } from "./modelFolder.ts";

/** A mixture on the device; its weights may lie over others that stay there. */
export interface PlacedMixture {
  readonly weights: DeviceWeights;
  release(): void;
}

/** Mixtures of models, to be measured before one of them becomes the soup. Holds device memory until released. */
export interface Mixtures {
  /** Of every mixture. */
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  place(backend: Backend, weightsOf: TensorWeights): PlacedMixture;
  /** Tensors by which a loss is differentiated for its slopes by the mixing weights. */
  readonly differentiated: ReadonlyMap<string, Shape>;
  /** d loss / d w for each model's weight of a tensor, from the gradients by what is differentiated. */
  slopes(gradient: (name: string) => HostArray, tensor: string): readonly number[];
  release(): void;
}

/** Σ wᵢ·θᵢ per tensor of whole models, accumulated in f32 like the soup on disk. */
export function wholeMixtures(models: readonly LoadedModel[]): Mixtures {
  const { config, format } = models[0]!;
  return {
    config,
    format,
    place(backend, weightsOf) {
      const weights = DeviceWeights.upload(backend, mixture(models, weightsOf));
      return { weights, release: () => weights.release() };
    },
    differentiated: parameters(config),
    // dL/dw[t][i] = ⟨dL/dθ_t, θ_i,t⟩
    slopes: (gradient, tensor) => models.map(({ weights }) => dot(gradient(tensor), weights.get(tensor)!.data)),
    release: () => undefined,
  };
}

/** Changes that adapters make, and the base that they change. */
export interface AdaptedModels {
  /** Of the base. */
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  /** Taken when the first mixture is placed. */
  readonly base: TensorStream;
  readonly models: readonly AdapterModel[];
}

/** Mixtures of adapters of one base, which is on the device once. */
export function adaptedMixtures({ config, format, base, models }: AdaptedModels): Mixtures {
  const { adapter } = mixAdapters(config, models, () => models.map(() => 0));
  const mixed = { ...config, adapter };
  let held: DeviceWeights | undefined;
  return {
    config: mixed,
    format,
    place(backend, weightsOf) {
      held ??= DeviceWeights.upload(backend, base);
      const own = DeviceWeights.upload(backend, mixAdapters(config, models, weightsOf).weights);
      return { weights: own.and(held), release: () => own.release() };
    },
    differentiated: new Map([...adapterParameters(mixed)].filter(([name]) => name.endsWith(LORA_A))),
    slopes: (gradient, tensor) => adapterSlopes(models, gradient, tensor.replace(/\.weight$/, LORA_A)),
    release: () => held?.release(),
  };
}

/**
 * In a mixture, wᵢ scales the rows of A that are model i's, wᵢ·(alphaᵢ / rᵢ)·Aᵢ: the slope is their gradient times
 * (alphaᵢ / rᵢ)·Aᵢ.
 */
function adapterSlopes(
  models: readonly AdapterModel[],
  gradient: (name: string) => HostArray,
  name: string,
): readonly number[] {
  const rank = models.reduce((sum, { adapter }) => sum + (adapter?.rank ?? 0), 0);
  const inputs = gradient(name).length / rank;
  let first = 0;
  return models.map(({ adapter, weights }) => {
    if (adapter === undefined) return 0;
    const own = weights.get(name);
    const rows = gradient(name).subarray(first, first + adapter.rank * inputs);
    first += adapter.rank * inputs;
    return own === undefined ? 0 : (adapter.alpha / adapter.rank) * dot(rows, own.data);
  });
}

function mixture(models: readonly LoadedModel[], weightsOf: TensorWeights): Weights {
  const [first] = models;
  return new Map(
    [...(first?.weights ?? [])].map(([name, { shape, data }]) => {
      const mixed = new Float32Array(data.length);
      for (const [index, share] of weightsOf(name).entries()) {
        const part = models[index]!.weights.get(name)!.data;
        for (let at = 0; at < mixed.length; at++) mixed[at]! += share * part[at]!;
      }
      return [name, { shape, data: mixed }] as const;
    }),
  );
}

function dot(a: HostArray, b: HostArray): number {
  let sum = 0;
  for (const [at, value] of a.entries()) sum += value * b[at]!;
  return sum;
}
