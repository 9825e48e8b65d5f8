import { type Attrs, type Op, type Tensor, one, sameShape } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/** Adds to a tensor in place. */
export const accumulateOp: Op<Attrs, "accumulate"> = {
  name: "accumulate",
  inPlace: [[0, 0]],
  infer([total, x]) {
    const { shape } = operand("accumulate", "total", total, "f32");
    if (!sameShape(operand("accumulate", "x", x, "f32").shape, shape)) throw mismatch("accumulate", { total, x });
    return [{ shape, dtype: "f32" }];
  },
};

/**
 * total += x, for gradients summed over micro-batches.
 *
 * @param total - `[...]`, overwritten.
 * @param x - Of the same shape.
 * @returns The total as it is afterwards.
 */
export function accumulate(total: Tensor, x: Tensor): Tensor {
  return one(total.graph.apply(accumulateOp, [total, x], {}));
}
