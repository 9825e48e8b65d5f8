import { REFERENCE, referenceBatch, referenceWeights } from "../referenceModel.ts";
import { repeatsFromArguments, reportTiming, timeSteps } from "../worker.ts";
import { offerWebWorkers } from "./webWorker.ts";

/** The part of `@jax-js/jax` used here: arrays are consumed by each operation unless taken by `ref`. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  neg(): JaxArray;
  sum(axis?: number): JaxArray;
  mean(axis?: number, options?: { keepdims: boolean }): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(permutation?: readonly number[]): JaxArray;
  slice(...index: (number | readonly number[] | JaxArray)[]): JaxArray;
  dispose(): void;
  data(): Promise<ArrayLike<number>>;
}
type Tree = Record<string, JaxArray>;
type Inputs = readonly [ids: JaxArray, targets: JaxArray, cos: JaxArray, sin: JaxArray];
interface Jax {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
  jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad(
    f: (weights: Tree, ...inputs: Inputs) => JaxArray,
  ): (weights: Tree, ...inputs: Inputs) => [JaxArray, Tree];
  blockUntilReady(tree: unknown): Promise<unknown>;
  readonly nn: {
    silu(x: JaxArray): JaxArray;
    oneHot(x: JaxArray, classes: number): JaxArray;
    logSoftmax(x: JaxArray): JaxArray;
    dotProductAttention(q: JaxArray, k: JaxArray, v: JaxArray, options: { isCausal: boolean }): JaxArray;
  };
  readonly numpy: {
    array(data: ArrayBufferView | number, options?: { shape?: readonly number[]; dtype?: string }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(parts: readonly JaxArray[], axis: number): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    zerosLike(x: JaxArray): JaxArray;
  };
}

const { layers, width, heads, headSize, vocabulary, batch, tokens, theta, eps } = REFERENCE;
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 };

/** Cosines and sines of the rotary embedding, `[T, 1, D]` each, to broadcast over heads. */
function rotaryTables(np: Jax["numpy"]): { cos: JaxArray; sin: JaxArray } {
  const angles = Float32Array.from({ length: tokens * headSize }, (_, i) => {
    const pair = (i % headSize) % (headSize / 2);
    return Math.floor(i / headSize) * theta ** ((-2 * pair) / headSize);
  });
  const shape = [tokens, 1, headSize];
  return { cos: np.array(angles.map(Math.cos), { shape }), sin: np.array(angles.map(Math.sin), { shape }) };
}

/** Mean cross-entropy of the reference model, as its library's own transformer examples write it. */
function lossOf({ numpy: np, nn }: Jax): (weights: Tree, ...inputs: Inputs) => JaxArray {
  const take = (weights: Tree, name: string): JaxArray => {
    const weight = weights[name];
    if (weight === undefined) throw new Error(`no weight ${name}`);
    return weight;
  };
  const linear = (x: JaxArray, weight: JaxArray): JaxArray => np.matmul(x, weight.transpose());
  const rmsNorm = (x: JaxArray, weight: JaxArray): JaxArray => {
    const meanSquare = np.square(x.ref).mean(-1, { keepdims: true });
    return x.div(np.sqrt(meanSquare.add(eps))).mul(weight);
  };
  const rotate = (x: JaxArray, cos: JaxArray, sin: JaxArray): JaxArray => {
    const first = x.ref.slice([], [], [], [0, headSize / 2]);
    const second = x.ref.slice([], [], [], [headSize / 2]);
    return x.mul(cos).add(np.concatenate([second.neg(), first], -1).mul(sin));
  };

  return (weights, ids, targets, cos, sin) => {
    let x = take(weights, "embedding").slice(ids); // [B * T, C]
    for (let layer = 0; layer < layers; layer++) {
      const own = (name: string): JaxArray => take(weights, `${layer}.${name}`);
      const normed = rmsNorm(x.ref, own("inputNorm"));
      const split = (name: string): JaxArray => linear(normed.ref, own(name)).reshape([batch, tokens, heads, headSize]);
      const q = rotate(split("q"), cos.ref, sin.ref);
      const k = rotate(split("k"), cos.ref, sin.ref);
      const mixed = nn.dotProductAttention(q, k, split("v"), { isCausal: true });
      normed.dispose();
      x = x.add(linear(mixed.reshape([batch * tokens, width]), own("o")));
      const wide = rmsNorm(x.ref, own("mlpNorm"));
      const gated = nn.silu(linear(wide.ref, own("gate"))).mul(linear(wide, own("up")));
      x = x.add(linear(gated, own("down")));
    }
    cos.dispose();
    sin.dispose();
    const logits = linear(rmsNorm(x, take(weights, "norm")), take(weights, "head")); // [B * T, V]
    const logProbs = nn.logSoftmax(logits);
    return logProbs
      .mul(nn.oneHot(targets, vocabulary))
      .sum()
      .neg()
      .div(batch * tokens);
  };
}

