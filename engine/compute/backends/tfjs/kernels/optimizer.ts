import type { Tensor } from "@tensorflow/tfjs-core";
import type { Kernel } from "../kernel.ts";

/** total + x. */
export const accumulate: Kernel = (tf, { inputs: [total, x] }) => [tf.add(total!, x!)];

/** Sum of squares over all elements of all inputs. */
export const sumSquares: Kernel = (tf, { inputs }) => [tf.addN(inputs.map((x) => tf.sum(tf.square(x))))];

/** One AdamW step: p, m, v and p's copy as they are afterwards; unchanged where the scale is not above 0. */
export const adamw: Kernel = (tf, { inputs }) => {
  const [p, m, v, g, hyper, scale] = inputs as [Tensor, Tensor, Tensor, Tensor, ...Tensor[]] & Record<4 | 5, Tensor>;
  const [rate, beta1, beta2, eps, decay, correction1, correction2] = tf.unstack(hyper) as Tensor[] &
    Record<0 | 1 | 2 | 3 | 4 | 5 | 6, Tensor>;
  const grad = tf.mul(g, tf.reshape(scale, []));
  const mNext = tf.add(tf.mul(m, beta1), tf.mul(grad, tf.sub(1, beta1)));
  const vNext = tf.add(tf.mul(v, beta2), tf.mul(tf.square(grad), tf.sub(1, beta2)));
  const decayed = tf.sub(p, tf.mul(p, tf.mul(rate, decay)));
  const root = tf.add(tf.sqrt(tf.div(vNext, correction2)), eps);
  const step = tf.mul(tf.div(tf.div(mNext, correction1), root), rate);
  const valid = tf.greater(tf.reshape(scale, []), 0);
  const pNext = tf.where(valid, tf.sub(decayed, step), p);
  const copies = inputs.slice(6).map((copy) => tf.where(valid, pNext, copy));
  return [pNext, tf.where(valid, mNext, m), tf.where(valid, vNext, v), ...copies];
};
