import type { Tensor } from "@tensorflow/tfjs-core";
import type { BinaryKind, UnaryKind } from "../../../graph/tensor.ts";
import type { GateKind } from "../../../ops/index.ts";
import type { Kernel, Tf } from "../kernel.ts";

/** Element-wise function of one tensor. */
export const unary: Kernel<{ kind: UnaryKind }> = (tf, { inputs: [x], attrs }) => [apply(tf, attrs.kind, x!)];

function apply(tf: Tf, kind: UnaryKind, x: Tensor): Tensor {
  switch (kind) {
    case "neg":
    case "exp":
    case "log":
    case "abs":
    case "square":
    case "sqrt":
    case "sigmoid":
    case "tanh":
      return tf[kind](x);
    case "logSigmoid":
      // min(x, 0) − log(1 + exp(−|x|)) overflows nowhere.
      return tf.sub(tf.minimum(x, 0), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));
  }
}

/** Element-wise function of two tensors of one shape, or of a tensor and a single number. */
export const binary: Kernel<{ kind: BinaryKind }> = (tf, { inputs: [a, b], attrs: { kind }, outputs: [out] }) => {
  const left = a!.size === 1 ? tf.reshape(a!, []) : a!;
  const right = b!.size === 1 ? tf.reshape(b!, []) : b!;
  const y = kind === "lessEqual" ? tf.cast(tf.lessEqual(left, right), "float32") : tf[kind](left, right);
  return [tf.reshape(y, [...out!.shape])];
};

/** Sum of all elements. */
export const sum: Kernel = (tf, { inputs: [x] }) => [tf.sum(x!)];

/** The same numbers; results of type bf16 are rounded where they are stored. */
export const cast: Kernel = (tf, { inputs: [x] }) => [tf.clone(x!)];

/** act(gate)·up. */
export const gatedActivation: Kernel<{ kind: GateKind }> = (tf, { inputs: [gate, up], attrs }) => [
  tf.mul(activation(tf, attrs.kind, gate!).value, up!),
];

/** Gradients of act(gate)·up by gate and up. */
export const gatedActivationGrad: Kernel<{ kind: GateKind }> = (tf, { inputs: [gate, up, dy], attrs }) => {
  const { value, slope } = activation(tf, attrs.kind, gate!);
  return [tf.mul(tf.mul(dy!, up!), slope), tf.mul(dy!, value)];
};

function activation(tf: Tf, kind: GateKind, x: Tensor): { readonly value: Tensor; readonly slope: Tensor } {
  if (kind === "silu") {
    const sigma = tf.sigmoid(x);
    const slope = tf.mul(sigma, tf.add(1, tf.mul(x, tf.sub(1, sigma)))); // σ(x)·(1 + x·(1 − σ(x)))
    return { value: tf.mul(x, sigma), slope };
  }
  const root = Math.sqrt(2 / Math.PI);
  const square = tf.square(x);
  const t = tf.tanh(tf.mul(tf.mul(x, root), tf.add(1, tf.mul(square, 0.044715))));
  const half = tf.mul(tf.add(1, t), 0.5);
  const inner = tf.mul(tf.add(1, tf.mul(square, 3 * 0.044715)), root);
  const bend = tf.mul(tf.mul(tf.mul(x, 0.5), tf.sub(1, tf.square(t))), inner);
  return { value: tf.mul(x, half), slope: tf.add(half, bend) };
}
