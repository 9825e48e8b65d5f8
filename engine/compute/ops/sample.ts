import { type Attrs, type Op, type Tensor, defined } from "../graph/tensor.ts";
import { readAxes } from "./axes.ts";
import { type SoftcapSettings, requireSoftcap } from "./softcap.ts";

/** How a distribution is sharpened and truncated before a token is drawn. */
export interface SampleSettings extends SoftcapSettings {
  /** Divides the logits, 1 unless given; 0 takes the largest. */
  readonly temperature?: number;
  /** Tokens kept, counted from the likeliest; 0, as unless given, for all. */
  readonly topK?: number;
  /** Probability kept, from the likeliest on, in (0, 1]; 1 unless given. */
  readonly topP?: number;
}

type SampleAttrs = Attrs & Required<SampleSettings>;

/** Draws a token per row; outputs the token (i32) and its log-probability. */
export const sampleOp: Op<SampleAttrs, "sample"> = {
  name: "sample",
  types: { inputs: { logits: "f32", uniform: "f32" }, outputs: ["i32", "f32"] },
  infer([logits, uniform], { temperature, topK, topP, softcap }) {
    const { B } = readAxes("sample", { logits, uniform }, { logits: "B V", uniform: "B" } as const);
    if (!(temperature >= 0)) throw new TypeError(`sample: temperature must not be negative, got ${temperature}`);
    if (!(Number.isInteger(topK) && topK >= 0)) throw new TypeError(`sample: topK must be a count, got ${topK}`);
    if (!(topP > 0 && topP <= 1)) throw new TypeError(`sample: topP must be in (0, 1], got ${topP}`);
    requireSoftcap("sample", softcap);
    return [[B], [B]];
  },
};

/**
 * Draws one token per row, by the inverse of the cumulative distribution.
 *
 * Order: soft-cap; then logits / temperature; then top-k; then top-p (Holtzman et al. 2019, arXiv:1904.09751) of what top-k left,
 * renormalised. Tokens rank by logit, equal ones by index. Top-k keeps exactly the first k; top-p keeps the shortest
 * run of first tokens that reaches topP, one at least. The token is the first, *in index order* among those kept,
 * whose cumulative probability exceeds the uniform number. Its log-probability is that under the truncated
 * distribution, so that importance ratios start at exactly 1. Temperature 0 takes the first of the largest logits,
 * with log-probability 0.
 *
 * @param logits - `[B, V]`.
 * @param uniform - Random numbers in [0, 1), one per row, `[B]`.
 * @returns Both `[B]`.
 */
export function sample(
  logits: Tensor,
  uniform: Tensor,
  settings: SampleSettings = {},
): { readonly token: Tensor; readonly logprob: Tensor } {
  const { temperature = 1, topK = 0, topP = 1, softcap = 0 } = settings;
  const outputs = logits.graph.apply(sampleOp, [logits, uniform], { temperature, topK, topP, softcap });
  return { token: defined(outputs[0]), logprob: defined(outputs[1]) };
}
