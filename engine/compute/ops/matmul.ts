import { type WeightType, WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, type TensorSpec, gradientType, one, sizeOf } from "../graph/tensor.ts";
import { DTypeError } from "../graph/typeRule.ts";
import { mismatch, readAxes } from "./axes.ts";
import { addBias } from "./bias.ts";
import { cast } from "./cast.ts";

/** Which operands are read transposed, neither unless said, and the type of the result, a's unless given. */
export interface MatmulSettings {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** f32 for sums that must not be rounded: logits, values, scores, and gradients of weights. */
  readonly dtype?: WeightType;
}

type MatmulAttrs = Attrs & Required<Omit<MatmulSettings, "dtype">> & Pick<MatmulSettings, "dtype">;

/** Matrix product of two matrices, either one read transposed. The one op that all dense layers and their gradients are. */
export const matmulOp: Op<MatmulAttrs, "matmul"> = {
  name: "matmul",
  takesAddend: true,
  takesBias: true,
  types: {
    inputs: { a: WEIGHT_TYPES, b: WEIGHT_TYPES },
    outputs: [{ setting: "dtype", otherwise: { like: "a" } }],
  },
  infer([a, b], { transposeA, transposeB }) {
    requireNarrow("matmul", "b", a, b);
    const { M, N } = readAxes("matmul", { a, b }, {
      a: transposeA ? "K M" : "M K",
      b: transposeB ? "N K" : "K N",
    } as const);
    return [[M, N]];
  },
  gradient({ inputs, attrs: { transposeA, transposeB } }, [dOut]) {
    if (dOut === undefined) return [];
    const a = inputs[0]!;
    const b = inputs[1]!;
    const dy = cast(dOut, a.dtype as WeightType);
    const [typeA, typeB] = [a, b].map((one) => (a.dtype === "bf16" ? { dtype: gradientType(one) } : {}));
    return [
      transposeA
        ? matmul(cast(b, dy.dtype as WeightType), dy, { transposeA: transposeB, transposeB: true, ...typeA })
        : matmul(dy, b, { transposeB: !transposeB, ...typeA }),
      transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA, ...typeB })
        : matmul(a, dy, { transposeA: !transposeA, ...typeB }),
    ];
  },
};

/**
 * Matrix product.
 *
 * @param a - `[M, K]`, or `[K, M]` with transposeA.
 * @param b - `[K, N]`, or `[N, K]` with transposeB; may be bf16, and is where a is.
 * @returns `[M, N]`.
 * @throws {ShapeError} when the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, settings: MatmulSettings = {}): Tensor {
  const { transposeA = false, transposeB = false, dtype = a.dtype } = settings;
  const type = dtype === a.dtype ? {} : { dtype: dtype as WeightType };
  return one(a.graph.apply(matmulOp, [a, b], { transposeA, transposeB, ...type }));
}

/** @throws {DTypeError} where weights are f32 beside bf16 activations: a product of bf16 takes both so. */
export function requireNarrow(
  op: string,
  name: string,
  activations: TensorSpec | undefined,
  weights: TensorSpec | undefined,
): void {
  if (activations?.dtype !== "bf16" || weights === undefined || weights.dtype === "bf16") return;
  throw new DTypeError(op, name, weights.dtype, ["bf16"]);
}

/**
 * Dense layer: x·wᵀ (+ bias) over the last axis.
 *
 * @param x - `[..., K]`.
 * @param w - `[N, K]`, the layout of Hugging Face checkpoints; may be bf16, and is where x is.
 * @param bias - `[N]`; none unless given.
 * @param dtype - Of the result; that of x unless given.
 * @returns `[..., N]`.
 * @throws {ShapeError} when the last axes differ.
 */
export function linear(x: Tensor, w: Tensor, bias?: Tensor, dtype = x.dtype as WeightType): Tensor {
  const channels = x.shape.at(-1);
  if (channels === undefined || channels !== w.shape[1]) throw mismatch("linear", { x, w });
  const leading = x.shape.slice(0, -1);
  const product = matmul(x.reshape([sizeOf(leading), channels]), w, { transposeB: true, dtype }); // [M, N]
  const y = bias === undefined ? product : addBias(product, bias);
  return y.reshape([...leading, w.shape[0]!]);
}
