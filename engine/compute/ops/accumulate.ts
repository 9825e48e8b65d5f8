import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one, sameShape } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/** Adds to a tensor in place. */
export const accumulateOp: Op<Attrs, "accumulate"> = {
  name: "accumulate",
  inPlace: [[0, 0]],
  types: { inputs: { total: "f32", x: WEIGHT_TYPES }, outputs: ["f32"] },
  infer([total, x]) {
    const { shape } = operand("accumulate", "total", total);
    if (!sameShape(operand("accumulate", "x", x).shape, shape)) throw mismatch("accumulate", { total, x });
    return [shape];
  },
};

/**
 * total += x, for gradients summed over micro-batches.
 *
 * @param total - `[...]`, overwritten.
 * @param x - Of the same shape; may be bf16.
 * @returns The total as it is afterwards.
 */
export function accumulate(total: Tensor, x: Tensor): Tensor {
  return one(total.graph.apply(accumulateOp, [total, x], {}));
}
