import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, defined } from "../graph/tensor.ts";
import { notDifferentiable, readAxes } from "./axes.ts";
import { requireNarrow } from "./matmul.ts";
import { type SoftcapSettings, requireSoftcap } from "./softcap.ts";

/** How hidden states become a distribution: the soft-cap comes first, then the temperature. */
export interface LogprobSettings extends SoftcapSettings {
  /** Divides the logits, above 0; 1 unless given. */
  readonly temperature?: number;
}

type LogprobAttrs = Attrs & Required<LogprobSettings>;

/** Outputs logprob, entropy and, for the gradient, lse = log Σ_v exp(logit_v), all `[M]`; 0 in ignored rows. */
export const logprobOp: Op<LogprobAttrs, "logprob"> = {
  name: "logprob",
  types: { inputs: { h: WEIGHT_TYPES, w: WEIGHT_TYPES, targets: "i32" }, outputs: ["f32", "f32", "f32"] },
  infer([h, w, targets], { temperature, softcap }) {
    const { M } = readAxes("logprob", { h, w, targets }, { h: "M C", w: "V C", targets: "M" } as const);
    requireNarrow("logprob", "w", h, w);
    requirePositive("logprob", temperature);
    requireSoftcap("logprob", softcap);
    return [[M], [M], [M]];
  },
  gradient({ inputs, outputs, attrs, graph }, [dLogprob, dEntropy, dLse], [, isWeightWanted = true]) {
    if (dLse !== undefined) throw notDifferentiable("logprob", "lse");
    if (dLogprob === undefined && dEntropy === undefined) return [];
    const [, entropy, lse] = outputs;
    const none = graph.constant(0, defined(entropy).shape);
    const grads = [dLogprob ?? none, dEntropy ?? none];
    const settings = isWeightWanted ? attrs : { ...attrs, isWeightFrozen: true };
    return graph.apply(logprobGradOp, [...inputs, defined(lse), defined(entropy), ...grads], settings);
  },
};

/**
 * Gradients of logprob and entropy by h and w: inputs h, w, targets, lse, entropy, dLogprob, dEntropy.
 * d logprob / d logit_v = [v = target] − p_v and d entropy / d logit_v = −p_v·(log p_v + entropy). A soft-cap
 * multiplies both by 1 − tanh². Without the second output where w is frozen: it is as large as w, and takes a third of the
 * work. Where h is bf16, the derivatives by the logits are rounded to bf16 before they are multiplied, as products of
 * bf16 take them.
 */
export const logprobGradOp: Op<LogprobAttrs & Partial<Readonly<Record<"isWeightFrozen", true>>>, "logprobGrad"> = {
  name: "logprobGrad",
  types: {
    inputs: {
      ...logprobOp.types.inputs,
      lse: "f32",
      entropy: "f32",
      dLogprob: "f32",
      dEntropy: "f32",
    },
    outputs: [{ like: "h" }, "f32"],
  },
  infer([h, w, targets, lse, entropy, dLogprob, dEntropy], { isWeightFrozen }) {
    requireNarrow("logprobGrad", "w", h, w);
    readAxes("logprobGrad", { h, w, targets, lse, entropy, dLogprob, dEntropy }, {
      h: "M C",
      w: "V C",
      targets: "M",
      lse: "M",
      entropy: "M",
      dLogprob: "M",
      dEntropy: "M",
    } as const);
    return isWeightFrozen === true ? [defined(h).shape] : [defined(h).shape, defined(w).shape];
  },
};

/**
 * Log-probability of each target under softmax(cap(h·wᵀ) / temperature), and that distribution's entropy, in nats.
 *
 * Works in blocks: the logits `[M, V]` never exist as a whole. Cross-entropy is the negated log-probability.
 *
 * @param h - Last hidden states, `[M, C]`.
 * @param w - Output embedding, `[V, C]`; may be bf16, and is where h is.
 * @param targets - Token ids, `[M]`; −1 ignores the row: both results 0, no gradient.
 * @returns Both `[M]`.
 */
export function logprob(
  h: Tensor,
  w: Tensor,
  targets: Tensor,
  settings: LogprobSettings = {},
): { readonly logprob: Tensor; readonly entropy: Tensor } {
  const { temperature = 1, softcap = 0 } = settings;
  const outputs = h.graph.apply(logprobOp, [h, w, targets], { temperature, softcap });
  return { logprob: defined(outputs[0]), entropy: defined(outputs[1]) };
}

/** @throws {TypeError} unless the temperature can divide logits. */
export function requirePositive(op: string, temperature: number): void {
  if (!(temperature > 0)) throw new TypeError(`${op}: temperature must be above 0, got ${temperature}`);
}
