import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { mismatch, operand, readAxes } from "./axes.ts";

/** Writes new keys or values into their cache, in place. */
export const cacheWriteOp: Op<Attrs, "cacheWrite"> = {
  name: "cacheWrite",
  inPlace: [[0, 0]],
  types: { inputs: { cache: WEIGHT_TYPES, x: { like: "cache" }, offset: "i32" }, outputs: [{ like: "cache" }] },
  infer([cache, x, offset]) {
    const specs = { cache, x, offset };
    const axes = { cache: "N S G D", x: "B T G D", offset: "1" } as const;
    const { N, S, B, T } = readAxes("cacheWrite", specs, axes);
    if (B > N || T > S) throw mismatch("cacheWrite", specs);
    return [operand("cacheWrite", "cache", cache).shape];
  },
};

/**
 * Writes x into the cache's first rows from position `offset` on.
 *
 * @param cache - `[N, S, G, D]`, overwritten.
 * @param x - `[B, T, G, D]` with B ≤ N and offset + T ≤ S.
 * @param offset - `[1]`.
 * @returns The cache as it is afterwards.
 */
export function cacheWrite(cache: Tensor, x: Tensor, offset: Tensor): Tensor {
  return one(cache.graph.apply(cacheWriteOp, [cache, x, offset], {}));
}
