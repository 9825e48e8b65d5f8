import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, defined, sameShape, sizeOf } from "../graph/tensor.ts";
import { mismatch, notDifferentiable, operand } from "./axes.ts";

/** Constants of a root-mean-square norm. */
export interface RmsNormSettings {
  /** Added to the mean square inside the root, 1e-6 unless given. */
  readonly eps?: number;
  /** Added to the weight: 0 unless given, 1 for Gemma's (1 + w). */
  readonly offset?: number;
}

type RmsNormAttrs = Attrs & Required<RmsNormSettings>;

/** Root-mean-square layer norm; the second output, 1/rms per row, is there for the gradient. */
export const rmsNormOp: Op<RmsNormAttrs, "rmsNorm"> = {
  name: "rmsNorm",
  isCheap: true,
  types: { inputs: { x: WEIGHT_TYPES, w: "f32" }, outputs: [{ like: "x" }, "f32"] },
  infer([x, w]) {
    const { shape } = operand("rmsNorm", "x", x);
    if (shape.length === 0 || !sameShape(operand("rmsNorm", "w", w).shape, shape.slice(-1))) {
      throw mismatch("rmsNorm", { x, w });
    }
    return [shape, [sizeOf(shape.slice(0, -1))]];
  },
  gradient({ inputs, outputs, attrs, graph }, [dy, dRstd]) {
    if (dRstd !== undefined) throw notDifferentiable("rmsNorm", "rstd");
    return dy === undefined ? [] : graph.apply(rmsNormGradOp, [...inputs, outputs[1]!, dy], attrs);
  },
};

/** Gradients of rmsNorm by x and w: inputs x, w, rstd, dy. The planner may add a tensor to dx. */
export const rmsNormGradOp: Op<RmsNormAttrs, "rmsNormGrad"> = {
  name: "rmsNormGrad",
  takesAddend: true,
  types: { inputs: { x: WEIGHT_TYPES, w: "f32", rstd: "f32", dy: { like: "x" } }, outputs: [{ like: "x" }, "f32"] },
  infer([x, w, rstd, dy]) {
    const specs = { x, w, rstd, dy };
    const { shape } = operand("rmsNormGrad", "x", x);
    const channels = operand("rmsNormGrad", "w", w).shape;
    const rows = operand("rmsNormGrad", "rstd", rstd).shape;
    const fits =
      sameShape(operand("rmsNormGrad", "dy", dy).shape, shape) &&
      sameShape(channels, shape.slice(-1)) &&
      sameShape(rows, [sizeOf(shape.slice(0, -1))]);
    if (!fits) throw mismatch("rmsNormGrad", specs);
    return [shape, channels];
  },
};

/**
 * Scales every row to root mean square 1, then by w: x / sqrt(mean(x²) + eps) · (offset + w).
 *
 * Zhang & Sennrich 2019 (arXiv:1910.07467), eq. 4.
 *
 * @param x - `[..., C]`.
 * @param w - `[C]`, f32.
 * @returns `[..., C]`.
 */
export function rmsNorm(x: Tensor, w: Tensor, settings: RmsNormSettings = {}): Tensor {
  const { eps = 1e-6, offset = 0 } = settings;
  return defined(x.graph.apply(rmsNormOp, [x, w], { eps, offset })[0]);
}
