import type { Tensor } from "@tensorflow/tfjs-core";
import type { Kernel } from "../kernel.ts";

/** The state of decoding behind a step; a step beyond the block is written nowhere. */
export const advance: Kernel = (tf, { inputs }) => {
  const [tokens, logprobs, ids, positions, offset, step, token, logprob] = inputs as [Tensor, Tensor, Tensor, Tensor] &
    Record<4 | 5 | 6 | 7, Tensor>;
  const [steps, batch] = tokens.shape as [number, number];
  const isRow = tf.equal(tf.range(0, steps, 1, "int32"), step);
  const isHere = tf.tile(tf.reshape(isRow, [steps, 1]), [1, batch]); // [N, B]
  const row = (drawn: Tensor): Tensor => tf.tile(tf.reshape(drawn, [1, batch]), [steps, 1]);
  const next = (x: Tensor): Tensor => tf.add(x, tf.scalar(1, "int32"));
  return [
    tf.where(isHere, row(token), tokens),
    tf.where(isHere, row(logprob), logprobs),
    tf.reshape(tf.clone(token), ids.shape),
    ...[positions, offset, step].map(next),
  ];
};
