import { WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, type TensorSpec, defined } from "../graph/tensor.ts";
import { mismatch, notDifferentiable, readAxes } from "./axes.ts";
import { type SoftcapSettings, requireSoftcap } from "./softcap.ts";

/** Inputs of the attention kernel. */
export interface AttentionOperands<T = Tensor> {
  /** Queries, `[B, T, H, D]`. */
  readonly q: T;
  /** Keys of the sequence itself, `[B, S, G, D]`, or the first of a cache's rows, `[N, S, G, D]`; G divides H. */
  readonly k: T;
  /** Values, as `k`. */
  readonly v: T;
  /** Index of each row's first token after the padding, `[B]`. */
  readonly start: T;
  /** Absolute position of query 0, `[1]`. */
  readonly offset: T;
}

/** Scale, soft-cap and window of attention. */
export interface AttentionSettings extends SoftcapSettings {
  /** Multiplies the scores; 1/√D unless given. */
  readonly scale?: number;
  /** Keys that a query sees, itself included; 0, as unless given, for all before it. */
  readonly window?: number;
}

type AttentionAttrs = Attrs & Required<AttentionSettings>;

/** The log-sum-exp given for a query that sees no key: finite, so that no gradient becomes NaN. */
export const EMPTY_LSE = -1e30;

/** Causal attention; the second output, log Σ exp(score) per query, `[B, H, T]`, is there for the gradient. */
export const attentionOp: Op<AttentionAttrs, "attention"> = {
  name: "attention",
  types: {
    inputs: { q: WEIGHT_TYPES, k: { like: "q" }, v: { like: "q" }, start: "i32", offset: "i32" },
    outputs: [{ like: "q" }, "f32"],
  },
  infer([q, k, v, start, offset], { softcap }) {
    requireSoftcap("attention", softcap);
    const { B, T, H } = attentionAxes("attention", { q, k, v, start, offset });
    return [defined(q).shape, [B, H, T]];
  },
  gradient({ inputs, outputs, attrs, graph }, [dOut, dLse]) {
    if (dLse !== undefined) throw notDifferentiable("attention", "lse");
    return dOut === undefined ? [] : graph.apply(attentionGradOp, [...inputs, ...outputs, dOut], attrs);
  },
};

/** Gradients of attention by q, k, v: inputs q, k, v, start, offset, o, lse, do. */
export const attentionGradOp: Op<AttentionAttrs, "attentionGrad"> = {
  name: "attentionGrad",
  types: {
    inputs: { ...attentionOp.types.inputs, o: { like: "q" }, lse: "f32", dOut: { like: "q" } },
    outputs: [{ like: "q" }, { like: "q" }, { like: "q" }],
  },
  infer([q, k, v, start, offset, o, lse, dOut]) {
    const { B, N } = attentionAxes("attentionGrad", { q, k, v, start, offset });
    if (B !== N) throw mismatch("attentionGrad", { q, k, v });
    readAxes("attentionGrad", { q, o, lse, dOut }, {
      q: "B T H D",
      o: "B T H D",
      lse: "B H T",
      dOut: "B T H D",
    } as const);
    return [defined(q).shape, defined(k).shape, defined(v).shape];
  },
};

function attentionAxes(
  op: string,
  operands: AttentionOperands<TensorSpec | undefined>,
): Readonly<Record<"B" | "T" | "N" | "S" | "H" | "G" | "D", number>> {
  const specs = { ...operands };
  const sizes = readAxes(op, specs, { q: "B T H D", k: "N S G D", v: "N S G D", start: "B", offset: "1" } as const);
  if (sizes.B > sizes.N || sizes.H % sizes.G !== 0) throw mismatch(op, specs);
  return sizes;
}

/**
 * Causal softmax attention over left-padded sequences, with grouped keys, an optional sliding window, and an optional
 * soft-cap on the scaled scores.
 *
 * Vaswani et al. 2017 (arXiv:1706.03762), eq. 1; grouped queries: Ainslie et al. 2023 (arXiv:2305.13245); computed
 * in blocks after Dao et al. 2022 (arXiv:2205.14135), so the scores `[B, H, T, S]` never exist as a whole. Query t of
 * row b stands at offset + t and sees the keys j with start[b] ≤ j ≤ offset + t and, with a window,
 * j > offset + t − window. Head h reads group ⌊h·G/H⌋. A query that sees nothing gives 0.
 *
 * @returns `[B, T, H, D]`.
 */
export function attention(operands: AttentionOperands, settings: AttentionSettings = {}): Tensor {
  const { q, k, v, start, offset } = operands;
  const { scale = 1 / Math.sqrt(q.shape.at(-1) ?? 1), window = 0, softcap = 0 } = settings;
  return defined(q.graph.apply(attentionOp, [q, k, v, start, offset], { scale, window, softcap })[0]);
}
