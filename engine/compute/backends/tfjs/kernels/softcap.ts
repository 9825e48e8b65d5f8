import type { Tensor } from "@tensorflow/tfjs-core";
import type { Tf } from "../kernel.ts";

/** cap·tanh(x / cap); x itself without a cap. */
export function capped(tf: Tf, x: Tensor, cap: number): Tensor {
  return cap === 0 ? x : tf.mul(tf.tanh(tf.div(x, cap)), cap);
}

/** The gradient by x, given the gradient by y = cap·tanh(x / cap): times 1 − (y / cap)². */
export function throughCap(tf: Tf, dy: Tensor, y: Tensor, cap: number): Tensor {
  return cap === 0 ? dy : tf.mul(dy, tf.sub(1, tf.square(tf.div(y, cap))));
}
