import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Shape, type Tensor, type TensorSpec, one, sameShape } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/** The activation that gates: x·σ(x), or the tanh form of GELU. */
export type GateKind = "silu" | "geluTanh";
type GateAttrs = Attrs & Readonly<Record<"kind", GateKind>>;

/** act(gate)·up, the inner step of a gated MLP. */
export const gatedActivationOp: Op<GateAttrs, "gatedActivation"> = {
  name: "gatedActivation",
  isCheap: true,
  types: { inputs: { gate: WEIGHT_TYPES, up: { like: "gate" } }, outputs: [{ like: "gate" }] },
  infer: ([gate, up]) => [sameAs("gatedActivation", { gate, up })],
  gradient({ inputs, attrs, graph }, [dy]) {
    return dy === undefined ? [] : graph.apply(gatedActivationGradOp, [...inputs, dy], attrs);
  },
};

/** Gradients of gatedActivation by gate and up: inputs gate, up, dy. */
export const gatedActivationGradOp: Op<GateAttrs, "gatedActivationGrad"> = {
  name: "gatedActivationGrad",
  types: {
    inputs: { gate: WEIGHT_TYPES, up: { like: "gate" }, dy: { like: "gate" } },
    outputs: [{ like: "gate" }, { like: "gate" }],
  },
  infer([gate, up, dy]) {
    const shape = sameAs("gatedActivationGrad", { gate, up, dy });
    return [shape, shape];
  },
};

function sameAs(op: string, operands: Readonly<Record<string, TensorSpec | undefined>>): Shape {
  const shapes = Object.entries(operands).map(([name, spec]) => operand(op, name, spec).shape);
  if (!shapes.every((shape) => sameShape(shape, shapes[0]!))) throw mismatch(op, operands);
  return shapes[0]!;
}

/**
 * Gated linear unit's element-wise part: act(gate) · up.
 *
 * Shazeer 2020 (arXiv:2002.05202), eq. 6: SwiGLU with `silu`, GEGLU with `geluTanh`.
 *
 * @param gate - `[...]`.
 * @param up - Of the same shape.
 * @returns Of the same shape.
 */
export function gatedActivation(gate: Tensor, up: Tensor, kind: GateKind = "silu"): Tensor {
  return one(gate.graph.apply(gatedActivationOp, [gate, up], { kind }));
}
