import type { Tensor } from "@tensorflow/tfjs-core";
import type { LogprobSettings } from "../../../ops/index.ts";
import { type Kernel, type Tf, oneHotRows, rowBlocks } from "../kernel.ts";
import { roundToBf16 } from "../buffer.ts";
import { capped, throughCap } from "./softcap.ts";

/** Rows of logits that exist together at most, so that `[M, V]` never does as a whole. */
const BLOCK_ROWS = 128;

interface Projection {
  readonly h: Tensor;
  readonly w: Tensor;
  readonly temperature: number;
  readonly softcap: number;
}

/** Log-probability of the targets, entropy and log-sum-exp, per row. */
export const logprob: Kernel<Required<LogprobSettings>> = (tf, { inputs, attrs: { temperature, softcap } }) => {
  const [h, w, targets] = inputs as [Tensor, Tensor, Tensor];
  const results = rowBlocks(h.shape[0], w.shape[0], BLOCK_ROWS).map((range) =>
    tf.tidy(() => {
      const { logp, lse } = logSoftmax(tf, { h, w, temperature, softcap }, range);
      const target = rowsOf(tf, targets, range);
      const used = tf.cast(tf.greaterEqual(target, tf.scalar(0, "int32")), "float32"); // [m]
      const hot = oneHotRows(tf, target, w.shape[0]); // [m, V], all 0 for target −1
      const entropy = tf.neg(tf.sum(tf.mul(tf.exp(logp), logp), -1));
      return [tf.sum(tf.mul(logp, hot), -1), tf.mul(entropy, used), tf.mul(lse, used)] as [Tensor, Tensor, Tensor];
    }),
  );
  return ([0, 1, 2] as const).map((output) => tf.concat(results.map((block) => block[output])));
};

/** Gradients of log-probability and entropy by h and w. */
export const logprobGrad: Kernel<Required<LogprobSettings> & { readonly isWeightFrozen?: true }> = (
  tf,
  { inputs, dtypes, attrs: { temperature, softcap, isWeightFrozen } },
) => {
  const [h, w, targets, , entropy, dLogprob, dEntropy] = inputs as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]] &
    Record<4 | 5 | 6, Tensor>;
  let dw: Tensor = tf.zerosLike(w);
  const dh = rowBlocks(h.shape[0], w.shape[0], BLOCK_ROWS).map((range) => {
    const [block, more] = tf.tidy(() => {
      const { logp, logits } = logSoftmax(tf, { h, w, temperature, softcap }, range);
      const column = (x: Tensor): Tensor => tf.expandDims(rowsOf(tf, x, range), -1); // [m, 1]
      const target = rowsOf(tf, targets, range);
      const used = tf.cast(tf.greaterEqual(column(targets), tf.scalar(0, "int32")), "float32");
      const hot = oneHotRows(tf, target, w.shape[0]); // [m, V]
      const p = tf.exp(logp);
      const byLogprob = tf.mul(tf.sub(hot, p), column(dLogprob));
      const byEntropy = tf.mul(tf.mul(p, tf.add(logp, column(entropy))), column(dEntropy));
      const byCapped = tf.mul(tf.mul(tf.sub(byLogprob, byEntropy), used), 1 / temperature);
      const exact = throughCap(tf, byCapped, logits, softcap);
      // Products of bf16 take no other.
      const dLogits = dtypes[0] === "bf16" ? roundToBf16(tf, exact) : exact;
      return [tf.matMul(dLogits, w), tf.matMul(dLogits, rowsOf(tf, h, range), true)] as [Tensor, Tensor];
    });
    const sum = tf.add(dw, more);
    tf.dispose([dw, more]);
    dw = sum;
    return block;
  });
  if (isWeightFrozen !== true) return [tf.concat(dh, 0), dw];
  dw.dispose();
  return [tf.concat(dh, 0)];
};

/** KL divergence of two models' next-token distributions, per row. */
export const fullKl: Kernel<Required<LogprobSettings>> = (tf, { inputs, attrs: { temperature, softcap } }) => {
  const [h, w, hRef, wRef] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const blocks = rowBlocks(h.shape[0], w.shape[0], BLOCK_ROWS).map((range) =>
    tf.tidy(() => {
      const policy = logSoftmax(tf, { h, w, temperature, softcap }, range).logp;
      const ref = logSoftmax(tf, { h: hRef, w: wRef, temperature, softcap }, range).logp;
      return tf.sum(tf.mul(tf.exp(policy), tf.sub(policy, ref)), -1);
    }),
  );
  return [tf.concat(blocks)];
};

/** Capped logits of a range of rows and their log softmax under the temperature, `[m, V]`, and the log-sum-exp, `[m]`. */
function logSoftmax(
  tf: Tf,
  { h, w, temperature, softcap }: Projection,
  range: readonly [number, number],
): { readonly logits: Tensor; readonly logp: Tensor; readonly lse: Tensor } {
  const logits = capped(tf, tf.matMul(rowsOf(tf, h, range), w, false, true), softcap);
  const scaled = tf.mul(logits, 1 / temperature);
  const top = tf.max(scaled, -1, true);
  const lse = tf.add(tf.log(tf.sum(tf.exp(tf.sub(scaled, top)), -1, true)), top); // [m, 1]
  return { logits, logp: tf.sub(scaled, lse), lse: tf.reshape(lse, [-1]) };
}

/** Rows [from, to) of axis 0. */
function rowsOf(tf: Tf, x: Tensor, [from, to]: readonly [number, number]): Tensor {
  return tf.slice(x, [from, ...x.shape.slice(1).map(() => 0)], [to - from, ...x.shape.slice(1)]);
}
