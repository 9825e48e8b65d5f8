import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { readAxes } from "./axes.ts";
import { type LogprobSettings, requirePositive } from "./logprob.ts";
import { requireNarrow } from "./matmul.ts";
import { requireSoftcap } from "./softcap.ts";

/** KL divergence between the next-token distributions of two models, row by row; forward only. */
export const fullKlOp: Op<Attrs & Required<LogprobSettings>, "fullKl"> = {
  name: "fullKl",
  types: {
    inputs: { h: WEIGHT_TYPES, w: WEIGHT_TYPES, hRef: WEIGHT_TYPES, wRef: WEIGHT_TYPES },
    outputs: ["f32"],
  },
  infer([h, w, hRef, wRef], { temperature, softcap }) {
    const { M } = readAxes("fullKl", { h, w, hRef, wRef }, { h: "M C", w: "V C", hRef: "M C", wRef: "V C" } as const);
    requireNarrow("fullKl", "w", h, w);
    requireNarrow("fullKl", "wRef", hRef, wRef);
    requirePositive("fullKl", temperature);
    requireSoftcap("fullKl", softcap);
    return [[M]];
  },
};

/** Next-token distributions softmax(cap(h·wᵀ) / temperature). */
export interface NextToken {
  /** Last hidden states, `[M, C]`. */
  readonly h: Tensor;
  /** Output embedding, `[V, C]`; may be bf16, and is where h is. */
  readonly w: Tensor;
}

/**
 * Σ_v π(v)·(log π(v) − log π_ref(v)) over the whole vocabulary, in nats; in blocks, like logprob.
 *
 * @returns `[M]`.
 */
export function fullKl(policy: NextToken, reference: NextToken, settings: LogprobSettings = {}): Tensor {
  const { temperature = 1, softcap = 0 } = settings;
  const operands = [policy.h, policy.w, reference.h, reference.w];
  return one(policy.h.graph.apply(fullKlOp, operands, { temperature, softcap }));
}
