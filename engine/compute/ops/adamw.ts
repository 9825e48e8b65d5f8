import { type Attrs, type Op, type Tensor, sameShape, sizeOf } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/**
 * One optimizer step on one parameter, in place: inputs p, m, v, g, hyper, scale and, where the model computes with
 * another copy of p than the optimizer keeps, that copy.
 */
export const adamwOp: Op<Attrs, "adamw"> = {
  name: "adamw",
  inPlace: [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 6],
  ],
  types: {
    inputs: { p: "f32", m: "f32", v: "f32", g: "f32", hyper: "f32", scale: "f32", copy: "bf16" },
    outputs: ["f32", "f32", "f32", "bf16"],
  },
  infer([p, m, v, g, hyper, scale, copy]) {
    const specs = { p, m, v, g, hyper, scale, copy };
    const { shape } = operand("adamw", "p", p);
    const alike = [m, v, g, copy ?? p].every((spec) => sameShape(operand("adamw", "m, v or g", spec).shape, shape));
    const fits = sameShape(operand("adamw", "hyper", hyper).shape, [8]);
    if (!alike || !fits || sizeOf(operand("adamw", "scale", scale).shape) !== 1) throw mismatch("adamw", specs);
    return copy === undefined ? [shape, shape, shape] : [shape, shape, shape, shape];
  },
};

/** Operands of adamw; p, m, v and the copy are overwritten. */
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
  /** bf16 weights that the model computes with, of p's shape: p as it is afterwards, rounded, in the same pass. */
  readonly copy?: Tensor;
}

/**
 * Adam with decoupled weight decay: p −= lr·wd·p, then p −= lr·m̂ / (√v̂ + ε).
 *
 * Loshchilov & Hutter 2017 (arXiv:1711.05101), algorithm 2, in the order of torch.optim.AdamW (decay first, ε
 * outside the root and after the bias correction).
 *
 * @returns p, m, v and the copy, if there is one, as they are afterwards, for the `updates` of a plan.
 */
export function adamw({ p, m, v, g, hyper, scale, copy }: AdamwOperands): readonly Tensor[] {
  const copies = copy === undefined ? [] : [copy];
  return p.graph.apply(adamwOp, [p, m, v, g, hyper, scale ?? p.graph.constant(1), ...copies], {});
}
