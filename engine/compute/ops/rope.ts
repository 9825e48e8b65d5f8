import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { mismatch, operand, readAxes } from "./axes.ts";

/** Radians per position of each channel pair, `[D/2]`; `inverse` rotates back: the gradient. */
type RopeAttrs = Attrs & { readonly frequencies: readonly number[]; readonly inverse: boolean };

/** Rotary position embedding. */
export const ropeOp: Op<RopeAttrs, "rope"> = {
  name: "rope",
  types: { inputs: { x: WEIGHT_TYPES, positions: "i32" }, outputs: [{ like: "x" }] },
  infer([x, positions], { frequencies }) {
    const { D } = readAxes("rope", { x, positions }, { x: "B T H D", positions: "B T" } as const);
    if (D % 2 !== 0) throw mismatch("rope", { x });
    if (frequencies.length !== D / 2) {
      throw new TypeError(`rope: heads of ${D} take ${D / 2} frequencies, got ${frequencies.length}`);
    }
    return [operand("rope", "x", x).shape];
  },
  gradient({ inputs, attrs, graph }, [dy]) {
    if (dy === undefined) return [];
    return graph.apply(ropeOp, [dy, inputs[1]!], { ...attrs, inverse: !attrs.inverse });
  },
};

/**
 * Rotates pairs of channels (d, d + D/2) of every head by position · frequency_d.
 *
 * Su et al. 2021 (arXiv:2104.09864), with the half rotation of Hugging Face's Llama instead of interleaved pairs.
 *
 * @param x - Queries or keys, `[B, T, H, D]`, D even.
 * @param positions - Integers from 0, `[B, T]`.
 * @param frequencies - Radians per position, `[D/2]`, such as {@link ropeFrequencies}.
 * @returns `[B, T, H, D]`.
 */
export function rope(x: Tensor, positions: Tensor, frequencies: readonly number[]): Tensor {
  return one(x.graph.apply(ropeOp, [x, positions], { frequencies, inverse: false }));
}

/** Frequencies that fall from 1 by powers of theta, `[D/2]`: theta^(−2d/D). */
export function ropeFrequencies(headSize: number, theta: number): readonly number[] {
  return Array.from({ length: headSize / 2 }, (_, pair) => theta ** ((-2 * pair) / headSize));
}
