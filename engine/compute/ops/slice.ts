import { type Op, type Tensor, ShapeError, one } from "../graph/tensor.ts";
import { operand } from "./axes.ts";

/** A run of positions along axis 1. */
export const sliceOp: Op<{ readonly start: number; readonly length: number }, "slice"> = {
  name: "slice",
  infer([x], { start, length }) {
    const { shape, dtype } = operand("slice", "x", x);
    const [rows, total] = shape;
    if (rows === undefined || total === undefined || start < 0 || length < 1 || start + length > total) {
      throw new ShapeError("slice", { x: shape, "start, length": [start, length] });
    }
    return [{ shape: [rows, length, ...shape.slice(2)], dtype }];
  },
  gradient({ inputs, attrs: { start }, graph }, [dy]) {
    return dy === undefined ? [] : graph.apply(sliceGradOp, [dy], { start, total: inputs[0]!.shape[1]! });
  },
};

/** The reverse of slice: dy at its place along axis 1 of a tensor of zeros with `total` positions. */
export const sliceGradOp: Op<{ readonly start: number; readonly total: number }, "sliceGrad"> = {
  name: "sliceGrad",
  infer([dy], { start, total }) {
    const { shape } = operand("sliceGrad", "dy", dy, "f32");
    const [rows, length] = shape;
    if (rows === undefined || length === undefined || start < 0 || start + length > total) {
      throw new ShapeError("sliceGrad", { dy: shape, "start, total": [start, total] });
    }
    return [{ shape: [rows, total, ...shape.slice(2)], dtype: "f32" }];
  },
};

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
