import { ANY_TYPE, WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Op, type Tensor, ShapeError, one } from "../graph/tensor.ts";
import { operand } from "./axes.ts";

/** A run of positions along axis 1. */
export const sliceOp: Op<{ readonly start: number; readonly length: number }, "slice"> = {
  name: "slice",
  types: { inputs: { x: ANY_TYPE }, outputs: [{ like: "x" }] },
  infer([x], { start, length }) {
    const { shape } = operand("slice", "x", x);
    const [rows, total] = shape;
    if (rows === undefined || total === undefined || start < 0 || length < 1 || start + length > total) {
      throw new ShapeError("slice", { x: shape, "start, length": [start, length] });
    }
    return [[rows, length, ...shape.slice(2)]];
  },
  gradient({ inputs, attrs: { start }, graph }, [dy]) {
    return dy === undefined ? [] : graph.apply(sliceGradOp, [dy], { start, total: inputs[0]!.shape[1]! });
  },
};

/** The reverse of slice: dy at its place along axis 1 of a tensor of zeros with `total` positions. */
export const sliceGradOp: Op<{ readonly start: number; readonly total: number }, "sliceGrad"> = {
  name: "sliceGrad",
  types: { inputs: { dy: WEIGHT_TYPES }, outputs: [{ like: "dy" }] },
  infer([dy], { start, total }) {
    const { shape } = operand("sliceGrad", "dy", dy);
    const [rows, length] = shape;
    if (rows === undefined || length === undefined || start < 0 || start + length > total) {
      throw new ShapeError("sliceGrad", { dy: shape, "start, total": [start, total] });
    }
    return [[rows, total, ...shape.slice(2)]];
  },
};

/**
 * Tensors beside each other along axis 1, in their order; forward only.
 *
 * @param tensors - f32, `[B, T_i, ...]`.
 * @returns `[B, Σ T_i, ...]`.
 * @throws {ShapeError} when other axes differ.
 */
export function concatenate(tensors: readonly Tensor[]): Tensor {
  const total = tensors.reduce((sum, { shape }) => sum + (shape[1] ?? 0), 0);
  let start = 0;
  const placed = tensors.map((x) => {
    const at = one(x.graph.apply(sliceGradOp, [x], { start, total }));
    start += x.shape[1] ?? 0;
    return at;
  });
  // Zeros are added to each: the numbers stay as they are.
  return placed.reduce((sum, x) => sum.add(x));
}

/**
 * Positions [start, start + length) along axis 1.
 *
 * @param x - `[B, T, ...]`.
 * @returns `[B, length, ...]`.
 * @throws {ShapeError} when the range leaves the axis.
 */
export function slice(x: Tensor, start: number, length: number): Tensor {
  return one(x.graph.apply(sliceOp, [x], { start, length }));
}
