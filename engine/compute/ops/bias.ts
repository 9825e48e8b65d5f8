import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one, sizeOf } from "../graph/tensor.ts";
import { mismatch, operand, readAxes } from "./axes.ts";

/** One row added to every row of a tensor; the planner folds it into the product before it. */
export const addBiasOp: Op<Attrs, "addBias"> = {
  name: "addBias",
  types: { inputs: { x: WEIGHT_TYPES, bias: "f32" }, outputs: [{ like: "x" }] },
  infer([x, bias]) {
    const { shape } = operand("addBias", "x", x);
    const row = operand("addBias", "bias", bias).shape;
    if (row.length !== 1 || row[0] !== shape.at(-1)) throw mismatch("addBias", { x, bias });
    return [shape];
  },
  gradient({ inputs: [x] }, [dy]) {
    if (dy === undefined || x === undefined) return [];
    return [dy, sumRows(dy.reshape([sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]))];
  },
};

/** Sum of all rows: the gradient of a bias. */
export const sumRowsOp: Op<Attrs, "sumRows"> = {
  name: "sumRows",
  types: { inputs: { x: WEIGHT_TYPES }, outputs: ["f32"] },
  infer([x]) {
    const { C } = readAxes("sumRows", { x }, { x: "M C" } as const);
    return [[C]];
  },
  gradient({ inputs: [x], graph }, [dy]) {
    return dy === undefined || x === undefined ? [] : [addBias(graph.constant(0, x.shape, x.dtype), dy)];
  },
};

/**
 * Adds one row to every row.
 *
 * @param x - `[..., C]`.
 * @param bias - `[C]`, f32.
 * @returns `[..., C]`.
 * @throws {ShapeError} when the last axis of x has another size.
 */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  return one(x.graph.apply(addBiasOp, [x, bias], {}));
}

/**
 * Sum of all rows.
 *
 * @param x - `[M, C]`.
 * @returns `[C]`.
 */
export function sumRows(x: Tensor): Tensor {
  return one(x.graph.apply(sumRowsOp, [x], {}));
}
