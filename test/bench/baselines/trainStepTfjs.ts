import { createRequire } from "node:module";
import type * as Tfjs from "@tensorflow/tfjs-core";
import { REFERENCE, referenceBatch, referenceWeights } from "../referenceModel.ts";
import { repeatsFromArguments, reportTiming, timeSteps } from "../worker.ts";

// The package with every gradient and the chained methods is the benchmark's own install, not a dependency.
const require = createRequire(new URL("../../../out/bench/node/package.json", import.meta.url));
const tf = require("@tensorflow/tfjs") as typeof Tfjs;
const { version_wasm } = require("@tensorflow/tfjs-backend-wasm") as { version_wasm: string };

const { layers, width, heads, headSize, vocabulary, batch, tokens, theta, eps } = REFERENCE;
const LEARNING_RATE = 1e-3;
const WEIGHT_DECAY = 0.01;

/** Inputs of the model beside its weights: made once, as a training loop would. */
interface Inputs {
  /** One-hot rows, `[B * T, V]`. */
  readonly ids: Tfjs.Tensor;
  readonly targets: Tfjs.Tensor;
  /** Rotary tables, `[T, D]`. */
  readonly cos: Tfjs.Tensor;
  readonly sin: Tfjs.Tensor;
  /** 0 where a query may look, a large negative number where not, `[T, T]`. */
  readonly mask: Tfjs.Tensor;
}

function makeInputs(): Inputs {
  const angles = Float32Array.from({ length: tokens * headSize }, (_, i) => {
    const pair = (i % headSize) % (headSize / 2);
    return Math.floor(i / headSize) * theta ** ((-2 * pair) / headSize);
  });
  const mask = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -1e9 : 0,
  );
  const { ids, targets } = referenceBatch();
  return {
    // The backend has no kernel for the gradient of a gather, so the embedding is a product with one-hot rows.
    ids: tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), vocabulary), "float32"),
    targets: tf.cast(tf.oneHot(tf.tensor1d(targets, "int32"), vocabulary), "float32"),
    cos: tf.tensor(angles.map(Math.cos), [tokens, headSize]),
    sin: tf.tensor(angles.map(Math.sin), [tokens, headSize]),
    mask: tf.tensor(mask, [tokens, tokens]),
  };
}

function rmsNorm(x: Tfjs.Tensor, weight: Tfjs.Tensor): Tfjs.Tensor {
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps))), weight);
}

function linear(x: Tfjs.Tensor, weight: Tfjs.Tensor): Tfjs.Tensor {
  return tf.matMul(x, weight, false, true);
}

/** Rotary position embedding of `[B, H, T, D]`. */
function rotate(x: Tfjs.Tensor, { cos, sin }: Inputs): Tfjs.Tensor {
  const [first, second] = tf.split(x, 2, -1);
  if (first === undefined || second === undefined) throw new Error("rotate: nothing to split");
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(second), first], -1), sin));
}

function attention(q: Tfjs.Tensor, k: Tfjs.Tensor, v: Tfjs.Tensor, mask: Tfjs.Tensor): Tfjs.Tensor {
  const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(headSize)), mask); // [B, H, T, T]
  return tf.matMul(tf.softmax(scores), v);
}

/** Mean cross-entropy of the reference model in eager operations. */
function lossOf(weight: (name: string) => Tfjs.Tensor, inputs: Inputs): Tfjs.Scalar {
  let x = tf.matMul(inputs.ids, weight("embedding")); // [B * T, C]
  for (let layer = 0; layer < layers; layer++) {
    const own = (name: string): Tfjs.Tensor => weight(`${layer}.${name}`);
    const normed = rmsNorm(x, own("inputNorm"));
    const split = (name: string): Tfjs.Tensor =>
      tf.transpose(tf.reshape(linear(normed, own(name)), [batch, tokens, heads, headSize]), [0, 2, 1, 3]);
    const mixed = attention(rotate(split("q"), inputs), rotate(split("k"), inputs), split("v"), inputs.mask);
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * tokens, width]);
    x = tf.add(x, linear(joined, own("o")));
    const wide = rmsNorm(x, own("mlpNorm"));
    const gate = linear(wide, own("gate"));
    const gated = tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(wide, own("up")));
    x = tf.add(x, linear(gated, own("down")));
  }
  const logits = linear(rmsNorm(x, weight("norm")), weight("head")); // [B * T, V]
  return tf.losses.softmaxCrossEntropy(inputs.targets, logits);
}

async function main(): Promise<void> {
  await tf.setBackend("wasm");
  const variables = new Map<string, Tfjs.Variable>();
  for (const [name, { shape, data }] of referenceWeights()) {
    variables.set(name, tf.variable(tf.tensor(data, [...shape])));
  }
  const weight = (name: string): Tfjs.Tensor => {
    const variable = variables.get(name);
    if (variable === undefined) throw new Error(`no weight ${name}`);
    return variable;
  };
  const inputs = makeInputs();
  const optimizer = tf.train.adam(LEARNING_RATE);

  const timing = await timeSteps(async () => {
    const loss = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => lossOf(weight, inputs));
      for (const variable of variables.values()) variable.assign(tf.mul(variable, 1 - LEARNING_RATE * WEIGHT_DECAY));
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      return value;
    });
    const [value = NaN] = await loss.data();
    loss.dispose();
    return value;
  }, repeatsFromArguments());
  // In Node its wasm build with threads is not offered: it has SIMD on one thread.
  reportTiming({ ...timing, threads: 1 }, { "@tensorflow/tfjs-backend-wasm": version_wasm });
}

await main();
