import {
  type AdapterModel,
  type HostTensor,
  type ModelConfig,
  type TensorStream,
  type WeightArray,
  type WeightsSource,
  handOver,
} from "../models/index.ts";
import { readChange } from "./adapterFolder.ts";
import { type FrozenSlice, loadFrozenModel, openFrozenModel } from "./modelFolder.ts";
import type { Artifact } from "./stage.ts";

/** A model on the host. */
export interface HeldModel<A extends WeightArray = WeightArray> {
  readonly config: ModelConfig;
  readonly weights: Map<string, HostTensor<A>>;
}

/** How references are loaded. */
interface ReferenceChoice {
  /** Of the policy. */
  readonly config: ModelConfig;
  readonly frozen: FrozenSlice;
  /** The checkpoint that the adapters of a run change. */
  readonly base: Artifact | undefined;
  /** They are changed while they are read. */
  readonly isMoving?: boolean;
}

/** Weights on their way to a role: those in memory leave it. */
export function roleWeights(weights: ReadableModel["weights"]): TensorStream | WeightsSource {
  return weights instanceof Map ? handOver(weights) : weights;
}

/** A model whose weights are in memory, or are read when it is at work. */
export type ReadableModel = Pick<HeldModel, "config"> & { readonly weights: HeldModel["weights"] | WeightsSource };

/**
 * Loads the models that hold a policy: of adapters only what each changes of the base, which they share. Those that stay as
 * they are need not be in memory throughout; others do.
 */
export async function loadReferences(
  references: readonly Artifact[],
  { config, frozen, base, isMoving = false }: ReferenceChoice,
): Promise<readonly ReadableModel[]> {
  const load = isMoving ? loadFrozenModel : openFrozenModel;
  if (base === undefined) return Promise.all(references.map(({ folder }) => load(folder, frozen)));
  const whole = withoutAdapter(config);
  return Promise.all(references.map(async ({ folder }) => changed(whole, await readChange(folder, whole))));
}

/** A model's shape below its adapter. */
export function withoutAdapter({ adapter: _adapter, ...config }: ModelConfig): ModelConfig {
  return config;
}

/** An adapted model over the base: its weights alone, and the shape with them. */
export function changed(
  base: ModelConfig,
  { adapter, weights }: Pick<AdapterModel, "adapter"> & Pick<HeldModel<Float32Array>, "weights">,
): HeldModel<Float32Array> {
  return { config: adapter === undefined ? base : { ...base, adapter }, weights };
}
