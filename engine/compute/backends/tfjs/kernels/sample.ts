import type { Tensor } from "@tensorflow/tfjs-core";
import type { SampleSettings } from "../../../ops/index.ts";
import { type Kernel, type Tf, oneHotRows } from "../kernel.ts";
import { capped } from "./softcap.ts";

/** Stands for −∞ where ∞·0 would give NaN. */
const NEVER = -1e30;

/** A token per row, and its log-probability under the truncated distribution. */
export const sample: Kernel<Required<SampleSettings>> = (tf, { inputs: [logits, uniform], attrs }) => {
  const [batch, vocabulary] = logits!.shape as [number, number];
  const bounded = capped(tf, logits!, attrs.softcap);
  if (attrs.temperature === 0) return [tf.argMax(bounded, -1), tf.zeros([batch])];
  const scaled = tf.mul(bounded, 1 / attrs.temperature);
  const kept = truncate(tf, scaled, attrs); // [B, V]
  const masked = tf.where(tf.greater(kept, 0), scaled, NEVER);
  const top = tf.max(masked, -1, true);
  const weights = tf.mul(tf.exp(tf.sub(masked, top)), kept);
  const total = tf.sum(weights, -1, true); // [B, 1]
  const cumulative = tf.cumsum(weights, 1);
  const aim = tf.mul(tf.reshape(uniform!, [batch, 1]), total);
  const passed = tf.sum(tf.cast(tf.lessEqual(cumulative, aim), "int32"), -1); // [B]
  // Rounding can leave the last cumulative weight below the aim.
  const index = tf.range(0, vocabulary, 1, "int32");
  const last = tf.max(tf.mul(index, tf.cast(kept, "int32")), -1);
  const token = tf.cast(tf.minimum(passed, last), "int32");
  const chosen = oneHotRows(tf, token, vocabulary);
  const logit = tf.sum(tf.mul(tf.sub(masked, top), chosen), -1);
  return [token, tf.sub(logit, tf.log(tf.reshape(total, [batch])))];
};

/** 1 for tokens that top-k and top-p leave, else 0, `[B, V]`. */
function truncate(tf: Tf, logits: Tensor, { topK, topP }: Required<SampleSettings>): Tensor {
  const vocabulary = logits.shape[1]!;
  const nKept = topK === 0 ? vocabulary : Math.min(topK, vocabulary);
  if (nKept === vocabulary && topP >= 1) return tf.onesLike(logits);
  const { values, indices } = tf.topk(logits, nKept); // [B, k], equal values by index
  const before = tf.cumsum(tf.softmax(values), 1, true);
  const inNucleus = topP >= 1 ? tf.onesLike(values) : tf.cast(tf.less(before, topP), "float32");
  // The last token kept, by value and then index, says which are kept: no scatter needed.
  const lowest = tf.min(tf.where(tf.greater(inNucleus, 0), values, -NEVER), -1, true); // [B, 1]
  const atLowest = tf.mul(tf.cast(tf.equal(values, lowest), "float32"), inNucleus);
  const lastIndex = tf.max(tf.mul(tf.cast(indices, "float32"), atLowest), -1, true);
  const index = tf.reshape(tf.range(0, vocabulary, 1, "float32"), [1, vocabulary]);
  const tied = tf.logicalAnd(tf.equal(logits, lowest), tf.lessEqual(index, lastIndex));
  return tf.cast(tf.logicalOr(tf.greater(logits, lowest), tied), "float32");
}
