import { type Attrs, type Op, type Tensor, given, sameShape, sizeOf } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/** One optimizer step on one parameter, in place: inputs p, m, v, g, hyper, scale. */
export const adamwOp: Op<Attrs, "adamw"> = {
  name: "adamw",
  inPlace: [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
  infer([p, m, v, g, hyper, scale]) {
    const specs = { p, m, v, g, hyper, scale };
    const { shape } = operand("adamw", "p", p, "f32");
    const alike = [m, v, g].every((spec) => sameShape(operand("adamw", "m, v or g", spec, "f32").shape, shape));
    const fits = sameShape(operand("adamw", "hyper", hyper, "f32").shape, [8]);
    if (!alike || !fits || sizeOf(operand("adamw", "scale", scale, "f32").shape) !== 1) throw mismatch("adamw", specs);
    return [specs.p, specs.m, specs.v].map((spec) => given(spec));
  },
};

/** What adamw works on; p, m and v are overwritten. */
export interface AdamwOperands {
  /** Parameter, `[...]`. */
  readonly p: Tensor;
  /** Running mean of the gradient, of p's shape. */
  readonly m: Tensor;
  /** Running mean of its square, of p's shape. */
  readonly v: Tensor;
  /** Gradient, of p's shape. */
  readonly g: Tensor;
  /** `[8]`: learning rate, β1, β2, ε, weight decay, 1 − β1^t, 1 − β2^t, unused. */
  readonly hyper: Tensor;
  /**
   * Multiplies g, `[]`: the coefficient of gradient clipping. 1 unless given. Where it is not above 0, NaN included,
   * p, m and v stay as they are: so a step with a broken gradient changes nothing.
   */
  readonly scale?: Tensor;
}

/**
 * Adam with decoupled weight decay: p −= lr·wd·p, then p −= lr·m̂ / (√v̂ + ε).
 *
 * Loshchilov & Hutter 2017 (arXiv:1711.05101), algorithm 2, in the order of torch.optim.AdamW (decay first, ε
 * outside the root and after the bias correction).
 *
 * @returns p, m and v as they are afterwards, for the `updates` of a plan.
 */
export function adamw({ p, m, v, g, hyper, scale }: AdamwOperands): readonly Tensor[] {
  return p.graph.apply(adamwOp, [p, m, v, g, hyper, scale ?? p.graph.constant(1)], {});
}
