import { type AdapterModel, type HostTensor, type ModelConfig, type WeightArray } from "../models/index.ts";
import { readChange } from "./adapterFolder.ts";
import { type FrozenSlice, loadFrozenModel } from "./modelFolder.ts";
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
}

/** Loads the models that hold a policy: of adapters only what each changes of the base, which they share. */
export async function loadReferences(
  references: readonly Artifact[],
  { config, frozen, base }: ReferenceChoice,
): Promise<readonly HeldModel[]> {
  if (base === undefined) return Promise.all(references.map(({ folder }) => loadFrozenModel(folder, frozen)));
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
