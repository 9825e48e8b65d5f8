import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one, sizeOf } from "../graph/tensor.ts";
import { mismatch, readAxes } from "./axes.ts";
import { addBias } from "./bias.ts";
import { cast } from "./cast.ts";

/** Which operands are read transposed; neither unless said. */
export interface MatmulSettings {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Matrix product of two matrices, either one read transposed. The one op that all dense layers and their gradients are. */
export const matmulOp: Op<Attrs & Required<MatmulSettings>, "matmul"> = {
  name: "matmul",
  takesAddend: true,
  takesBias: true,
  types: { inputs: { a: "f32", b: WEIGHT_TYPES }, outputs: ["f32"] },
  infer([a, b], { transposeA, transposeB }) {
    const { M, N } = readAxes("matmul", { a, b }, {
      a: transposeA ? "K M" : "M K",
      b: transposeB ? "N K" : "K N",
    } as const);
    return [[M, N]];
  },
  gradient({ inputs, attrs: { transposeA, transposeB } }, [dy]) {
    if (dy === undefined) return [];
    const a = inputs[0]!;
    const b = inputs[1]!;
    return [
      transposeA
        ? matmul(cast(b, "f32"), dy, { transposeA: transposeB, transposeB: true })
        : matmul(dy, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, dy, { transposeA: !transposeA }),
    ];
  },
};

/**
 * Matrix product.
 *
 * @param a - `[M, K]`, or `[K, M]` with transposeA.
 * @param b - `[K, N]`, or `[N, K]` with transposeB; may be bf16.
 * @returns `[M, N]`.
 * @throws {ShapeError} when the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, settings: MatmulSettings = {}): Tensor {
  const { transposeA = false, transposeB = false } = settings;
  return one(a.graph.apply(matmulOp, [a, b], { transposeA, transposeB }));
}

/**
 * Dense layer: x·wᵀ (+ bias) over the last axis.
 *
 * @param x - `[..., K]`.
 * @param w - `[N, K]`, the layout of Hugging Face checkpoints; may be bf16.
 * @param bias - `[N]`; none unless given.
 * @returns `[..., N]`.
 * @throws {ShapeError} when the last axes differ.
 */
export function linear(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  const channels = x.shape.at(-1);
  if (channels === undefined || channels !== w.shape[1]) throw mismatch("linear", { x, w });
  const leading = x.shape.slice(0, -1);
  const product = matmul(x.reshape([sizeOf(leading), channels]), w, { transposeB: true }); // [M, N]
  const y = bias === undefined ? product : addBias(product, bias);
  return y.reshape([...leading, w.shape[0]!]);
}
