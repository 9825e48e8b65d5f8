import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { mismatch, operand, readAxes } from "./axes.ts";

/** How fast the channel pairs turn. */
export interface RopeSettings {
  /** Base of the frequencies, 10,000 unless given. */
  readonly theta?: number;
  /** Empty unless given: Llama 3's [factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions]. */
  readonly scaling?: readonly number[];
}

/** `inverse` rotates back: the gradient. */
type RopeAttrs = Attrs & Required<RopeSettings> & { readonly inverse: boolean };

/** Rotary position embedding. */
export const ropeOp: Op<RopeAttrs, "rope"> = {
  name: "rope",
  types: { inputs: { x: "f32", positions: "i32" }, outputs: ["f32"] },
  infer([x, positions], { scaling }) {
    const { D } = readAxes("rope", { x, positions }, { x: "B T H D", positions: "B T" } as const);
    if (D % 2 !== 0) throw mismatch("rope", { x });
    if (scaling.length !== 0 && scaling.length !== 4) {
      throw new TypeError(`rope: scaling takes 0 or 4 numbers, got ${scaling.length}`);
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
 * @returns `[B, T, H, D]`.
 */
export function rope(x: Tensor, positions: Tensor, settings: RopeSettings = {}): Tensor {
  const { theta = 10_000, scaling = [] } = settings;
  return one(x.graph.apply(ropeOp, [x, positions], { theta, scaling, inverse: false }));
}

/**
 * Radians per position of each channel pair, `[D/2]`: theta^(−2d/D).
 *
 * With scaling, Llama 3's rule (Dubey et al. 2024, arXiv:2407.21783, as in transformers' `rope_type: "llama3"`):
 * wavelengths beyond the original context are stretched by the factor, short ones kept, the rest blended.
 */
export function ropeFrequencies(headSize: number, { theta, scaling }: Required<RopeSettings>): Float64Array {
  return Float64Array.from({ length: headSize / 2 }, (_, pair) => stretch(theta ** ((-2 * pair) / headSize), scaling));
}

function stretch(frequency: number, [factor, low, high, context]: readonly number[]): number {
  if (factor === undefined || low === undefined || high === undefined || context === undefined) return frequency;
  const turns = (context * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return kept * frequency + ((1 - kept) * frequency) / factor;
}
