import { toBf16 } from "../../../engine/compute/graph/dtype.ts";
import type { FrozenWeights } from "../../../engine/models/index.ts";

/** The weights in bf16, each rounded to nearest; those stored so stay as they are. */
export function asBf16(weights: FrozenWeights): FrozenWeights {
  const tensors = [...weights].map(([name, { shape, data }]) => {
    return [name, { shape, data: data instanceof Float32Array ? toBf16(data) : data }] as const;
  });
  return new Map(tensors);
}
