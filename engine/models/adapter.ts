import type { Shape } from "../compute/graph/tensor.ts";
import { type BlockConfig, blockPrefix, blockShapes } from "./blocks.ts";
import type { Adapter, ModelConfig } from "./config.ts";
import type { Weights } from "./weights.ts";

/** A dense layer that a model's adapter changes. */
export interface AdaptedLayer {
  /** Its name in checkpoints, without `.weight`. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
}

/** Of every A and B, behind the layer's name. */
export const LORA_A = ".lora_A.weight";
export const LORA_B = ".lora_B.weight";

/** True for the names of an A or a B. */
export function isOfAdapter(name: string): boolean {
  return name.endsWith(LORA_A) || name.endsWith(LORA_B);
}

/** Names of the dense layers of a block, as an adapter's targets name them. */
export function denseLayers(config: BlockConfig): readonly string[] {
  return [...blockShapes(config)].filter(isMatrix).map(([name]) => targetOf(name));
}

/** Dense layers that the model's adapter changes, block by block; none without one. */
export function adaptedLayers(config: ModelConfig): readonly AdaptedLayer[] {
  const { adapter, nLayers } = config;
  if (adapter === undefined) return [];
  const targeted = [...blockShapes(config)].filter(isMatrix).filter(([name]) => {
    return adapter.targets.includes(targetOf(name));
  });
  return Array.from({ length: nLayers }, (_, layer) =>
    targeted.map(([name, [outputs = 0, inputs = 0]]) => {
      return { name: blockPrefix(layer) + withoutSuffix(name), outputs, inputs };
    }),
  ).flat();
}

/** Every A, `[r, inputs]`, and B, `[outputs, r]`, of the model's adapter with its shape, by the layers' names. */
export function adapterParameters(config: ModelConfig): ReadonlyMap<string, Shape> {
  const rank = config.adapter?.rank ?? 0;
  const shapes = new Map<string, Shape>();
  for (const { name, outputs, inputs } of adaptedLayers(config)) {
    shapes.set(name + LORA_A, [rank, inputs]).set(name + LORA_B, [outputs, rank]);
  }
  return shapes;
}

/**
 * The same model without an adapter, its changes added to the weights: W + alpha / rank · B·A, summed in f64 and rounded
 * once.
 */
export function merged(
  config: ModelConfig,
  weights: Weights,
): { readonly config: ModelConfig; readonly weights: Weights } {
  const { adapter, ...base } = config;
  if (adapter === undefined) return { config, weights };
  const own = adapterParameters(config);
  const result = new Map([...weights].filter(([name]) => !own.has(name)));
  for (const { name: layer, outputs, inputs } of adaptedLayers(config)) {
    const name = `${layer}.weight`;
    const w = weights.get(name);
    if (w === undefined) throw new TypeError(`merge adapter: there is no tensor ${name}`);
    result.set(name, { shape: [outputs, inputs], data: mergedMatrix(w.data, weights, { adapter, name }) });
  }
  return { config: base, weights: result };
}

/**
 * W + alpha / rank · B·A, summed in f64 and rounded once, of the tensor `name`; `w` itself where the adapter's `change`
 * has no A and B for it.
 */
export function mergedMatrix(
  w: Float32Array,
  change: Weights,
  { adapter: { rank, alpha }, name }: { readonly adapter: Adapter; readonly name: string },
): Float32Array {
  const layer = withoutSuffix(name);
  const [a, b] = [change.get(layer + LORA_A), change.get(layer + LORA_B)];
  if (a === undefined || b === undefined) return w;
  const [outputs = 0] = b.shape;
  const [, inputs = 0] = a.shape;
  const data = new Float32Array(outputs * inputs);
  const row = new Float64Array(inputs);
  for (let output = 0; output < outputs; output++) {
    row.set(w.subarray(output * inputs, (output + 1) * inputs));
    for (let r = 0; r < rank; r++) {
      const share = (alpha / rank) * (b.data[output * rank + r] ?? 0);
      for (let input = 0; input < inputs; input++) {
        row[input] = (row[input] ?? 0) + share * (a.data[r * inputs + input] ?? 0);
      }
    }
    data.set(row, output * inputs);
  }
  return data;
}

/** Of a block's tensors, the dense layers' weights are the matrices. */
function isMatrix([, shape]: readonly [string, Shape]): boolean {
  return shape.length === 2;
}

const SUFFIX = ".weight";
const withoutSuffix = (name: string): string => name.slice(0, -SUFFIX.length);

function targetOf(name: string): string {
  const layer = withoutSuffix(name);
  return layer.slice(layer.lastIndexOf(".") + 1);
}
