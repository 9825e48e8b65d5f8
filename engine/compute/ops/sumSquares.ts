import { type Attrs, type Op, type Tensor, defined, one } from "../graph/tensor.ts";

/** Sum of squares over all elements of all inputs. */
export const sumSquaresOp: Op<Attrs, "sumSquares"> = {
  name: "sumSquares",
  types: { inputs: { x: "f32" }, outputs: ["f32"] },
  infer(tensors) {
    if (tensors.length === 0) throw new TypeError("sumSquares: no tensor given");
    return [[]];
  },
};

/**
 * Squared global norm of a list of tensors, `[]`, which gradient clipping compares with its limit.
 *
 * @param tensors - One or more, of any shapes.
 */
export function sumSquares(tensors: readonly Tensor[]): Tensor {
  return one(defined(tensors[0]).graph.apply(sumSquaresOp, tensors, {}));
}