/** AdamW over a tree, as Loshchilov and Hutter 2019 (arXiv:1711.05101) have it. */
function adamW(np: Jax["numpy"], [p, m, v]: readonly Tree[], grads: Tree, [c1, c2]: readonly JaxArray[]): Tree[] {
  const next: Tree[] = [{}, {}, {}];
  for (const [name, grad] of Object.entries(grads)) {
    const [weight, first, second] = [p?.[name], m?.[name], v?.[name]];
    if (!weight || !first || !second || !c1 || !c2) throw new Error(`adamW: no state for ${name}`);
    const m1 = first.mul(ADAM.beta1).add(grad.ref.mul(1 - ADAM.beta1));
    const v1 = second.mul(ADAM.beta2).add(np.square(grad).mul(1 - ADAM.beta2));
    const direction = m1.ref.div(c1.ref).div(np.sqrt(v1.ref.div(c2.ref)).add(ADAM.eps));
    const kept = weight.mul(1 - ADAM.learningRate * ADAM.weightDecay);
    next.forEach((tree, i) => {
      tree[name] = i === 0 ? kept.sub(direction.mul(ADAM.learningRate)) : i === 1 ? m1 : v1;
    });
  }
  c1?.dispose();
  c2?.dispose();
  return next;
}

/** Trains the reference model on the library's wasm backend with as many threads as asked for. */
async function main(threads: number): Promise<void> {
  if (threads > 1) offerWebWorkers(threads);
  const folder = new URL("../../../out/bench/node/node_modules/@jax-js/jax/", import.meta.url);
  const jax = (await import(new URL("dist/index.js", folder).href)) as Jax;
  const { default: manifest } = (await import(new URL("package.json", folder).href, { with: { type: "json" } })) as {
    default: { version: string };
  };
  await jax.init("wasm");
  jax.defaultDevice("wasm");

  const np = jax.numpy;
  const evaluate = jax.valueAndGrad(lossOf(jax));
  const step = jax.jit((state: Tree[], correction: JaxArray[], ...inputs: Inputs): [JaxArray, Tree[]] => {
    const weights = state[0] ?? {};
    const [loss, grads] = evaluate(Object.fromEntries(Object.entries(weights).map(([k, w]) => [k, w.ref])), ...inputs);
    return [loss, adamW(np, state, grads, correction)];
  });

  const weights: Tree = {};
  for (const [name, { shape, data }] of referenceWeights()) weights[name] = np.array(data, { shape });
  const zeros = (): Tree => Object.fromEntries(Object.entries(weights).map(([k, w]) => [k, np.zerosLike(w.ref)]));
  let state = [weights, zeros(), zeros()];
  const { ids, targets } = referenceBatch();
  const { cos, sin } = rotaryTables(np);
  const tokenIds = np.array(ids, { dtype: "int32" });
  const tokenTargets = np.array(targets, { dtype: "int32" });

  let time = 0;
  const timing = await timeSteps(async () => {
    time++;
    const correction = [np.array(1 - ADAM.beta1 ** time), np.array(1 - ADAM.beta2 ** time)];
    const [loss, next] = step(state, correction, tokenIds.ref, tokenTargets.ref, cos.ref, sin.ref);
    state = next;
    await jax.blockUntilReady(state);
    return (await loss.data())[0] ?? NaN;
  }, repeatsFromArguments());
  reportTiming({ ...timing, threads }, { "@jax-js/jax": manifest.version });
}

await main(Number(process.argv[4] ?? 2));
