import { type WeightType, WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, defined, one } from "../graph/tensor.ts";
import { operand } from "./axes.ts";

/** Real numbers under another element type. */
export const castOp: Op<Attrs & Readonly<Record<"dtype", WeightType>>, "cast"> = {
  name: "cast",
  types: { inputs: { x: WEIGHT_TYPES }, outputs: [{ setting: "dtype" }] },
  infer([x], { dtype }) {
    const spec = operand("cast", "x", x);
    if (spec.dtype === dtype) throw new TypeError(`cast: x is ${dtype} already`);
    return [spec.shape];
  },
  gradient({ inputs }, [dy]) {
    return dy === undefined ? [] : [cast(dy, defined(inputs[0]).dtype as WeightType)];
  },
};

/**
 * The same numbers under another element type: bf16 as f32 is exact, f32 as bf16 rounded to nearest, ties to even.
 * Gradients come back in the type of x.
 */
export function cast(x: Tensor, dtype: WeightType): Tensor {
  return x.dtype === dtype ? x : one(x.graph.apply(castOp, [x], { dtype }));
}
