import { type Attrs, type Op, type Tensor, type TensorSpec, one, sameShape } from "../graph/tensor.ts";
import { mismatch, operand } from "./axes.ts";

/** The activation that gates: x·σ(x), or the tanh form of GELU. */
export type GateKind = "silu" | "geluTanh";
type GateAttrs = Attrs & Readonly<Record<"kind", GateKind>>;

/** act(gate)·up, the inner step of a gated MLP. */
export const gatedActivationOp: Op<GateAttrs, "gatedActivation"> = {
  name: "gatedActivation",
  infer: ([gate, up]) => [sameAs("gatedActivation", { gate, up })],
  gradient({ inputs, attrs, graph }, [dy]) {
    return dy === undefined ? [] : graph.apply(gatedActivationGradOp, [...inputs, dy], attrs);
  },
};

/** Gradients of gatedActivation by gate and up: inputs gate, up, dy. */
export const gatedActivationGradOp: Op<GateAttrs, "gatedActivationGrad"> = {
  name: "gatedActivationGrad",
  infer([gate, up, dy]) {
    const spec = sameAs("gatedActivationGrad", { gate, up, dy });
    return [spec, spec];
  },
};

function sameAs(op: string, operands: Readonly<Record<string, TensorSpec | undefined>>): TensorSpec {
  const specs = Object.entries(operands).map(([name, spec]) => operand(op, name, spec, "f32"));
  if (!specs.every(({ shape }) => sameShape(shape, specs[0]!.shape))) throw mismatch(op, operands);
  return specs[0]!;
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
